package metrics

import (
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook/cause"
)

// Saved counts what a recorded change means. It sees each change once, in the
// order in which they are recorded; before is zero for a new incident.
func (m *Metrics) Saved(before, after bot.Incident, now time.Time) {
	was, is := failureOf(before), failureOf(after)
	switch {
	case is == cause.None:
	case was == cause.None && after.State == bot.Closed:
		// It joins another incident, which is counted already.
	case was == cause.None:
		m.opened.WithLabelValues(labels(after)...).Inc()
		m.diagnose.Observe(now.Sub(after.Opened).Seconds())
	case before.State.Over() && !after.State.Over():
		m.opened.WithLabelValues(labels(after)...).Inc()
	case !before.State.Over() && after.State.Over():
		m.ended(after, now)
	}
	if started(after) && !started(before) {
		m.decide.Observe(after.Decision.Started.Sub(after.Opened).Seconds())
	}
	m.escalated(before, after)
}

func (m *Metrics) ended(i bot.Incident, now time.Time) {
	if i.State == bot.Closed {
		m.closed.WithLabelValues(labels(i)...).Inc()
		return
	}
	m.resolved.WithLabelValues(labels(i)...).Inc()
	m.recover.Observe(now.Sub(i.Opened).Seconds())
}

func started(i bot.Incident) bool { return i.Decision != nil && i.Decision.Started != nil }

// escalated counts what became of escalations. One that failed at first may be
// counted again, as told.
func (m *Metrics) escalated(before, after bot.Incident) {
	for n, e := range after.Escalated {
		var earlier bot.Escalated
		fresh := n >= len(before.Escalated)
		if !fresh {
			earlier = before.Escalated[n]
		}
		if now := outcome(e); now != "" && (fresh || now != outcome(earlier)) {
			m.escalations.WithLabelValues(condition(e), now).Inc()
		}
	}
}

// failureOf is the cause of an incident: when nothing fails any more, what
// failed last.
func failureOf(i bot.Incident) cause.Cause {
	switch {
	case i.Verdict == nil || i.State == bot.Diagnosing:
		return cause.None
	case i.Verdict.Cause == cause.None && len(i.Earlier) > 0:
		return i.Earlier[len(i.Earlier)-1].Cause
	}
	return i.Verdict.Cause
}

func labels(i bot.Incident) []string {
	if i.Verdict == nil {
		return []string{string(cause.Unknown), noSeverity}
	}
	return []string{string(failureOf(i)), severity(i.Verdict.Severity)}
}

const noSeverity = "none"

func severity(s string) string {
	switch s {
	case "P1", "P2", "P3":
		return s
	}
	return noSeverity
}

// Look is what the watchdog saw.
type Look struct {
	At          time.Time
	Content     bool
	Overdue     time.Duration // of the oldest deadline that is not acted on
	Unconfirmed time.Duration // of the oldest page that no target confirms
	Current     []bot.Incident
}

// Looked shows what the watchdog saw.
func (m *Metrics) Looked(l Look) {
	m.looked.Set(float64(l.At.UnixNano()) / 1e9)
	m.overdue.Set(l.Overdue.Seconds())
	m.unconfirmed.Set(l.Unconfirmed.Seconds())
	m.content.Set(0)
	if l.Content {
		m.content.Set(1)
	}
	m.current.Reset()
	m.pending.Reset()
	for _, i := range l.Current {
		m.current.WithLabelValues(labels(i)...).Inc()
		for _, e := range i.Outbox {
			m.pending.WithLabelValues(string(e.Kind)).Inc()
		}
	}
}

// Beaten counts a heartbeat.
func (m *Metrics) Beaten(err error) { m.heartbeats.WithLabelValues(okOr(err, "failed")).Inc() }

func okOr(err error, failed string) string {
	if err != nil {
		return failed
	}
	return "ok"
}
