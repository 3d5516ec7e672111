package slackbot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/pullfix/pullfix/bot"
)

// Pace is how often one person may do something: Burst times at once, then once
// in Every.
type Pace struct {
	Burst int
	Every time.Duration
}

// How often a person may ask and press, unless the options say otherwise.
const (
	askBurst   = 20
	askEvery   = 6 * time.Second
	pressBurst = 20
	pressEvery = time.Second
	// mostMetered bounds the people who are counted at a time.
	mostMetered = 4000
	// hush is how long somebody who clicks too fast is not told so again, since
	// each sentence is a call, and how long the log says nothing more of it.
	hush = 5 * time.Second
)

func (p Pace) or(burst int, every time.Duration) Pace {
	if p.Burst <= 0 || p.Every <= 0 {
		return Pace{Burst: burst, Every: every}
	}
	return p
}

// meter counts what each person does: asking is not free, and one person shall
// not take what is there for all.
type meter struct {
	pace    Pace
	most    int
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
	judged  *memory[time.Duration] // by what was done: what is delivered again is judged as before
}

func newMeter(pace Pace) *meter {
	return &meter{pace: pace, most: mostMetered, buckets: make(map[string]*rate.Limiter), judged: newMemory[time.Duration](remember, 20000)}
}

// spend takes one from what the person has left, and returns how long it is
// until there is one again: 0 when it could be taken. The same key again, as
// when Slack delivers twice, takes nothing; first is false then.
func (m *meter) spend(p bot.Person, key string) (wait time.Duration, first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	who, now := p.Team+"/"+p.ID, time.Now()
	key = who + "/" + key
	if wait, ok := m.judged.get(key); ok {
		return wait, false
	}
	if b := m.bucket(who, now); !b.AllowN(now, 1) {
		wait = max(time.Duration((1-b.TokensAt(now))*float64(m.pace.Every)), 1)
	}
	m.judged.put(key, wait)
	return wait, true
}

func (m *meter) bucket(who string, now time.Time) *rate.Limiter {
	b, ok := m.buckets[who]
	if !ok {
		if len(m.buckets) >= m.most {
			m.drop(now)
		}
		b = rate.NewLimiter(rate.Every(m.pace.Every), m.pace.Burst)
		m.buckets[who] = b
	}
	return b
}

// drop forgets the people who have everything left, since that is where they
// would begin; when there are none, whoever has most left.
func (m *meter) drop(now time.Time) {
	fullest, most := "", -1.0
	for who, b := range m.buckets {
		left := b.TokensAt(now)
		if left >= float64(m.pace.Burst) {
			delete(m.buckets, who)
		}
		if left > most {
			fullest, most = who, left
		}
	}
	delete(m.buckets, fullest)
}

// meterOf is what a button is counted by. What starts work is as a question, so
// that nobody who asks too much loses the way to steer.
func (f *front) meterOf(b bot.Button) *meter {
	if b == bot.Again || b == bot.WriteReport {
		return f.asks
	}
	return f.presses
}

// tellSlower tells somebody who clicks too fast when to go on.
func (f *front) tellSlower(p bot.Person, reply string, wait time.Duration) {
	if f.hushed.first("click/"+p.Team+"/"+p.ID, struct{}{}) {
		f.o.Log.Warn("a person clicks too fast", "person", p.ID)
		f.later(reply, func(ctx context.Context) { f.say(ctx, reply, sentence(slower(wait))) })
	}
}

// logSlower notes that somebody does too much whom the ack tells so.
func (f *front) logSlower(p bot.Person, doing string) {
	if f.hushed.first(doing+"/"+p.Team+"/"+p.ID, struct{}{}) {
		f.o.Log.Warn("a person does too much at once", "person", p.ID, "doing", doing)
	}
}

// slower says that it was too much, and when to try again.
func slower(wait time.Duration) markup {
	seconds := int((wait + time.Second - 1) / time.Second)
	unit := "seconds"
	if seconds == 1 {
		unit = "second"
	}
	return markup(fmt.Sprintf("That was too much at once, so nothing was done or recorded. Try again in %d %s.", seconds, unit))
}
