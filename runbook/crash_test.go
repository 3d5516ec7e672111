package runbook_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// crashed is a container that has its image and ended with this code and these
// last words.
func crashed(code int, lasted time.Duration, words string) change {
	return func(w *world) {
		containerIs(runbook.StateWaiting, "CrashLoopBackOff")(w)
		c := &w.facts.Pod.Containers[0]
		c.Restarts, c.ExitCode, c.Lasted, c.LastMessage = 3, code, lasted, words
		c.ImageID = host + "/acme/app@sha256:" + strings.Repeat("ab", 32)
	}
}

// TestCrashOfAnotherPlatform: a node pulls an image of one platform whatever it
// is itself, so that a good pull may still end in a crash that is the image's
// fault.
func TestCrashOfAnotherPlatform(t *testing.T) {
	const format = "exec /app: exec format error"
	other := runbook.Answer{Result: cause.PlatformMismatch, Status: 200, Platforms: []string{"linux/arm64"}}
	there := runbook.Answer{Result: cause.None, Status: 200}
	mine := lists(secret("mine", entry(host, "bob", "pw")))
	for _, r := range []struct {
		name      string
		world     *world
		cause     cause.Cause
		certainty cause.Certainty
		says      string
	}{
		{"registry knows", newWorld("", crashed(1, 0, ""), says("", other)), cause.PlatformMismatch, cause.Likely, "is not built for linux/amd64, only for linux/arm64: the pull went well, but container app cannot run it"},
		{"registry knows, Docker's code", newWorld("", crashed(255, time.Second, ""), says("", other)), cause.PlatformMismatch, cause.Likely, "its log should say"},
		{"private image", newWorld("", crashed(1, 0, ""), mine, says("bob", other)), cause.PlatformMismatch, cause.Likely, "only for linux/arm64"},
		{"both know", newWorld("", crashed(1, 0, format), says("", other)), cause.PlatformMismatch, cause.Certain, `The container ended with "exec /app: exec format error".`},
		{"only the container knows", newWorld("", crashed(255, 0, "x\nstandard_init_linux.go:228: exec user process caused: Exec format error")), cause.PlatformMismatch, cause.Likely, "seems to be built for another architecture than linux/amd64"},
		{"the registry says that it fits", newWorld("", crashed(1, 0, format), says("", there)), cause.PlatformMismatch, cause.Likely, "a script without a #! line"},
		{"the runtime knows", newWorld("", containerIs(runbook.StateWaiting, "RunContainerError"), func(w *world) {
			w.facts.Pod.Containers[0].Message = `failed to create containerd task: OCI runtime create failed: exec: "/app": exec format error: unknown`
		}), cause.PlatformMismatch, cause.Likely, "cannot execute it"},
		{"it could run for a while", newWorld("", crashed(1, time.Minute, ""), says("", other)), cause.None, cause.Certain, "does not stay up"},
		{"another exit code", newWorld("", crashed(137, 0, ""), says("", other)), cause.None, cause.Certain, "does not stay up"},
		{"it fits", newWorld("", crashed(1, 0, ""), says("", there)), cause.None, cause.Certain, `If its log says "exec format error", the image is built for another architecture than amd64.`},
		{"no answer", newWorld("", crashed(1, 0, "")), cause.None, cause.Certain, "The pull is not the problem"},
		{"could not be started", newWorld("", containerIs(runbook.StateWaiting, "RunContainerError")), cause.None, cause.Certain, "The pull is not the problem"},
	} {
		t.Run(r.name, func(t *testing.T) {
			c, v := r.world.diagnose(t)
			text := v.Summary + "\n" + strings.Join(v.Details, "\n") + "\n" + v.Remedies[0].Why
			if v.Cause != r.cause || v.Certainty != r.certainty || !strings.Contains(text, r.says) {
				t.Errorf("%s, %s, want %s, %s, and %q in\n%s", v.Cause, v.Certainty, r.cause, r.certainty, r.says, text)
			}
			if first := v.Remedies[0].Kind; (first == runbook.FixImage) != (r.cause == cause.PlatformMismatch) || len(c.Pulls) > 0 {
				t.Errorf("%s first; pulls %v", first, c.Pulls)
			}
			if slices.ContainsFunc(v.Remedies, func(r runbook.Remedy) bool { return r.Approvable }) || (v.Severity == "") != (v.Cause == cause.None) {
				t.Errorf("severity %q, remedies %+v", v.Severity, v.Remedies)
			}
		})
	}
}

// TestLastWordsAreNotKept: they are the application's, and may hold anything.
func TestLastWordsAreNotKept(t *testing.T) {
	long := strings.Repeat("x", 500) + " exec /app: exec format error: and more"
	for words, want := range map[string]string{
		"db password is hunter2":                               "",
		"db password is hunter2\nexec /app: exec format error": "exec /app: exec format error",
		long: strings.Repeat("x", 88) + " exec /app: exec format error",
	} {
		c, _ := newWorld("", crashed(1, 0, words)).diagnose(t)
		if got := c.Facts.Pod.Containers[0].LastMessage; got != want {
			t.Errorf("kept %q of %q", got, words)
		}
	}
}

// TestCrashIsAskedAboutOnce: about the very image that the node has, and with
// one credential.
func TestCrashIsAskedAboutOnce(t *testing.T) {
	w := newWorld("", crashed(1, 0, ""), lists(secret("one", entry(host, "bob", "pw"))), lists(secret("two", entry(host+"/acme", "ann", "pw"))))
	asked := &notebook{world: w}
	sources := runbook.Sources{Cluster: w, Registry: asked, FingerprintKey: []byte("key")}
	if _, _, err := runbook.Diagnose(t.Context(), sources, w.facts.Target, nil); err != nil {
		t.Fatal(err)
	}
	if len(asked.questions) != 1 || asked.questions[0].Credential == nil || asked.questions[0].Image != host+"/acme/app@sha256:"+strings.Repeat("ab", 32) {
		t.Errorf("asked %+v", asked.questions)
	}
}

// notebook writes down what a world is asked.
type notebook struct {
	*world
	questions []runbook.Question
}

func (n *notebook) Probe(ctx context.Context, q runbook.Question) (runbook.Answer, error) {
	n.questions = append(n.questions, q)
	return n.world.Probe(ctx, q)
}
