package journal

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
)

// childEnv makes the test binary a process that saves until it is killed.
const childEnv = "PULLFIX_JOURNAL_TEST_CHILD"

// child saves five incidents in turn, and says so after each: "inc-3 17\n".
func child(directory string) int {
	j, err := Open(Options{Directory: directory, KeepFinished: keepAll})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx := context.Background()
	for n := 0; ; n++ {
		id := fmt.Sprintf("inc-%d", n%5)
		_, _, err := j.Load(ctx, id)
		if err != nil {
			_, err = j.Save(ctx, incident(id), "")
		}
		if err == nil {
			err = addOne(ctx, j, id)
		}
		var i bot.Incident
		if err == nil {
			i, _, err = j.Load(ctx, id)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println(id, i.Sequence)
	}
}

type running struct {
	process *os.Process
	out     *bufio.Scanner
	saved   map[string]int
}

func start(t *testing.T, directory string) *running {
	t.Helper()
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(name)
	command.Env, command.Stderr = append(os.Environ(), childEnv+"="+directory), t.Output()
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	return &running{process: command.Process, out: bufio.NewScanner(out), saved: map[string]int{}}
}

// lines notes what the child says it saved, n times, or until it ends if n < 0.
func (r *running) lines(t *testing.T, n int) {
	t.Helper()
	for ; n != 0 && r.out.Scan(); n-- {
		var id string
		var sequence int
		if _, err := fmt.Sscan(r.out.Text(), &id, &sequence); err != nil {
			t.Fatalf("%q: %v", r.out.Text(), err)
		}
		r.saved[id] = sequence
	}
	if n > 0 {
		t.Fatal("the child ended by itself")
	}
}

// kill is a SIGKILL; what the child said before counts.
func (r *running) kill(t *testing.T) {
	t.Helper()
	if err := r.process.Kill(); err != nil {
		t.Fatal(err)
	}
	r.lines(t, -1)
	// Its end of the pipe closes with the process, and the lock with it; but not
	// in one moment.
	if _, err := r.process.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestNothingSavedIsLostWhenKilled(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	directory := t.TempDir()
	for round := range 10 {
		c := start(t, directory)
		c.lines(t, 1)
		time.Sleep(time.Duration(random.Int64N(int64(60 * time.Millisecond))))
		c.kill(t)
		j := openAt(t, directory)
		if troubles := j.Troubles(); len(troubles) > 0 {
			t.Fatalf("round %d: %v", round, troubles)
		}
		recent, err := j.Recent(t.Context(), 100)
		if err != nil || len(recent) < len(c.saved) {
			t.Fatalf("round %d: %d incidents, %v", round, len(recent), err)
		}
		for id, sequence := range c.saved {
			// One save more may be there, which the child could not tell of.
			if i, _ := load(t, j, id); i.Sequence != sequence && i.Sequence != sequence+1 {
				t.Errorf("round %d: %s is at %d, was saved at %d", round, id, i.Sequence, sequence)
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
