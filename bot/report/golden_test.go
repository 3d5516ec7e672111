package report_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/report"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	ecr   = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	ghcr  = "ghcr.io/acme/checkout:1.4.22"
	shop  = ecr + "/shop/checkout:1.4.2"
	local = "registry.acme.example:5000"
)

func kubelet(image, why string) string {
	return `failed to pull and unpack image "` + image + `": failed to resolve image: ` + why
}

// lives are six incidents, one a family of causes, as they happen.
func lives() map[string]func(*testing.T) bot.Incident {
	return map[string]func(*testing.T) bot.Incident{
		"tag-not-found": func(t *testing.T) bot.Incident {
			w := newWorld(ghcr, kubelet(ghcr, ghcr+": not found")).secret("ghcr-pull", "ghcr.io", "acme-bot").
				answers(runbook.Answer{Result: cause.NotFoundOrDenied, Status: 401}).
				loginAnswers(runbook.Answer{Result: cause.TagNotFound, Status: 404, Code: "MANIFEST_UNKNOWN", Login: runbook.TestAccepted, Tags: []string{"1.4.21", "1.4.20"}})
			w.facts.Workload.Revisions = []runbook.Revision{
				{Number: 42, Images: map[string]string{"app": ghcr}, Pods: 1},
				{Number: 41, Images: map[string]string{"app": "ghcr.io/acme/checkout:1.4.21"}, Ran: true, Pods: 2, Ready: 2},
			}
			l := open(t, w.fails("shop", "checkout-7f9c4"), ann)
			l.after(4*time.Minute).approve(bob, "rollback", done(runbook.VerbRollBack, "Deployment", "checkout"))
			// pullfix looks again while the pod of the old revision is still there.
			w.facts.Workload.OldRevision, w.facts.Workload.Blocked, w.facts.Workload.Available = true, false, 3
			w.facts.ObservedAt = time.Now()
			l.after(60 * time.Second).diagnose(w)
			l.after(30 * time.Second).recover(3)
			l.after(time.Hour).happen(bot.Granted{Press: bot.Press{Person: bob, Button: bot.TakePostmortem}})
			l.happen(bot.Granted{Press: bot.Press{Person: ann, Button: bot.Unhelpful, Reason: "step R2 should name the build job"}})
			l.happen(bot.Granted{Press: bot.Press{Person: bob, Button: bot.Helpful}})
			return l.Incident
		},
		"expired-ecr-token": func(t *testing.T) bot.Incident {
			w := newWorld(shop, kubelet(shop, "unexpected status from HEAD request to https://"+ecr+"/v2/shop/checkout/manifests/1.4.2: 403 Forbidden")).
				secret("ecr-pull", ecr, "AWS").
				loginAnswers(runbook.Answer{Result: cause.AuthExpired, Status: 403, Code: "DENIED", Detail: "Your authorization token has expired. Reauthenticate and try again.", Login: runbook.TestRejected})
			w.fails("shop", "checkout-7f9c4").fails("shop", "cart-66d5b").fails("shop", "cart-x2l9p")
			l := open(t, w, bot.Person{})
			l.after(6*time.Minute).approve(bob, "update-secret", done(runbook.VerbUpdateSecret, "Secret", "ecr-pull"))
			l.after(3 * time.Minute).recover(3)
			return l.Incident
		},
		"missing-secret": func(t *testing.T) bot.Incident {
			image := local + "/acme/checkout:1.4.2"
			w := newWorld(image, kubelet(image, "pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials")).missing("regcred")
			l := open(t, w, ann)
			l.after(12 * time.Minute).happen(bot.Recovered{Proof: []string{"checkout-7f9c4 pulled its image"}, Elsewhere: -1})
			return l.Incident
		},
		"rate-limit": func(t *testing.T) bot.Incident {
			image := "docker.io/library/nginx:1.27"
			w := newWorld(image, kubelet(image, "unexpected status from HEAD request to https://registry-1.docker.io/v2/library/nginx/manifests/1.27: 429 Too Many Requests")).
				answers(runbook.Answer{Result: cause.RateLimited, Status: 429, Code: "TOOMANYREQUESTS", RateLimit: &runbook.RateLimit{Limit: 100, Window: 6 * time.Hour, Source: "203.0.113.7"}})
			w.fails("shop", "checkout-7f9c4").fails("web", "front-1").fails("web", "front-2")
			l := open(t, w, bot.Person{})
			l.after(8 * time.Minute).happen(bot.Granted{Press: bot.Press{Person: bob, Button: bot.CloseIt, Reason: "a mirror is in place, the rest comes by itself"}})
			return l.Incident
		},
		"untrusted-certificate": func(t *testing.T) bot.Incident {
			image := local + "/acme/checkout:1.4.2"
			w := newWorld(image, kubelet(image, `failed to do request: Head "https://`+local+`/v2/acme/checkout/manifests/1.4.2": tls: failed to verify certificate: x509: certificate signed by unknown authority`)).
				answers(runbook.Answer{Result: cause.TLSUntrusted, Detail: "x509: certificate signed by unknown authority"})
			return open(t, w.fails("shop", "checkout-7f9c4"), ann).after(9 * time.Minute).Incident
		},
		"registry-down": func(t *testing.T) bot.Incident {
			image := local + "/acme/checkout:1.4.2"
			w := newWorld(image, kubelet(image, "unexpected status from HEAD request to https://"+local+"/v2/acme/checkout/manifests/1.4.2: 503 Service Unavailable")).
				answers(runbook.Answer{Result: cause.RegistryServerError, Status: 503})
			w.facts.Workload.Available = 0
			w.fails("shop", "checkout-7f9c4").fails("web", "front-1").fails("billing", "invoice-1")
			l := open(t, w, bot.Person{})
			l.after(20 * time.Minute).happen(bot.Overdue{Policy: &bot.Policy{After: 20 * time.Minute, Repeat: 10 * time.Minute, Routes: []bot.PageRoute{
				{Name: "platform", Causes: []string{"*"}, Namespaces: []string{"*"}, Mention: "S0PLATFORM", Targets: []string{"PagerDuty platform"}},
			}}})
			l.happen(bot.Paged{Target: "Slack platform", Step: 1})
			l.happen(bot.Paged{Target: "PagerDuty platform", Step: 1, Err: "502 Bad Gateway"})
			l.after(time.Minute).happen(bot.Granted{Press: bot.Press{Person: eve, Button: bot.Acknowledge}})
			w.facts.Pod.Containers[0].State = runbook.StateRunning
			l.after(15 * time.Minute).diagnose(w)
			l.after(time.Minute).recover(3)
			return l.Incident
		},
	}
}

// each makes every life in a bubble, where the clock begins at a known moment.
func each(t *testing.T, look func(t *testing.T, name string, i bot.Incident, r report.Report)) {
	t.Helper()
	for name, live := range lives() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(3*time.Hour + 12*time.Minute)
				i := live(t)
				look(t, name, i, report.Of(i, report.Options{Now: time.Now(), Links: []report.Link{{Title: "Postmortem template", URL: "https://wiki.acme.example/postmortem"}}}))
			})
		})
	}
}

func golden(t *testing.T, file string, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestGolden(t *testing.T) {
	each(t, func(t *testing.T, name string, _ bot.Incident, r report.Report) {
		golden(t, name+".md", r.Markdown())
	})
}

// TestGoldenJSON pins the form for programs, with one report.
func TestGoldenJSON(t *testing.T) {
	each(t, func(t *testing.T, name string, _ bot.Incident, r report.Report) {
		body, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if name == "tag-not-found" {
			golden(t, name+".json", string(body)+"\n")
		}
		if strings.Contains(string(body), ":null") && strings.Contains(string(body), `"timeline":null`) {
			t.Error("a list is null")
		}
	})
}

// TestNoCredentialInAReport drives a marker password through every life.
func TestNoCredentialInAReport(t *testing.T) {
	each(t, func(t *testing.T, _ string, i bot.Incident, r report.Report) {
		body, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if text := r.Markdown() + string(body); strings.Contains(text, password) {
			t.Error("a password stands in the report")
		}
		i.Ending = &bot.Ending{Resolution: "used https://bot:" + password + "@ghcr.io/v2/ and Authorization: Bearer " + password}
		if text := report.Of(i, report.Options{Now: time.Now()}).Markdown(); strings.Contains(text, password) {
			t.Error("a quoted password stands in the report")
		}
	})
}
