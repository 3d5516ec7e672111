package main

import (
	"log/slog"

	"github.com/pullfix/pullfix/runbook/scrub"
)

// log makes the log of serve and demo on stderr: text, or JSON with -o json.
// Whatever stands in it is scrubbed once more.
func (t *tool) log() *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: scrubbed}
	if t.verbose {
		options.Level = slog.LevelDebug
	}
	if t.json() {
		return slog.New(slog.NewJSONHandler(t.stderr, options))
	}
	return slog.New(slog.NewTextHandler(t.stderr, options))
}

func scrubbed(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case string:
		return slog.String(a.Key, scrub.Text(v))
	case error:
		return slog.String(a.Key, scrub.Text(v.Error()))
	}
	return a
}
