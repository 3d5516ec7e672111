package registry_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/registry"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	sandbox "github.com/pullfix/pullfix/sandbox/registry"
)

// TestRoundTrips counts the requests of each flow: never more than five, never
// /v2/ first, never a second try.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		auth  sandbox.Auth
		image string
		pass  string
		user  string
		want  []string
	}{
		"open": {sandbox.AuthNone, "team/app:v1", "", "", []string{"HEAD manifests 200", "GET manifests 200", "GET blobs 200"}},
		"basic": {sandbox.AuthBasic, "team/app:v1", marker, "ann", []string{
			"HEAD manifests 401", "HEAD manifests 200", "GET manifests 200", "GET blobs 200",
		}},
		"bearer": {sandbox.AuthBearer, "team/app:v1", marker, "ann", []string{
			"HEAD manifests 401", "GET token 200", "HEAD manifests 200", "GET manifests 200", "GET blobs 200",
		}},
		"bearer, missing tag": {sandbox.AuthBearer, "team/app:no", marker, "ann", []string{
			"HEAD manifests 401", "GET token 200", "HEAD manifests 404", "GET manifests 404", "GET tags 200",
		}},
		"bearer, wrong password": {sandbox.AuthBearer, "team/app:v1", "wrong", "ann", []string{"HEAD manifests 401", "GET token 401"}},
		"basic, wrong password": {sandbox.AuthBasic, "team/app:v1", "wrong", "ann", []string{
			"HEAD manifests 401", "HEAD manifests 401", "GET base 401",
		}},
		"bearer, forbidden": {sandbox.AuthBearer, "team/other:v1", "rex-password", "rex", []string{
			"HEAD manifests 401", "GET token 200", "HEAD manifests 401", "GET manifests 401",
		}},
		"anonymous, refused": {sandbox.AuthBearer, "team/app:v1", "", "", []string{
			"HEAD manifests 401", "GET token 200", "HEAD manifests 401", "GET manifests 401",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSandbox(t, sandbox.Options{Auth: test.auth})
			q := runbook.Question{Image: plainHost + "/" + test.image, NearTags: true}
			if test.user != "" {
				q.Credential = login(test.user, test.pass)
			}
			answer := ask(t, over(t, r.RoundTripper()), q)
			if diff := cmp.Diff(test.want, methods(r)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if answer.Trips != len(test.want) {
				t.Errorf("counted %d trips of %d", answer.Trips, len(test.want))
			}
		})
	}
}

// TestAsksAsContainerdDoes looks at what goes over the wire.
func TestAsksAsContainerdDoes(t *testing.T) {
	t.Parallel()
	var accepts, agents []string
	handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		accepts, agents = append(accepts, req.Header.Get("Accept")), append(agents, req.UserAgent())
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	p := newProber(t, registry.Options{Transport: sandbox.Network{"registry-1.docker.io": handler}, UserAgent: "pullfix/test"})
	answer := ask(t, p, runbook.Question{Image: "nginx"})
	want := "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, " +
		"application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*"
	if !slices.Equal(accepts, []string{want}) || !slices.Equal(agents, []string{"pullfix/test"}) {
		t.Errorf("sent Accept %q and User-Agent %q", accepts, agents)
	}
	if answer.Result != cause.RegistryServerError || answer.Status != 503 || answer.Host != "registry-1.docker.io" {
		t.Errorf("answer %+v", answer)
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("a", 64)
	tests := map[string]string{
		"nginx":                                  "registry-1.docker.io /v2/library/nginx/manifests/latest",
		"index.docker.io/acme/app:1":             "registry-1.docker.io /v2/acme/app/manifests/1",
		"Registry.example.com:5000/a/b:1":        "registry.example.com:5000 /v2/a/b/manifests/1",
		"registry.example.com/a:wrong@" + digest: "registry.example.com /v2/a/manifests/" + digest,
	}
	for image, want := range tests {
		t.Run(image, func(t *testing.T) {
			t.Parallel()
			var got string
			handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				got = req.Host + " " + req.URL.Path
				w.WriteHeader(http.StatusBadGateway)
			})
			ask(t, over(t, sandbox.Network{"*": handler}), runbook.Question{Image: image})
			if got != want {
				t.Errorf("asked %s, want %s", got, want)
			}
		})
	}
	if _, err := over(t, sandbox.Network{}).Probe(t.Context(), runbook.Question{Image: "https://u:" + marker + "@reg/x"}); err == nil || strings.Contains(err.Error(), marker) {
		t.Errorf("a reference that does not parse gave %v", err)
	}
}

// TestOddRegistries: what go-containerregistry refuses and nodes accept.
func TestOddRegistries(t *testing.T) {
	t.Parallel()
	tests := map[string]sandbox.Fault{
		"/v2/ is forbidden":       {Endpoint: sandbox.Base, Effect: sandbox.Status(403)},
		"/v2/ is limited":         {Endpoint: sandbox.Base, Effect: sandbox.Status(429)},
		"/v2/ is open":            {Endpoint: sandbox.Base, Effect: sandbox.Status(200)},
		"HEAD is not allowed":     {Endpoint: sandbox.Manifests, Method: http.MethodHead, Skip: 1, Effect: sandbox.Status(405)},
		"HEAD has no headers":     {Endpoint: sandbox.Manifests, Method: http.MethodHead, Skip: 1, Effect: sandbox.Without("Content-Type", "Content-Length", "Docker-Content-Digest")},
		"GET has no content type": {Endpoint: sandbox.Manifests, Skip: 1, Effect: sandbox.Without("Content-Type")},
		"tokens by POST only":     {Endpoint: sandbox.Token, Method: http.MethodGet, Effect: sandbox.Status(405)},
	}
	for name, fault := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer})
			r.Inject(fault)
			answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + "/team/app:v1", Credential: login("ann", marker)})
			if answer.Result != cause.None || answer.Login != runbook.TestAccepted {
				t.Errorf("answer %+v\n%v", answer, methods(r))
			}
		})
	}
}

// TestRetryAfter: what a registry asks for is passed on, unless it is nonsense.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"3600": time.Hour, " 90 ": 90 * time.Second, "0": 0, "-5": 0, "soon": 0, "99999999999": 0, "": 0,
		"Sun, 06 Nov 1994 08:49:37 GMT":                         0,
		time.Now().Add(time.Hour).UTC().Format(http.TimeFormat): time.Hour,
	} {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", header)
				w.WriteHeader(status)
			})
			answer := ask(t, over(t, sandbox.Network{"*": handler}), runbook.Question{Image: plainHost + "/team/app:v1"})
			if off := (answer.RetryAfter - want).Abs(); off > 5*time.Second {
				t.Errorf("%d, %q: %s, want %s", status, header, answer.RetryAfter, want)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		effect sandbox.Effect
		want   cause.Cause
		trips  int
	}{
		"web page 404":          {sandbox.HTML(404), cause.UnexpectedRegistryResponse, 2},
		"web page 403":          {sandbox.HTML(403), cause.UnexpectedRegistryResponse, 2},
		"web page 200":          {sandbox.HTML(200), cause.UnexpectedRegistryResponse, 2},
		"web page 401":          {sandbox.HTML(401), cause.AuthMissing, 2},
		"web page 502":          {sandbox.HTML(502), cause.RegistryServerError, 1},
		"429":                   {sandbox.RateLimited(time.Minute), cause.RateLimited, 1},
		"500":                   {sandbox.Status(500), cause.RegistryServerError, 1},
		"503":                   {sandbox.Status(503), cause.RegistryServerError, 1},
		"405":                   {sandbox.Status(405), cause.UnexpectedRegistryResponse, 2},
		"405, disabled":         {sandbox.Failure(405, "DENIED", "The namespace team is disabled"), cause.AuthMissing, 2},
		"412, vulnerable":       {sandbox.Status(412), cause.UnexpectedRegistryResponse, 2},
		"412, unsigned":         {sandbox.Failure(412, "PROJECTPOLICYVIOLATION", "The image is not signed by cosign."), cause.SignaturePolicy, 2},
		"403":                   {sandbox.Status(403), cause.AuthMissing, 2},
		"403, wordless":         {sandbox.Failure(403, "", ""), cause.PermissionDenied, 2},
		"403, another firewall": {sandbox.Failure(403, "DENIED", "client IP 192.0.2.1 is not allowed by the registry firewall"), cause.PermissionDenied, 2},
		"403, firewall":         {sandbox.Failure(403, "DENIED", "client with IP '192.0.2.1' is not allowed access. Refer https://aka.ms/acr/firewall"), cause.PermissionDenied, 2},
		"400":                   {sandbox.Failure(400, "NAME_INVALID", "invalid repository name"), cause.UnexpectedRegistryResponse, 2},
		"404, nameless":         {sandbox.Failure(404, "NAME_UNKNOWN", "repository name not known to registry"), cause.RepositoryNotFound, 2},
		"reset":                 {sandbox.Reset(), cause.NetworkUnreachable, 1},
		"unusual challenge":     {sandbox.Challenge("Negotiate"), cause.AuthMissing, 2},
		"realm is no address":   {sandbox.Challenge(`Bearer realm="file:///etc/passwd"`), cause.UnexpectedRegistryResponse, 1},
		"nonsense as a token":   {sandbox.Challenge(`Bearer realm="https://registry.example.com/v2/x/tags/list"`), cause.UnexpectedRegistryResponse, 2},
		"schema 1":              {sandbox.With("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws"), cause.UnsupportedManifest, 1},
		"redirects to nowhere":  {sandbox.RedirectTo("file:///etc/passwd"), cause.UnexpectedRegistryResponse, 1},
		"redirects to http":     {sandbox.RedirectTo("http://registry.example.com/"), cause.UnexpectedRegistryResponse, 1},
		"redirects in a circle": {sandbox.RedirectLoop(), cause.UnexpectedRegistryResponse, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSandbox(t, sandbox.Options{})
			r.Inject(sandbox.Fault{Endpoint: sandbox.Manifests, Effect: test.effect})
			answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: plainHost + "/team/app:v1"})
			if answer.Result != test.want || answer.Trips != test.trips {
				t.Errorf("%s after %d trips, want %s after %d\n%+v", answer.Result, answer.Trips, test.want, test.trips, answer)
			}
		})
	}
}

// TestRateLimitOfHub: HEAD is free and tells the count, also when nothing
// remains; GET of a manifest would be a pull.
func TestRateLimitOfHub(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer, Style: sandbox.DockerHub, Public: []string{"*"}})
	answer := ask(t, over(t, r.RoundTripper()), runbook.Question{Image: "team/app:v1"})
	want := &runbook.RateLimit{Limit: 100, Remaining: 100, Window: 6 * time.Hour, Source: "127.0.0.1"}
	if diff := cmp.Diff(want, answer.RateLimit); diff != "" {
		t.Errorf("rate limit (-want +got):\n%s", diff)
	}
	if slices.ContainsFunc(methods(r), func(m string) bool { return strings.HasPrefix(m, "GET manifests") }) {
		t.Errorf("a pull was taken: %v", methods(r))
	}
	if answer.Result != cause.None || !strings.Contains(answer.Detail, "platform was not checked") {
		t.Errorf("answer %+v", answer)
	}
}
