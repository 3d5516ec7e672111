package bot

import (
	"slices"
	"time"
)

// base is the moment that levels are counted from.
func (p Policy) base(i Incident) time.Time {
	if i.Reopened == nil {
		return i.Opened
	}
	return i.Reopened.At.Add(i.Reopened.After - p.After)
}

// level is the one that is reached by now.
func (p Policy) level(i Incident, now time.Time) int {
	level := 1
	for _, after := range p.Levels {
		if !now.Before(p.base(i).Add(after)) {
			level++
		}
	}
	return level
}

// due is when people are called next unless something happens before: the
// moment when it is overdue, a level, or a repetition, whichever comes first. A
// person who has taken it ends that, until something new is told; a snooze moves
// everything. Zero means never.
func (p Policy) due(i Incident) time.Time {
	if i.State.Over() || i.Acknowledged != nil {
		return time.Time{}
	}
	var moments []time.Time
	if !i.raised(WhenOverdue) {
		moments = append(moments, p.base(i).Add(p.After))
	}
	if last := i.lastEscalated(); last != nil {
		moments = append(moments, last.At.Add(p.Repeat))
		if done := max(last.Level, 1); done-1 < len(p.Levels) {
			moments = append(moments, p.base(i).Add(p.Levels[done-1]))
		}
	}
	if len(moments) == 0 {
		return time.Time{}
	}
	next := slices.MinFunc(moments, time.Time.Compare)
	if i.Snoozed != nil && next.Before(i.Snoozed.Until) {
		return i.Snoozed.Until
	}
	return next
}

// raised tells that people were told of this condition since the incident was
// opened, or opened again.
func (i *Incident) raised(why Condition) bool {
	return slices.ContainsFunc(i.Escalated, func(e Escalated) bool { return e.Condition == why && i.counts(e) })
}

func (i *Incident) counts(e Escalated) bool { return i.Reopened == nil || !e.At.Before(i.Reopened.At) }

func (i *Incident) lastEscalated() *Escalated {
	if n := len(i.Escalated); n > 0 && i.counts(i.Escalated[n-1]) {
		return &i.Escalated[n-1]
	}
	return nil
}
