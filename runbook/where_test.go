package runbook_test

import (
	"strings"
	"testing"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// pulling is a failure of the image that every world has.
func pulling(failure string) string {
	return `failed to pull and unpack image "` + image + `": ` + failure
}

// copying is one behind the manifest.
func copying(failure string) string {
	return pulling("failed to copy: httpReadSeeker: failed open: " + failure)
}

// sentence is a row about what the verdict says, and whom it sends where.
type sentence struct {
	name    string
	world   *world
	cause   cause.Cause
	vantage string
	says    string // the summary
	check   string // in the command of the first Escalate
	first   runbook.Kind
}

func (r sentence) hold(t *testing.T) {
	_, v := r.world.diagnose(t)
	if v.Cause != r.cause || v.Vantage != r.vantage || v.Remedies[0].Kind != r.first {
		t.Errorf("%s, %s, %s first; want %s, %s, %s", v.Cause, v.Vantage, v.Remedies[0].Kind, r.cause, r.vantage, r.first)
	}
	if v.Summary != r.says {
		t.Errorf("got  %s\nwant %s", v.Summary, r.says)
	}
	for _, remedy := range v.Remedies {
		if remedy.Kind == runbook.Escalate && r.check != "" {
			if remedy.Command != r.check {
				t.Errorf("got  %s\nwant %s", remedy.Command, r.check)
			}
			return
		}
	}
	if r.check != "" {
		t.Errorf("no one to escalate to: %v", kinds(v.Remedies))
	}
}

// TestTheHostThatFailed: layers and tokens may come from another host, which is
// what a firewall's list misses, and of which the registry's answer proves
// nothing. An address that was only dialled may be the registry's own.
func TestTheHostThatFailed(t *testing.T) {
	const (
		noName   = `failed to do request: Get "https://%s/a/b": dial tcp: lookup % on 10.0.0.10:53: no such host`
		noAnswer = `: dial tcp 127.0.0.1:21999: connect: connection refused`
		local    = "127.0.0.1:21018"
	)
	there, down := says("", answer(cause.None, 200)), says("", runbook.Answer{Result: cause.ConnectionRefused, Detail: "realm 127.0.0.1:21999: connection refused"})
	onLocal := func(failure string) string {
		return `failed to pull and unpack image "` + local + `/app:v1": ` + failure
	}
	lookup := func(name string) string {
		return copying(strings.NewReplacer("%s", name, "% on", name+" on").Replace(noName))
	}
	for _, r := range []sentence{
		{"storage elsewhere", newWorld(lookup("layers.example"), there), cause.DNSFailure, runbook.VantageNetwork, "Node node1 cannot resolve the name of layers.example (where " + host + " sends it); the registry itself answers from here", "curl -v https://layers.example/", runbook.ProbeFromNode},
		{"the registry itself", newWorld(lookup(host), there), cause.DNSFailure, runbook.VantageNode, "Node node1 cannot resolve the name of " + host + "; from here the registry answers", "curl -v https://" + host + "/v2/", runbook.ProbeFromNode},
		{"the registry with its port", newWorld(lookup(host+":443"), there), cause.DNSFailure, runbook.VantageNode, "Node node1 cannot resolve the name of " + host + "; from here the registry answers", "", runbook.ProbeFromNode},
		{"an address in a URL", newWorld(copying(`failed to do request: Get "http://10.1.2.3:9000/a"`+noAnswer), there), cause.ConnectionRefused, runbook.VantageNetwork, "Node node1 cannot connect to 10.1.2.3:9000 (where " + host + " sends it): connection refused; the registry itself answers from here", "curl -v http://10.1.2.3:9000/", runbook.ProbeFromNode},
		{"an address that was dialled", newWorld(pulling("dial tcp 10.1.2.3:443: connect: connection refused"), there), cause.ConnectionRefused, runbook.VantageNode, "Node node1 cannot connect to " + host + ": connection refused; from here the registry answers", "curl -v https://" + host + "/v2/", runbook.ProbeFromNode},
		{"another port of the address", newWorld(onLocal(`failed to authorize: failed to fetch anonymous token: Get "http://127.0.0.1:21999/token?service=x"`+noAnswer), pulls(local+"/app:v1"), down), cause.ConnectionRefused, runbook.VantageRegistry, "Node node1 cannot connect to 127.0.0.1:21999 (where " + local + " sends it): connection refused, and it is the same from here", "curl -v http://127.0.0.1:21999/", runbook.Escalate},
		{"its own port", newWorld(onLocal(`failed to do request: Head "http://`+local+`/v2/app/manifests/v1"`+strings.ReplaceAll(noAnswer, "21999", "21018")), pulls(local+"/app:v1"), there), cause.ConnectionRefused, runbook.VantageNode, "Node node1 cannot connect to " + local + ": connection refused; from here the registry answers", "", runbook.ProbeFromNode},
		{"Docker Hub's own", newWorld(`failed to pull and unpack image "docker.io/library/app:v1": failed to do request: Head "https://registry-1.docker.io/v2/library/app/manifests/v1": dial tcp 1.2.3.4:443: connect: connection refused`, pulls("app:v1"), there), cause.ConnectionRefused, runbook.VantageNode, "Node node1 cannot connect to docker.io: connection refused; from here the registry answers", "curl -v https://registry-1.docker.io/v2/", runbook.ProbeFromNode},
	} {
		t.Run(r.name, r.hold)
	}
}

// TestWhoAnswered: errors of a token server and of the storage are not said of
// the registry; what comes from in between is not either.
func TestWhoAnswered(t *testing.T) {
	const token = "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to http://auth.example:81/token?service=x: "
	there := says("", answer(cause.None, 200))
	heard := func(c cause.Cause, status int) change { return says("", runbook.Answer{Result: c, Status: status}) }
	sent := "auth.example:81 (where " + host + " sends the node)"
	for _, r := range []sentence{
		{"token server 503", newWorld(pulling(token+"503 Service Unavailable"), heard(cause.RegistryServerError, 503)), cause.RegistryServerError, runbook.VantageRegistry, sent + " answers with server errors (503)", "curl -v http://auth.example:81/", runbook.Wait},
		{"token server 503, the registry asks for a login", newWorld(pulling(token+"503 Service Unavailable"), heard(cause.AuthMissing, 401)), cause.RegistryServerError, runbook.VantageRegistry, sent + " answers with server errors", "", runbook.Wait},
		{"token server 429", newWorld(pulling(token+"429 Too Many Requests"), heard(cause.RateLimited, 429)), cause.RateLimited, runbook.VantageRegistry, sent + " limits how often this node may pull", "", runbook.Wait},
		{"token server 404", newWorld(pulling(token+"404 Not Found"), heard(cause.UnexpectedRegistryResponse, 404)), cause.UnexpectedRegistryResponse, runbook.VantageRegistry, sent + " gives an answer that does not belong there", "curl -v http://auth.example:81/", runbook.Escalate},
		{"storage 500", newWorld(copying("unexpected status from GET request to https://layers.example/x?sig=y: 500 Internal Server Error"), there), cause.RegistryServerError, runbook.VantageRegistry, "layers.example (where " + host + " sends the node) answers with server errors when the node fetches the content of " + image, "curl -v https://layers.example/", runbook.Wait},
		{"storage 403", newWorld(copying("unexpected status from GET request to https://layers.example/x?sig=y: 403 Forbidden"), there), cause.PermissionDenied, runbook.VantageRegistry, "layers.example, the storage behind " + host + ", refuses the layers of " + image + ", though the registry gives the manifest", "curl -v https://layers.example/", runbook.Escalate},
		{"storage 403 at the registry", newWorld(copying("unexpected status from GET request to https://"+host+"/v2/acme/app/blobs/sha256:aa: 403 Forbidden"), there), cause.PermissionDenied, runbook.VantageRegistry, "The storage behind " + host + " refuses the layers of " + image + ", though the registry gives the manifest", "curl -v https://" + host + "/v2/", runbook.Escalate},
		{"layers refused with the manifest", newWorld(copying("unexpected status from GET request to https://"+host+"/v2/acme/app/blobs/sha256:aa: 403 Forbidden"), heard(cause.AuthMissing, 401)), cause.AuthMissing, runbook.VantageCredential, host + " asks for a login, and the pod has no pull secret for it", "", runbook.CreateSecret},
		{"a web page, and the image from here", newWorld("unexpected media type text/html for sha256:aa: not found", there), cause.UnexpectedRegistryResponse, runbook.VantageNode, "Something between node node1 and " + host + ", a mirror or a proxy, gives an answer that no registry gives; from here the registry has the image", "", runbook.ProbeFromNode},
		{"a web page for a layer", newWorld(copying("unexpected status from GET request to https://"+host+"/v2/acme/app/blobs/sha256:aa: 405 Method Not Allowed"), there), cause.UnexpectedRegistryResponse, runbook.VantageRegistry, host + " gives an answer that does not belong there when the node fetches the content of " + image, "", runbook.Escalate},
	} {
		t.Run(r.name, r.hold)
	}
}

// TestContentThatTheRegistryLost: no new attempt brings it back, and the tag is
// not missing.
func TestContentThatTheRegistryLost(t *testing.T) {
	there := says("", answer(cause.None, 200))
	layer := copying("could not fetch content descriptor sha256:aa (application/vnd.oci.image.layer.v1.tar+gzip) from remote: not found")
	child := copying("content at https://" + host + "/v2/acme/app/manifests/sha256:aa not found: not found")
	const (
		incomplete = image + " is incomplete: the registry (or a mirror that the node asks in its place) lists content that it does not hold; the image has to be pushed again"
		gone       = image + " is incomplete: the registry lists content that it does not hold; the image has to be pushed again"
	)
	for _, r := range []sentence{
		{"a layer", newWorld(layer, there), cause.CorruptContent, runbook.VantageRegistry, incomplete, "curl -v https://" + host + "/v2/", runbook.FixImage},
		{"the configuration", newWorld(strings.Replace(layer, "layer.v1.tar+gzip", "config.v1+json", 1), there), cause.CorruptContent, runbook.VantageRegistry, incomplete, "", runbook.FixImage},
		{"the manifest of a platform", newWorld(child, there), cause.CorruptContent, runbook.VantageRegistry, incomplete, "", runbook.FixImage},
		{"the manifest of the tag", newWorld(child, says("", answer(cause.TagNotFound, 404))), cause.CorruptContent, runbook.VantageRegistry, gone, "", runbook.FixImage},
		{"the repository is gone", newWorld(layer, says("", answer(cause.RepositoryNotFound, 404))), cause.RepositoryNotFound, runbook.VantageImage, "The repository acme/app does not exist on " + host, "", runbook.FixImage},
		{"a web page instead", newWorld(strings.Replace(layer, "application/vnd.oci.image.layer.v1.tar+gzip", "text/html", 1), says("", answer(cause.UnexpectedRegistryResponse, 200))), cause.UnexpectedRegistryResponse, runbook.VantageRegistry, "Something other than a registry answers at " + host, "", runbook.Escalate},
		{"a web page from here", newWorld(layer, says("", answer(cause.UnexpectedRegistryResponse, 200))), cause.UnexpectedRegistryResponse, runbook.VantageRegistry, "Something other than a registry answers at " + host, "", runbook.Escalate},
		{"lost in a mirror", newWorld(copying("unexpected status from GET request to https://"+mirror+"/v2/acme/app/blobs/sha256:aa?ns="+host+": 404 Not Found"), there), cause.CorruptContent, runbook.VantageNode, mirror + ", the mirror that node node1 asks in place of " + host + ", does not hold the whole image", "curl -v https://" + mirror + "/v2/", runbook.Escalate},
		{"damaged on its way", newWorld(pulling(`failed commit on ref "layer-sha256:aa": unexpected commit digest sha256:bb, expected sha256:aa: failed precondition`), there), cause.CorruptContent, runbook.VantageNode, "What node node1 received for " + image + " is damaged or incomplete", "", runbook.Wait},
	} {
		t.Run(r.name, r.hold)
	}
}

// TestWhatIsWrongWithTheCertificate: a certificate that has expired, one for
// another name and one of an unknown authority have different cures.
func TestWhatIsWrongWithTheCertificate(t *testing.T) {
	same := says("", runbook.Answer{Result: cause.TLSUntrusted, Detail: "x"})
	for fault, want := range map[string]struct{ says, cure string }{
		"certificate has expired or is not yet valid: current time 2026-11-28T05:04:42Z is after 2026-11-01T00:00:00Z":  {", which has expired,", "renewed"},
		"certificate has expired or is not yet valid: current time 2026-10-28T05:04:42Z is before 2026-11-01T00:00:00Z": {", which is not valid yet,", "clock"},
		"certificate is valid for a.example, not " + host:                                                               {", which is for other names,", "must name that host"},
		"certificate signed by unknown authority":                                                                       {", which is signed by an authority that the node does not know,", "of that authority"},
		"x509: invalid signature: parent certificate ...":                                                               {"certificate of " + host + ",", ""},
	} {
		message := strings.Replace(badCert, "certificate signed by unknown authority", fault, 1)
		_, v := newWorld(message, same).diagnose(t)
		if !strings.Contains(v.Summary, want.says+" and it is the same from here") {
			t.Errorf("%s: %s", fault, v.Summary)
		}
		if r := v.Remedies[0]; r.Kind != runbook.Escalate || !strings.Contains(r.Why, want.cure) {
			t.Errorf("%s: %s: %s", fault, r.Kind, r.Why)
		}
	}
}

// TestAHostThatCannotBeOne: the node asks it all the same, so pullfix names it.
func TestAHostThatCannotBeOne(t *testing.T) {
	const odd = "my_reg.corp/app:v1"
	lookup := `failed to pull and unpack image "` + odd + `": failed to resolve image: failed to do request: Head "https://my_reg.corp/v2/app/manifests/v1": dial tcp: lookup my_reg.corp on 10.0.0.1:53: no such host`
	w := newWorld(lookup, pulls(odd), says("", runbook.Answer{Result: cause.DNSFailure, Detail: "no such host"}))
	sentence{"", w, cause.DNSFailure, runbook.VantageRegistry, `The image name is probably wrong: my_reg.corp holds "_", which the name of a host may not`, "curl -v https://my_reg.corp/v2/", runbook.FixImage}.hold(t)
	answers := newWorld(strings.ReplaceAll(noLogin, host, "my_reg.corp"), pulls("my_reg.corp/acme/app:v1"))
	sentence{"", answers, cause.AuthMissing, runbook.VantageCredential, "my_reg.corp asks for a login, and the pod has no pull secret for it", "", runbook.CreateSecret}.hold(t)
}
