package watch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/watch"
	"github.com/pullfix/pullfix/runbook"
)

var errDown = errors.New("down")

// world is a cluster in which pods fail, and a desk that opens incidents.
type world struct {
	mu      sync.Mutex
	failing []runbook.FailingPull
	partial bool
	err     error
	ignored map[string]bool // NAMESPACE/KIND/NAME, or NAMESPACE/
	looks   []bool          // with events or not
	asked   int             // Ignored

	open    map[string]string // key to incident
	alone   map[string]bool   // keys of what is left alone
	notices []bot.Noticed
	counts  map[string]runbook.Scope
	digests []bot.Digest
	refuse  error
	log     bytes.Buffer
}

func newWorld() *world {
	return &world{ignored: map[string]bool{}, open: map[string]string{}, alone: map[string]bool{}, counts: map[string]runbook.Scope{}}
}

func (w *world) Look(_ context.Context, events bool, found func([]runbook.FailingPull)) (watch.Seen, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks = append(w.looks, events)
	if w.err != nil {
		return watch.Seen{}, w.err
	}
	for _, p := range w.failing {
		if events || !p.Ran {
			found([]runbook.FailingPull{p})
		}
	}
	if w.partial {
		return watch.Seen{Gaps: []runbook.Gap{{What: "pods in all namespaces", Why: "timeout"}}}, nil
	}
	return watch.Seen{Complete: true}, nil
}

func (w *world) Ignored(_ context.Context, namespace, workload string) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	return w.ignored[namespace+"/"] || w.ignored[namespace+"/"+workload], nil
}

func (w *world) Notice(_ context.Context, n bot.Noticed) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return "", w.refuse
	}
	if w.alone[n.Key] {
		return "", bot.ErrLeftAlone
	}
	w.notices = append(w.notices, n)
	w.open[n.Key] = fmt.Sprintf("i%d", len(w.notices))
	return w.open[n.Key], nil
}

func (w *world) Count(_ context.Context, key string, scope runbook.Scope) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open[key] == "" {
		return bot.ErrNoIncident
	}
	w.counts[key] = scope
	return nil
}

func (w *world) Digest(_ context.Context, g bot.Digest) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.digests = append(w.digests, g)
	return nil
}

func (w *world) set(do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	do()
}

// said is what was logged.
func (w *world) said() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

func (w *world) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(b)
}

func (w *world) noticed() []bot.Noticed {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]bot.Noticed(nil), w.notices...)
}

// pod is a failing one; since is how long ago it began to wait.
func pod(namespace, name, image, word string) runbook.FailingPull {
	return runbook.FailingPull{
		Namespace: namespace, Pod: name, Container: "app", Image: image, Reason: "ErrImagePull", Message: word,
		Since: time.Now(), Workload: "ReplicaSet/" + name[:3],
	}
}

const image = "reg.example/app:v2"

func notFound(image string) string {
	return `failed to pull and unpack image "` + image + `": failed to resolve image: ` + image + `: not found`
}

func missingTag(namespace, name string) runbook.FailingPull {
	return pod(namespace, name, image, notFound(image))
}

func many(n int, make func(n int) runbook.FailingPull) []runbook.FailingPull {
	var list []runbook.FailingPull
	for i := range n {
		list = append(list, make(i))
	}
	return list
}

// live runs a watch in a bubble of fake time.
func live(t *testing.T, w *world, play func(t *testing.T, o *watch.Watch)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { run(t, w, time.Now().Add(-time.Hour), play) })
}

func run(t *testing.T, w *world, first time.Time, play func(t *testing.T, o *watch.Watch)) {
	t.Helper()
	o, err := watch.New(watch.Options{
		Name: "prod", Cluster: w, Desk: w, Log: slog.New(slog.NewTextHandler(w, nil)), First: first, Room: bot.Place{Channel: "C1"},
		Pods: 30 * time.Second, Events: 5 * time.Minute, Settle: time.Minute, PerMinute: 6,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	synctest.Wait()
	play(t, o)
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
