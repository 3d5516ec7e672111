package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullfix/pullfix/sandbox/shop"
	"github.com/pullfix/pullfix/sandbox/slack"
)

// networkVariable tells a child where names lead to in the simulated company.
const networkVariable = "SHOP_NETWORK"

// mainInShop is main in a process of its own, whose registries are those of the
// simulated company.
func mainInShop() {
	e := system()
	e.pace = pace{poll: 100 * time.Millisecond, settle: 300 * time.Millisecond}
	e.openRegistry = func(choice registryChoice) (prober, error) {
		var n shop.Network
		if err := json.Unmarshal([]byte(os.Getenv(networkVariable)), &n); err != nil {
			return nil, err
		}
		choice.network = n
		return openRegistry(choice)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, e)
	stop()
	os.Exit(code)
}

// start runs serve in a process of its own.
func (s *stage) start(config string) (*exec.Cmd, error) {
	network, err := json.Marshal(s.Network)
	if err != nil {
		return nil, err
	}
	bot, app := s.Tokens()
	child := exec.Command("pullfix-in-shop", "serve", "--config", config)
	child.Env = append(os.Environ(), "SLACK_BOT_TOKEN="+bot, "SLACK_APP_TOKEN="+app, networkVariable+"="+string(network))
	child.Stdout, child.Stderr = &s.log, &s.log
	return child, child.Start()
}

// kill ends the process without a word, as a crash or the kernel does.
func kill(child *exec.Cmd) error {
	err := child.Process.Kill()
	_ = child.Wait() // it says that it was killed
	return err
}

// rounds is how often the bot is killed: a few times in the fast tests, as often
// as ROUNDS says in CI (make kill) and in the long loops (make soak).
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("ROUNDS")); err == nil {
		return n
	}
	return 2
}

// TestKilledAtAnyMoment kills the bot at a random moment of the way from the
// command to the cure, starts it again, and lets people go on: nothing runs
// twice, nothing that was acknowledged is lost, and the message stays the same.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s := newStage(t)
	config := s.configure(t, mention)
	child, err := s.start(config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = kill(child) }()
	s.online(t)
	for n := range rounds() {
		r := round{stage: s, name: fmt.Sprintf("early-%d", n), config: config}
		if err := s.MakeEarly(t.Context(), r.name, 2); err != nil {
			t.Fatal(err)
		}
		moment := time.Duration(random.Int64N(int64(4 * time.Second)))
		t.Logf("%s: killed after %s", r.name, moment)
		child = r.play(t, child, moment)
		if t.Failed() {
			t.Fatal(s.log.String())
		}
	}
}

// round is one incident, in which the bot is killed once.
type round struct {
	*stage
	name   string
	config string
	asked  bool // the command was acknowledged
	// confirmed is which drawing of the message was approved, and when: people
	// look at what becomes of a click before they click again.
	confirmed   int
	confirmedAt time.Time
}

// reborn is the process after the one that was killed.
type reborn struct {
	child *exec.Cmd
	err   error
}

// play lets people do what is to be done until the incident is resolved, while
// the bot is killed and started again at its moment.
func (r *round) play(t *testing.T, child *exec.Cmd, moment time.Duration) *exec.Cmd {
	t.Helper()
	next := make(chan reborn, 1)
	go func() {
		time.Sleep(moment)
		if err := kill(child); err != nil {
			next <- reborn{child, err}
			return
		}
		again, err := r.start(r.config)
		next <- reborn{again, err}
	}()
	resolved := false
	for end := time.Now().Add(60 * time.Second); !resolved && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		resolved = r.step(t)
	}
	if !resolved {
		t.Errorf("%s is not resolved", r.name)
		for _, m := range r.Workspace.Messages(slack.Ops, slack.Bob) {
			if strings.Contains(words(m), r.name) || m.Ephemeral {
				t.Log(m.TS, m.ThreadTS, words(m))
			}
		}
	}
	born := <-next
	if born.err != nil {
		t.Fatal(born.err)
	}
	r.online(t)
	r.judge(t)
	return born.child
}

// step does the next thing that people do; true when nothing is left to do.
func (r *round) step(t *testing.T) bool {
	t.Helper()
	roots := r.roots()
	switch {
	case !r.asked:
		d, err := r.Workspace.Command(slack.Ann, slack.Ops, "/pullfix diagnose "+r.name+" deployment/early")
		r.asked = r.settled(t, d, err)
		return false
	case len(roots) == 0:
		return false // acknowledged: it has to come, after the restart at the latest
	case strings.Contains(words(roots[0]), "Resolved"):
		return true
	}
	r.confirm(t, roots[0])
	return false
}

// confirm approves where the message offers it and nobody has yet.
func (r *round) confirm(t *testing.T, m slack.Message) {
	t.Helper()
	if v, open := r.Workspace.OpenView(slack.Bob); open {
		if v.Submit == "Approve" && strings.Contains(fmt.Sprint(v.Blocks), r.name) {
			d, err := r.Workspace.Submit(slack.Bob, v.ID, nil)
			if r.settled(t, d, err) {
				r.confirmed, r.confirmedAt = m.Revision, time.Now()
			}
		}
		if v, open := r.Workspace.OpenView(slack.Bob); open { // not taken, or of another incident
			_, _ = r.Workspace.CloseView(slack.Bob, v.ID, true)
		}
		return
	}
	block, _, offered := m.Element("pullfix.approve")
	if !offered || (m.Revision == r.confirmed && time.Since(r.confirmedAt) < 10*time.Second) {
		return
	}
	d, err := r.Workspace.Act(slack.Press{User: slack.Bob, Channel: m.Channel, TS: m.TS, BlockID: block, ActionID: "pullfix.approve"})
	if r.settled(t, d, err) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _ = r.Workspace.WaitView(ctx, slack.Bob, func(slack.View) bool { return true }) // perhaps the bot has just died
	}
}

// settled waits for what became of a delivery: acknowledged, or not, because the
// bot was killed.
func (r *round) settled(t *testing.T, d slack.Delivery, err error) bool {
	t.Helper()
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	d, err = r.Workspace.WaitDelivery(ctx, d.EnvelopeID)
	return err == nil && d.Failure == ""
}

// about tells that a text is about the incident, while it is diagnosed or later.
func (r *round) about(text string) bool {
	return strings.Contains(text, "`"+r.name+" deployment/early`") || strings.Contains(text, "`"+r.name+"/early`")
}

// roots are the messages of the incident's own.
func (r *round) roots() []slack.Message {
	var found []slack.Message
	for _, m := range r.Workspace.Messages(slack.Ops, slack.Ann) {
		if own := m.ThreadTS == "" || m.ThreadTS == m.TS; own && !m.Ephemeral && r.about(words(m)) {
			found = append(found, m)
		}
	}
	return found
}

// judge checks that nothing ran twice, and that there is one message.
func (r *round) judge(t *testing.T) {
	t.Helper()
	if n := len(r.roots()); n != 1 {
		for _, m := range r.roots() {
			t.Log(m.TS, words(m))
		}
		t.Errorf("%s has %d messages", r.name, n)
	}
	deleted := map[string]int{}
	for _, q := range r.Cluster.Requests() {
		if q.User == "pullfix" && q.Method == http.MethodDelete && q.Namespace == r.name && took(q) {
			deleted[q.Name]++
		}
	}
	for pod, times := range deleted {
		if times != 1 {
			t.Errorf("pod %s was deleted %d times", pod, times)
		}
	}
	if len(deleted) > 2 {
		t.Errorf("%s: %d pods were deleted, 2 were to be", r.name, len(deleted))
	}
}
