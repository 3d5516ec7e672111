package report_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/keyring"
)

var (
	ann = bot.Person{Team: "T1", ID: "U0ANN"}
	bob = bot.Person{Team: "T1", ID: "U0BOB"}
	eve = bot.Person{Team: "T1", ID: "U0EVE"}
)

// password stands in every credential of the tests and may stand nowhere else.
const password = "pf-marker-9b1c7d"

// world is a pod that fails, its secrets, and a registry: the diagnosis itself
// is the real one.
type world struct {
	facts   runbook.Facts
	listed  []keyring.PullSecret
	answer  runbook.Answer
	byLogin *runbook.Answer // nil: as answer
}

func newWorld(image, message string) *world {
	now := time.Now()
	w := &world{answer: runbook.Answer{Result: cause.AuthMissing, Status: 401}}
	w.facts = runbook.Facts{
		Target: runbook.Target{Cluster: "prod-eu", Namespace: "shop", Kind: "Deployment", Name: "checkout"}, ObservedAt: now,
		Pod: runbook.Pod{
			Name: "checkout-7f9c4", UID: "u1", Phase: "Pending", Scheduled: true, Created: now.Add(-8 * time.Minute),
			Containers: []runbook.Container{{
				Name: "app", Kind: runbook.KindContainer, Image: image, PullPolicy: "IfNotPresent",
				State: runbook.StateWaiting, Reason: "ErrImagePull", Message: message,
			}},
		},
		Workload: &runbook.Workload{Kind: "Deployment", Name: "checkout", Desired: 3, Available: 2, Blocked: true, FailingPods: []string{"checkout-7f9c4"}},
		Node:     &runbook.Node{Name: "node1", OS: "linux", Arch: "amd64", Ready: true},
	}
	return w
}

func (w *world) fails(namespace, pod string) *world {
	c := w.facts.Pod.Containers[0]
	w.facts.Failing = append(w.facts.Failing, runbook.FailingPull{
		Namespace: namespace, Pod: pod, Container: "app", Image: c.Image, Reason: c.Reason, Message: c.Message, Since: w.facts.Pod.Created,
	})
	return w
}

func (w *world) secret(name, key, user string) *world {
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	w.listed = append(w.listed, keyring.PullSecret{
		Namespace: "shop", Name: name, Type: "kubernetes.io/dockerconfigjson",
		Data: map[string]keyring.Secret{".dockerconfigjson": keyring.NewSecret(fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, key, auth))},
	})
	w.facts.Pod.PullSecrets = append(w.facts.Pod.PullSecrets, name)
	w.facts.Secrets = append(w.facts.Secrets, runbook.SecretFacts{Name: name, Type: "kubernetes.io/dockerconfigjson", Listed: true})
	return w
}

func (w *world) missing(name string) *world {
	w.listed = append(w.listed, keyring.PullSecret{Namespace: "shop", Name: name, Missing: true})
	w.facts.Pod.PullSecrets = append(w.facts.Pod.PullSecrets, name)
	w.facts.Secrets = append(w.facts.Secrets, runbook.SecretFacts{Name: name, Missing: true, Listed: true})
	return w
}

func (w *world) answers(a runbook.Answer) *world {
	w.answer = a
	return w
}

func (w *world) loginAnswers(a runbook.Answer) *world {
	w.byLogin = &a
	return w
}

func (w *world) Observe(context.Context, runbook.Target, runbook.Progress) (runbook.Observation, error) {
	return runbook.Observation{Facts: w.facts, Listed: w.listed}, nil
}

func (w *world) Probe(_ context.Context, q runbook.Question) (runbook.Answer, error) {
	a := w.answer
	if q.Credential != nil && w.byLogin != nil {
		a = *w.byLogin
	}
	a.Host = runbook.ParseReference(q.Image).Host
	return a, nil
}

// life is an incident as its events make it.
type life struct {
	t *testing.T
	bot.Incident
}

func open(t *testing.T, w *world, by bot.Person) *life {
	t.Helper()
	ask := bot.Ask{Key: "k", Person: by, Place: bot.Place{Team: "T1", Channel: "C1", Message: "m1"}, Target: w.facts.Target}
	reason := "asked to diagnose shop/checkout"
	if by == (bot.Person{}) {
		reason = "pods wait for an image"
	}
	i, _ := bot.Begin(bot.Opening{ID: "4f7k2m9x1q", Ask: ask, After: 20 * time.Minute, Reason: reason}, time.Now())
	l := &life{t, i}
	l.happen(bot.Admitted{Effect: "e1"})
	l.diagnose(w)
	return l
}

func (l *life) happen(e bot.Event) {
	l.t.Helper()
	next, _, err := l.Apply(e, time.Now())
	if err != nil {
		l.t.Fatalf("%T: %v", e, err)
	}
	l.Incident = next
}

// after lets time pass.
func (l *life) after(d time.Duration) *life {
	time.Sleep(d)
	return l
}

func (l *life) diagnose(w *world) {
	l.t.Helper()
	time.Sleep(2 * time.Second)
	sources := runbook.Sources{Cluster: w, Registry: w, FingerprintKey: []byte("key")}
	c, v, err := runbook.Diagnose(l.t.Context(), sources, w.facts.Target, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	var plans []runbook.Plan
	for _, r := range v.Remedies {
		r.Approvable = true
		plans = append(plans, runbook.Plan{Remedy: r, Hash: "h-" + r.ID})
	}
	l.happen(bot.Diagnosed{Case: c, Verdict: v, Plans: plans})
}

// approve lets a person approve a remedy, and carries it out.
func (l *life) approve(by bot.Person, remedy string, receipts ...runbook.Receipt) {
	l.t.Helper()
	at := l.plan(remedy)
	l.happen(bot.Granted{
		Press: bot.Press{Person: by, Button: bot.Approve, Remedy: at.Remedy.ID, PlanHash: at.Hash}, Approval: bot.Approval{Person: by, At: time.Now(), PlanHash: at.Hash}, Needed: 1, Expires: time.Hour,
	})
	time.Sleep(3 * time.Second)
	l.happen(bot.Carried{Receipts: receipts})
}

func (l *life) plan(remedy string) runbook.Plan {
	l.t.Helper()
	for _, p := range l.Plans {
		if p.Remedy.ID == remedy {
			return p
		}
	}
	l.t.Fatalf("no remedy %s among %v", remedy, l.Verdict.Remedies)
	return runbook.Plan{}
}

func (l *life) recover(pods int) {
	l.t.Helper()
	l.happen(bot.Recovering{Recovery: runbook.Recovery{Wanted: pods, Pulled: pods, Ready: pods}})
	l.happen(bot.Recovered{Proof: []string{"checkout-5d8b6 pulled its image"}, Elsewhere: 0})
}

func done(verb, kind, object string) runbook.Receipt {
	return runbook.Receipt{Action: runbook.Action{Verb: verb, Cluster: "prod-eu", Namespace: "shop", Kind: kind, Name: object}, Done: true}
}
