package bot_test

import (
	"log/slog"
	"slices"
	"testing"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// seen is what a test looks at, copied under the lock.
type seen struct {
	shown    []bot.Incident
	told     []bot.Notice
	whispers []bot.Whisper
	changes  []runbook.Action
	pages    []bot.Page
}

func (s *shop) see() seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return seen{slices.Clone(s.shown), slices.Clone(s.told), slices.Clone(s.whispers), slices.Clone(s.changes), slices.Clone(s.pages)}
}

func (s *shop) incident(t *testing.T, id string) bot.Incident {
	t.Helper()
	i, _, err := s.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// logs is where the desk logs to.
func (s *shop) logs() slog.Handler {
	if s.log == nil {
		return slog.DiscardHandler
	}
	return s.log
}
