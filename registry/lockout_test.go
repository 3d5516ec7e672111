package registry_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	sandbox "github.com/pullfix/pullfix/sandbox/registry"
)

// TestS12NoLockOut: fifty pods with one wrong password make one login.
func TestS12NoLockOut(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		auth   sandbox.Auth
		host   string
		images int // different ones
		logins int // requests with the password
	}{
		"one image, bearer": {sandbox.AuthBearer, plainHost, 1, 1},
		// A Basic registry says 401 for rights, too: one more request tells.
		"one image, basic": {sandbox.AuthBasic, plainHost, 1, 2},
		"fifty tags":       {sandbox.AuthBearer, plainHost, 50, 1},
		"fifty, hub":       {sandbox.AuthBearer, "docker.io", 50, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSandbox(t, sandbox.Options{Auth: test.auth})
			r.Inject(sandbox.Fault{Endpoint: sandbox.Token, Effect: sandbox.Slow(5 * time.Millisecond)})
			p := over(t, r.RoundTripper())
			var group sync.WaitGroup
			for i := range 50 {
				group.Go(func() {
					answer := ask(t, p, runbook.Question{
						Image: fmt.Sprintf("%s/team/app:v%d", test.host, i%test.images), Credential: login("ann", "wrong"),
					})
					if answer.Result != cause.AuthRejected || answer.Login != runbook.TestRejected {
						t.Errorf("answer %+v", answer)
					}
				})
			}
			group.Wait()
			if n := logins(r); n != test.logins {
				t.Errorf("%d logins, want %d: %v", n, test.logins, methods(r))
			}
		})
	}
}

// TestS12RejectionsAreRemembered for ten minutes, and no longer.
func TestS12RejectionsAreRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer})
		p := over(t, r.RoundTripper())
		q := runbook.Question{Image: plainHost + "/team/app:v1", Credential: login("ann", "wrong")}
		first := ask(t, p, q)
		time.Sleep(10*time.Minute - time.Nanosecond)
		again := ask(t, p, q)
		if !again.Remembered || again.Trips != 0 || again.Result != first.Result || again.Detail != first.Detail || logins(r) != 1 {
			t.Errorf("again %+v, %d logins", again, logins(r))
		}
		// Another password is another matter.
		if good := ask(t, p, runbook.Question{Image: q.Image, Credential: login("ann", marker)}); good.Result != cause.None {
			t.Errorf("the good one: %+v", good)
		}
		time.Sleep(time.Nanosecond)
		if later := ask(t, p, q); later.Remembered || logins(r) != 3 {
			t.Errorf("later %+v, %d logins", later, logins(r))
		}
	})
}

// TestS12AccountsAreCapped: three rejected logins an hour, whatever the
// passwords; other accounts and anonymous questions go on.
func TestS12AccountsAreCapped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer})
		p := over(t, r.RoundTripper())
		q := func(user, password string) runbook.Question {
			return runbook.Question{Image: plainHost + "/team/app:v1", Credential: login(user, password)}
		}
		for i := range 3 {
			if answer := ask(t, p, q("ann", fmt.Sprint("wrong", i))); answer.Result != cause.AuthRejected {
				t.Errorf("%d: %+v", i, answer)
			}
		}
		capped := ask(t, p, q("ann", "wrong4"))
		if capped.Result != cause.Unknown || capped.Login != runbook.TestUntested || capped.Detail == "" || logins(r) != 3 {
			t.Errorf("the fourth: %+v, %d logins", capped, logins(r))
		}
		if other := ask(t, p, q("rex", "rex-password")); other.Result != cause.None {
			t.Errorf("another account: %+v", other)
		}
		time.Sleep(time.Hour)
		if answer := ask(t, p, q("ann", marker)); answer.Result != cause.None {
			t.Errorf("an hour later: %+v", answer)
		}
	})
}

// TestS12BasicLoginsAreCapped: a rejected Basic login takes two requests to
// know, and all of them count.
func TestS12BasicLoginsAreCapped(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBasic})
	p := over(t, r.RoundTripper())
	for i := range 4 {
		answer := ask(t, p, runbook.Question{Image: plainHost + "/team/app:v1", Credential: login("ann", fmt.Sprint("wrong", i))})
		want := cause.AuthRejected
		if i > 1 {
			want = cause.Unknown
		}
		if answer.Result != want {
			t.Errorf("%d: %+v", i, answer)
		}
	}
	if n := logins(r); n != 3 {
		t.Errorf("%d logins: %v", n, methods(r))
	}
}

// TestS12OnlyLoginsWait: a registry that stalls before it asks for a login
// keeps nobody from hearing that.
func TestS12OnlyLoginsWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer})
		r.Inject(sandbox.Fault{Endpoint: sandbox.Manifests, Effect: sandbox.Stall()})
		p := over(t, r.RoundTripper())
		start := time.Now()
		var group sync.WaitGroup
		for i := range 5 {
			group.Go(func() {
				answer := ask(t, p, runbook.Question{Image: fmt.Sprintf("%s/team/app:v%d", plainHost, i), Credential: login("ann", marker)})
				if answer.Result != cause.Timeout {
					t.Errorf("answer %+v", answer)
				}
			})
		}
		group.Wait()
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// TestS12GoodLoginsAreNotCounted, also where it takes a test to see that they
// are good, and they do not wait for each other.
func TestS12GoodLoginsAreNotCounted(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBasic})
	p := over(t, r.RoundTripper())
	for i := range 5 {
		answer := ask(t, p, runbook.Question{Image: fmt.Sprintf("%s/team/forbidden-%d:v1", plainHost, i), Credential: login("rex", "rex-password")})
		if answer.Result != cause.PermissionDenied || answer.Login != runbook.TestAccepted {
			t.Errorf("%d: %+v", i, answer)
		}
	}
	good := runbook.Question{Image: plainHost + "/team/app:v1", Credential: login("rex", "rex-password")}
	stalled := runbook.Question{Image: plainHost + "/team/stalled:v1", Credential: login("rex", "rex-password")}
	entered := make(chan struct{}, 8)
	r.Inject(sandbox.Fault{Repository: "team/stalled", Effect: sandbox.Func(func(_ http.ResponseWriter, req *http.Request, _ http.Handler) {
		entered <- struct{}{}
		<-req.Context().Done()
	})})
	go func() { _, _ = p.Probe(t.Context(), stalled) }()
	<-entered
	if answer := ask(t, p, good); answer.Result != cause.None {
		t.Errorf("behind a stalled one: %+v", answer)
	}
}
