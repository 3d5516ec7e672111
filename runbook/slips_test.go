package runbook_test

import (
	"strings"
	"testing"

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
