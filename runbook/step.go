package runbook

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/scrub"
)

// Step is one step of the runbook: what the person does by hand, and the
// function that judges it from a case.
type Step struct {
	ID    string
	Row   string // the row of the runbook
	Title string
	Does  string // what it does, for the printed runbook
	judge func(view) Result
}

// Steps is the procedure, in order. A new step is one file and one word here.
func Steps() []Step {
	return []Step{assessScope(), confirmError(), verifyImage(), checkSecret(), testAuth()}
}

// view is what a step sees: the case, and the first failing pull as judged.
type view struct {
	facts     Facts
	pull      *judgement // nil when nothing fails
	crashed   *evidence  // the image of a container that ends at once, when it was asked about
	diagnosis Diagnosis
	scope     Scope
	now       time.Time
}

func judgeSteps(c Case, judged []judgement, v Verdict, now time.Time) []Result {
	see := view{facts: c.Facts, diagnosis: v.Diagnosis, scope: v.Scope, now: now}
	if c.Crashed != nil {
		e := newEvidence(c.Facts, *c.Crashed, now)
		see.crashed = &e
	}
	if len(judged) > 0 {
		see.pull = &judged[0]
	}
	results := make([]Result, 0, len(Steps()))
	for _, s := range Steps() {
		r := s.judge(see)
		r.ID, r.Row, r.Title, r.TookMs = s.ID, s.Row, s.Title, c.TookMs[s.ID]
		if r.Evidence == nil {
			r.Evidence = []string{}
		}
		for i, line := range r.Evidence {
			r.Evidence[i] = scrub.Text(line)
		}
		results = append(results, r)
	}
	return results
}

func ok(summary string) Result      { return Result{Status: StatusOK, Summary: summary} }
func skipped(summary string) Result { return Result{Status: StatusSkipped, Summary: summary} }

// gapAbout finds what could not be read, by the beginning of its name.
func gapAbout(f Facts, prefix string) (Gap, bool) {
	for _, g := range f.Gaps {
		if len(g.What) >= len(prefix) && g.What[:len(prefix)] == prefix {
			return g, true
		}
	}
	return Gap{}, false
}

func assessScope() Step {
	return Step{
		ID: StepScope, Row: "R0", Title: "Scope",
		Does:  "Lists the pods of all namespaces that wait for an image, and counts those with the same root cause.",
		judge: judgeScope,
	}
}

func judgeScope(v view) Result {
	r := Result{Status: StatusOK, Command: `kubectl get pods --all-namespaces | grep -E 'ImagePull|ErrImage'`}
	if v.pull == nil {
		r.Summary = "this pod does not wait for an image"
		if n := len(v.facts.Failing); n > 0 {
			r.Summary += fmt.Sprintf("; %s elsewhere do", count(n, "other container"))
		}
		return r
	}
	if v.scope.Namespaces > 1 || v.scope.Pods > 1 {
		r.Status = StatusWarning
	}
	r.Summary = scopeSentence(v)
	if g, found := gapAbout(v.facts, "pods"); found {
		r.Status, r.Evidence = StatusWarning, append(r.Evidence, g.sentence())
	}
	r.Evidence = append(r.Evidence, v.alike()...)
	return r
}

// alike lists the containers of the namespace that fail for the same reason, and
// counts the others: who may ask here need not know the names elsewhere.
func (v view) alike() []string {
	const most = 20
	var here []string
	pods, namespaces := map[string]bool{}, map[string]bool{}
	for _, p := range v.facts.alike(v.diagnosis.Container) {
		if p.Namespace == v.facts.Target.Namespace {
			here = append(here, strings.Join([]string{p.Namespace + "/" + p.Pod, p.Container, shortReason(p.Reason), p.Image}, " "))
			continue
		}
		pods[p.Namespace+"/"+p.Pod], namespaces[p.Namespace] = true, true
	}
	slices.Sort(here)
	if n := len(here) - most; n > 0 {
		here = append(here[:most], fmt.Sprintf("and %s more", count(n, "container")))
	}
	if len(pods) > 0 {
		here = append(here, fmt.Sprintf("and %s in %s; a scan lists them", count(len(pods), "pod"), count(len(namespaces), "other namespace")))
	}
	return here
}

// said is a reason with its message: kubelets give some errors as both.
func said(reason, message string) string {
	if reason == message || reason == "" {
		return message
	}
	return reason + ": " + message
}

// shortReason is a reason of one word, or what it means to wait.
func shortReason(reason string) string {
	if strings.Contains(reason, " ") {
		return "waiting"
	}
	return reason
}

func scopeSentence(v view) string {
	s := count(max(v.scope.Pods, 1), "pod")
	if w := v.facts.Workload; w != nil && v.scope.Pods <= len(w.FailingPods) {
		s += " of 1 workload"
	}
	if _, unseen := gapAbout(v.facts, "pods in all namespaces"); unseen && v.scope.Namespaces <= 1 {
		return s + "; other namespaces could not be seen"
	}
	if v.scope.Namespaces <= 1 {
		return s + ", no other namespace"
	}
	return s + fmt.Sprintf(" in %d namespaces", v.scope.Namespaces)
}

func confirmError() Step {
	return Step{
		ID: StepError, Row: "R1", Title: "Error",
		Does: "Reads the pod's status and events, and the kubelet's own words in them. When only the back-off is left, " +
			"the cause is looked for elsewhere, or it says when the next attempt comes.",
		judge: judgeError,
	}
}

func judgeError(v view) Result {
	describe := evidence{facts: v.facts}.kubectl("describe", "pod", v.facts.Pod.Name)
	if v.pull == nil {
		return v.hearNode(Result{Status: StatusOK, Summary: "no container waits for its image", Command: describe})
	}
	e := v.pull.evidence
	r := Result{Status: StatusProblem, Command: describe}
	r.Summary = "kubelet: " + quote(e.telling(), 160)
	if e.word.Cause == cause.BackOffOnly {
		r.Status, r.Summary = StatusWarning, "kubelet: only back-off is left, no cause in its words"
	}
	r.Evidence = append(r.Evidence, said(e.pull.Reason, e.pull.Message))
	for _, element := range e.word.Elements {
		r.Evidence = append(r.Evidence, fmt.Sprintf("%s: %s", element.Cause, element.Text))
	}
	if e.word.Mirror != "" {
		r.Evidence = append(r.Evidence, "error reported by mirror "+e.word.Mirror)
	}
	for _, event := range lastEvents(v.facts.Events, 8) {
		r.Evidence = append(r.Evidence, fmt.Sprintf("%s %s x%d: %s", event.Last.UTC().Format("15:04:05"), event.Reason, event.Count, event.Message))
	}
	return v.hearNode(r)
}

// telling is the part of the kubelet's message that ends with the words that
// decide, with what stands before them as far as it fits.
func (e evidence) telling() string {
	const before = 80
	text, words := e.pull.Message, e.word.Fragment
	if words == e.pull.Reason && text != "" {
		words = text // the reason alone decided; the message says more
	}
	at := strings.LastIndex(text, words)
	if words == "" || at < 0 {
		return orWord(words, text)
	}
	if at <= before {
		return text[:at+len(words)]
	}
	head := text[at-before : at]
	if cut := strings.Index(head, ": "); cut >= 0 {
		head = head[cut+2:]
	} else if cut := strings.Index(head, " "); cut >= 0 {
		head = head[cut+1:]
	} else {
		head = ""
	}
	return "…" + head + words
}

func lastEvents(events []Event, n int) []Event {
	return events[max(0, len(events)-n):]
}
