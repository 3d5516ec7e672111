package bot

import (
	"fmt"
	"slices"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// DownSign says when a registry appears to be down.
type DownSign struct {
	Namespaces int           // that fail at least; 0 means never
	Lasting    time.Duration // between the two measurements that it takes
}

// SpreadSign says when the scope of a root cause is expanding. A threshold of
// zero does not count.
type SpreadSign struct {
	Namespaces int // so many or more
	Pods       int // so many or more, in several namespaces
	// Growth is how many times as many pods as at first, in several namespaces.
	Growth  int
	Lasting time.Duration // between the two looks that it takes
}

// fewPods is what growth alone means nothing below: three pods after one are not
// an outage.
const fewPods = 10

func (s SpreadSign) exceeded(first, now runbook.Scope) bool {
	if s.Namespaces > 0 && now.Namespaces >= s.Namespaces {
		return true
	}
	if now.Namespaces < 2 {
		return false
	}
	if s.Pods > 0 && now.Pods >= s.Pods {
		return true
	}
	return s.Growth > 1 && now.Pods >= fewPods && now.Pods >= s.Growth*max(first.Pods, 1)
}

// Sighting is what pullfix itself measured of a registry that seems to be down.
type Sighting struct {
	Registry string    `json:"registry"`
	Since    time.Time `json:"since"` // the first measurement without a break
	Last     time.Time `json:"last"`
	Measured string    `json:"measured"` // what came back, in words
}

// sight records what a diagnosis measured. What nobody measured changes nothing;
// one answer of the registry, whatever it says, means that it is not down.
func (c *change) sight(of runbook.Case, v runbook.Verdict) {
	what, measured := measure(of, v.Registry)
	switch {
	case !measured:
	case what == "":
		c.Down = nil
	case c.Down != nil && c.Down.Registry == v.Registry:
		c.Down = &Sighting{Registry: v.Registry, Since: c.Down.Since, Last: c.now, Measured: what}
	default:
		c.Down = &Sighting{Registry: v.Registry, Since: c.now, Last: c.now, Measured: what}
	}
}

// measure says what the bot's own probes of the registry met; "" when one was
// answered. It reads nothing that a tenant can write: no message, no event.
func measure(of runbook.Case, registry string) (what string, measured bool) {
	for _, answer := range answers(of, registry) {
		if answer.Refused != "" {
			continue // our own guard: nothing was measured
		}
		if !slices.Contains(unreachable(), answer.Result) {
			return "", true
		}
		what = string(answer.Result)
		if answer.Detail != "" {
			what += ": " + answer.Detail
		}
	}
	return what, what != ""
}

func answers(of runbook.Case, registry string) []runbook.Answer {
	var all []runbook.Answer
	for _, pull := range of.Pulls {
		if registry == "" || runbook.ParseReference(pull.Image).Host != registry {
			continue
		}
		if pull.Anonymous != nil {
			all = append(all, *pull.Anonymous)
		}
		for _, c := range pull.Candidates {
			if c.Answer != nil {
				all = append(all, *c.Answer)
			}
		}
	}
	return all
}

// unreachable are the results of a probe that say that the registry does not
// work, whatever was asked.
func unreachable() []cause.Cause {
	return []cause.Cause{cause.DNSFailure, cause.ConnectionRefused, cause.Timeout, cause.NetworkUnreachable, cause.RegistryServerError}
}

// raises returns the conditions that hold by now and that nobody was told of.
func (p Policy) raises(i Incident) []Condition {
	if i.State.Over() {
		return nil
	}
	var found []Condition
	if p.down(i) && !i.raised(WhenDown) {
		found = append(found, WhenDown)
	}
	if i.Spread != nil && i.Spread.Confirmed && !i.raised(WhenSpreading) {
		found = append(found, WhenSpreading)
	}
	return found
}

// down takes the bot's own measurement, twice some time apart, and several
// namespaces.
func (p Policy) down(i Incident) bool {
	return i.Down != nil && p.Down.Namespaces > 0 && i.scope().Namespaces >= p.Down.Namespaces &&
		i.Down.Last.Sub(i.Down.Since) >= p.Down.Lasting
}

// measureAgain is when a registry that seemed to be down is measured again; zero
// when there is no reason to.
func (p Policy) measureAgain(i Incident) time.Time {
	if i.Down == nil || p.Down.Namespaces <= 0 || i.raised(WhenDown) || (i.State != Open && i.State != Asking) {
		return time.Time{}
	}
	return i.Down.Last.Add(min(max(p.Down.Lasting, i.Down.Last.Sub(i.Down.Since)), longestUnmeasured))
}

// longestUnmeasured bounds the pause between measurements, which doubles.
const longestUnmeasured = 10 * time.Minute

// scope is how far the root cause reaches, as far as anybody has seen.
func (i *Incident) scope() runbook.Scope {
	var s runbook.Scope
	if i.Verdict != nil {
		s = i.Verdict.Scope
	}
	if i.Spread != nil {
		s.Pods, s.Namespaces = max(s.Pods, i.Spread.Now.Pods), max(s.Namespaces, i.Spread.Now.Namespaces)
	}
	return s
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
