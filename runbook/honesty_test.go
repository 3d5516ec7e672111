package runbook_test

import (
	"strings"
	"testing"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

const mirror = "mirror.example.net:5000"

// fromMirror is a failure that a mirror of the node answered with.
func fromMirror(status string) string {
	return `failed to pull and unpack image "` + image + `": failed to resolve image: unexpected status from HEAD request to http://` +
		mirror + `/v2/acme/app/manifests/v1?ns=` + host + `: ` + status
}

// TestWhoSaidIt: a verdict never says of the registry what a mirror said, nor
// of the whole image what was tested of its manifest only.
func TestWhoSaidIt(t *testing.T) {
	there := says("", answer(cause.None, 200))
	blob := `failed to pull and unpack image "` + image + `": failed to copy: httpReadSeeker: failed open: unexpected status from GET request to https://` + host + `/v2/acme/app/blobs/sha256:aa: `
	denied := says("", runbook.Answer{Result: cause.PermissionDenied, Status: 403, Code: "DENIED", Detail: "client with IP '1.2.3.4' is not allowed access"})
	for _, r := range []struct {
		name    string
		world   *world
		cause   cause.Cause
		vantage string
		says    string // in summary or details
		not     string // in neither
		first   runbook.Kind
	}{
		{"mirror 401", newWorld(fromMirror("401 Unauthorized"), there), cause.AuthRejected, runbook.VantageNode, mirror + ", the mirror that node node1 asks in place of " + host + ", refuses the node", "rejects", runbook.ProbeFromNode},
		{"mirror 500", newWorld(fromMirror("500 Internal Server Error"), there), cause.RegistryServerError, runbook.VantageNode, "answers with server errors", "works by now", runbook.Wait},
		{"mirror 429", newWorld(fromMirror("429 Too Many Requests"), there), cause.RateLimited, runbook.VantageNode, mirror + ", the mirror", host + " limits", runbook.Wait},
		{"mirror 401, tag missing upstream", newWorld(fromMirror("401 Unauthorized"), says("", answer(cause.TagNotFound, 404))), cause.TagNotFound, runbook.VantageImage, "that is the answer of " + mirror, "", runbook.FixImage},
		{"layers answer 500", newWorld(blob+"500 Internal Server Error", there), cause.RegistryServerError, runbook.VantageRegistry, "the content, which fails on the node, was not fetched", "works by now", runbook.Wait},
		{"layers answer 403", newWorld(blob+"403 Forbidden", there), cause.PermissionDenied, runbook.VantageRegistry, "The storage behind " + host + " refuses the layers", "does not allow this pod", runbook.Escalate},
		{"there by now, or behind a mirror", newWorld(notFound, there), cause.TagNotFound, runbook.VantageImage, "pushed since, or a mirror of the node answers in its place", "has not tried again", runbook.Wait},
		{"firewall", newWorld(forbidden, denied), cause.PermissionDenied, runbook.VantageRegistry, `"client with IP '1.2.3.4' is not allowed access"`, "asks for a login", runbook.Escalate},
		{"policy of the registry", newWorld(strings.Replace(rejected, "401 Unauthorized", "412 Precondition Failed", 1), says("", runbook.Answer{Result: cause.UnexpectedRegistryResponse, Status: 412, Code: "PROJECTPOLICYVIOLATION", Detail: "image has 3 vulnerabilities"})), cause.UnexpectedRegistryResponse, runbook.VantageRegistry, `412 PROJECTPOLICYVIOLATION "image has 3 vulnerabilities"`, "Something other", runbook.Escalate},
		{"no image at all", newWorld(`failed to pull and unpack image "`+image+`": failed to copy: httpReadSeeker: failed open: could not fetch content descriptor sha256:aa (application/vnd.acme+json) from remote: not found`, says("", answer(cause.UnsupportedManifest, 200))), cause.UnsupportedManifest, runbook.VantageImage, "cannot use the format", "damaged", runbook.FixImage},
		{"a web page", newWorld(`unexpected media type text/html for sha256:aa: not found`, says("", answer(cause.UnexpectedRegistryResponse, 200))), cause.UnexpectedRegistryResponse, runbook.VantageRegistry, "Something other than a registry answers", "format", runbook.Escalate},
	} {
		t.Run(r.name, func(t *testing.T) {
			_, v := r.world.diagnose(t)
			text := v.Summary + "\n" + strings.Join(v.Details, "\n")
			if v.Cause != r.cause || v.Vantage != r.vantage || v.Remedies[0].Kind != r.first {
				t.Errorf("%s, %s, %s first; want %s, %s, %s", v.Cause, v.Vantage, v.Remedies[0].Kind, r.cause, r.vantage, r.first)
			}
			if !strings.Contains(text, r.says) || (r.not != "" && strings.Contains(text, r.not)) {
				t.Errorf("want %q, not %q, in\n%s", r.says, r.not, text)
			}
		})
	}
}

// TestTheWholeMessageIsQuoted: a reason alone proves nothing to a reader.
func TestTheWholeMessageIsQuoted(t *testing.T) {
	_, v := newWorld("", never()).diagnose(t)
	want := `The node says "Container image "` + image + `" is not present with pull policy of Never".`
	if v.Details[0] != want {
		t.Errorf("got %s, want %s", v.Details[0], want)
	}
}

// TestAMissingRepositoryAsksForNoLogin: not every refusal is about credentials.
func TestAMissingRepositoryAsksForNoLogin(t *testing.T) {
	_, v := newWorld(notFound, says("", answer(cause.RepositoryNotFound, 404))).diagnose(t)
	if s := v.Steps[3]; s.Status != runbook.StatusOK || strings.Contains(s.Summary, "login") {
		t.Errorf("the pull secret is %s: %s", s.Status, s.Summary)
	}
}

// TestASlipInTheNameComesFirst: the connection to Docker Hub is not the
// trouble of somebody who forgot the repository.
func TestASlipInTheNameComesFirst(t *testing.T) {
	w := newWorld(strings.ReplaceAll(noHost, host, "registry-1.docker.io"), pulls("registry.example.com:5000"), says("", runbook.Answer{Result: cause.DNSFailure, Detail: "no such host"}))
	_, v := w.diagnose(t)
	if !strings.HasPrefix(v.Summary, "The image name is probably wrong: registry.example.com:5000 has no repository") || v.Remedies[0].Kind != runbook.FixImage {
		t.Errorf("%s, %v", v.Summary, kinds(v.Remedies))
	}
	if !strings.Contains(strings.Join(v.Details, "\n"), "cannot resolve the name of docker.io") {
		t.Errorf("details do not tell what happened: %q", v.Details)
	}
}

// TestASecretThatMayNotBeRead: a pod whose secret pullfix cannot see is not a
// pod without one.
func TestASecretThatMayNotBeRead(t *testing.T) {
	unseen := func(w *world) {
		w.facts.Pod.PullSecrets = []string{"s"}
		w.facts.Secrets = []runbook.SecretFacts{{Name: "s", Listed: true, Unreadable: true}}
		w.facts.Gaps = []runbook.Gap{{What: "pods in all namespaces", Why: "forbidden"}, {What: "secret shop/s", Why: "forbidden"}}
	}
	for message, want := range map[string]struct {
		cause cause.Cause
		says  string
	}{
		rejected: {cause.AuthRejected, "rejects the pod's credential, probably that in secret s (pullfix may not read it)"},
		noLogin:  {cause.AuthMissing, "the secret s of the pod seems to have none for it (pullfix may not read it)"},
	} {
		_, v := newWorld(message, unseen).diagnose(t)
		if v.Cause != want.cause || v.Certainty != cause.Likely || !strings.Contains(v.Summary, want.says) {
			t.Errorf("%s, %s: %s", v.Cause, v.Certainty, v.Summary)
		}
		if r := v.Remedies[0]; r.Kind != runbook.UpdateSecret || r.Object != "secret/s" || !strings.Contains(r.Command, "kubectl replace -f -") {
			t.Errorf("remedy %+v", r)
		}
		if s := v.Steps[0].Summary; s != "1 pod of 1 workload; other namespaces could not be seen" {
			t.Errorf("scope: %s", s)
		}
	}
}
