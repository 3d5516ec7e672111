package slackbot

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	words "github.com/pullfix/pullfix/runbook/message"
)

// form is how a command is typed, and what it does.
type form struct{ word, args, does string }

func forms() []form {
	return []form{
		{"diagnose", "[CLUSTER/]NAMESPACE POD", "find out why a pod cannot pull its image; POD may be deployment/NAME and the like"},
		{"scan", "[NAMESPACE]", "all failing pulls, grouped by root cause"},
		{"registries", "[NAMESPACE]", "from which registries is pulled, by which secrets, and until when those are valid"},
		{"explain", "MESSAGE", "what a kubelet's message means; nothing is looked up"},
		{"status", "", "the incidents that are open"},
		{"report", "INCIDENT", "the timeline of an incident, as Markdown"},
		{"help", "", "this"},
	}
}

func (f form) usage() markup {
	text := "/pullfix " + f.word
	if f.args != "" {
		text += " " + f.args
	}
	return code(text, roomName)
}

// help lists the commands.
func help() message {
	m := message{text: "pullfix finds out why images cannot be pulled. Commands: diagnose, scan, registries, explain, status, report, help."}
	m.section("*pullfix* finds out why images cannot be pulled, and proposes what to do. It changes nothing unasked.")
	var lines []markup
	for _, f := range forms() {
		lines = append(lines, "• "+f.usage()+" "+quote(f.does, roomName))
	}
	m.section(join("\n", roomText, lines))
	m.small("Only people whom the configuration names may ask and approve. Never paste a password here.")
	return m
}

// wrong answers a command that was not understood with the right form.
func wrong(e *formError) message {
	lines := []markup{quote(capital(e.what), roomSentence) + "."}
	for _, f := range forms() {
		if f.word == e.word {
			lines = append(lines, "Type it like this: "+f.usage())
			return sentence(join("\n", roomText, lines))
		}
	}
	if e.near != "" {
		lines = append(lines, "Did you mean "+code("/pullfix "+e.near, 80)+"?")
	}
	lines = append(lines, code("/pullfix help", 40)+" lists the commands.")
	return sentence(join("\n", roomText, lines))
}

// mostIncidents bounds the list of status; what is left out is counted.
const mostIncidents = 20

// status lists open incidents, the gravest and oldest first.
func status(incidents []bot.Incident, linkTo func(bot.Place) string) message {
	if len(incidents) == 0 {
		return sentence("No incident is open that you may see.")
	}
	slices.SortFunc(incidents, func(a, b bot.Incident) int {
		return cmp.Or(cmp.Compare(gravity(a), gravity(b)), a.Opened.Compare(b.Opened))
	})
	m := message{text: markup(capital(count(len(incidents), "open incident")))}
	m.section("*" + m.text + "*")
	for _, i := range incidents[:min(len(incidents), mostIncidents)] {
		m.section(statusLine(i, linkTo(i.Place)))
	}
	if more := len(incidents) - mostIncidents; more > 0 {
		m.small(markup(fmt.Sprintf("and %d more", more)))
	}
	return m
}

func gravity(i bot.Incident) string {
	if i.Verdict == nil || i.Verdict.Severity == "" {
		return "P9"
	}
	return i.Verdict.Severity
}

func statusLine(i bot.Incident, url string) markup {
	d := drawing{incident: i}
	line := quote(d.head(), roomSentence)
	parts := []markup{d.where(), markup(i.State)}
	if url != "" {
		parts = append(parts, link(url, i.ID))
	} else {
		parts = append(parts, code(i.ID, 80))
	}
	return "*" + line + "*\n" + dotted(parts...)
}

// mostGroups bounds the result of a scan in a message.
const mostGroups = 15

// scanned lists groups of failing pulls, the widest first.
func scanned(groups []runbook.Group, where string) message {
	if len(groups) == 0 {
		return sentence("No pod waits for an image in " + quote(where, roomName) + ".")
	}
	pods, namespaces := make(map[string]bool), make(map[string]bool)
	for _, g := range groups {
		for _, p := range g.Pods {
			pods[p.Namespace+"/"+p.Name], namespaces[p.Namespace] = true, true
		}
	}
	m := message{text: markup(fmt.Sprintf("%s in %s cannot pull, for %s", count(len(pods), "pod"), count(len(namespaces), "namespace"), count(len(groups), "reason"))) + " (" + quote(where, roomName) + ")"}
	m.section("*" + m.text + "*")
	for _, g := range groups[:min(len(groups), mostGroups)] {
		m.section(group(g))
	}
	if more := len(groups) - mostGroups; more > 0 {
		m.small(markup("and " + count(more, "more group")))
	}
	m.small("As the kubelets say it; nothing is proven yet. " + forms()[0].usage() + " proves one.")
	return m
}

func group(g runbook.Group) markup {
	const most = 5
	line := "*" + quote(g.Severity, 4) + " · " + quote(g.Summary, roomSentence) + "*\n"
	line += quote(string(g.Cause), 60) + " · " + markup(count(len(g.Pods), "pull"))
	switch n := len(g.Namespaces); {
	case n == 1:
		line += " in " + code(g.Namespaces[0], 140)
	case n > 1:
		line += markup(fmt.Sprintf(" in %d namespaces", n))
	}
	var pods []markup
	for _, p := range g.Pods[:min(len(g.Pods), most)] {
		pods = append(pods, code(p.Namespace+"/"+p.Name, 140))
	}
	line += "\n" + join(", ", roomText/2, pods)
	if more := len(g.Pods) - most; more > 0 {
		line += markup(fmt.Sprintf(" and %d more", more))
	}
	return line
}

// explained says what one message means.
func explained(text string) message {
	r := words.Read(text)
	title := string(r.Cause)
	if r.Registry != "" {
		title += " · " + r.Registry
	}
	m := message{text: quote(title, roomName) + ": " + quote(words.Meaning(r.Cause), roomSentence)}
	m.section("*" + quote(title, roomName) + "* · " + quote(string(r.Certainty), 20) + "\n" + quote(words.Meaning(r.Cause), roomSentence))
	if r.Fragment != "" {
		m.section("It says " + code(r.Fragment, 400))
	}
	var also []markup
	for _, c := range r.Also {
		also = append(also, quote(string(c), 60))
	}
	if len(also) > 0 {
		m.small("Also: " + join(", ", roomSentence, also))
	}
	var next []markup
	for _, n := range words.Next(r.Cause) {
		next = append(next, "• "+quote(n, roomSentence))
	}
	if len(next) > 0 {
		m.section(join("\n", roomText, next))
	}
	return m
}
