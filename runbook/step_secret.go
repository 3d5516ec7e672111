package runbook

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
)

func checkSecret() Step {
	return Step{
		ID: StepSecret, Row: "R3", Title: "Pull secret",
		Does: "Does what the kubelet does with the pull secrets, in its order: the pod's list, type, decoding, and which entries match the image; " +
			"for each that does not, why not. Says who owns the secret. Shows no credential.",
		judge: judgeSecret,
	}
}

func judgeSecret(v view) Result {
	if v.pull == nil {
		return skipped("the pod has its images")
	}
	e := v.pull.evidence
	if e.ref.Problem != "" {
		return skipped("no secret is looked up for a name that is not valid")
	}
	r := secretResult(e)
	r.Evidence = secretEvidence(e)
	r.Command = e.kubectl("get", "pod", e.facts.Pod.Name, "-o", "jsonpath={.spec.imagePullSecrets}")
	if len(e.facts.Pod.PullSecrets) > 0 {
		r.Command += " && " + e.showSecret(e.facts.Pod.PullSecrets[0])
	}
	return r
}

func secretResult(e evidence) Result {
	problem := func(s string) Result { return Result{Status: StatusProblem, Summary: s} }
	switch {
	case len(e.pull.Malformed) > 0:
		f := e.pull.Malformed[0]
		return problem(strings.TrimSuffix(fmt.Sprintf("%s cannot be decoded (entry %s): %s", f.Secret, orWord(ShownKey(f.Key), "?"), f.Detail), "."))
	case len(e.used) > 0:
		return usedSecrets(e)
	case e.facts.Pod.Static:
		return Result{Status: StatusWarning, Summary: "a static pod cannot have pull secrets"}
	}
	if name, hidden := e.unreadable(); hidden {
		return Result{Status: StatusError, Summary: "could not read secret " + name}
	}
	if len(e.pull.Flaws) > 0 {
		f := e.pull.Flaws[0]
		return problem(fmt.Sprintf("%s: %s", f.Secret, strings.TrimSuffix(f.Detail, ".")))
	}
	if len(e.facts.Pod.PullSecrets) > 0 {
		return problem(fmt.Sprintf("%s: no entry is for %s", list(e.facts.Pod.PullSecrets), e.ref.Host))
	}
	if e.public() {
		return ok("none listed, and none needed: the image is public")
	}
	return withoutSecret(e)
}

func withoutSecret(e evidence) Result {
	switch {
	case e.forbidsAll():
		return ok("the pod lists none, and " + e.ref.Host + " does not ask for a login")
	case !asksLogin(e.registry().Result) && !asksLogin(e.word.Cause):
		return ok("the pod lists none")
	}
	return Result{Status: StatusProblem, Summary: "the pod lists none, and " + e.ref.Host + " asks for a login"}
}

func asksLogin(c cause.Cause) bool { return isRefusal(c) && c != cause.RepositoryNotFound }

func usedSecrets(e evidence) Result {
	var parts []string
	for _, c := range e.used {
		parts = append(parts, fmt.Sprintf("%s → key %s", c.Secret(), ShownKey(c.Key)))
	}
	r := ok(strings.Join(parts, ", ") + ", used by the kubelet")
	if e.onlyEmpty() {
		r.Status, r.Summary = StatusProblem, strings.Join(parts, ", ")+": without user and password"
		return r
	}
	for _, f := range e.pull.Flaws {
		r.Status = StatusWarning
		r.Summary += fmt.Sprintf("; %s: %s", f.Secret, strings.TrimSuffix(f.Detail, "."))
	}
	return r
}

func secretEvidence(e evidence) []string {
	var lines []string
	for _, c := range e.pull.Candidates {
		if !c.Listed {
			continue
		}
		state := "used, in position " + fmt.Sprint(c.Order+1)
		if !c.Used {
			state = "not used: " + c.Reason
		}
		lines = append(lines, fmt.Sprintf("%s, key %s: %s", c.Secret(), ShownKey(c.Key), state))
		for _, hint := range c.Hints {
			lines = append(lines, fmt.Sprintf("%s, key %s: %s", c.Secret(), ShownKey(c.Key), hint))
		}
	}
	for _, f := range append(append([]Flaw{}, e.pull.Malformed...), e.pull.Flaws...) {
		lines = append(lines, f.sentence())
	}
	for _, s := range e.facts.Secrets {
		lines = append(lines, s.sentences(e.now)...)
	}
	return append(lines, e.accountSays()...)
}

func (s SecretFacts) sentences(now time.Time) []string {
	if !s.Listed {
		return nil
	}
	var lines []string
	if s.Immutable {
		lines = append(lines, fmt.Sprintf("secret %s is immutable: nodes keep its old content while any pod there names it", s.Name))
	}
	if o := s.Owner; o != nil {
		lines = append(lines, strings.TrimSuffix(fmt.Sprintf("secret %s belongs to %s %s: %s", s.Name, o.By, o.Name, o.Effect), ": "))
	}
	if s.LastWritten != nil {
		lines = append(lines, fmt.Sprintf("secret %s was last written %s by %s", s.Name, clock(*s.LastWritten, now), orWord(s.LastWriter, "an unnamed client")))
	}
	return lines
}

// accountSays compares the pod's list with its ServiceAccount's: the list is
// copied into a pod only when it is made, and only if it has none of its own.
func (e evidence) accountSays() []string {
	a := e.facts.Account
	if a == nil || len(a.PullSecrets) == 0 {
		return nil
	}
	if e.facts.Pod.Nameless {
		return []string{fmt.Sprintf("ServiceAccount %s lists %s, but the pod has a list of its own, which holds a reference without a name", a.Name, list(a.PullSecrets))}
	}
	if len(e.facts.Pod.PullSecrets) == 0 {
		return []string{fmt.Sprintf("ServiceAccount %s lists %s, but the pod was made before and has none", a.Name, list(a.PullSecrets))}
	}
	why := "a pod with secrets of its own does not get them"
	if !e.facts.ownList() {
		why = "the pod was made before"
	}
	for _, name := range a.PullSecrets {
		if !slices.Contains(e.facts.Pod.PullSecrets, name) {
			return []string{fmt.Sprintf("ServiceAccount %s also lists %s; %s", a.Name, name, why)}
		}
	}
	return nil
}
