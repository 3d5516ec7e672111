package runbook_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// fromRegistry is what CRI-O says when its mirror failed, and the registry then
// told it this.
func fromRegistry(said string) string {
	return "initializing source docker://" + image + ": (Mirrors also failed: [mirror.corp/acme/app:v1: reading manifest v1 in mirror.corp/acme/app: manifest unknown]): " + image + ": " + said
}

// TestTheRegistryAnswersAfterItsMirror: what the registry itself told the node is
// not said of the mirror that failed before.
func TestTheRegistryAnswersAfterItsMirror(t *testing.T) {
	there, ping := says("", answer(cause.None, 200)), `pinging container registry `+host+`: Get "https://`+host+`/v2/": `
	for said, r := range map[string]struct {
		cause cause.Cause
		says  string
	}{
		ping + "dial tcp: lookup " + host + " on 10.0.0.10:53: no such host":                                     {cause.DNSFailure, "cannot resolve the name of " + host},
		ping + "tls: failed to verify certificate: x509: certificate signed by unknown authority":                {cause.TLSUntrusted, "does not trust the certificate of " + host},
		ping + "dial tcp 10.0.0.1:443: i/o timeout":                                                              {cause.Timeout, "gets no answer from " + host},
		"reading manifest v1 in " + host + "/acme/app: toomanyrequests: too many":                                {cause.RateLimited, host + " limits"},
		"reading manifest v1 in " + host + "/acme/app: received unexpected HTTP status: 503 Service Unavailable": {cause.RegistryServerError, host + " answered with a server error"},
	} {
		_, v := newWorld(fromRegistry(said), there).diagnose(t)
		if v.Cause != r.cause || !strings.Contains(v.Summary, r.says) || strings.Contains(v.Summary, "mirror.corp") {
			t.Errorf("%s: %s, want %s: %q in it", v.Cause, v.Summary, r.cause, r.says)
		}
		if text := strings.Join(v.Details, "\n"); !strings.Contains(text, `Before, its mirror mirror.corp failed: "manifest unknown".`) {
			t.Errorf("the mirror is not told of: %s", text)
		}
		for _, remedy := range v.Remedies {
			if strings.Contains(remedy.Command, "mirror.corp") {
				t.Errorf("%s at the mirror: %s", remedy.Kind, remedy.Command)
			}
		}
	}
}

// TestTheNodeSaysNoAndItIsRightFromHere is never certain, and never only waited
// for: what answered the node may stand between.
func TestTheNodeSaysNoAndItIsRightFromHere(t *testing.T) {
	there := says("", answer(cause.None, 200))
	failed := strings.Replace(rejected, "401 Unauthorized", "503 Service Unavailable", 1)
	const platform = "no match for platform in manifest: not found"
	for _, r := range []struct {
		name    string
		text    string
		ago     time.Duration // of the node's last attempt
		cause   cause.Cause
		vantage string
		says    string
		first   runbook.Kind
	}{
		{"server error a while ago", failed, 4 * time.Minute, cause.RegistryServerError, runbook.VantageRegistry, "works by now", runbook.Wait},
		{"server error just now", failed, time.Second, cause.RegistryServerError, runbook.VantageNode, "which works from here", runbook.Wait},
		{"platform a while ago", platform, 4 * time.Minute, cause.PlatformMismatch, runbook.VantageImage, "fits the node by now", runbook.Wait},
		{"platform just now", platform, time.Second, cause.PlatformMismatch, runbook.VantageNode, "from here " + host + " has one", runbook.ProbeFromNode},
	} {
		_, v := newWorld(r.text, event("Failed", `Failed to pull image "`+image+`": `+r.text, r.ago), there).diagnose(t)
		if v.Cause != r.cause || v.Vantage != r.vantage || v.Certainty != cause.Likely || !strings.Contains(v.Summary, r.says) || v.Remedies[0].Kind != r.first {
			t.Errorf("%s: %s %s %s, %s, %s first", r.name, v.Cause, v.Certainty, v.Vantage, v.Summary, v.Remedies[0].Kind)
		}
		if !slices.ContainsFunc(v.Remedies, func(m runbook.Remedy) bool { return m.Kind == runbook.ProbeFromNode }) {
			t.Errorf("%s: nothing is tried from the node", r.name)
		}
	}
}

// TestACacheIsDoubted: what the source of a pull-through cache refused, the cache
// does not find.
func TestACacheIsDoubted(t *testing.T) {
	for _, c := range []cause.Cause{cause.TagNotFound, cause.RepositoryNotFound} {
		heard := answer(c, 404)
		heard.Cached = true
		_, v := newWorld(notFound, says("", heard)).diagnose(t)
		if v.Cause != c || v.Certainty != cause.Likely || !strings.Contains(v.Summary, "was not found") || !strings.Contains(v.Summary, "looks like a cache of another registry: that may have refused it") {
			t.Errorf("%s %s: %s", v.Cause, v.Certainty, v.Summary)
		}
		if len(v.Remedies) < 2 || v.Remedies[0].Kind != runbook.FixImage || v.Remedies[1].Kind != runbook.Escalate {
			t.Errorf("remedies %+v", v.Remedies)
		}
	}
}

// TestOneTimeForTheNextAttempt, by the node's own kubelet.
func TestOneTimeForTheNextAttempt(t *testing.T) {
	for version, want := range map[string]string{"v1.36.3": "within 5 min", "v1.32.1": "within 6.5 min", "v1.29.4-eks-1": "within 6.5 min", "": "within 6.5 min"} {
		_, v := newWorld(`Back-off pulling image "`+image+`"`, says("", answer(cause.None, 200)), func(w *world) { w.facts.Node.KubeletVersion = version }).diagnose(t)
		text := fmt.Sprint(v.Notes)
		if !strings.Contains(text, "tries again "+want) || !strings.Contains(v.Remedies[0].Title, want) {
			t.Errorf("%q: %q, %s", version, v.Remedies[0].Title, text)
		}
		if stays := !strings.Contains(text, "the cause shows for about 10 s"); stays != (version == "v1.36.3" || version == "v1.32.1") {
			t.Errorf("%q: %s", version, text)
		}
	}
}
