package bot_test

import (
	"context"
	"slices"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// duty is who is called in a shop, and what they were told.
type duty struct {
	policy    bot.Policy
	of        runbook.Case // that a diagnosis rests on
	arrived   []arrival
	poll      time.Duration
	calls     []bot.Call
	heard     map[string]bool // calls by key
	reserved  []bot.Page      // what the target to fall back to was sent
	forgotten int
	pageSlow  time.Duration
	saveSlow  time.Duration
}

func newDuty() duty {
	return duty{
		policy: bot.Policy{
			After: 20 * time.Minute, Repeat: 10 * time.Minute, Routes: []bot.PageRoute{everybody()},
			Down: bot.DownSign{Namespaces: 3, Lasting: time.Minute}, Spreading: bot.SpreadSign{Namespaces: 5, Pods: 50, Growth: 4, Lasting: 30 * time.Second},
		},
		heard: map[string]bool{}, of: runbook.Case{Version: 1}, poll: 10 * time.Second,
	}
}

// everybody is a route for everything, with a pager and the chat.
func everybody() bot.PageRoute {
	return bot.PageRoute{Name: "platform", Causes: []string{"*"}, Namespaces: []string{"*"}, Mention: "S0PLATFORM", Targets: []string{"pager"}}
}

func (s *shop) Page(_ context.Context, p bot.Page) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slow := s.pageSlow; slow > 0 {
		s.mu.Unlock()
		time.Sleep(slow)
		s.mu.Lock()
	}
	s.pages = append(s.pages, p)
	if s.fail["page"] == nil {
		s.arrived = append(s.arrived, arrival{p, time.Now()})
	}
	return s.fail["page"]
}

// arrival is a page that was confirmed.
type arrival struct {
	page bot.Page
	at   time.Time
}

func (s *shop) delivered() []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.arrived)
}

// reserve is another target.
type reserve struct{ *shop }

func (r reserve) Page(_ context.Context, p bot.Page) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reserved = append(r.reserved, p)
	return r.fail["reserve"]
}

// Call says a call once: the same key again says nothing.
func (s *shop) Call(_ context.Context, i bot.Incident, c bot.Call) (bot.Place, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fail["call"]; err != nil {
		return bot.Place{}, err
	}
	if !s.heard[c.Key] {
		s.heard[c.Key] = true
		s.calls = append(s.calls, c)
	}
	channel := c.Channel
	if channel == "" {
		channel = "C1"
	}
	return bot.Place{Team: "T1", Channel: channel, Message: "call-" + i.ID}, nil
}

func (s *shop) Sharing(context.Context, bot.Incident) ([]string, error) {
	if err := s.failing("sharing"); err != nil {
		return []string{"prod/shop/regcred"}, err
	}
	return []string{"prod/shop/regcred", "prod/pay/regcred"}, nil
}

func (s *shop) Forget(context.Context, bot.Incident, []bot.Incident) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fail["forget"]; err != nil {
		return err
	}
	s.forgotten++
	return nil
}

// triggers are the pages that call, without those that end one.
func (s *shop) triggers() []bot.Page { return s.sent(bot.PageTrigger) }

func (s *shop) sent(action bot.PageAction) []bot.Page {
	var found []bot.Page
	for _, p := range s.see().pages {
		if p.Action == action {
			found = append(found, p)
		}
	}
	return found
}
