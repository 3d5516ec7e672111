package runbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/shell"
	"github.com/pullfix/pullfix/runbook/vendor"
)

// updateSecret replaces the credential at fault. Where a controller keeps the
// secret, a change by hand would not last, so its source is corrected instead.
func (e evidence) updateSecret(f finding) Remedy {
	name := f.secret()
	s, _ := e.secret(name)
	if s.Owner != nil && s.Owner.By == OwnerExternalSecrets {
		return e.syncExternal(name, *s.Owner)
	}
	host, key := e.entryToUpdate(f)
	r := Remedy{
		Kind: UpdateSecret, Title: fmt.Sprintf("Update secret %s in %s", name, e.namespace()), Object: "secret/" + name,
		Why:           e.whyUpdate(f),
		Preconditions: []string{"test the new credential first: " + vendor.Login(host)},
	}
	others := e.otherKeys(name, f)
	switch target := (vendor.Secret{Namespace: e.namespace(), Name: name, Host: host, Key: key}); {
	case s.Immutable:
		target.Name = e.unusedName(name)
		r.Command = vendor.CreateSecret(target) + " && " + e.attachCommand(target.Name, name)
		r.Risk = "the secret is immutable, so a new one takes its place; " + e.attachRisk()
	case s.Unreadable:
		r.Command = vendor.MergeSecret(target)
		r.Risk = "none for other entries of the secret: they stay as they are" + e.reverted(s.Owner)
	case len(others) > 0:
		target.Legacy = s.Type == legacyType
		r.Command = vendor.MergeSecret(target)
		r.Risk = "none for the other entries of the secret (" + list(others) + "): they stay as they are" + e.reverted(s.Owner)
	case s.Type == legacyType:
		r.Command = e.kubectl("delete", "secret", name) + " && " + vendor.CreateSecret(target)
		r.Risk = "the secret is made anew in today's format: the type of a secret cannot be changed" + e.reverted(s.Owner)
	default:
		r.Command = vendor.CreateSecret(target)
		r.Risk = "the old credential in the secret is overwritten" + e.reverted(s.Owner)
	}
	if s.Owner != nil && s.Owner.Origin != "" {
		r.Preconditions = append(r.Preconditions, "it is a copy of "+s.Owner.Origin+": change that one")
	}
	return r
}

// legacyType is the type of secrets from before Docker 1.7.
const legacyType = "kubernetes.io/dockercfg"

// entryToUpdate is the host to log in to, and the key of the entry as it should
// stand in the secret: an undecodable entry may be for another host than the
// image's, and a key that matches stays as it is written.
func (e evidence) entryToUpdate(f finding) (host, key string) {
	switch {
	case f.cause == cause.PullSecretMalformed && f.flaw.Key != "" && !e.needsLogin():
		return keyHost(f.flaw.Key), f.flaw.Key
	case f.blame.KeyMatches:
		return e.ref.Host, f.blame.Key
	}
	return e.ref.Host, ""
}

// needsLogin tells that the image is not public, and that no listed entry, read
// or not, was meant for it: one for another host would not help.
func (e evidence) needsLogin() bool {
	meant := slices.ContainsFunc(e.pull.Candidates, func(c Candidate) bool { return c.Listed && c.KeyMatches })
	return !meant && !e.public()
}

// keyHost is the host that a key is for.
func keyHost(key string) string {
	if _, rest, ok := strings.Cut(key, "://"); ok {
		key = rest
	}
	host, _, _ := strings.Cut(key, "/")
	if host == "index.docker.io" {
		return "docker.io"
	}
	return host
}

// otherKeys are the entries of the secret that a new credential for the image
// must not cost: all but the one at fault, and those that were meant for it.
func (e evidence) otherKeys(name string, f finding) []string {
	var keys []string
	for _, c := range e.pull.Candidates {
		fault := c.KeyMatches || (c.Suggestion != "" && f.cause == cause.PullSecretWrongHost)
		switch {
		case f.flaw.Key != "":
			fault = c.Key == f.flaw.Key
		case f.blame.KeyMatches:
			fault = c.Key == f.blame.Key // another one that matches may be right for another image
		}
		if c.Secret() == name && c.Key != "" && !fault && !slices.Contains(keys, c.Key) {
			keys = append(keys, c.Key)
		}
	}
	return keys
}

func (e evidence) whyUpdate(f finding) string {
	if s, _ := e.secret(f.secret()); s.Immutable {
		return "An immutable secret cannot be changed, and nodes keep its old content: a new one takes its place, and new pods name it."
	}
	switch f.cause {
	case cause.PullSecretNotAttached:
		return "Or let the secret that the pod does use have a good credential."
	case cause.PullSecretWrongHost:
		if f.blame.Suggestion != "" {
			return fmt.Sprintf("Its key %s does not match; %s would.", ShownKey(f.blame.Key), f.blame.Suggestion)
		}
		return fmt.Sprintf("None of its entries is for %s.", e.ref.Host)
	case cause.PullSecretMalformed:
		if len(e.pull.Malformed) == 0 && f.flaw.Detail != "" {
			return capital(f.flaw.Detail) + "."
		}
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
		name := e.unusedName(f.flaw.Secret + "-pull")
		r := e.newSecret(name)
		r.Why = "The type of a secret cannot be changed: a new one of type kubernetes.io/dockerconfigjson takes its place."
		r.Command += " && " + e.attachCommand(name, f.flaw.Secret)
		r.Risk += "; " + e.attachRisk()
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
	r.Risk += "; " + e.attachRisk()
	return r
}

func (e evidence) newSecret(name string) Remedy {
	return Remedy{
		Kind: CreateSecret, Title: fmt.Sprintf("Create secret %s in %s", name, e.namespace()), Object: "secret/" + name,
		Command:       vendor.CreateSecret(vendor.Secret{Namespace: e.namespace(), Name: name, Host: e.ref.Host}),
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
	return e.unusedName(name)
}

// unusedName is the name, or the name with the first number that makes it
// different from every secret that is known.
func (e evidence) unusedName(name string) string {
	unused := name
	for n := 2; ; n++ {
		if s, taken := e.secret(unused); !taken || s.Missing {
			return unused
		}
		unused = fmt.Sprintf("%s-%d", name, n)
	}
}

func (e evidence) attach(spare Candidate) Remedy {
	r := Remedy{
		Kind: AttachSecret, Title: fmt.Sprintf("Attach secret %s to %s", spare.Secret(), e.object()), Object: e.object(),
		Why:     "It is in the namespace and has the right credential; the pod does not list it.",
		Command: e.attachCommand(spare.Secret(), ""), Risk: e.attachRisk(),
	}
	if spare.Answer != nil {
		r.Why = "It is in the namespace, and the registry accepts it; the pod does not list it."
	}
	return r
}

// attachRisk: a pod's own list of pull secrets cannot be changed.
func (e evidence) attachRisk() string {
	if e.facts.Workload == nil {
		return e.remakeRisk()
	}
	return e.rolloutRisk()
}

// attachCommand adds a secret to the template's list, in place of another one
// if that is named. New pods come from the template by themselves.
func (e evidence) attachCommand(secret, instead string) string {
	var items []string
	for _, name := range append(slices.Clone(e.givenSecrets()), secret) {
		item := `{"name":` + encoded(name) + `}`
		if name != instead && !slices.Contains(items, item) {
			items = append(items, item)
		}
	}
	names := "[" + strings.Join(items, ",") + "]"
	return e.amend(amendment{patch: `{"imagePullSecrets":` + names + `}`, filter: ".imagePullSecrets = " + names, merge: true})
}

// givenSecrets are the pull secrets that a pod of the template gets. A list of
// its own counts in place of its ServiceAccount's, which then has to be in it.
func (e evidence) givenSecrets() []string {
	names := e.facts.templateSecrets()
	if len(names) == 0 && e.facts.Account != nil {
		return e.facts.Account.PullSecrets
	}
	return names
}

// showSecret is the command that lists the hosts a secret is for, and nothing
// that is secret.
func (e evidence) showSecret(name string) string {
	return e.kubectl("get", "secret", name, "-o", `jsonpath={.data.\.dockerconfigjson}`) + " | base64 -d | " +
		shell.Join("jq", ".auths | keys")
}
