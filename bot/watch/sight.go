package watch

import (
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/message"
)

// mostRows bounds what one look holds. A cluster of which more fails is not
// understood any better by more of the same.
const mostRows = 20000

// sight is what one look sees.
type sight struct {
	events bool // kubelets' events were followed
	rows   []runbook.FailingPull
	words  map[string]string // the kubelets' messages: thousands of pods say the same
	cut    bool
}

func newSight(events bool) *sight { return &sight{events: events, words: make(map[string]string)} }

// add takes rows in as they are found.
func (s *sight) add(found []runbook.FailingPull) {
	for _, p := range found {
		if len(s.rows) >= mostRows {
			s.cut = true
			return
		}
		word, known := s.words[p.Message]
		if !known {
			word = p.Message
			s.words[word] = word
		}
		p.Message = word
		s.rows = append(s.rows, p)
	}
}

// memory is what is remembered from look to look. It grows with what fails.
type memory struct {
	groups map[string]*sighting // by what they have in common
	order  []string             // of the groups that the newest look saw, the widest first
	old    *runbook.Tally       // what waits since before the first look
	known  map[place]bool       // where that is: a new pod there is no news
	ran    []runbook.FailingPull
	causes map[string]runbook.FailingPull // the newest word with a cause, by namespace and image
}

func newMemory() memory {
	return memory{groups: make(map[string]*sighting), old: runbook.NewTally(), known: make(map[place]bool), causes: make(map[string]runbook.FailingPull)}
}

// sighting is a group of failing pods over time.
type sighting struct {
	runbook.Group
	since time.Time // when it was first seen, without a break
	looks int
	fresh map[string]bool // pods that the newest look itself saw, by namespace and name
	id    string          // the incident that it led to
}

// place is one image of one workload.
type place struct{ namespace, workload, container, image string }

func placeOf(p runbook.FailingPull) place {
	return place{p.Namespace, p.Workload, p.Container, p.Image}
}

// take makes the newest look part of what is remembered, and returns how many
// pods wait. What an incomplete look does not see is not gone.
func (m *memory) take(s *sight, first time.Time, complete bool) int {
	stale := m.ran
	if s.events {
		stale = nil
		m.ran = nil
	}
	m.reckonOld(s.rows, first, s.events && complete)
	tally, fresh := runbook.NewTally(), make(map[string]bool)
	pods := make(map[string]bool)
	for _, p := range s.rows {
		pods[podOf(p)] = true
		if p.Ran && s.events {
			m.ran = append(m.ran, p)
		}
		if m.leaveOut(p, first) {
			continue
		}
		fresh[podOf(p)] = true
		tally.Add(m.withCause(p))
	}
	for _, p := range stale {
		if !pods[podOf(p)] && !m.leaveOut(p, first) {
			tally.Add(m.withCause(p))
		}
	}
	m.merge(tally.Groups(), fresh, complete)
	if s.events && complete {
		m.forgetCauses(s.rows)
	}
	return len(pods)
}

func podOf(p runbook.FailingPull) string { return p.Namespace + "/" + p.Pod }

// reckonOld finds what waits since before the first look. What a whole look no
// longer shows is healed: should it fail again, it is news.
func (m *memory) reckonOld(rows []runbook.FailingPull, first time.Time, whole bool) {
	old, still := runbook.NewTally(), make(map[place]bool)
	for _, p := range rows {
		if p.Ignored {
			continue
		}
		if at := placeOf(p); p.Since.Before(first) || (m.known[at] && p.Workload != "") {
			old.Add(p)
			still[at] = true
		}
	}
	if whole {
		m.known = make(map[place]bool, len(still))
	}
	for at := range still {
		m.known[at] = true
	}
	m.old = old
}

// leaveOut tells what is not noticed: what asks for that, and what is old.
func (m *memory) leaveOut(p runbook.FailingPull, first time.Time) bool {
	return p.Ignored || p.Since.Before(first) || (p.Workload != "" && m.known[placeOf(p)])
}

// withCause gives a pod in back-off, of which an older kubelet says no more, the
// cause that was last told of its image.
func (m *memory) withCause(p runbook.FailingPull) runbook.FailingPull {
	key := p.Namespace + " " + p.Image
	if message.Waiting(p.Reason, p.Message).Cause != cause.BackOffOnly {
		if len(m.causes) < mostRows {
			m.causes[key] = runbook.FailingPull{Reason: p.Reason, Message: p.Message}
		}
		return p
	}
	if last, ok := m.causes[key]; ok {
		p.Reason, p.Message = last.Reason, last.Message
	}
	return p
}

func (m *memory) forgetCauses(rows []runbook.FailingPull) {
	still := make(map[string]bool, len(rows))
	for _, p := range rows {
		still[p.Namespace+" "+p.Image] = true
	}
	for key := range m.causes {
		if !still[key] {
			delete(m.causes, key)
		}
	}
}

// merge counts for how long groups have been seen.
func (m *memory) merge(groups []runbook.Group, fresh map[string]bool, complete bool) {
	seen := make(map[string]bool, len(groups))
	m.order = m.order[:0]
	for _, g := range groups {
		s, known := m.groups[g.Key]
		if !known {
			s = &sighting{since: time.Now()}
			m.groups[g.Key] = s
		}
		s.Group, s.fresh = g, fresh
		s.looks++
		seen[g.Key] = true
		m.order = append(m.order, g.Key)
	}
	for key := range m.groups {
		if complete && !seen[key] {
			delete(m.groups, key)
		}
	}
}
