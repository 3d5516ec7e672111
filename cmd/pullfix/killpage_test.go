package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/sandbox/pager"
	"github.com/pullfix/pullfix/sandbox/slack"
)

// shortPolicy escalates after a second and a half, to a stand-in of PagerDuty.
const shortPolicy = `escalation:
  after: 1500ms
  repeat: 10m
  routes:
    - {name: platform, causes: ['*'], namespaces: ['*'], pages: [P1, P2], slack: {mention: %s}, pagerduty: {routingKeyEnv: PAGERDUTY_KEY, url: %q}}
`

// event is what matters of an event that PagerDuty was sent.
type event struct {
	Action string `json:"event_action"`
	Key    string `json:"dedup_key"`
	Body   struct {
		Group string `json:"group"` // the namespace
	} `json:"payload"`
}

func events(t *testing.T, p *pager.Target) []event {
	t.Helper()
	var all []event
	for _, r := range p.Came() {
		var e event
		if err := json.Unmarshal(r.Body, &e); err != nil {
			t.Fatalf("%s: %v", r.Body, err)
		}
		all = append(all, e)
	}
	return all
}

// TestKilledAroundTheDeadline kills the bot at a random moment around the
// deadline of an incident, and starts it again: the escalation is never lost,
// and when it comes twice, it comes with the same key.
func TestKilledAroundTheDeadline(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	duty := pager.New(t, 202)
	t.Setenv("PAGERDUTY_KEY", "R0UTINGKEY")
	s := newStage(t)
	config := s.configure(t, fmt.Sprintf(shortPolicy, slack.Platform, duty.URL))
	child, err := s.start(config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = kill(child) }()
	twice := 0
	for n := range rounds() {
		s.online(t)
		namespace := fmt.Sprintf("late-%d", n)
		if err := s.MakeEarly(t.Context(), namespace, 1); err != nil {
			t.Fatal(err)
		}
		s.command(t, slack.Ann, "diagnose "+namespace+" deployment/early")
		acknowledged := time.Now()
		time.Sleep(time.Second + time.Duration(random.Int64N(int64(time.Second))))
		if err := kill(child); err != nil {
			t.Fatal(err)
		}
		moment := time.Since(acknowledged)
		if child, err = s.start(config); err != nil {
			t.Fatal(err)
		}
		keys := s.paged(t, duty, namespace)
		t.Logf("%s: killed after %s, paged %d times", namespace, moment.Round(time.Millisecond), len(keys))
		for _, key := range keys[1:] {
			twice++
			if key != keys[0] || !strings.HasPrefix(key, "pullfix-") {
				t.Errorf("%s: keys %q", namespace, keys)
			}
		}
		// New pods have the secret: it heals, and is looked at no more.
		if err := s.SetImage(t.Context(), namespace+"/deployments/early", "ghcr.io/acme/search:2.1.0"); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d came twice", twice, rounds())
}

// paged waits for the page of a namespace and a little longer, for a second one.
func (s *stage) paged(t *testing.T, duty *pager.Target, namespace string) []string {
	t.Helper()
	var keys []string
	look := func() bool {
		keys = nil
		for _, e := range events(t, duty) {
			if e.Action == "trigger" && e.Body.Group == namespace {
				keys = append(keys, e.Key)
			}
		}
		return len(keys) > 0
	}
	if !eventually(look) {
		t.Fatalf("the escalation of %s is lost\n%s", namespace, s.log.String())
	}
	time.Sleep(500 * time.Millisecond)
	look()
	return keys
}
