package registry_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pullfix/pullfix/registry"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/scrub"
	sandbox "github.com/pullfix/pullfix/sandbox/registry"
)

// TestS14MaliciousRegistry: whatever it does, the answer comes in time and
// takes little memory. It runs over sockets, because headers and connections
// are bounded there.
func TestS14MaliciousRegistry(t *testing.T) {
	const (
		timeout = 500 * time.Millisecond
		memory  = 48 << 20
	)
	token := sandbox.Challenge(`Bearer realm="http://127.0.0.1:1/token"`)
	attacks := map[string]sandbox.Fault{
		"endless refusal":      {Effect: sandbox.Endless(403)},
		"endless manifest":     {Effect: sandbox.Endless(200)},
		"endless listing":      {Endpoint: sandbox.Tags, Effect: sandbox.Endless(200)},
		"endless token":        {Endpoint: sandbox.Token, Effect: sandbox.Endless(200)},
		"redirect loop":        {Effect: sandbox.RedirectLoop()},
		"growing redirects":    {Effect: growingRedirects()},
		"realm that refuses":   {Endpoint: sandbox.Manifests, Effect: token},
		"gzip bomb":            {Effect: sandbox.GzipBomb(403, 1<<30)},
		"gzip bomb, good":      {Effect: sandbox.GzipBomb(200, 1<<30)},
		"huge headers":         {Effect: sandbox.HugeHeaders(8 << 20)},
		"stalls":               {Effect: sandbox.Stall()},
		"drips":                {Skip: 3, Effect: sandbox.Drip(50 * time.Millisecond)},
		"truncates":            {Skip: 3, Effect: sandbox.Truncate(3)},
		"many challenges":      {Endpoint: sandbox.Manifests, Effect: sandbox.Challenge(strings.Repeat(`Bearer a=b, `, 2000))},
		"deep documents":       {Skip: 3, Effect: written(200, strings.Repeat(`{"errors":[`, 100000))},
		"deep refusals":        {Skip: 2, Effect: written(403, strings.Repeat(`[`, 60000))},
		"a hundred thousand":   {Endpoint: sandbox.Tags, Effect: written(200, `{"tags":["a"`+strings.Repeat(`,"a"`, 100000)+`]}`)},
		"control characters":   {Endpoint: sandbox.Manifests, Skip: 1, Effect: sandbox.Failure(403, "DENIED", sandbox.HostileText())},
		"control characters 2": {Endpoint: sandbox.Token, Effect: sandbox.Failure(403, sandbox.HostileText(), strings.Repeat(sandbox.HostileText(), 500))},
	}
	for name, fault := range attacks {
		t.Run(name, func(t *testing.T) {
			r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer})
			r.Inject(fault)
			server := serve(t, r, sandbox.ServeOptions{})
			p := newProber(t, registry.Options{Timeout: timeout})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			answer := ask(t, p, runbook.Question{Image: server.Host + "/team/app:v7", Credential: login("ann", marker), NearTags: true})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if took > timeout+3*time.Second {
				t.Errorf("took %v", took)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > memory {
				t.Errorf("allocated %d MiB", used>>20)
			}
			checkPlain(t, answer)
			if answer.Result == cause.None {
				t.Errorf("nothing is wrong, it says: %+v", answer)
			}
		})
	}
}

// TestS14NothingStaysBehind: no goroutine survives its probe.
func TestS14NothingStaysBehind(t *testing.T) {
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer})
	server := serve(t, r, sandbox.ServeOptions{})
	p := newProber(t, registry.Options{Timeout: 200 * time.Millisecond})
	r.Inject(sandbox.Fault{Endpoint: sandbox.Token, Effect: sandbox.Stall()})
	before := runtime.NumGoroutine()
	for range 10 {
		ask(t, p, runbook.Question{Image: server.Host + "/team/app:v1"})
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before+3; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, before %d", runtime.NumGoroutine(), before)
		}
	}
}

// TestS8QuotesArePlain: what is quoted has no controls and is short.
func TestS8QuotesArePlain(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 403, 404, 412} {
		r := newSandbox(t, sandbox.Options{})
		r.Inject(sandbox.Fault{Endpoint: sandbox.Manifests, Effect: sandbox.Failure(status, "DENIED", strings.Repeat(sandbox.HostileText()+" https://u:"+marker+"@h/x?sig="+marker+" ", 20))})
		answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + "/team/app:v1"})
		checkPlain(t, answer)
		if !strings.HasPrefix(answer.Detail, "denied") {
			t.Errorf("%d: the words are lost: %q", status, answer.Detail)
		}
	}
}

func checkPlain(t *testing.T, answer runbook.Answer) {
	t.Helper()
	texts := append([]string{answer.Detail, answer.Code, answer.TagsNote, answer.Digest}, append(answer.Tags, answer.Platforms...)...)
	for _, text := range texts {
		if scrub.Text(text) != text || utf8.RuneCountInString(text) > 400 {
			t.Errorf("not plain or not short: %q", text)
		}
	}
}

func growingRedirects() sandbox.Effect {
	return sandbox.Func(func(w http.ResponseWriter, req *http.Request, _ http.Handler) {
		w.Header().Set("Location", req.URL.Path+"x")
		w.WriteHeader(http.StatusFound)
	})
}

func written(status int, body string) sandbox.Effect {
	return sandbox.Func(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}
