package message

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/runbook/cause"
)

const (
	notFound = `rpc error: code = NotFound desc = failed to pull and unpack image "reg.example/app:v2": failed to resolve image: reg.example/app:v2: not found`
	rejected = `failed to pull and unpack image "reg.example/app:v2": failed to resolve image: unexpected status from HEAD request to https://reg.example/v2/app/manifests/v2: 401 Unauthorized`
	noToken  = `failed to pull and unpack image "reg.example/app:v2": failed to resolve image: failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://auth.example/token?scope=x: 401 Unauthorized`
	badToken = `failed to pull and unpack image "reg.example/app:v2": failed to resolve image: failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://auth.example/token?scope=x: 401 Unauthorized`
)

func TestReadAggregate(t *testing.T) {
	tests := []struct {
		name, text string
		want       cause.Cause
		also       []cause.Cause
		elements   []cause.Cause
	}{
		{"missing tag behind a stale credential", "[" + rejected + ", " + notFound + "]", cause.TagNotFound, []cause.Cause{cause.AuthRejected}, []cause.Cause{cause.AuthRejected, cause.TagNotFound}},
		{"in the kubelet's words", `Back-off pulling image "reg.example/app:v2": ErrImagePull: [` + notFound + ", " + noToken + "]", cause.TagNotFound, []cause.Cause{cause.AuthMissing}, []cause.Cause{cause.TagNotFound, cause.AuthMissing}},
		{"a refused credential beats the anonymous try", "[" + noToken + ", " + badToken + "]", cause.AuthRejected, []cause.Cause{cause.AuthMissing}, []cause.Cause{cause.AuthMissing, cause.AuthRejected}},
		{"two containers", `[failed to "StartContainer" for "a" with ImagePullBackOff: "Back-off pulling image \"a:1\"", failed to "StartContainer" for "b" with ErrImagePull: "` + notFound + `"]`, cause.TagNotFound, nil, []cause.Cause{cause.BackOffOnly, cause.TagNotFound}},
		{"crash and pull", `[failed to "StartContainer" for "a" with CrashLoopBackOff: "back-off 5m0s restarting failed container=a", failed to "StartContainer" for "b" with ImagePullBackOff: "Back-off pulling image \"b:1\""]`, cause.BackOffOnly, nil, []cause.Cause{cause.NotPullFailure, cause.BackOffOnly}},
		{"brackets inside are no aggregate", `pulling from host reg.example failed with status code [manifests v2]: 403 Forbidden`, cause.PermissionDenied, nil, nil},
		{"kubeadm's prefix is none", `[ERROR ImagePull]: failed to pull image reg.example/app:v2: output: ` + notFound, cause.TagNotFound, nil, nil},
		{"cut off before its end", "[" + rejected + ", " + notFound[:60], cause.TagNotFound, []cause.Cause{cause.AuthRejected}, []cause.Cause{cause.AuthRejected, cause.TagNotFound}},
		{"candidates of a short name", "2 errors occurred while pulling:\n * initializing source docker://quay.io/app:1: reading manifest 1 in quay.io/app: unauthorized: access to the requested resource is not authorized\n * initializing source docker://docker.io/library/app:1: reading manifest 1 in docker.io/library/app: manifest unknown", cause.TagNotFound, []cause.Cause{cause.NotFoundOrDenied}, []cause.Cause{cause.NotFoundOrDenied, cause.TagNotFound}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Read(test.text)
			if got.Cause != test.want {
				t.Errorf("cause %s, want %s", got.Cause, test.want)
			}
			if diff := cmp.Diff(test.also, got.Also); diff != "" {
				t.Errorf("also (-want +got):\n%s", diff)
			}
			var elements []cause.Cause
			for _, e := range got.Elements {
				elements = append(elements, e.Cause)
			}
			if diff := cmp.Diff(test.elements, elements); diff != "" {
				t.Errorf("elements (-want +got):\n%s", diff)
			}
		})
	}
}

// TestReadElementText checks that the elements are the errors themselves, whole.
func TestReadElementText(t *testing.T) {
	got := Read(`Failed to pull image "x": [` + rejected + ", " + notFound + "]")
	want := []string{rejected, notFound}
	var texts []string
	for _, e := range got.Elements {
		texts = append(texts, e.Text)
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadSandboxNamesWhatKeptItAway(t *testing.T) {
	got := Read(`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "registry.k8s.io/pause:3.9": failed to pull image "registry.k8s.io/pause:3.9": failed to do request: Head "https://registry.k8s.io/v2/pause/manifests/3.9": dial tcp: lookup registry.k8s.io: no such host`)
	if got.Cause != cause.SandboxImage || got.Image != "registry.k8s.io/pause:3.9" {
		t.Errorf("%s of %q", got.Cause, got.Image)
	}
	if diff := cmp.Diff([]cause.Cause{cause.DNSFailure}, got.Also); diff != "" {
		t.Errorf("also (-want +got):\n%s", diff)
	}
}

func TestReadHadCredential(t *testing.T) {
	yes, no := true, false
	tests := []struct {
		text string
		want *bool
	}{
		{badToken, &yes},
		{noToken, &no},
		{"Get https://r/v2/: no basic auth credentials", &no},
		{rejected, nil},
		{"[" + noToken + ", " + badToken + "]", &yes},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, Read(test.text).HadCredential); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.text, diff)
		}
	}
}

func TestReadCertainty(t *testing.T) {
	tests := []struct {
		text string
		want cause.Certainty
	}{
		{`Container image "a" is not present with pull policy of Never`, cause.Certain},
		{"pull QPS exceeded", cause.Certain},
		{notFound, cause.Likely},
		{`Back-off pulling image "a"`, cause.CertaintyUnknown},
		{"nothing anybody knows", cause.CertaintyUnknown},
		{`failed to do request: Head "https://r.io/v2/a/manifests/1": dial tcp: lookup r.io: no such host`, cause.Certain},
		{`Failed to pull image "r.io/a:1": failed to do request: Head "https://m.local/v2/a/manifests/1?ns=r.io": dial tcp: lookup m.local: no such host`, cause.Likely},
	}
	for _, test := range tests {
		if got := Read(test.text).Certainty; got != test.want {
			t.Errorf("%s: %s, want %s", test.text, got, test.want)
		}
	}
}

func TestReadFragmentQuotesTheCause(t *testing.T) {
	tests := []struct{ text, want string }{
		{`Failed to pull image "R.io/a": failed to do request: Head "https://R.io/v2/": dial tcp: lookup R.io on 10.0.0.1:53: No such host`, "No such host"},
		{rejected, "401 Unauthorized"},
		{"  something\nodd\x00 here ", "something odd here"},
	}
	for _, test := range tests {
		if got := Read(test.text).Fragment; got != test.want {
			t.Errorf("%s: %q, want %q", test.text, got, test.want)
		}
	}
}

func TestReadOddTexts(t *testing.T) {
	html := `Failed to pull image "r.io/a": error parsing HTTP 503 response body: invalid character '<' looking for beginning of value: "` + strings.Repeat("<p>429 x509: no such host</p>", 10_000)
	tests := []struct {
		name, text string
		want       cause.Cause
	}{
		{"empty", "", cause.Unknown},
		{"blank", " \r\n\t", cause.Unknown},
		{"a short cause that nobody knows", `Failed to pull image "a": oddness`, cause.Unknown},
		{"carriage returns", "Failed to pull image \"a\":\r\nrpc error: code = Unknown desc =\r\npull QPS\r\nexceeded", cause.PullQPSExceeded},
		{"broken UTF-8", "x509: certificate\xff\xfe signed by unknown authority", cause.TLSUntrusted},
		{"a page of 290 kB", html, cause.RegistryServerError},
		{"brackets without end", strings.Repeat("[", 70_000), cause.Unknown},
		{"JSON in JSON", `{"log":"{\"msg\":\"Failed to pull image \\\"a\\\": manifest for a:1 not found\"}"}`, cause.TagNotFound},
		{"HTML entities", `Failed to pull image &quot;a:b&quot;: Get &quot;https://r/v2/&quot;: x509: certificate signed by unknown authority`, cause.TLSUntrusted},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Read(test.text); got.Cause != test.want {
				t.Errorf("%s by %q, want %s", got.Cause, got.Fragment, test.want)
			}
		})
	}
}

// TestReadInsideWrappers puts each wording into what kubelets, loggers and
// clients write around it.
func TestReadInsideWrappers(t *testing.T) {
	wraps := map[string]func(string) string{
		"event":      func(m string) string { return `Failed to pull image "reg.example/app:1": ` + m },
		"rpc":        func(m string) string { return "rpc error: code = Unknown desc = " + m },
		"back-off":   func(m string) string { return `Back-off pulling image "reg.example/app:1": ErrImagePull: ` + m },
		"aggregated": func(m string) string { return `(combined from similar events): Failed to pull image "x": ` + m },
		"FailedSync": func(m string) string {
			return `Error syncing pod, skipping: failed to "StartContainer" for "c" with ErrImagePull: "` + strings.ReplaceAll(m, `"`, `\"`) + `"`
		},
		"klog": func(m string) string {
			return `E0101 00:00:00.0 1 kuberuntime_image.go:55] "Failed to pull image" err="` + strings.ReplaceAll(m, `"`, `\"`) + `" image="reg.example/app:1"`
		},
	}
	for _, s := range wordings(t) {
		if s.Cause == cause.NotPullFailure || s.Cause == cause.SandboxImage || s.Cause == cause.BackOffOnly {
			continue
		}
		bare := Read(s.Message).Cause
		for name, wrap := range wraps {
			if got := Read(wrap(s.Message)); got.Cause != bare {
				t.Errorf("%s: %s by %q, bare %s\n%s", name, got.Cause, got.Fragment, bare, s.Message)
			}
		}
	}
}
