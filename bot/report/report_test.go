package report_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/report"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// allCauses are those that a diagnosis can end with.
func allCauses() []cause.Cause {
	return append(runbook.Causes(), cause.NotPullFailure)
}

func incidentOf(c cause.Cause, registry string) bot.Incident {
	opened := time.Date(2026, 3, 2, 3, 12, 0, 0, time.UTC)
	return bot.Incident{
		ID: "i1", State: bot.Resolved, Opened: opened, Target: runbook.Target{Namespace: "shop", Kind: "Pod", Name: "web-1"},
		Verdict: &runbook.Verdict{Namespace: "shop", Severity: runbook.P1, Diagnosis: runbook.Diagnosis{Cause: c, Registry: registry, Summary: "it fails"}},
		Ending:  &bot.Ending{At: opened.Add(7 * time.Minute), Resolution: "recovered"},
	}
}

// TestEveryCauseHasAFollowUp: whoever adds a cause says what should follow.
func TestEveryCauseHasAFollowUp(t *testing.T) {
	fallback := report.Of(incidentOf(cause.Unknown, "r.example"), report.Options{}).FollowUps[0].Do
	for _, c := range allCauses() {
		r := report.Of(incidentOf(c, "r.example"), report.Options{})
		unclear := c == cause.Unknown || c == cause.BackOffOnly || c == cause.NotPullFailure
		switch {
		case len(r.FollowUps) == 0:
			t.Errorf("%s: nothing follows", c)
		case (r.FollowUps[0].Do == fallback) != unclear:
			t.Errorf("%s: follow-up %q", c, r.FollowUps[0].Do)
		}
		for _, f := range r.FollowUps {
			if !strings.HasSuffix(f.Do, ".") || !strings.HasSuffix(f.Why, ".") {
				t.Errorf("%s: no sentence: %q %q", c, f.Do, f.Why)
			}
		}
	}
}

// TestRotationIsTheVendors: an expired credential is best replaced in the
// vendor's own way.
func TestRotationIsTheVendors(t *testing.T) {
	for registry, want := range map[string]string{
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com": "ecr-credential-provider",
		"europe-docker.pkg.dev":                        "Artifact Registry Reader",
		"acme.azurecr.io":                              "AcrPull",
		"registry.acme.example":                        "External Secrets",
	} {
		if do := report.Of(incidentOf(cause.AuthExpired, registry), report.Options{}).FollowUps[0].Do; !strings.Contains(do, want) {
			t.Errorf("%s: %s", registry, do)
		}
	}
}

// TestWhatFailedIsReportedThoughTheLastVerdictIsFine: an incident that others
// healed ends with the verdict that nothing is wrong.
func TestWhatFailedIsReportedThoughTheLastVerdictIsFine(t *testing.T) {
	i := incidentOf(cause.TagNotFound, "r.example")
	i.Fault = i.Verdict
	i.Verdict = &runbook.Verdict{Diagnosis: runbook.Diagnosis{Cause: cause.None, Summary: "shop/web-1 pulls fine"}}
	r := report.Of(i, report.Options{})
	if r.Cause.Cause != "TagNotFound" || r.Impact.Minutes != 7 || !r.Postmortem.Wanted {
		t.Errorf("cause %s, impact %+v, postmortem %+v", r.Cause.Cause, r.Impact, r.Postmortem)
	}
}

// TestNothingWrongIsShort: no impact, no follow-ups, no postmortem.
func TestNothingWrongIsShort(t *testing.T) {
	i := incidentOf(cause.None, "r.example")
	i.Verdict.Severity, i.Verdict.Summary = "", "shop/web-1 pulls fine"
	r := report.Of(i, report.Options{})
	if r.Impact.Pods != 0 || len(r.FollowUps) != 0 || r.Postmortem.Wanted || strings.Contains(r.Markdown(), "## Impact") {
		t.Errorf("report %+v", r)
	}
}

var attacks = []string{
	"# heading", "1. list", "12) list", "- list", "+ list", "* list", "> quote", "=== ", "---", "| a | b |", "```", "~~~ sh", "    code",
	"[click](https://evil.example)", "![x](https://evil.example/x.png)", "<https://evil.example>", "https://evil.example/login", "www.evil.example",
	"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;b&gt;", "&#64;all", "@channel", "@octocat", "<!channel>", "<!here>", "<@U0BOB>", "<!subteam^S0PLATFORM>",
	"**bold**", "__bold__", "_it_", "~~gone~~", "`code`", "``a`b``", "\\`x", "$x^2$", ":smile:", "#42", "acme/repo#1", "mail@evil.example", "[^1]: note", "[ref]: https://evil.example",
	"line one\n# heading\n\n[x](y)", "tag`<b>`", "(see https://evil.example)", `"<b>"`, "{{ template }}", "{% raw %}", "<!-- hidden -->", "\u202egnp.exe", "a\u200b@all",
}

var codeSpan = regexp.MustCompile("`[^`\n]*`")

// TestQuotedTextHasNoEffect puts every attack into every quoted field. What is
// left outside of code spans and of our own words has no sign with a meaning.
func TestQuotedTextHasNoEffect(t *testing.T) {
	calm := hostile("calm").Markdown()
	for _, attack := range attacks {
		text := hostile(attack).Markdown()
		bare := codeSpan.ReplaceAllString(text, "code")
		for _, sign := range []string{"evil", "<", "@", "[x", "](", "![", "script", "~~", "__", "$", "{", "&", "|", "\\", "`", "\u202e", "\u200b", ":smile", "#4", "#1"} {
			if strings.Contains(bare, sign) && !strings.Contains(codeSpan.ReplaceAllString(calm, "code"), sign) {
				t.Errorf("%q: %q stands outside of the code font:\n%s", attack, sign, lineWith(bare, sign))
			}
		}
		if headings(text) != headings(calm) {
			t.Errorf("%q makes headings:\n%s", attack, text)
		}
	}
}

func lineWith(text, sign string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, sign) {
			return line
		}
	}
	return ""
}

var heading = regexp.MustCompile(`(?m)^\s*(?:#+ .*|=+\s*|-{3,}\s*)$`)

func headings(text string) int { return len(heading.FindAllString(text, -1)) }

// hostile is a report in which every outside text is s.
func hostile(s string) report.Report {
	at := time.Date(2026, 3, 2, 3, 12, 0, 0, time.UTC)
	by := bot.Person{Team: s, ID: s}
	d := runbook.Diagnosis{Container: s, Image: s, Registry: s, Cause: cause.TagNotFound, Certainty: cause.Certain, Summary: s, Vantage: runbook.VantageImage, Details: []string{s}, Suggestions: []string{s}}
	return report.Of(bot.Incident{
		ID: s, State: bot.Closed, Opened: at, Asked: by, Target: runbook.Target{Cluster: s, Namespace: s, Kind: "Pod", Name: s},
		Verdict: &runbook.Verdict{
			Cluster: s, Namespace: s, Pod: s, Severity: runbook.P1, Diagnosis: d, Workload: &runbook.WorkloadRef{Kind: "Deployment", Name: s},
			Steps: []runbook.Result{{ID: runbook.StepImage, Row: "R2", Title: "Image", Status: "problem", Summary: s, Evidence: []string{s}, Command: s}}, Failures: []runbook.Diagnosis{d},
			Gaps: []runbook.Gap{{What: s, Why: s, Grant: s}},
		},
		Case:     &runbook.Case{Facts: runbook.Facts{Workload: &runbook.Workload{Kind: "Deployment", Name: s, Desired: 2}}},
		Earlier:  []bot.Earlier{{Cause: cause.AuthRejected, Summary: s, At: at, Until: at}},
		Decision: &bot.Decision{Title: s, Started: &at, Granted: []bot.Approval{{Person: by}}, Receipts: []runbook.Receipt{{Action: runbook.Action{Verb: s, Kind: s, Name: s, Namespace: s}, Detail: s}}, Refused: s},
		Ending:   &bot.Ending{At: at, By: by, Resolution: s}, Escalated: []bot.Escalated{{At: at, Why: s, By: by, Told: []string{s}, Failed: []string{s}}},
		Timeline: []bot.Entry{{At: at, By: by, What: s}}, Feedback: []bot.Feedback{{At: at, By: by, Text: s}}, PostmortemOwner: &by,
	}, report.Options{Links: []report.Link{{Title: s, URL: "https://wiki.acme.example/x"}, {Title: "bad", URL: "javascript:alert(1)"}}})
}
