package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// broom notes what it is told to sweep.
type broom struct {
	swept [][]runbook.Undo
	fails error
}

func (b *broom) Carry(context.Context, runbook.Action, runbook.Actor, *keyring.Credential) (runbook.Receipt, error) {
	return runbook.Receipt{}, errors.New("not asked for")
}

func (b *broom) Sweep(_ context.Context, _ time.Time, known []runbook.Undo) (int, error) {
	b.swept = append(b.swept, known)
	return 0, b.fails
}

func (b *broom) SweepAll(context.Context, string, []runbook.Undo) (int, error) { return 0, nil }

// Copies are swept at the start and every ten minutes, also when one cluster or
// the journal fails; each cluster is told of its own.
func TestSweeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		copyOf := func(cluster, name string) bot.Incident {
			return bot.Incident{Decision: &bot.Decision{Receipts: []runbook.Receipt{
				{Action: runbook.Action{Cluster: cluster}, Undo: &runbook.Undo{Namespace: "shop", Name: name}},
			}}}
		}
		past := bot.Incident{Past: []bot.Decision{*copyOf("eu", "b").Decision}}
		first, second, log := &broom{fails: errors.New("forbidden")}, &broom{}, &strings.Builder{}
		s := sweeper{
			clusters: []namedCluster{{name: "eu", writes: first}, {name: "us", writes: second}, {name: "read-only"}},
			incidents: func(context.Context) ([]bot.Incident, error) {
				return []bot.Incident{copyOf("eu", "a"), past, copyOf("us", "c")}, errors.New("half a journal")
			},
			log: slog.New(slog.NewTextHandler(log, nil)),
		}
		ctx, stop := context.WithCancel(t.Context())
		go s.run(ctx)
		time.Sleep(25 * time.Minute)
		stop()
		synctest.Wait()
		if len(first.swept) != 3 || len(second.swept) != 3 {
			t.Errorf("swept %d and %d times", len(first.swept), len(second.swept))
		}
		names := func(known []runbook.Undo) (all []string) {
			for _, u := range known {
				all = append(all, u.Name)
			}
			return all
		}
		if got := fmt.Sprint(names(first.swept[0]), names(second.swept[0])); got != "[a b] [c]" {
			t.Errorf("known %s", got)
		}
		for _, want := range []string{"half a journal", "cluster=eu", "forbidden"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log does not say %q", want)
			}
		}
		if slices.Contains(strings.Fields(log.String()), "cluster=us") {
			t.Error("a cluster that was swept is complained of")
		}
	})
}
