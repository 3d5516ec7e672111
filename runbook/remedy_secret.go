package runbook

import (
	"fmt"
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/shell"
	"github.com/pullfix/pullfix/runbook/vendor"
)

// updateSecret replaces the credential at fault. Where a controller keeps the
// secret, a change by hand would not last, so its source is corrected instead.
func (e evidence) updateSecret(f finding) Remedy {
	name := f.blame.Secret()
	if name == "" {
		name = f.flaw.Secret
	}
	s, _ := e.secret(name)
	if s.Owner != nil && s.Owner.By == OwnerExternalSecrets {
		return e.syncExternal(name, *s.Owner)
	}
	r := Remedy{
		Kind: UpdateSecret, Title: fmt.Sprintf("Update secret %s in %s", name, e.namespace()), Object: "secret/" + name,
		Why:           e.whyUpdate(f),
		Command:       vendor.CreateSecret(e.namespace(), name, e.ref.Host),
		Risk:          "the command replaces every entry of the secret" + e.reverted(s.Owner),
		Preconditions: []string{"test the new credential first: " + vendor.Login(e.ref.Host)},
	}
	if s.Immutable {
		r.Risk = "the secret is immutable: give the new one another name, and change the reference"
	}
	if s.Owner != nil && s.Owner.Origin != "" {
		r.Preconditions = append(r.Preconditions, "it is a copy of "+s.Owner.Origin+": change that one")
	}
	return r
}

func (e evidence) whyUpdate(f finding) string {
	switch f.cause {
	case cause.PullSecretWrongHost:
		if f.blame.Suggestion != "" {
			return fmt.Sprintf("Its key %s does not match; %s would.", f.blame.Key, f.blame.Suggestion)
		}
		return fmt.Sprintf("None of its entries is for %s.", e.ref.Host)
	case cause.PullSecretMalformed:
		return "One entry that cannot be decoded stops every pull of the pod."
	case cause.PermissionDenied:
		return "Another credential may have the right to pull " + e.ref.Repository + "."
	case cause.AuthMissing:
		return "The entry needs a user and a password; the kubelet ignores identitytoken, registrytoken and credential helpers."
	case cause.AuthExpired:
		if life := e.vendor().TokenLifetime(); life != "" {
			return "A fresh token works for " + life + "; a controller or a node credential provider should renew it."
		}
	}
	return "The kubelet uses the new credential at its next attempt; nothing has to be restarted."
}

func (e evidence) syncExternal(secret string, o Ownership) Remedy {
	_, name, found := strings.Cut(o.Name, "/")
	if !found {
		name = o.Name
	}
	if name == "" {
		name = secret
	}
	return Remedy{
		Kind: SyncExternalSecret, Title: "Sync external secret " + name, Object: "externalsecret/" + name,
		Why:     "External Secrets owns secret " + secret + ": a change by hand is reverted within seconds.",
		Command: e.kubectl("annotate", "externalsecret", name, "--overwrite") + ` force-sync="$(date +%s)"`,
		Risk:    "none; if it is still rejected, the value in the store behind it is wrong",
	}
}

// createSecretFor makes the secret that is missing, and says how the pod comes
// to use it.
func (e evidence) createSecretFor(f finding) Remedy {
	switch f.cause {
	case cause.PullSecretMissing:
		r := e.newSecret(f.flaw.Secret)
		r.Why = "The pod names it already; the kubelet uses it at its next attempt."
		return r
	case cause.PullSecretWrongType:
		r := e.newSecret(f.flaw.Secret + "-pull")
		r.Why = "The type of a secret cannot be changed; a new one of type kubernetes.io/dockerconfigjson can."
		r.Command += " && " + e.attachCommand(f.flaw.Secret+"-pull", f.flaw.Secret)
		return r
	}
	return e.createSecret("The pod has no pull secret for " + e.ref.Host + "." + e.ecrHint())
}

func (e evidence) ecrHint() string {
	if e.vendor() != vendor.ECR {
		return ""
	}
	return " On EKS the node's credential provider should give one: look at the node's role first."
}

func (e evidence) createSecret(why string) Remedy {
	name := e.freshName()
	r := e.newSecret(name)
	r.Why = why
	r.Command += " && " + e.attachCommand(name, "")
	return r
}

func (e evidence) newSecret(name string) Remedy {
	return Remedy{
		Kind: CreateSecret, Title: fmt.Sprintf("Create secret %s in %s", name, e.namespace()), Object: "secret/" + name,
		Command:       vendor.CreateSecret(e.namespace(), name, e.ref.Host),
		Risk:          "everybody who may read secrets in " + e.namespace() + " can read the credential",
		Preconditions: []string{"test the credential first: " + vendor.Login(e.ref.Host)},
	}
}

// freshName is a name for a new secret that no secret has yet.
func (e evidence) freshName() string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
			return r
		}
		return '-'
	}, strings.ToLower(e.ref.Host)), "-") + "-pull"
	for n := 2; ; n++ {
		if s, taken := e.secret(name); !taken || s.Missing {
			return name
		}
		name = fmt.Sprintf("%s-%d", strings.TrimRight(name, "-0123456789"), n)
	}
}

func (e evidence) attach(spare Candidate) Remedy {
	r := Remedy{
		Kind: AttachSecret, Title: fmt.Sprintf("Attach secret %s to %s", spare.Secret(), e.object()), Object: e.object(),
		Why:     "It is in the namespace and has the right credential; the pod does not list it.",
		Command: e.attachCommand(spare.Secret(), ""), Risk: e.rolloutRisk(),
	}
	if spare.Answer != nil {
		r.Why = "It is in the namespace, and the registry accepts it; the pod does not list it."
	}
	if e.facts.Workload == nil {
		r.Risk = "a pod's list of pull secrets cannot be changed: the pod must be made anew"
	}
	return r
}

// attachCommand adds a secret to the template's list, in place of another one
// if that is named. New pods come from the template by themselves.
func (e evidence) attachCommand(secret, instead string) string {
	if e.facts.Workload == nil {
		return e.kubectl("patch", "serviceaccount", e.accountName(), "--patch", secretList([]string{secret}, "")) +
			" && " + e.kubectl("delete", "pod", e.facts.Pod.Name) + "  # then make the pod again"
	}
	var names []string
	for _, name := range e.facts.templateSecrets() {
		if name != instead && name != secret {
			names = append(names, name)
		}
	}
	return e.kubectl("patch", e.object(), "--type=merge", "--patch", secretList(append(names, secret), `{"spec":{"template":{"spec":%s}}}`))
}

func (e evidence) accountName() string {
	if e.facts.Pod.ServiceAccount == "" {
		return "default"
	}
	return e.facts.Pod.ServiceAccount
}

func secretList(names []string, around string) string {
	items := make([]string, len(names))
	for i, name := range names {
		items[i] = fmt.Sprintf(`{"name":%q}`, name)
	}
	inner := `{"imagePullSecrets":[` + strings.Join(items, ",") + `]}`
	if around == "" {
		return inner
	}
	return fmt.Sprintf(around, inner)
}

// showSecret is the command that lists the hosts a secret is for, and nothing
// that is secret.
func (e evidence) showSecret(name string) string {
	return e.kubectl("get", "secret", name, "-o", `jsonpath={.data.\.dockerconfigjson}`) + " | base64 -d | " +
		shell.Join("jq", ".auths | keys")
}
