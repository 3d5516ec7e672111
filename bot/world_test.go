package bot_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

var (
	ann   = bot.Person{Team: "T1", ID: "U0ANN"}
	bob   = bot.Person{Team: "T1", ID: "U0BOB"}
	guest = bot.Person{Team: "T1", ID: "U0GUEST"}
)

// shop is everything around a desk: a store, a channel, a cluster with one
// failing workload, and the people.
type shop struct {
	mu        sync.Mutex
	documents map[string]bot.Incident
	versions  map[string]int
	shown     []bot.Incident
	told      []bot.Notice
	whispers  []bot.Whisper
	changes   []runbook.Action
	pages     []bot.Page
	verdict   runbook.Verdict
	halt      func() error // of the newest change
	recovery  runbook.Recovery
	over      bool
	members   map[string][]string
	open      map[string]bool // groups that anybody can join
	plans     []runbook.Plan  // in place of the usual one
	receipt   func(runbook.Action) runbook.Receipt
	elsewhere int
	log       slog.Handler
	fail      map[string]error
	slow      time.Duration // how long a change takes
	slowShow  time.Duration // how long a drawing takes
	slowLook  time.Duration // how long a diagnosis takes
	ids       int
	lie       func(bot.Incident) bool // saves it, and says that it did not
	duty
}

func newShop() *shop {
	return &shop{
		documents: map[string]bot.Incident{}, versions: map[string]int{}, members: map[string][]string{}, open: map[string]bool{}, fail: map[string]error{},
		verdict: runbook.Verdict{
			Cluster: "prod", Namespace: "shop", Pod: "web-1", Severity: runbook.P1,
			Diagnosis: runbook.Diagnosis{Cause: cause.TagNotFound, Image: "reg/app:v2", Registry: "reg", Summary: "The tag v2 does not exist in reg/app", Vantage: runbook.VantageImage},
		},
		recovery: runbook.Recovery{Wanted: 1, Waiting: 1},
		duty:     newDuty(),
	}
}

func (s *shop) failing(what string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fail[what]
}

func (s *shop) Load(_ context.Context, id string) (bot.Incident, bot.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.documents[id]
	if !ok {
		return bot.Incident{}, "", bot.ErrNoIncident
	}
	return i, bot.Version(fmt.Sprint(s.versions[id])), nil
}

func (s *shop) Save(_ context.Context, i bot.Incident, expected bot.Version) (bot.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slow := s.saveSlow; slow > 0 {
		s.mu.Unlock()
		time.Sleep(slow)
		s.mu.Lock()
	}
	if err := s.fail["save"]; err != nil {
		return "", err
	}
	if now, ok := s.versions[i.ID]; ok && fmt.Sprint(now) != string(expected) {
		return "", bot.ErrConflict
	}
	s.versions[i.ID]++
	s.documents[i.ID] = i
	if s.lie != nil && s.lie(i) {
		return "", errDown
	}
	return bot.Version(fmt.Sprint(s.versions[i.ID])), nil
}

func (s *shop) Unfinished(context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for id, i := range s.documents {
		if i.Pends() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

func (s *shop) Show(_ context.Context, i bot.Incident) (bot.Place, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fail["show"]; err != nil {
		return bot.Place{}, err
	}
	if s.slowShow > 0 {
		slow := s.slowShow
		s.mu.Unlock()
		time.Sleep(slow)
		s.mu.Lock()
	}
	s.shown = append(s.shown, i)
	return bot.Place{Team: "T1", Channel: "C1", Message: "m-" + i.ID}, nil
}

func (s *shop) Tell(_ context.Context, _ bot.Incident, n bot.Notice) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, n)
	return s.fail["tell"]
}

func (s *shop) Whisper(_ context.Context, w bot.Whisper) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.whispers = append(s.whispers, w)
	return nil
}

func (s *shop) Diagnose(_ context.Context, t runbook.Target, p runbook.Progress) (runbook.Case, runbook.Verdict, error) {
	defer p.Begin(runbook.StepScope, "")()
	time.Sleep(s.slowLook)
	if err := s.failing("diagnose"); err != nil {
		return runbook.Case{}, runbook.Verdict{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.verdict
	v.Pod = t.Name
	return s.of, v, nil
}

func (s *shop) Plan(context.Context, runbook.Case, runbook.Verdict) ([]runbook.Plan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.plans != nil {
		return s.plans, nil
	}
	actions := []runbook.Action{{Verb: runbook.VerbDeletePod, Namespace: "shop", Kind: "Pod", Name: "web-1", UID: "u1"}}
	remedy := runbook.Remedy{ID: "delete-pods", Kind: runbook.DeletePods, Title: "Delete the waiting pod web-1", Approvable: true}
	return []runbook.Plan{{Remedy: remedy, Actions: actions, Hash: runbook.PlanHash(actions)}}, nil
}

func (s *shop) Recovery(context.Context, bot.Incident) (runbook.Recovery, bool, error) {
	if err := s.failing("recovery"); err != nil {
		return runbook.Recovery{}, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recovery, s.over, nil
}

func (s *shop) Carry(ctx context.Context, a runbook.Action, by runbook.Actor) (runbook.Receipt, error) {
	if err := s.failing("carry"); err != nil {
		return runbook.Receipt{}, err
	}
	s.mu.Lock()
	s.changes, s.halt = append(s.changes, a), by.Halt
	slow := s.slow
	s.mu.Unlock()
	select {
	case <-time.After(slow):
	case <-ctx.Done():
	}
	s.mu.Lock()
	receipt := s.receipt
	s.mu.Unlock()
	if receipt != nil {
		return receipt(a), nil
	}
	return runbook.Receipt{Action: a, Done: true, At: time.Now()}, nil
}

func (s *shop) Elsewhere(context.Context, bot.Incident) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.elsewhere, s.fail["elsewhere"]
}

func (s *shop) Standing(_ context.Context, p bot.Person) (bot.Standing, error) {
	if err := s.failing("directory"); err != nil {
		return bot.Standing{}, err
	}
	return bot.Standing{Known: true, SameTeam: p.Team == "T1", Guest: p == guest}, nil
}

func (s *shop) Members(_ context.Context, group string) ([]string, bool, error) {
	if err := s.failing("members"); err != nil {
		return nil, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.members[group], s.open[group], nil
}

func (s *shop) desk(t *testing.T, rules bot.Rules) *bot.Desk {
	t.Helper()
	seal, err := bot.NewSeal([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := bot.New(bot.Options{
		Store: s, Announcer: s, Engine: s, Lookout: s, Changer: s, Directory: s, Caller: s, Freezer: s, Rules: rules, Seal: seal,
		Pagers: map[string]bot.Pager{"pager": s, "other": reserve{s}}, Policy: s.policy,
		Archive: s, Rooms: s,
		NewID: func() string { s.mu.Lock(); defer s.mu.Unlock(); s.ids++; return fmt.Sprintf("i%d", s.ids) },
		Log:   slog.New(s.logs()), Poll: s.poll, Settle: 30 * time.Second, Workers: 4, CrashLoop: "https://runbooks.example.com/crash",
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// live runs a desk in a bubble of fake time.
func live(t *testing.T, s *shop, rules bot.Rules, play func(*testing.T, *bot.Desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		d := s.desk(t, rules)
		ended := make(chan error, 1)
		go func() { ended <- d.Run(ctx) }()
		play(t, d)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func ask(t *testing.T, d *bot.Desk, by bot.Person) string {
	t.Helper()
	id, err := d.Ask(t.Context(), bot.Ask{Key: "k-" + by.ID, Person: by, Place: bot.Place{Team: "T1", Channel: "C1"}, Target: runbook.Target{Cluster: "prod", Namespace: "shop", Kind: "Pod", Name: "web-1"}})
	if err != nil {
		t.Fatalf("Ask: %v", err)
	}
	synctest.Wait()
	return id
}

func press(t *testing.T, d *bot.Desk, s *shop, p bot.Press) error {
	t.Helper()
	if p.Place.Message == "" {
		p.Place = bot.Place{Team: "T1", Channel: "C1", Message: "m-" + p.Incident}
	}
	if p.Button == bot.Approve && p.PlanHash == "" {
		plan := s.incident(t, p.Incident).Plans[0]
		p.Remedy, p.PlanHash = plan.Remedy.ID, plan.Hash
	}
	err := d.Press(t.Context(), p)
	synctest.Wait()
	return err
}

var errDown = errors.New("down")
