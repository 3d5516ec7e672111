package runbook_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// TestSlipsInTheName: what was probably mistyped is in the summary, and the
// first remedy's command has it right.
func TestSlipsInTheName(t *testing.T) {
	invalid := waits("InvalidImageName", "couldn't parse image name: invalid reference format")
	gone, dns := says("", answer(cause.RepositoryNotFound, 404)), says("", runbook.Answer{Result: cause.DNSFailure, Detail: "no such host"})
	hub := `failed to do request: Head "https://registry-1.docker.io/v2/library/checkout/manifests/v1": dial tcp: lookup registry-1.docker.io on 10.0.0.1:53: no such host`
	for _, r := range []struct {
		name     string
		world    *world
		summary  string
		command  string
		not      string // in the summary
		becauses string
	}{
		{"host twice", newWorld(notFound, pulls(host+"/"+host+"/acme/app:v1"), gone), "stands twice in the name", "app=" + image, "", "stands twice in the name."},
		{"host twice, with a port", newWorld("", pulls(host+":5000/"+host+":5000/acme/app:v1"), invalid), "stands twice in the name", "app=" + host + ":5000/acme/app:v1", "", "stands twice in the name."},
		{"digest cut off", newWorld("", pulls(host+"/acme/app@sha256:abc"), invalid), "64 hex digits", "app=" + host + "/acme/app:TAG", "", "64 hex digits"},
		{"digest cut off, with a tag", newWorld("", pulls(image+"@sha256:abc"), invalid), "64 hex digits", "app=" + image, "", "64 hex digits"},
		{"a variable", newWorld("", pulls("acme/app:$TAG"), invalid), "a variable was not filled in ($…)", "REGISTRY/REPOSITORY:TAG", "", ""},
		{"a variable of Windows", newWorld("", pulls("%IMAGE%"), invalid), "a variable was not filled in (%…%)", "", "lowercase", ""},
		{"quotes", newWorld("", pulls(`"`+image+`"`), invalid), "there are quotes in the name", "app=" + image, "", ""},
		{"build metadata", newWorld("", pulls(host+"/acme/app:v1+build5"), invalid), `a tag may not hold "+"`, "", "", ""},
		{"a branch as the tag", newWorld("", pulls("app:feature/login"), invalid), `a tag may not hold "/"`, "", "", ""},
		{"two tags", newWorld("", pulls("app:v1:v2"), invalid), "there are two tags", "", "", ""},
		{"another alphabet", newWorld("", pulls(host+"/acme/äpp:1"), invalid), "a letter of the name is none of a to z", "", "", ""},
		{"a well-known registry, mistyped", newWorld(noHost, pulls("ghrc.io/acme/app:1"), dns), "ghrc.io looks like a slip of the pen for ghcr.io", "app=ghcr.io/acme/app:1", "", "The name is probably wrong: ghrc.io"},
		{"and somebody sits there", newWorld(rejected, pulls("quay.oi/acme/app:1"), says("", answer(cause.AuthMissing, 401))), "quay.oi looks like a slip of the pen for quay.io", "app=quay.io/acme/app:1", "", ""},
		{"a registry of its own", newWorld(noHost, pulls("gcr.corp/acme/app:1"), dns), "cannot resolve", "", "slip", ""},
		{"bare name, no way to Docker Hub", newWorld(hub, pulls("checkout:v1"), dns), "; checkout:v1 names no registry, which means Docker Hub", "registry-1.docker.io", "", ""},
		{"Docker Hub by its name", newWorld(hub, pulls("docker.io/library/checkout:v1"), dns), "cannot resolve", "registry-1.docker.io", "names no registry", ""},
		{"another registry", newWorld(noHost, dns), "cannot resolve", host, "names no registry", ""},
	} {
		t.Run(r.name, func(t *testing.T) {
			_, v := r.world.diagnose(t)
			first := v.Remedies[0]
			if !strings.Contains(v.Summary, r.summary) || (r.not != "" && strings.Contains(v.Summary, r.not)) {
				t.Errorf("summary %q, want %q, not %q", v.Summary, r.summary, r.not)
			}
			if !strings.Contains(first.Command, r.command) || !strings.Contains(first.Why, r.becauses) {
				t.Errorf("%s because %s; want %q because %q", first.Command, first.Why, r.command, r.becauses)
			}
		})
	}
}

// TestAMisnamedImageIsCorrectedOnly: who answered is no outage, and a login is
// made for nobody whose name was mistyped.
func TestAMisnamedImageIsCorrectedOnly(t *testing.T) {
	for _, name := range []string{"reg.example.com:5000", "my-registry/app:1", "ghrc.io/acme/app:1"} {
		_, v := newWorld(rejected, pulls(name), says("", answer(cause.AuthMissing, 401))).diagnose(t)
		if len(v.Remedies) != 1 || v.Remedies[0].Kind != runbook.FixImage || strings.Contains(v.Remedies[0].Why, "Reg.") {
			t.Errorf("%s: %+v", name, v.Remedies)
		}
	}
}

// TestMissingDigestOfATag: a digest that is gone does not hide that its tag is
// there.
func TestMissingDigestOfATag(t *testing.T) {
	gone, there := "@sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)
	for _, r := range []struct{ name, image, digest, tag, summary, command string }{
		{"tag has another", image + gone, there, "v1", "; the tag v1 does, with the digest sha256:bbbbbbbbbbbb", "app=" + image + "@" + there},
		{"its digest is not told", image + gone, "", "v1", "; the tag v1 does, with another digest", "app=" + image},
		{"only a near tag", image + gone, "", "v1.0", "The digest sha256:aaaaaaaaaaaa does not exist in " + host, "app=" + host + "/acme/app:v1.0"},
		{"no tag", host + "/acme/app" + gone, "", "", "The digest sha256:aaaaaaaaaaaa does not exist in " + host, "app=" + host + "/acme/app:TAG"},
	} {
		a := answer(cause.TagNotFound, 404)
		if a.TagDigest = r.digest; r.tag != "" {
			a.Tags = []string{r.tag}
		}
		_, v := newWorld(notFound, pulls(r.image), says("", a)).diagnose(t)
		if !strings.Contains(v.Summary, r.summary) || !strings.HasSuffix(v.Remedies[0].Command, r.command) {
			t.Errorf("%s: %s\n%s", r.name, v.Summary, v.Remedies[0].Command)
		}
	}
}

// TestRegistryAsksToWait: the kubelet's own pace is no advice where the registry
// asks for more.
func TestRegistryAsksToWait(t *testing.T) {
	for _, r := range []struct {
		after         time.Duration
		title, detail string
	}{
		{time.Hour, "Wait for 60 min: so long " + host + " asks to be left alone", "left alone for 60 min (Retry-After)"},
		{2 * time.Minute, "within 6.5 min", "left alone for 2 min"},
		{time.Second, "within 6.5 min", "less than a minute"},
	} {
		_, v := newWorld(tooMany, says("", runbook.Answer{Result: cause.RateLimited, Status: 429, RetryAfter: r.after})).diagnose(t)
		if !strings.Contains(v.Remedies[0].Title, r.title) || !strings.Contains(strings.Join(v.Details, "\n"), r.detail) {
			t.Errorf("%s: %s\n%v", r.after, v.Remedies[0].Title, v.Details)
		}
	}
}

// TestKeysThatDoNotShow: a blank at the end of a key is quoted wherever the key
// is read.
func TestKeysThatDoNotShow(t *testing.T) {
	for key, shown := range map[string]string{host: host, host + " ": strconv.Quote(host + " "), "\ufeff" + host: `"\ufeff` + host + `"`, host + "\n": `"` + host + `\n"`} {
		if got := runbook.ShownKey(key); got != shown {
			t.Errorf("%q is shown as %s, want %s", key, got, shown)
		}
	}
	_, v := newWorld(noLogin, lists(secret("s", entry(host+" ", "bob", "pw")))).diagnose(t)
	text := strings.Join([]string{v.Summary, v.Remedies[0].Why, strings.Join(v.Steps[3].Evidence, " ")}, "\n")
	if strings.Count(text, `"`+host+` "`) < 3 {
		t.Errorf("the blank does not show:\n%s", text)
	}
}

// TestFullDiskNeedsNoPull: what frees a full disk may not have to be pulled onto
// it first.
func TestFullDiskNeedsNoPull(t *testing.T) {
	_, v := newWorld("failed to copy: write /var/lib/x: no space left on device").diagnose(t)
	if got, want := v.Remedies[0].Command, "kubectl cordon node1 && ssh node1 sudo crictl rmi --prune && kubectl uncordon node1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestReplicaSetRollsNothingOut: only pods made anew have the new image.
func TestReplicaSetRollsNothingOut(t *testing.T) {
	_, v := missingTag(workload(func(w *runbook.Workload) { w.Kind = "ReplicaSet" })).diagnose(t)
	first := v.Remedies[0]
	if !strings.HasSuffix(first.Command, " && kubectl -n shop delete pod web-1") || strings.Contains(first.Risk, "a rollout") || !strings.Contains(first.Risk, "keep the old image") {
		t.Errorf("%s: %s", first.Command, first.Risk)
	}
}
