package bot

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// pageWithin bounds one attempt to reach a target.
const pageWithin = 30 * time.Second

// ring is one page to one target: the escalation of that number, or below zero
// the end of the page.
type ring struct {
	target string
	step   int
}

// order is what a target has to be told.
type order struct {
	ring
	page     Page
	incident Incident
}

// line is the way to one target of one incident. It tells one thing after the
// other, so that the end of a page never overtakes it; what waits is replaced by
// what is newer. It waits for nothing else: not for the store, not for the chat,
// not for a diagnosis.
type line struct {
	wanted chan order // of one; only the attendant sends
}

// call has a target told. What it was told already by this process is not told
// again, only its answer is reported anew.
func (a *attendant) call(ctx context.Context, i Incident, e Effect) {
	r := ring{e.Target, e.Step}
	if answer, rung := a.rung[r]; rung {
		if answer != nil {
			a.desk.work.Go(func() { a.report(ctx, *answer) })
		}
		return
	}
	a.rung[r] = nil
	send := a.desk.target(e.Target)
	if send == nil {
		a.desk.work.Go(func() {
			a.report(ctx, Paged{Target: e.Target, Step: e.Step, Err: "it is no longer configured", Final: true})
		})
		return
	}
	l, ok := a.lines[e.Target]
	if !ok {
		l = &line{wanted: make(chan order, 1)}
		a.lines[e.Target] = l
		a.desk.work.Go(func() { a.hold(ctx, l, send) })
	}
	link := ""
	if a.desk.Policy.Link != nil {
		link = a.desk.Policy.Link(i)
	}
	select {
	case <-l.wanted: // superseded
	default:
	}
	l.wanted <- order{ring: r, page: a.desk.Policy.confide(i, e.Target, i.page(e.Step, link)), incident: i}
}

// hold keeps a line until it is hung up, or ctx ends.
func (a *attendant) hold(ctx context.Context, l *line, send sender) {
	for {
		select {
		case o, open := <-l.wanted:
			if !open {
				return
			}
			a.deliver(ctx, l, o, send)
		case <-ctx.Done():
			return
		}
	}
}

// deliver tells the target until it confirms, refuses for good, or something
// newer is to be told.
func (a *attendant) deliver(ctx context.Context, l *line, o order, send sender) {
	pause, said := firstPause, ""
	for {
		place, err := a.attempt(ctx, o, send)
		if ctx.Err() != nil {
			return
		}
		_, refused := errors.AsType[*PageRefusedError](err)
		p := Paged{Target: o.target, Step: o.step, Final: refused, Place: place}
		if err != nil {
			p.Err = err.Error()
			a.desk.Log.Warn("paging", "incident", a.id, "target", o.target, "final", refused, "err", err)
		}
		if err == nil || refused || p.Err != said {
			a.report(ctx, p)
		}
		if err == nil || refused {
			return
		}
		said = p.Err
		timer := time.NewTimer(pause)
		select {
		case newer, open := <-l.wanted:
			if !open {
				return
			}
			o, pause, said = newer, firstPause, ""
		case <-timer.C:
			pause = min(2*pause, longPause)
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

func (a *attendant) attempt(ctx context.Context, o order, send sender) (Place, error) {
	ctx, cancel := context.WithTimeout(ctx, pageWithin)
	defer cancel()
	return send(ctx, a.newest(o.incident), o.page)
}

// newest is where the incident's message stands by now, with the rest as it was
// when people were called.
func (a *attendant) newest(i Incident) Incident {
	if now := a.current.Load(); now != nil && i.Place.Message == "" {
		i.Place = now.Place
	}
	return i
}

// sender tells one target.
type sender func(ctx context.Context, i Incident, p Page) (Place, error)

// target finds who tells a target; nil when it is not configured any more.
func (d *Desk) target(name string) sender {
	if pager, ok := d.Pagers[name]; ok {
		return func(ctx context.Context, _ Incident, p Page) (Place, error) { return Place{}, pager.Page(ctx, p) }
	}
	for _, route := range d.Policy.Routes {
		if ChatTarget(route.Name) == name && d.Caller != nil {
			return d.calling(route)
		}
	}
	return nil
}

// calling is a route's call in the chat. The end of an incident is told in its
// thread anyway, so only another channel has to hear of it.
func (d *Desk) calling(route PageRoute) sender {
	return func(ctx context.Context, i Incident, p Page) (Place, error) {
		c := Call{Key: fmt.Sprintf("%s-%s-%d", p.Key, route.Name, p.At.UnixNano()), Mention: route.Mention, Channel: route.Channel, Text: "▲ " + p.Text, Details: p.Details, Buttons: true}
		if p.Action == PageResolve {
			if c.Channel == "" || c.Channel == i.Place.Channel {
				return Place{}, nil
			}
			c.Mention, c.Text, c.Details, c.Buttons = "", "○ "+p.Text, nil, false
		}
		place, err := d.Caller.Call(ctx, i, c)
		if err != nil {
			return Place{}, fmt.Errorf("calling in Slack: %w", err)
		}
		return place, nil
	}
}
