package runbook_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/keyring"
)

type row struct {
	name      string
	world     *world
	cause     cause.Cause
	certainty cause.Certainty
	vantage   string
	first     runbook.Kind
}

func TestVerdict(t *testing.T) {
	for _, r := range slices.Concat(imageRows(), credentialRows(), secretRows(), networkRows(), textRows()) {
		t.Run(r.name, func(t *testing.T) {
			_, v := r.world.diagnose(t)
			if v.Cause != r.cause || v.Certainty != r.certainty || v.Vantage != r.vantage {
				t.Errorf("verdict %s, %s, %s; want %s, %s, %s\n%s\n%v", v.Cause, v.Certainty, v.Vantage, r.cause, r.certainty, r.vantage, v.Summary, v.Details)
			}
			if len(v.Remedies) == 0 || v.Remedies[0].Kind != r.first {
				t.Errorf("remedies %+v; want %s first", v.Remedies, r.first)
			}
			if v.Summary == "" {
				t.Error("no summary")
			}
		})
	}
}

func imageRows() []row {
	good := lists(secret("good", entry(host, "bob", "pw")))
	return []row{
		{"tag missing, public", newWorld(notFound, says("", answer(cause.TagNotFound, 404))), cause.TagNotFound, cause.Certain, runbook.VantageImage, runbook.FixImage},
		{"tag missing, private", newWorld(notFound, good, says("bob", answer(cause.TagNotFound, 404))), cause.TagNotFound, cause.Certain, runbook.VantageImage, runbook.FixImage},
		{"repository missing", newWorld(notFound, says("", answer(cause.RepositoryNotFound, 404))), cause.RepositoryNotFound, cause.Certain, runbook.VantageImage, runbook.FixImage},
		{
			"stale first, good second, tag missing", newWorld("["+rejected+", "+notFound+"]", lists(secret("stale", entry(host, "old", "x"))), good,
				says("old", answer(cause.AuthRejected, 401)), says("bob", answer(cause.TagNotFound, 404))),
			cause.TagNotFound, cause.Certain, runbook.VantageImage, runbook.FixImage,
		},
		{"platform", newWorld(noPlatform, says("", runbook.Answer{Result: cause.PlatformMismatch, Platforms: []string{"linux/arm64"}})), cause.PlatformMismatch, cause.Certain, runbook.VantageImage, runbook.FixImage},
		{"platform, seen only by the registry", newWorld(backOff, says("", runbook.Answer{Result: cause.PlatformMismatch})), cause.PlatformMismatch, cause.Likely, runbook.VantageImage, runbook.FixImage},
		{"name not valid", newWorld("", pulls(host+"/App:v1"), waits("InvalidImageName", `Failed to apply default image tag "`+host+`/App:v1": couldn't parse image name "`+host+`/App:v1": invalid reference format: repository name (App) must be lowercase`)), cause.InvalidReference, cause.Certain, runbook.VantageImage, runbook.FixImage},
		{"policy Never", newWorld("", waits("ErrImageNeverPull", `Container image "`+image+`" is not present with pull policy of Never`)), cause.NeverPull, cause.Certain, runbook.VantageImage, runbook.FixImage},
		{"tag is there by now", newWorld(notFound, says("", answer(cause.None, 200))), cause.TagNotFound, cause.Likely, runbook.VantageImage, runbook.Wait},
		{"missing or hidden", newWorld(noLogin, says("", answer(cause.NotFoundOrDenied, 401))), cause.NotFoundOrDenied, cause.Likely, runbook.VantageUnknown, runbook.FixImage},
	}
}

func credentialRows() []row {
	mine := lists(secret("mine", entry(host, "bob", "pw")))
	return []row{
		{"no secret at all", newWorld(noLogin), cause.AuthMissing, cause.Certain, runbook.VantageCredential, runbook.CreateSecret},
		{"wrong password", newWorld(rejected, mine, says("bob", answer(cause.AuthRejected, 401))), cause.AuthRejected, cause.Certain, runbook.VantageCredential, runbook.UpdateSecret},
		{"expired at the registry", newWorld(rejected, mine, says("bob", answer(cause.AuthExpired, 401))), cause.AuthExpired, cause.Certain, runbook.VantageCredential, runbook.UpdateSecret},
		{"valid but not allowed", newWorld(forbidden, mine, says("bob", answer(cause.PermissionDenied, 403))), cause.PermissionDenied, cause.Certain, runbook.VantageCredential, runbook.UpdateSecret},
		{"stale secret, public image", newWorld(rejected, mine, says("", answer(cause.None, 200)), says("bob", answer(cause.AuthRejected, 401))), cause.AuthRejected, cause.Certain, runbook.VantageCredential, runbook.UpdateSecret},
		{"accepted from here, refused on the node", newWorld(rejected, mine, says("bob", answer(cause.None, 200))), cause.AuthRejected, cause.Likely, runbook.VantageNode, runbook.ProbeFromNode},
		{"corrected since", newWorld(rejected, mine, says("bob", answer(cause.None, 200)), wroteSecret("mine", time.Minute), event("Failed", `Failed to pull image "`+image+`": `+rejected, 3*time.Minute)), cause.AuthRejected, cause.Likely, runbook.VantageCredential, runbook.Wait},
		{"the node's own credential", newWorld(`failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://` + host + `/token: 401 Unauthorized`), cause.AuthRejected, cause.Certain, runbook.VantageNode, runbook.Escalate},
		{"another credential in the namespace works", newWorld(rejected, mine, has(secret("other", entry(host, "ann", "pw"))), says("bob", answer(cause.AuthRejected, 401)), says("ann", answer(cause.None, 200))), cause.AuthRejected, cause.Certain, runbook.VantageCredential, runbook.UpdateSecret},
		{"External Secrets owns it", newWorld(rejected, mine, says("bob", answer(cause.AuthRejected, 401)), owned("mine", runbook.OwnerExternalSecrets)), cause.AuthRejected, cause.Certain, runbook.VantageCredential, runbook.SyncExternalSecret},
	}
}

func wroteSecret(name string, age time.Duration) change {
	return func(w *world) {
		at := w.facts.ObservedAt.Add(-age)
		for i := range w.facts.Secrets {
			if w.facts.Secrets[i].Name == name {
				w.facts.Secrets[i].LastWritten, w.facts.Secrets[i].LastWriter = &at, "kubectl"
			}
		}
	}
}

func owned(name, by string) change {
	return func(w *world) {
		for i := range w.facts.Secrets {
			if w.facts.Secrets[i].Name == name {
				w.facts.Secrets[i].Owner = &runbook.Ownership{By: by, Name: "shop/" + name, Effect: "reverted within seconds"}
			}
		}
	}
}

func secretRows() []row {
	opaque := secret("opaque", entry(host, "bob", "pw"))
	opaque.Type = "Opaque"
	good := secret("good", entry(host, "bob", "pw"))
	accepted := says("bob", answer(cause.None, 200))
	malformed := secret("broken", `{"auths":{"`+host+`":{"auth":"%%%"}}}`)
	return []row{
		{"named but absent", newWorld(noLogin, lists(keyring.PullSecret{Namespace: "shop", Name: "regcred", Missing: true})), cause.PullSecretMissing, cause.Certain, runbook.VantageCredential, runbook.CreateSecret},
		{"wrong type", newWorld(noLogin, lists(opaque)), cause.PullSecretWrongType, cause.Certain, runbook.VantageCredential, runbook.CreateSecret},
		{"wrong host", newWorld(noLogin, lists(secret("s", entry("other.example.com", "bob", "pw")))), cause.PullSecretWrongHost, cause.Certain, runbook.VantageCredential, runbook.UpdateSecret},
		{"key with a port", newWorld(noLogin, lists(secret("s", entry(host+":443", "bob", "pw")))), cause.PullSecretWrongHost, cause.Certain, runbook.VantageCredential, runbook.UpdateSecret},
		{"key with /v2 and no slash", newWorld(noLogin, lists(secret("s", entry("https://"+host+"/v2", "bob", "pw")))), cause.PullSecretWrongHost, cause.Certain, runbook.VantageCredential, runbook.UpdateSecret},
		{"identitytoken only", newWorld(noLogin, lists(secret("s", `{"auths":{"`+host+`":{"identitytoken":"t"}}}`))), cause.AuthMissing, cause.Certain, runbook.VantageCredential, runbook.UpdateSecret},
		{"good but not attached", newWorld(noLogin, has(good), accepted), cause.PullSecretNotAttached, cause.Certain, runbook.VantageCredential, runbook.AttachSecret},
		{"ServiceAccount lists it by now", newWorld(noLogin, has(good), accepted, accountLists("good")), cause.PullSecretNotAttached, cause.Certain, runbook.VantageCredential, runbook.DeletePods},
		{"pod has its own list, so not the ServiceAccount's", newWorld(noLogin, lists(secret("s", entry("quay.io", "q", "pw"))), templateLists("s"), has(good), accepted, accountLists("good")), cause.PullSecretNotAttached, cause.Certain, runbook.VantageCredential, runbook.AttachSecret},
		{"good and listed, but the node had not read it", newWorld(noLogin, lists(good), accepted), cause.AuthMissing, cause.Likely, runbook.VantageCredential, runbook.Wait},
		{"no entries at all", newWorld(noLogin, lists(secret("s", `{"auths":{}}`))), cause.PullSecretWrongHost, cause.Certain, runbook.VantageCredential, runbook.UpdateSecret},
		{"malformed, kubelet 1.36", newWorld("", lists(malformed), waits("illegal base64 data at input byte 0", "illegal base64 data at input byte 0")), cause.PullSecretMalformed, cause.Certain, runbook.VantageCredential, runbook.UpdateSecret},
		{"malformed, kubelet 1.31", newWorld("illegal base64 data at input byte 0", lists(malformed)), cause.PullSecretMalformed, cause.Certain, runbook.VantageCredential, runbook.UpdateSecret},
	}
}

func templateLists(name string) change {
	return func(w *world) { w.facts.Workload.Template.PullSecrets = []string{name} }
}

func networkRows() []row {
	reachable := says("", answer(cause.None, 200))
	same := func(c cause.Cause) change { return says("", runbook.Answer{Result: c, Detail: "x"}) }
	return []row{
		{"down for everybody", newWorld(refused, same(cause.ConnectionRefused)), cause.ConnectionRefused, cause.Certain, runbook.VantageRegistry, runbook.Escalate},
		{"refused only on the node", newWorld(refused, reachable), cause.ConnectionRefused, cause.Certain, runbook.VantageNode, runbook.ProbeFromNode},
		{"unknown host", newWorld(noHost, same(cause.DNSFailure)), cause.DNSFailure, cause.Certain, runbook.VantageRegistry, runbook.Escalate},
		{"unknown host only on the node", newWorld(noHost, reachable), cause.DNSFailure, cause.Certain, runbook.VantageNode, runbook.ProbeFromNode},
		{"self-signed", newWorld(badCert, same(cause.TLSUntrusted)), cause.TLSUntrusted, cause.Certain, runbook.VantageRegistry, runbook.Escalate},
		{"http registry", newWorld(plainHTTP, reachable), cause.HTTPSMismatch, cause.Certain, runbook.VantageNode, runbook.ProbeFromNode},
		{"limited", newWorld(tooMany, same(cause.RateLimited)), cause.RateLimited, cause.Certain, runbook.VantageRegistry, runbook.Wait},
		{"limited only on the node", newWorld(tooMany, reachable), cause.RateLimited, cause.Certain, runbook.VantageRegistry, runbook.Wait},
		{"server error", newWorld(broken, same(cause.RegistryServerError)), cause.RegistryServerError, cause.Certain, runbook.VantageRegistry, runbook.Wait},
		{"only back-off, registry down from here", newWorld(backOff, same(cause.ConnectionRefused)), cause.ConnectionRefused, cause.Likely, runbook.VantageNetwork, runbook.Escalate},
	}
}

func textRows() []row {
	return []row{
		{"only back-off, registry says missing", newWorld(backOff, waits("ImagePullBackOff", backOff), says("", answer(cause.TagNotFound, 404))), cause.TagNotFound, cause.Likely, runbook.VantageImage, runbook.FixImage},
		{"only back-off, cause in an old event", newWorld("", waits("ImagePullBackOff", backOff), event("Failed", `Failed to pull image "`+image+`": `+notFound, 2*time.Minute), says("", answer(cause.TagNotFound, 404))), cause.TagNotFound, cause.Certain, runbook.VantageImage, runbook.FixImage},
		{"only back-off, and all is well from here", newWorld("", waits("ImagePullBackOff", backOff), says("", answer(cause.None, 200))), cause.BackOffOnly, cause.CertaintyUnknown, runbook.VantageUnknown, runbook.Wait},
		{"back-off with its cause", newWorld("", waits("ImagePullBackOff", backOff+`: ErrImagePull: `+notFound), says("", answer(cause.TagNotFound, 404))), cause.TagNotFound, cause.Certain, runbook.VantageImage, runbook.FixImage},
		{"disk", newWorld(`failed to pull and unpack image "` + image + `": failed to extract layer sha256:aa: write /x: no space left on device`), cause.DiskFull, cause.Certain, runbook.VantageNode, runbook.FreeDisk},
		{"throttled by the kubelet", newWorld("pull QPS exceeded"), cause.PullQPSExceeded, cause.Certain, runbook.VantageNode, runbook.Wait},
		{"text that nobody knows", newWorld("the flux capacitor is empty", says("", answer(cause.None, 200))), cause.Unknown, cause.CertaintyUnknown, runbook.VantageUnknown, runbook.Wait},
	}
}

// TestTheKubeletIsQuotedUpToItsTellingWords: enough of the message to recognise
// it, ending with the words that decide.
func TestTheKubeletIsQuotedUpToItsTellingWords(t *testing.T) {
	_, v := newWorld(notFound, says("", answer(cause.TagNotFound, 404))).diagnose(t)
	want := `kubelet: "…failed to resolve image: registry.example.com/acme/app:v1: not found"`
	if got := v.Steps[1].Summary; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
