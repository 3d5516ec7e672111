package slackbot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"

	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

// Five hundred commands of fifty people at once: every one is acknowledged in
// time, and none is lost.
func TestManyCommands(t *testing.T) {
	o := open(t, setting{desk: &desk{delay: 5 * time.Millisecond}})
	for n := range 50 {
		id := fmt.Sprintf("U9%04d", n)
		o.SetUser(sandbox.User{ID: id, Name: id})
		if err := o.Join(sandbox.Ops, id); err != nil {
			t.Fatal(err)
		}
	}
	deliveries := make([]sandbox.Delivery, 500)
	for n := range deliveries {
		d, err := o.Command(fmt.Sprintf("U9%04d", n%50), sandbox.Ops, fmt.Sprintf("/pullfix diagnose shop checkout-%d", n))
		if err != nil {
			t.Fatal(err)
		}
		deliveries[n] = d
	}
	refused := 0
	for _, d := range deliveries {
		if d := o.acknowledged(d); d.Response != nil {
			refused++
		}
	}
	if n := len(o.desk.asked()); n != 500 || refused != 0 {
		t.Errorf("%d recorded, %d refused", n, refused)
	}
}

// acks is an acker that remembers.
type acks struct {
	mu   sync.Mutex
	sent map[string]any
	at   chan time.Time
}

func (a *acks) AckCtx(_ context.Context, envelope string, payload any) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sent == nil {
		a.sent = make(map[string]any)
	}
	a.sent[envelope] = payload
	if a.at != nil {
		a.at <- time.Now()
	}
	return nil
}

// What does not fit is refused politely, and never recorded half.
func TestOverflowIsAnswered(t *testing.T) {
	b := idle(t)
	b.self.Store(&identity{team: "T1"})
	hold, sent := &desk{delay: 300 * time.Millisecond, may: func(string) bool { return true }}, &acks{}
	f := newFront(t.Context(), b, Services{Desk: hold, Incidents: hold}, sent)
	const n = recorders + recordQueue + 200
	for k := range n {
		f.take(delivery{envelope: fmt.Sprint(k), arrived: time.Now(), command: &slack.SlashCommand{TeamID: "T1", UserID: fmt.Sprint(k), Text: "diagnose shop x", TriggerID: fmt.Sprint(k)}})
	}
	f.refusal.rest()
	refused := 0
	for _, payload := range sent.sent {
		if payload != nil && strings.Contains(sprintf("%v", payload), "nothing was recorded") {
			refused++
		}
	}
	if refused < 150 || refused > 200+recorders { // a recorder may not have taken its first one yet
		t.Errorf("%d of %d are refused", refused, n)
	}
	hold.mu.Lock()
	hold.delay = 0
	hold.mu.Unlock()
	f.record.rest()
	f.rest()
	if len(sent.sent) != n {
		t.Errorf("%d of %d are answered", len(sent.sent), n)
	}
}

// BenchmarkAck measures from the delivery of a command to its acknowledgement,
// at fifty commands a second of many people, with a desk that takes five
// milliseconds.
func BenchmarkAck(b *testing.B) {
	bot, err := New(Options{APIURL: "http://127.0.0.1:1", BotToken: "xoxb-1", AppToken: "xapp-1", Log: quiet()})
	if err != nil {
		b.Fatal(err)
	}
	bot.self.Store(&identity{team: "T1"})
	d, sent := &desk{delay: 5 * time.Millisecond, may: func(string) bool { return true }}, &acks{at: make(chan time.Time, 1)}
	f := newFront(b.Context(), bot, Services{Desk: d, Incidents: d}, sent)
	var took []time.Duration
	n := 0
	const people = 1000
	for b.Loop() {
		n++
		begin := time.Now()
		f.take(delivery{envelope: fmt.Sprint(n), arrived: begin, command: &slack.SlashCommand{TeamID: "T1", UserID: fmt.Sprint(n % people), Text: "diagnose shop x", TriggerID: fmt.Sprint(n)}})
		took = append(took, (<-sent.at).Sub(begin))
		time.Sleep(20 * time.Millisecond)
	}
	slices.Sort(took)
	if recorded := len(d.asked()); recorded != n {
		b.Errorf("%d of %d are recorded", recorded, n)
	}
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms/ack")
}
