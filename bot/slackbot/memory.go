package slackbot

import (
	"slices"
	"sync"
	"time"
)

// memory remembers keys for a while, and at most so many: Slack delivers at
// least once, and the last repetition comes after five minutes.
type memory[V any] struct {
	mu    sync.Mutex
	keep  time.Duration
	most  int
	items map[string]remembered[V]
	order []string // oldest first
}

type remembered[V any] struct {
	value V
	at    time.Time
}

func newMemory[V any](keep time.Duration, most int) *memory[V] {
	return &memory[V]{keep: keep, most: most, items: make(map[string]remembered[V])}
}

// get returns what was put under the key, unless it is too old.
func (m *memory[V]) get(key string) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	item, ok := m.items[key]
	if !ok || time.Since(item.at) >= m.keep {
		var none V
		return none, false
	}
	return item.value, true
}

// put remembers a value from now on.
func (m *memory[V]) put(key string, value V) { m.putAt(key, value, time.Now()) }

// putAt remembers a value as of the moment it was asked for.
func (m *memory[V]) putAt(key string, value V, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(key, remembered[V]{value: value, at: at})
}

// change replaces what is remembered under the key by what becomes of it.
func (m *memory[V]) change(key string, become func(V) V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var was V
	if item, ok := m.items[key]; ok && time.Since(item.at) < m.keep {
		was = item.value
	}
	m.set(key, remembered[V]{value: become(was), at: time.Now()})
}

// first tells whether the key is new, and remembers it.
func (m *memory[V]) first(key string, value V) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if item, ok := m.items[key]; ok && time.Since(item.at) < m.keep {
		return false
	}
	m.set(key, remembered[V]{value: value, at: time.Now()})
	return true
}

func (m *memory[V]) forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.items[key]; ok {
		delete(m.items, key)
		m.order = slices.DeleteFunc(m.order, func(k string) bool { return k == key })
	}
}

func (m *memory[V]) set(key string, item remembered[V]) {
	if _, ok := m.items[key]; !ok {
		m.order = append(m.order, key)
	}
	m.items[key] = item
	for len(m.order) > m.most {
		delete(m.items, m.order[0])
		m.order = m.order[1:]
	}
}
