package runbook

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/pullfix/pullfix/runbook/cause"
)

// remedies are the ways to cure the finding, smallest and safest first.
func remedies(e evidence, f finding) []Remedy {
	list := byCause(e, f)
	switch {
	case e.corrected() && e.ofImage(f):
		list = e.towardsTemplate() // to correct it once more would undo the correction
	case e.corrected():
		list = append(e.towardsTemplate(), list...)
	case f.renewed:
		list = e.towardsTemplate()
	case f.mended:
		list = e.mendedRemedies(f)
	}
	if e.facts.Pod.Static {
		list = e.forStatic(list)
	}
	if e.facts.Node.down() {
		list = append(list, lookAtNode(e.facts, "Until it is back, nothing is retried there."))
	}
	list = numbered(distinct(list))
	for i := range list {
		list[i].Approvable = e.canCarry(list[i])
	}
	return list
}

// canCarry tells whether pullfix can carry a remedy out itself. Whether it may,
// and whether it would help by now, is for the plan.
func (e evidence) canCarry(r Remedy) bool {
	kind := ""
	if w := e.facts.Workload; w != nil {
		kind = w.Kind
	}
	rolls := slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, kind)
	switch r.Kind {
	case UpdateSecret, SyncExternalSecret:
		return true
	case CreateSecret:
		return rolls || slices.Contains(e.facts.Pod.PullSecrets, strings.TrimPrefix(r.Object, "secret/"))
	case DeletePods:
		return rolls || kind == "ReplicaSet"
	case AttachSecret, RolloutRestart, RollBack:
		return rolls
	}
	return false
}

// byCause is the contract's table of first remedies, with what else helps.
func byCause(e evidence, f finding) []Remedy {
	switch {
	case e.misnamed(f) && isNetwork(f.cause):
		return append([]Remedy{e.fixImage(f)}, e.connectionRemedies(f)...)
	case e.misnamed(f):
		return []Remedy{e.fixImage(f)}
	case e.lost(f):
		return e.lostRemedies(f)
	case e.withheld(f):
		return e.withheldRemedies()
	case isNetwork(f.cause) || (f.elsewhere && f.cause != cause.SignaturePolicy && f.cause != cause.RegistryServerError):
		return e.connectionRemedies(f)
	case vantageOf(f.cause) == VantageImage:
		return e.imageRemedies(f)
	}
	switch f.cause {
	case cause.AuthRejected, cause.AuthExpired, cause.PullSecretMalformed, cause.PullSecretWrongHost, cause.PermissionDenied:
		return e.secretRemedies(f)
	case cause.AuthMissing, cause.PullSecretMissing, cause.PullSecretWrongType:
		return e.missingSecretRemedies(f)
	case cause.PullSecretNotAttached:
		return e.attachRemedies(f)
	case cause.NotFoundOrDenied:
		return append([]Remedy{e.fixImage(f)}, e.missingSecretRemedies(f)...)
	}
	return e.waitingRemedies(f)
}

func (e evidence) connectionRemedies(f finding) []Remedy {
	cure := ""
	if f.cause == cause.TLSUntrusted {
		cure = certificateCure(e.certificate())
	}
	why := "Nobody reaches the registry; its operators or the network's must act."
	switch heard := e.registry().Result; {
	case f.elsewhere:
		return []Remedy{e.probeFromNode(), e.escalate("The path from the node to the registry needs its operators." + cure)}
	case e.sentTo() != "" && isNetwork(heard):
		why = "Nobody gets what " + e.ref.Host + " sends nodes there for; its operators or the network's must act."
	case e.sentTo() != "" && heard != cause.Unknown:
		why = e.ref.Host + " sends nodes there for a token or for content; whether others reach it was not tried."
		return []Remedy{e.probeFromNode(), e.escalate(why + cure)}
	}
	return []Remedy{e.escalate(why + cure), e.probeFromNode()}
}

func (e evidence) imageRemedies(f finding) []Remedy {
	list := []Remedy{e.fixImage(f)}
	if f.cause == cause.PlatformMismatch {
		list = append(list, e.chooseNodes()...)
	}
	if e.registry().Cached {
		list = append(list, e.escalate("The cache's log tells what its source answered: a refused login and a rate limit look like a missing image."))
	}
	return append(list, e.rollBack()...)
}

func (e evidence) secretRemedies(f finding) []Remedy {
	if f.cause == cause.PermissionDenied && len(e.used) == 0 && f.flaw.Secret == "" {
		return []Remedy{e.escalate("The registry's owner decides who may pull; its answer says why not."), e.createSecret("A login may have the right that a request without one lacks.")}
	}
	if f.blame.Source == "" && f.flaw.Secret == "" {
		return []Remedy{e.escalate("The credential is the node's own, not the pod's."), e.createSecret("A pull secret is tried before the node's credential.")}
	}
	list := []Remedy{e.updateSecret(f)}
	if f.spare.Source != "" {
		list = append(list, e.attach(f.spare))
	}
	if f.cause == cause.PermissionDenied {
		list = append(list, e.escalate("The registry's owner can grant the right to pull "+e.ref.Repository+"."))
	}
	if s, _ := e.secret(f.secret()); s.Immutable {
		return list // the pods are made anew anyway, to name the new secret
	}
	return append(list, e.deletePods("After the secret is right: a new pod tries at once, where the old one waits up to 5 min."))
}

func (e evidence) missingSecretRemedies(f finding) []Remedy {
	if _, hidden := e.unreadable(); f.blame.Source != "" || (hidden && f.cause == cause.AuthMissing && f.flaw.Secret != "") {
		return e.secretRemedies(f)
	}
	list := []Remedy{e.createSecretFor(f)}
	if f.spare.Source != "" {
		list = append(list, e.attach(f.spare))
	}
	return list
}

// attachRemedies: a ServiceAccount that lists the secret by now gives it to new
// pods only.
func (e evidence) attachRemedies(f finding) []Remedy {
	spare := f.spare
	var list []Remedy
	if e.accountHas(spare.Secret()) && !e.facts.ownList() {
		list = append(list, e.deletePods(fmt.Sprintf("ServiceAccount %s lists %s by now; only new pods get it.", e.facts.Account.Name, spare.Secret())))
		list = append(list, e.rolloutRestart()...)
	}
	list = append(list, e.attach(spare))
	if f.blame.Source != "" {
		list = append(list, e.updateSecret(f))
	}
	return list
}

func (f Facts) templateSecrets() []string {
	if f.Workload == nil {
		return f.Pod.PullSecrets
	}
	return f.Workload.Template.PullSecrets
}

// ownList tells that new pods come with a list of pull secrets, be it one without
// a single name: then they get none of their ServiceAccount's.
func (f Facts) ownList() bool {
	if f.Workload == nil {
		return f.Pod.Nameless || len(f.Pod.PullSecrets) > 0
	}
	return f.Workload.Template.Nameless || len(f.Workload.Template.PullSecrets) > 0
}

func (e evidence) accountHas(secret string) bool {
	return e.facts.Account != nil && slices.Contains(e.facts.Account.PullSecrets, secret)
}

// corrected tells that the workload's template asks for another image by now.
func (e evidence) corrected() bool {
	w := e.facts.Workload
	if w == nil || (!w.OldRevision && !w.Paused) {
		return false
	}
	now, ok := w.Template.Images[e.templateKey()]
	return ok && !sameImage(now, e.pull.Image)
}

func (e evidence) templateKey() string {
	if e.pull.Volume != "" {
		return "volume/" + e.pull.Volume
	}
	return e.pull.Container
}

// towardsTemplate: a StatefulSet in order never replaces the broken pod by
// itself, and OnDelete waits for a person; every other controller does.
func (e evidence) towardsTemplate() []Remedy {
	w := e.facts.Workload
	switch {
	case w.Kind == "Deployment" && w.Paused:
		return []Remedy{{
			Kind: FixImage, Title: "Resume the rollout of " + e.object(), Object: e.object(), Risk: e.rolloutRisk(),
			Why: "The template is right by now, but the rollout is paused.", Command: e.kubectl("rollout", "resume", e.object()),
		}}
	case e.heldBack():
		return []Remedy{e.lowerPartition()}
	case e.keepsBroken():
		return []Remedy{e.deletePods(fmt.Sprintf("The template is right by now, but %s %s does not replace a broken pod by itself.", kindWord(w.Kind), w.Name))}
	}
	return []Remedy{e.wait("The template is right by now; the controller replaces this pod."), e.deletePods("The new pod comes from the corrected template.")}
}

// distinct drops a remedy that changes the same object in the same way as an
// earlier one.
func distinct(list []Remedy) []Remedy {
	var out []Remedy
	seen := make(map[string]bool)
	for _, r := range list {
		key := string(r.Kind) + "\x00" + r.Object + "\x00" + r.Command
		if r.Kind == Wait || r.Kind == DeletePods {
			key = string(r.Kind)
		}
		if !seen[key] {
			seen[key] = true
			out = append(out, r)
		}
	}
	return out
}

// numbered gives each remedy its id: the kind in kebab case, with a number from
// the second of a kind on.
func numbered(list []Remedy) []Remedy {
	seen := make(map[Kind]int)
	for i := range list {
		r := &list[i]
		seen[r.Kind]++
		r.ID = kebab(string(r.Kind))
		if n := seen[r.Kind]; n > 1 {
			r.ID = fmt.Sprintf("%s-%d", r.ID, n)
		}
	}
	return list
}

// kebab turns UpdateSecret into update-secret. RollBack is one word in English
// commands: rollback.
func kebab(kind string) string {
	if kind == string(RollBack) {
		return "rollback"
	}
	var b strings.Builder
	for i, r := range kind {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
