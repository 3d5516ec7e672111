package runbook

import (
	"fmt"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/scrub"
)

// details are the proof of a finding, a sentence each: what the registry says,
// what the node says, and what explains it.
func details(e evidence, f finding) []string {
	var says []string
	add := func(s string) {
		if s != "" {
			says = append(says, s)
		}
	}
	add(e.registrySays())
	add(e.leaveAlone())
	add(e.nodeSays())
	for _, hint := range f.blame.Hints {
		if f.mended {
			break
		}
		add(fmt.Sprintf("Secret %s, entry %s: %s.", f.blame.Secret(), ShownKey(f.blame.Key), hint))
	}
	add(e.whyNotUsed(f))
	add(f.flaw.sentence())
	add(e.spareSays(f))
	add(e.contradiction(f))
	add(e.nodeSilent())
	switch {
	case e.misnamed(f):
		add(sentence(e, f) + ".")
	case e.meant(f) == "": // else the summary says it
		add(e.ref.Warning)
	}
	return says
}

// registrySays quotes the registry's answer to what the node would send.
func (e evidence) registrySays() string {
	a := e.registry()
	if a.Result == cause.Unknown || a.Host == "" {
		return ""
	}
	switch {
	case a.Result == cause.None && (e.aboutContent() || e.word.Lost):
		return fmt.Sprintf("From here %s gives the manifest to %s; the content, which fails on the node, was not fetched.", a.Host, e.sender(a))
	case a.Result == cause.None:
		return fmt.Sprintf("From here %s lets %s pull it.", a.Host, e.sender(a))
	}
	return fmt.Sprintf("%s says %s%s to %s.", a.Host, answerWord(a), ownWords(a), e.sender(a))
}

// ownWords are the registry's, where they say more than its error code.
func ownWords(a Answer) string {
	plain := strings.ToLower(strings.ReplaceAll(a.Code, "_", " "))
	if a.Code == "" || a.Detail == "" || strings.EqualFold(a.Detail, plain) || standardWords(a.Detail) {
		return ""
	}
	return " " + quote(a.Detail, 160)
}

// standardWords are those that the distribution specification pairs with its
// codes: they add nothing.
func standardWords(detail string) bool {
	switch strings.ToLower(detail) {
	case "authentication required", "repository name not known to registry", "requested access to the resource is denied",
		"too many requests", "service unavailable", "unknown error", "access to the requested resource is not authorized":
		return true
	}
	return false
}

// sender says whose answer it is.
func (e evidence) sender(a Answer) string {
	for _, c := range e.used {
		if c.Answer != nil && c.Answer.Result == a.Result && c.Answer.Status == a.Status {
			return "the pod's own credential (secret " + c.Secret() + ")"
		}
	}
	return "a request without a login"
}

// answerWord is an answer in a few words: the registry's code, its status, or
// the transport's error.
func answerWord(a Answer) string {
	var parts []string
	if a.Status != 0 {
		parts = append(parts, fmt.Sprint(a.Status))
	}
	if a.Code != "" {
		parts = append(parts, a.Code)
	}
	if len(parts) == 0 || (a.Code == "" && a.Detail != "") {
		parts = append(parts, quote(a.Detail, 160))
	}
	return strings.Join(parts, " ")
}

func quote(s string, n int) string { return `"` + scrub.Limit(scrub.Text(s), n) + `"` }

func (e evidence) nodeSays() string {
	text := e.telling()
	if text == "" {
		return ""
	}
	source := "The node says "
	if e.pull.FromEvent {
		source = "The kubelet's last event says "
	}
	if e.word.Mirror != "" {
		return source + quote(text, 200) + ": that is the answer of " + e.word.Mirror + ", a mirror that it asks in place of " + e.ref.Host + "."
	}
	return source + quote(text, 200) + "." + e.mirrorsBefore()
}

// whyNotUsed explains a listed secret whose entries are all for something else.
func (e evidence) whyNotUsed(f finding) string {
	if f.cause != cause.PullSecretWrongHost || f.blame.Reason == "" {
		return ""
	}
	s := fmt.Sprintf("Entry %s of secret %s is not used: %s.", ShownKey(f.blame.Key), f.blame.Secret(), strings.TrimSuffix(f.blame.Reason, "."))
	if f.blame.Suggestion != "" && !strings.Contains(s, f.blame.Suggestion) {
		s += " It would match with " + f.blame.Suggestion + "."
	}
	return s
}

func (f Flaw) sentence() string {
	if f.Detail == "" {
		return ""
	}
	return fmt.Sprintf("Secret %s: %s.", f.Secret, strings.TrimSuffix(scrub.Text(f.Detail), "."))
}

// spareSays tells of a credential that would work, and why the pod lacks it.
func (e evidence) spareSays(f finding) string {
	if f.spare.Source == "" {
		return ""
	}
	name := f.spare.Secret()
	s := fmt.Sprintf("Secret %s in this namespace has an entry for it (%s)", name, ShownKey(f.spare.Key))
	if f.spare.Answer != nil {
		s += ", and the registry accepts it"
	}
	switch {
	case e.accountHas(name) && e.facts.Pod.Nameless:
		return s + fmt.Sprintf(". ServiceAccount %s lists it, but the pod's own list holds a reference without a name, and then those of the ServiceAccount are not used.", e.facts.Account.Name)
	case e.accountHas(name) && e.facts.ownList():
		return s + fmt.Sprintf(". ServiceAccount %s lists it, but the pod lists secrets of its own, and then those of the ServiceAccount are not used.", e.facts.Account.Name)
	case e.accountHas(name):
		return s + fmt.Sprintf(". ServiceAccount %s lists it by now; the pod was made before, and is not changed any more.", e.facts.Account.Name)
	}
	return s + "."
}

// contradiction says what two facts that do not fit mean.
func (e evidence) contradiction(f finding) string {
	switch {
	case f.elsewhere && isNetwork(f.cause):
		return "The registry answers from here, so the fault lies between the node and it: DNS, network, proxy, mirror or certificates of the node."
	case f.elsewhere && (f.cause == cause.RegistryServerError || f.cause == cause.PlatformMismatch):
		return "The node's last attempt was just now, so something between it and the registry may answer in its place: a mirror or a proxy."
	case f.elsewhere && (e.word.Mirror != "" || e.aboutContent()):
		return "" // said already
	case f.elsewhere:
		return "The same credential works from here, so the fault lies on the node's side: a mirror, a proxy, or credentials of the node."
	case e.lost(f) && e.works():
		return "Should the registry hold all of it, a mirror or cache that the node asks in its place does not."
	case f.public:
		return "Anybody may pull this image: without the broken credential it would be pulled."
	case f.cause == cause.RateLimited && e.registry().RateLimit != nil:
		l := e.registry().RateLimit
		return fmt.Sprintf("From here %d of %d pulls in %s are left; the node has a count of its own.", l.Remaining, l.Limit, hours(l.Window))
	}
	return ""
}

func hours(d time.Duration) string {
	if d%time.Hour == 0 && d > 0 {
		return count(int(d/time.Hour), "hour")
	}
	return d.String()
}

// notes are what a person should know besides the cause.
func notes(e evidence, f finding) []string {
	var says []string
	if e.corrected() {
		says = append(says, e.correctedSentence())
	}
	if other := e.unlikeTemplate(); other != "" {
		says = append(says, other)
	}
	if second := e.behindTheLogin(f); second != "" {
		says = append(says, second)
	}
	if w := e.facts.Workload; w != nil && w.Available > 0 {
		says = append(says, fmt.Sprintf("%d of %s still serve.", w.Available, count(w.Desired, "pod")))
	}
	if s, ok := e.secret(f.blame.Secret()); ok && s.LastWriter != "" && s.LastWritten != nil {
		says = append(says, fmt.Sprintf("Secret %s was last written by %s, %s.", s.Name, s.LastWriter, ago(e.now.Sub(*s.LastWritten))))
	}
	if f.certainty == cause.CertaintyUnknown {
		says = append(says, e.nextAttempt())
	}
	return says
}

// unlikeTemplate tells of a pod of the present template that asks for another
// image than it: somebody changed the pod, or admission rewrites images.
func (e evidence) unlikeTemplate() string {
	w := e.facts.Workload
	if w == nil || w.OldRevision || e.corrected() {
		return ""
	}
	now, ok := w.Template.Images[e.templateKey()]
	if !ok || now == "" || sameImage(now, e.pull.Image) {
		return ""
	}
	return fmt.Sprintf("The template asks for %s, the pod for %s: somebody changed the pod, or admission rewrites images. A new pod has what the template says.", now, e.pull.Image)
}

// behindTheLogin warns of the next fault: what the registry says to the
// credential that the pod does not use yet.
func (e evidence) behindTheLogin(f finding) string {
	if f.cause != cause.PullSecretNotAttached || f.spare.Answer == nil {
		return ""
	}
	what := ""
	switch f.spare.Answer.Result {
	case cause.TagNotFound:
		what = "the " + e.ref.version() + " does not exist"
	case cause.RepositoryNotFound:
		what = "the repository " + e.ref.Repository + " does not exist"
	case cause.PlatformMismatch:
		what = "the image is not built for " + e.facts.platform().String()
	default:
		return ""
	}
	return fmt.Sprintf("To secret %s, %s says that %s: that has to be corrected as well.", f.spare.Secret(), e.ref.Host, what)
}

func (e evidence) correctedSentence() string {
	t := e.facts.Workload.Template
	s := fmt.Sprintf("The template asks for %s by now", t.Images[e.templateKey()])
	if t.LastWritten != nil {
		s += fmt.Sprintf(" (changed %s by %s)", clock(*t.LastWritten, e.now), orWord(t.LastWriter, "somebody"))
	}
	return s + fmt.Sprintf("; %s is of the old revision.", e.facts.Pod.Name)
}

// leaveAlone says how long the registry asks not to be asked.
func (e evidence) leaveAlone() string {
	a := e.registry()
	switch {
	case a.RetryAfter == 0:
		return ""
	case a.RetryAfter < time.Minute:
		return "It asks to be left alone for less than a minute (Retry-After)."
	}
	return fmt.Sprintf("It asks to be left alone for %s (Retry-After), which the kubelet does not heed.", span(a.RetryAfter))
}

func (g Gap) sentence() string {
	s := fmt.Sprintf("Could not read %s: %s", g.What, g.Why)
	if g.Grant != "" {
		s += "; grant: " + g.Grant
	}
	return s + "."
}
