package bot

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// Condition is why people are called: a row of the escalation table.
type Condition string

// The conditions. Only the first waits for its time.
const (
	WhenOverdue     Condition = "overdue"
	WhenDown        Condition = "registry-down"
	WhenSpreading   Condition = "expanding"
	WhenCompromised Condition = "security"
	WhenAsked       Condition = "asked" // by a person
)

// Conditions are all conditions, in the order of the table.
func Conditions() []Condition {
	return []Condition{WhenOverdue, WhenDown, WhenCompromised, WhenSpreading, WhenAsked}
}

// Policy says when people are called, who, and what they are told. It only
// decides: who calls is the desk.
type Policy struct {
	After  time.Duration // from the opening until an incident escalates
	Repeat time.Duration // until somebody acknowledges
	// Levels are when the second level and those above it are reached, from the
	// opening, ascending.
	Levels    []time.Duration
	Routes    []PageRoute
	Down      DownSign
	Spreading SpreadSign
	Texts     *Texts // nil means the table's
	// Link returns the address of the incident's thread; nil means none.
	Link func(Incident) string
}

// PageRoute is one way to people, for the incidents that it covers. In each
// level, the first route that covers the incident is taken.
type PageRoute struct {
	Name  string
	Level int // from 1
	// Conditions that it is for; none means all but a security incident.
	Conditions []Condition
	Causes     []string // patterns
	Namespaces []string // patterns
	// LostAvailability restricts it to workloads that lack available pods.
	LostAvailability bool
	// Pages are the severities that reach Targets; of others people are told in
	// the chat alone. Conditions that do not wait always page.
	Pages []string
	// Mention and Channel are for the chat: a user group, and another channel than
	// the incident's own. Nobody is mentioned where Mention is empty.
	Mention string
	Channel string
	Targets []string // names of pagers, called side by side
	// Fallback is the name of the route that is taken as well once none of this
	// one's targets could be reached.
	Fallback string
}

// validate finds what makes a policy unusable.
func (p Policy) validate() error {
	var errs []error
	if p.After <= 0 || p.Repeat <= 0 {
		errs = append(errs, errors.New("escalation needs a time and a pause between repetitions"))
	}
	last := p.After
	for _, level := range p.Levels {
		if level <= last {
			errs = append(errs, fmt.Errorf("the level at %s comes before the one at %s", level, last))
		}
		last = level
	}
	if _, err := p.texts().Sample(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (p Policy) texts() *Texts {
	if p.Texts == nil {
		return tableTexts()
	}
	return p.Texts
}

// Route is the route of the first level that an overdue incident takes.
func (p Policy) Route(i Incident) (PageRoute, bool) {
	return p.route(i, WhenOverdue, 1)
}

// route is the first of the level that covers the incident. A security incident
// that has no route of its own takes the one of everything else: the wrong
// people are better than nobody.
func (p Policy) route(i Incident, why Condition, level int) (PageRoute, bool) {
	at := slices.IndexFunc(p.Routes, func(r PageRoute) bool { return max(r.Level, 1) == level && r.covers(i, why) })
	if at >= 0 {
		return p.Routes[at], true
	}
	if why == WhenCompromised {
		return p.route(i, WhenOverdue, level)
	}
	return PageRoute{}, false
}

// SecurityRoute is the route that is for security incidents by name; only it is
// told where a credential stands.
func (p Policy) SecurityRoute(i Incident) (PageRoute, bool) {
	r, ok := p.route(i, WhenCompromised, 1)
	return r, ok && slices.Contains(r.Conditions, WhenCompromised)
}

func (r PageRoute) covers(i Incident, why Condition) bool {
	of := cause.Unknown
	if v := i.fault(); v != nil {
		of = v.Cause
	}
	if len(r.Conditions) == 0 && why == WhenCompromised || len(r.Conditions) > 0 && !slices.Contains(r.Conditions, why) {
		return false
	}
	return matches(r.Causes, string(of)) && matches(r.Namespaces, i.Target.Namespace) && (!r.LostAvailability || lostAvailability(i))
}

// lostAvailability tells that the workload lacks pods that serve.
func lostAvailability(i Incident) bool {
	if i.Case == nil || i.Case.Facts.Workload == nil {
		return false
	}
	w := i.Case.Facts.Workload
	return w.Desired > 0 && w.Available < w.Desired
}

// targets are whom the route calls now.
func (r PageRoute) targets(severity string, why Condition) []string {
	var names []string
	if r.Mention != "" || r.Channel != "" {
		names = append(names, ChatTarget(r.Name))
	}
	pages := r.Pages
	if len(pages) == 0 {
		pages = []string{runbook.P1}
	}
	if why != WhenOverdue || slices.Contains(pages, severity) {
		names = append(names, r.Targets...)
	}
	return names
}

// ChatTarget is the name of a route's call in the chat.
func ChatTarget(route string) string { return "Slack " + route }

// named finds a route by name.
func (p Policy) named(name string) (PageRoute, bool) {
	at := slices.IndexFunc(p.Routes, func(r PageRoute) bool { return r.Name == name })
	if at < 0 {
		return PageRoute{}, false
	}
	return p.Routes[at], true
}

// whom is who is called: the routes by name, their targets, and the targets of
// the routes to fall back to.
func (p Policy) whom(i Incident, why Condition, level int) (routes, targets, fallback []string) {
	for l := 1; l <= level; l++ {
		r, ok := p.route(i, why, l)
		if !ok {
			continue
		}
		routes = append(routes, r.Name)
		targets = append(targets, r.targets(severityOf(i), why)...)
		if other, ok := p.named(r.Fallback); ok {
			fallback = append(fallback, other.targets(severityOf(i), why)...)
		}
	}
	slices.Sort(targets)
	targets = slices.Compact(targets)
	fallback = slices.DeleteFunc(fallback, func(name string) bool { return slices.Contains(targets, name) })
	return routes, targets, fallback
}
