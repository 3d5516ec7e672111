package bot

import (
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// TextSources are the templates of what people are told, by condition. The first
// line is the message; the lines after it are its details. An empty one is the
// table's own.
type TextSources map[Condition]string

// Telling is what a template can fill in. It holds sentences of the runbook,
// names and counts: nothing that a tenant writes, and no credential.
type Telling struct {
	Incident   string
	Severity   string // P1 or P2
	Cluster    string
	Namespace  string
	Workload   string // KIND/NAME, or the pod
	Cause      string // CamelCase, as TagNotFound
	Summary    string // the verdict in one sentence, "" when there is none
	Registry   string
	Pods       int
	Namespaces int
	Since      string // when it began, as 03:12 UTC
	Waited     string // how long the incident has been open, as 20 min
	Tried      string // what was tried, in a sentence
	Measured   string // what the bot met at the registry
	Node       string // on which it was seen
	By         string // who asked or declared, as <@U0BOB>; "" for pullfix
	Level      int
	Link       string // to the thread
}

// Texts are parsed templates.
type Texts struct {
	of map[Condition]*template.Template
}

// The rows of the table.
const (
	overdueText = `{{.Severity}}: Container registry pull failure blocking deployments in {{.Namespace}}
{{with .Summary}}{{.}}.{{else}}The cause is not known yet.{{end}}
Since {{.Since}}, {{.Workload}}{{with .Cluster}} on {{.}}{{end}}: not resolved after {{.Waited}}. {{.Tried}}`
	downText = `Registry {{.Registry}} appears to be down
Measured by pullfix itself: {{.Measured}}.
Seen on node {{or .Node "unknown"}} since {{.Since}}; {{.Pods}} pods in {{.Namespaces}} namespaces wait. {{.Tried}}`
	compromisedText = `Security incident: container registry credentials may have been compromised: unauthorized pulls detected
Declared{{with .By}} by {{.}}{{end}}, in {{.Namespace}}{{with .Cluster}} on {{.}}{{end}}. pullfix changes nothing about it any more.`
	spreadingText = `Cluster-wide ImagePullBackOff across {{.Namespaces}} namespaces: possible registry outage or cluster networking issue
{{with .Summary}}{{.}}. {{end}}{{.Pods}} pods wait{{with .Cluster}} on {{.}}{{end}}, since {{.Since}}. {{.Tried}}`
	askedText = `{{.Severity}}: Container registry pull failure blocking deployments in {{.Namespace}}
{{with .Summary}}{{.}}.{{else}}The cause is not known yet.{{end}}
Escalated{{with .By}} by {{.}}{{end}} after {{.Waited}}, since {{.Since}}, {{.Workload}}{{with .Cluster}} on {{.}}{{end}}. {{.Tried}}`
)

// TableTexts are the sources of the table's own texts.
func TableTexts() TextSources {
	return TextSources{
		WhenOverdue: overdueText, WhenDown: downText, WhenCompromised: compromisedText, WhenSpreading: spreadingText, WhenAsked: askedText,
	}
}

// ParseTexts reads templates and tries each on an example: a template that fails
// must be found at the start, and not in the night.
func ParseTexts(sources TextSources) (*Texts, error) {
	t := &Texts{of: map[Condition]*template.Template{}}
	for why, table := range TableTexts() {
		source := strings.TrimSpace(sources[why])
		if source == "" {
			source = table
		}
		parsed, err := template.New(string(why)).Option("missingkey=error").Parse(source)
		if err != nil {
			return nil, fmt.Errorf("the text of %s: %w", why, err)
		}
		t.of[why] = parsed
	}
	_, err := t.Sample()
	return t, err
}

// tableTexts parse, as a test sees to.
func tableTexts() *Texts {
	t, err := ParseTexts(nil)
	if err != nil {
		return &Texts{}
	}
	return t
}

// Sample fills every template in with an example.
func (t *Texts) Sample() (map[Condition]string, error) {
	all := map[Condition]string{}
	for why, parsed := range t.of {
		var b strings.Builder
		if err := parsed.Execute(&b, sampleTelling()); err != nil {
			return nil, fmt.Errorf("the text of %s: %w", why, err)
		}
		if first, _, _ := strings.Cut(b.String(), "\n"); strings.TrimSpace(first) == "" {
			return nil, fmt.Errorf("the text of %s: its first line says nothing", why)
		}
		all[why] = b.String()
	}
	return all, nil
}

func sampleTelling() Telling {
	return Telling{
		Incident: "k3v9q2m7xa", Severity: runbook.P1, Cluster: "prod-eu", Namespace: "shop", Workload: "deployment/checkout", Cause: string(cause.TagNotFound),
		Summary: "The tag 1.4.22 does not exist in ghcr.io/acme/checkout", Registry: "ghcr.io", Pods: 12, Namespaces: 5, Since: "03:12 UTC", Waited: "20 min",
		Tried: "Nothing was changed yet.", Measured: "ConnectionRefused: connection refused", Node: "node-1", By: "<@U0BOB>", Level: 1, Link: "https://acme.slack.com/archives/C1/p1",
	}
}

// fill renders the text of a condition. What cannot be filled in after all is
// said plainly: a template never mutes a page.
func (t *Texts) fill(why Condition, with Telling) (text string, details []string) {
	var b strings.Builder
	parsed := t.of[why]
	if parsed == nil || parsed.Execute(&b, with) != nil {
		b.Reset()
		fmt.Fprintf(&b, "%s: Container registry pull failure in %s (%s)\n%s", with.Severity, with.Namespace, why, with.Summary)
	}
	for line := range strings.Lines(b.String()) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case text == "":
			text = line
		default:
			details = append(details, line)
		}
	}
	return text, details
}

// telling gathers what a template can say about the incident.
func (p Policy) telling(i Incident, by Person, now time.Time) Telling {
	scope := i.scope()
	t := Telling{
		Incident: i.ID, Severity: severityOf(i), Cluster: i.Target.Cluster, Namespace: i.Target.Namespace, Workload: strings.ToLower(orPod(i.Target.Kind)) + "/" + i.Target.Name,
		Pods: max(scope.Pods, 1), Namespaces: max(scope.Namespaces, 1), Since: clock(i.Opened), Waited: roundly(now.Sub(i.Opened)), Tried: tried(i),
	}
	if v := i.fault(); v != nil {
		t.Cause, t.Registry, t.Node, t.Summary = string(v.Cause), v.Registry, v.Node, strings.TrimSuffix(v.Summary, ".")
		if v.Workload != nil {
			t.Workload = strings.ToLower(v.Workload.Kind) + "/" + v.Workload.Name
		}
		if v.Since != nil {
			t.Since = clock(*v.Since)
		}
	}
	if i.Down != nil {
		t.Registry, t.Measured = i.Down.Registry, i.Down.Measured
	}
	if by != (Person{}) {
		t.By = mention(by)
	}
	if p.Link != nil {
		t.Link = p.Link(i)
	}
	return t
}

func clock(t time.Time) string { return t.UTC().Format("15:04 UTC") }

// tried says what was done about it so far.
func tried(i Incident) string {
	d := i.Decision
	switch {
	case d == nil || d.Started == nil:
		return "Nothing was changed yet."
	case d.Refused != "":
		return fmt.Sprintf("Tried: %s; nothing was changed, because %s.", d.Title, strings.TrimSuffix(d.Refused, "."))
	case len(d.Receipts) == 0:
		return fmt.Sprintf("Being tried: %s.", d.Title)
	}
	return fmt.Sprintf("Tried: %s, %s done.", d.Title, d.progress())
}
