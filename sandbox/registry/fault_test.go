package registry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pullfix/pullfix/sandbox/registry"
)

const manifestPath = "/v2/team/app/manifests/v1"

func TestFaultsThatAnswer(t *testing.T) {
	cases := []struct {
		name   string
		effect registry.Effect
		method string
		status int
		check  func(reply) bool
	}{
		{"rate limit", registry.RateLimited(90 * time.Second), "GET", 429, func(a reply) bool {
			return a.header.Get("Retry-After") == "90" && a.code == "TOOMANYREQUESTS" &&
				strings.HasPrefix(a.message, "You have reached your unauthenticated pull rate limit.")
		}},
		{"403", registry.Status(403), "GET", 403, func(a reply) bool { return a.code == "DENIED" }},
		{"404", registry.Status(404), "GET", 404, func(a reply) bool { return a.code == "MANIFEST_UNKNOWN" }},
		{"405", registry.Status(405), "HEAD", 405, func(a reply) bool { return a.header.Get("Allow") == "GET" && a.body == "" }},
		{"412", registry.Status(412), "GET", 412, func(a reply) bool { return a.code == "PROJECTPOLICYVIOLATION" }},
		{"503", registry.Status(503), "GET", 503, func(a reply) bool { return a.code == "UNAVAILABLE" }},
		{"200", registry.Status(200), "GET", 200, func(a reply) bool { return strings.TrimSpace(a.body) == "{}" }},
		{"hostile words", registry.Failure(403, "DENIED", registry.HostileText()), "GET", 403, func(a reply) bool {
			return a.message == registry.HostileText()
		}},
		{"challenge", registry.Challenge(`Negotiate`, `Bearer realm="http://10.0.0.1/t"`), "HEAD", 401, func(a reply) bool {
			return len(a.header.Values("WWW-Authenticate")) == 2
		}},
		{"web page", registry.HTML(200), "GET", 200, func(a reply) bool { return strings.HasPrefix(a.body, "<!DOCTYPE html>") }},
		{"redirect", registry.RedirectTo("http://169.254.169.254/"), "GET", 307, func(a reply) bool {
			return a.header.Get("Location") == "http://169.254.169.254/"
		}},
		{"redirect loop", registry.RedirectLoop(), "GET", 307, func(a reply) bool { return a.header.Get("Location") == manifestPath }},
		{"bare head", registry.Without("Docker-Content-Digest", "Content-Type", "Content-Length"), "HEAD", 200, func(a reply) bool {
			return len(a.header.Values("Content-Type"))+len(a.header.Values("Docker-Content-Digest"))+len(a.header.Values("Content-Length")) == 0
		}},
		{"false digest", registry.With("Docker-Content-Digest", "sha256:0"), "HEAD", 200, func(a reply) bool {
			return a.header.Get("Docker-Content-Digest") == "sha256:0"
		}},
		{"huge headers", registry.HugeHeaders(256 << 10), "HEAD", 200, func(a reply) bool { return len(a.header) >= 256 }},
		{"any handler", registry.Func(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(418) }), "GET", 418, nil},
	}
	for _, way := range reaches() {
		r := newRegistry(t, registry.Options{Style: registry.DockerHub})
		at, rt := way.open(t, r)
		for _, c := range cases {
			t.Run(way.name+", "+c.name, func(t *testing.T) {
				defer r.Inject(registry.Fault{Endpoint: registry.Manifests, Effect: c.effect})()
				got := over(t, rt).send(c.method, "http://"+at+manifestPath)
				if got.status != c.status || (c.check != nil && !c.check(got)) {
					t.Errorf("got %d %v %q", got.status, got.header, got.body)
				}
			})
		}
		if got := over(t, rt).send(http.MethodGet, "http://"+at+manifestPath); got.status != 200 {
			t.Errorf("%s: after the faults: %d", way.name, got.status)
		}
	}
}

func TestFaultsOnTheWire(t *testing.T) {
	cases := []struct {
		name   string
		effect registry.Effect
		want   error
		body   int
	}{
		{"reset", registry.Reset(), syscall.ECONNRESET, 0},
		{"cut off before the body", registry.Truncate(0), io.ErrUnexpectedEOF, 0},
		{"cut off in the body", registry.Truncate(10), io.ErrUnexpectedEOF, 10},
	}
	for _, way := range reaches() {
		r := newRegistry(t, registry.Options{})
		at, rt := way.open(t, r)
		for _, c := range cases {
			t.Run(way.name+", "+c.name, func(t *testing.T) {
				defer r.Inject(registry.Fault{Effect: c.effect})()
				body, err := read(t.Context(), rt, "http://"+at+manifestPath)
				if !errors.Is(err, c.want) || len(body) != c.body {
					t.Errorf("read %d bytes, %v; want %d, %v", len(body), err, c.body, c.want)
				}
			})
		}
	}
}

// read gets up to 1 MiB.
func read(ctx context.Context, rt http.RoundTripper, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(io.LimitReader(resp.Body, 1<<20))
}

func TestResetOverTLS(t *testing.T) {
	r := newRegistry(t, registry.Options{})
	s, rt := serveTLS(t, r, registry.TLS{})
	r.Inject(registry.Fault{Effect: registry.Reset()})
	if _, err := read(t.Context(), rt, s.URL+manifestPath); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
}

func TestBodiesWithoutEnd(t *testing.T) {
	for _, way := range reaches() {
		r := newRegistry(t, registry.Options{})
		at, rt := way.open(t, r)
		for name, effect := range map[string]registry.Effect{
			"endless": registry.Endless(404), "gzip bomb": registry.GzipBomb(404, 4<<20),
		} {
			t.Run(way.name+", "+name, func(t *testing.T) {
				defer r.Inject(registry.Fault{Effect: effect})()
				body, err := read(t.Context(), rt, "http://"+at+manifestPath)
				if err != nil || len(body) != 1<<20 {
					t.Errorf("read %d bytes, %v; want all that was asked for", len(body), err)
				}
			})
		}
	}
}

func TestGzipBombIsSmallOnTheWire(t *testing.T) {
	r := newRegistry(t, registry.Options{})
	r.Inject(registry.Fault{Effect: registry.GzipBomb(200, 2<<20)})
	got := over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+manifestPath, "Accept-Encoding", "gzip")
	if got.header.Get("Content-Encoding") != "gzip" || len(got.body) > 64<<10 {
		t.Errorf("%d bytes, encoding %q", len(got.body), got.header.Get("Content-Encoding"))
	}
}

func TestCorruptKeepsTheLength(t *testing.T) {
	r := newRegistry(t, registry.Options{})
	good := over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+manifestPath)
	r.Inject(registry.Fault{Endpoint: registry.Manifests, Effect: registry.Corrupt()})
	bad := over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+manifestPath)
	if len(bad.body) != len(good.body) || bad.body == good.body || bad.body[1:] != good.body[1:] {
		t.Errorf("corrupted %q from %q", bad.body, good.body)
	}
}

func TestFaultsAreAimed(t *testing.T) {
	r := newRegistry(t, registry.Options{})
	mustPush(t, r, "other/app:v1")
	ask := func(method, path string) int {
		return over(t, r.RoundTripper()).send(method, "http://"+host+path).status
	}
	clear := r.Inject(registry.Fault{
		Endpoint: registry.Manifests, Method: http.MethodGet, Repository: "team/*", Reference: "v1",
		Skip: 1, Times: 2, Effect: registry.Status(500),
	})
	var got []int
	for range 4 {
		got = append(got, ask("GET", manifestPath))
	}
	if fmt.Sprint(got) != "[200 500 500 200]" {
		t.Errorf("skip 1, then 2 times: %v", got)
	}
	clear()
	r.Inject(registry.Fault{Endpoint: registry.Manifests, Method: http.MethodGet, Repository: "team/*", Reference: "v1", Effect: registry.Status(500)})
	for _, miss := range []struct{ method, path string }{
		{"HEAD", manifestPath}, {"GET", "/v2/other/app/manifests/v1"}, {"GET", "/v2/team/app/tags/list"}, {"GET", "/v2/"},
	} {
		if status := ask(miss.method, miss.path); status != 200 {
			t.Errorf("%s %s was hit: %d", miss.method, miss.path, status)
		}
	}
	r.ClearFaults()
	if status := ask("GET", manifestPath); status != 200 {
		t.Errorf("after ClearFaults: %d", status)
	}
}

func TestBaseAnswersOddlyWhileManifestsChallenge(t *testing.T) {
	for _, status := range []int{200, 403, 404} {
		r := newRegistry(t, registry.Options{Auth: registry.AuthBearer})
		r.Inject(registry.Fault{Endpoint: registry.Base, Effect: registry.Status(status)})
		base := over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+"/v2/")
		manifest := over(t, r.RoundTripper()).send(http.MethodHead, "http://"+host+manifestPath)
		if base.status != status || manifest.status != 401 || manifest.header.Get("WWW-Authenticate") == "" {
			t.Errorf("base %d, manifest %d", base.status, manifest.status)
		}
	}
}

func TestPullThroughTurnsUpstreamErrorsIntoMissingManifests(t *testing.T) {
	r := newRegistry(t, registry.Options{PullThrough: []string{"hub/*"}, Style: registry.ECR})
	mustPush(t, r, "hub/library/nginx:v1")
	ask := func(path string) reply { return over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+path) }
	if got := ask("/v2/hub/library/nginx/manifests/v1"); got.status != 200 || got.header.Get("Docker-Content-Digest") == "" {
		t.Errorf("healthy upstream: %d", got.status)
	}
	if got := ask("/v2/hub/library/none/manifests/v1"); got.code != "MANIFEST_UNKNOWN" {
		t.Errorf("missing upstream repository: %s", got.body)
	}
	r.Inject(registry.Fault{Effect: registry.RateLimited(time.Minute)})
	got := ask("/v2/hub/library/nginx/manifests/v1")
	if got.status != 404 || got.code != "MANIFEST_UNKNOWN" || got.header.Get("Retry-After") != "" {
		t.Errorf("upstream rate limit: %d %s %v", got.status, got.body, got.header)
	}
	if got := ask(manifestPath); got.status != 429 {
		t.Errorf("outside the cache: %d", got.status)
	}
}

func TestUnbreakableConnectionIsAnError(t *testing.T) {
	r := newRegistry(t, registry.Options{})
	r.Inject(registry.Fault{Effect: registry.Reset()})
	w := &plainWriter{header: http.Header{}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, manifestPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.ServeHTTP(w, req)
	if w.status != 500 || !bytes.Contains(w.body.Bytes(), []byte("cannot be broken")) {
		t.Errorf("%d %s", w.status, w.body.String())
	}
}

type plainWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *plainWriter) Header() http.Header         { return w.header }
func (w *plainWriter) WriteHeader(status int)      { w.status = status }
func (w *plainWriter) Write(p []byte) (int, error) { return w.body.Write(p) }

func TestStallEndsWithTheServer(t *testing.T) {
	r := newRegistry(t, registry.Options{})
	r.Inject(registry.Fault{Effect: registry.Stall()})
	s, err := r.Serve(t.Context(), registry.ServeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := read(context.Background(), http.DefaultTransport, s.URL+manifestPath)
		failed <- err
	}()
	for len(r.Requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	s.Close()
	if err := <-failed; err == nil {
		t.Error("a stalled request was answered")
	}
	if _, err := read(t.Context(), http.DefaultTransport, s.URL+manifestPath); err == nil {
		t.Error("the server still answers")
	}
}
