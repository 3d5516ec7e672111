package registry_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	sandbox "github.com/pullfix/pullfix/sandbox/registry"
)

func TestPlatforms(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		image sandbox.Image
		node  runbook.Platform
		lacks []string // nil when it fits
	}{
		"single, fits":           {sandbox.Image{}, amd64(), nil},
		"single, other":          {sandbox.Image{Platforms: []string{"linux/arm64"}}, amd64(), []string{"linux/arm64"}},
		"single, other, docker":  {sandbox.Image{Platforms: []string{"linux/arm64"}, Docker: true}, amd64(), []string{"linux/arm64"}},
		"single, other system":   {sandbox.Image{Platforms: []string{"windows/amd64"}}, amd64(), []string{"windows/amd64"}},
		"index, fits":            {sandbox.Image{Platforms: []string{"linux/arm64", "linux/amd64"}}, amd64(), nil},
		"index, other":           {sandbox.Image{Platforms: []string{"linux/arm64/v8", "linux/s390x"}}, amd64(), []string{"linux/arm64/v8", "linux/s390x"}},
		"index of one, docker":   {sandbox.Image{Platforms: []string{"linux/arm64"}, Index: true, Docker: true}, amd64(), []string{"linux/arm64"}},
		"arm without a variant":  {sandbox.Image{Platforms: []string{"linux/arm/v7"}, Index: true}, runbook.Platform{OS: "linux", Arch: "arm"}, nil},
		"arm64 takes arm":        {sandbox.Image{Platforms: []string{"linux/arm/v7"}, Index: true}, runbook.Platform{OS: "linux", Arch: "arm64"}, nil},
		"arm does not take more": {sandbox.Image{Platforms: []string{"linux/arm64"}, Index: true}, runbook.Platform{OS: "linux", Arch: "arm"}, []string{"linux/arm64"}},
		"amd64 takes 386":        {sandbox.Image{Platforms: []string{"linux/386"}}, amd64(), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer})
			push(t, r, "team/app:made", test.image)
			answer := ask(t, over(t, r.RoundTripper()), runbook.Question{
				Image: plainHost + "/team/app:made", Platform: test.node, Credential: login("ann", marker),
			})
			want := cause.None
			if test.lacks != nil {
				want = cause.PlatformMismatch
			}
			if answer.Result != want || answer.Login != runbook.TestAccepted {
				t.Errorf("answer %+v, want %s", answer, want)
			}
			if diff := cmp.Diff(test.lacks, answer.Platforms); diff != "" {
				t.Errorf("platforms (-want +got):\n%s", diff)
			}
			if answer.Digest == "" {
				t.Error("no digest")
			}
		})
	}
}

// TestPlatformOfStoredElsewhere: many registries redirect to storage for blobs;
// that costs the registry nothing.
func TestPlatformOfStoredElsewhere(t *testing.T) {
	t.Parallel()
	r := newSandbox(t, sandbox.Options{Auth: sandbox.AuthBearer})
	push(t, r, "team/app:arm", sandbox.Image{Platforms: []string{"linux/arm64"}})
	storage := newSandbox(t, sandbox.Options{})
	r.Inject(sandbox.Fault{Endpoint: sandbox.Blobs, Effect: sandbox.RedirectTo("https://storage.example.net/blob?sig=" + marker)})
	storage.Inject(sandbox.Fault{Effect: sandbox.Failure(200, "", "")})
	answer := ask(t, over(t, sandbox.Network{plainHost: r, "storage.example.net": storage}), runbook.Question{
		Image: plainHost + "/team/app:arm", Credential: login("ann", marker),
	})
	if answer.Result != cause.None || answer.Trips != 5 {
		t.Errorf("answer %+v", answer)
	}
	for _, request := range storage.Requests() {
		if request.Authorized {
			t.Errorf("storage got an Authorization: %+v", request)
		}
	}
	if len(storage.Requests()) != 1 {
		t.Errorf("storage was asked %d times", len(storage.Requests()))
	}
}
