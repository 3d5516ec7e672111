package slackbot

import (
	"sync"
	"time"
)

// Health is how the connection to Slack is.
type Health struct {
	Connected bool
	// Since is when that last changed.
	Since time.Time
	// Trouble says what is wrong, and what an operator can do; "" when nothing.
	Trouble string
	// Warning is something that works but should not be, as a stranger who uses
	// the app token.
	Warning string
	// Opened counts sockets that were opened.
	Opened int
	// LastAck and SlowestAck are how long acknowledging took after a delivery
	// was read.
	LastAck, SlowestAck time.Duration
}

// health is Health as it is kept.
type health struct {
	mu  sync.Mutex
	now Health
}

func (h *health) connected(yes bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now.Connected != yes {
		h.now.Connected, h.now.Since = yes, time.Now()
	}
}

func (h *health) trouble(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now.Trouble = text
}

// warn sets the warning, and tells whether it is a new one.
func (h *health) warn(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	changed := h.now.Warning != text
	h.now.Warning = text
	return changed
}

func (h *health) acked(took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now.LastAck, h.now.SlowestAck = took, max(h.now.SlowestAck, took)
}

// Health tells how the connection to Slack is now.
func (b *Bot) Health() Health {
	b.health.mu.Lock()
	defer b.health.mu.Unlock()
	now := b.health.now
	now.Opened = b.opening.opened()
	return now
}
