package registry_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pullfix/pullfix/sandbox/registry"
)

// docker pushes as docker does: with a token for pull and push it looks for the
// blob, opens an upload, sends it, closes it and puts the manifest.
type docker struct {
	t     *testing.T
	rt    http.RoundTripper
	token string
}

func (d docker) do(method, path string, body []byte, headers ...string) reply {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, "http://"+host+path, bytes.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+d.token)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return exchange(d.t, d.rt, req)
}

func (d docker) want(status int, got reply) reply {
	d.t.Helper()
	if got.status != status {
		d.t.Fatalf("got %d %s, want %d", got.status, got.body, status)
	}
	return got
}

func sha(content []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(content)) }

func (d docker) blob(repository string, content []byte) {
	d.t.Helper()
	base := "/v2/" + repository + "/blobs/"
	d.want(404, d.do(http.MethodHead, base+sha(content), nil))
	upload := d.want(202, d.do(http.MethodPost, base+"uploads/", nil)).header.Get("Location")
	half := len(content) / 2
	next := d.want(202, d.do(http.MethodPatch, upload, content[:half], "Content-Range", fmt.Sprintf("0-%d", half-1)))
	upload = next.header.Get("Location")
	if got, want := next.header.Get("Range"), fmt.Sprintf("0-%d", half-1); got != want {
		d.t.Errorf("range %q, want %q", got, want)
	}
	d.want(202, d.do(http.MethodPatch, upload, content[half:], "Content-Range", fmt.Sprintf("%d-%d", half, len(content)-1)))
	created := d.want(201, d.do(http.MethodPut, upload+"?digest="+sha(content), nil))
	if got := created.header.Get("Docker-Content-Digest"); got != sha(content) {
		d.t.Errorf("digest %s", got)
	}
	d.want(200, d.do(http.MethodHead, base+sha(content), nil))
}

func TestDockerPush(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBearer})
	first := over(t, r.RoundTripper()).send(http.MethodPost, "http://"+host+"/v2/team/pushed/blobs/uploads/")
	if c := first.header.Get("WWW-Authenticate"); first.status != 401 || !strings.HasSuffix(c, `scope="repository:team/pushed:pull,push"`) {
		t.Errorf("push without a token: %d %s", first.status, c)
	}
	scopes := "scope=repository:team/pushed:pull,push&scope=repository:team/mounted:pull,push"
	_, token := fetchToken(t, r.RoundTripper(), basic("ann", marker), scopes)
	d := docker{t, r.RoundTripper(), token}
	config, layer := []byte(`{"architecture":"amd64","os":"linux"}`), bytes.Repeat([]byte("layer"), 1000)
	d.blob("team/pushed", config)
	d.blob("team/pushed", layer)
	manifest := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",`+
		`"config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":%d,"digest":%q},"layers":[]}`, len(config), sha(config))
	kind := "application/vnd.docker.distribution.manifest.v2+json"
	d.want(201, d.do(http.MethodPut, "/v2/team/pushed/manifests/v9", manifest, "Content-Type", kind))
	got := d.want(200, d.do(http.MethodGet, "/v2/team/pushed/manifests/v9", nil))
	if got.body != string(manifest) || got.header.Get("Content-Type") != kind || got.header.Get("Docker-Content-Digest") != sha(manifest) {
		t.Errorf("pulled %q %v", got.body, got.header)
	}
	d.want(404, d.do(http.MethodHead, "/v2/team/mounted/blobs/"+sha(layer), nil))
	d.want(201, d.do(http.MethodPost, "/v2/team/mounted/blobs/uploads/?from=team/pushed&mount="+sha(layer), nil))
	d.want(200, d.do(http.MethodHead, "/v2/team/mounted/blobs/"+sha(layer), nil))
	part := d.want(206, d.do(http.MethodGet, "/v2/team/pushed/blobs/"+sha(layer), nil, "Range", "bytes=4990-"))
	if part.body != "layerlayer" {
		t.Errorf("the rest of the layer is %q", part.body)
	}
}

func TestPushIsRefused(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBearer, MaxUpload: 100})
	_, reader := fetchToken(t, r.RoundTripper(), basic("rex", "rex-pw"), "scope=repository:team/app:pull,push")
	_, owner := fetchToken(t, r.RoundTripper(), basic("ann", marker), "scope=repository:team/app:pull,push")
	rex, ann := docker{t, r.RoundTripper(), reader}, docker{t, r.RoundTripper(), owner}
	uploads := "/v2/team/app/blobs/uploads/"
	rex.want(401, rex.do(http.MethodPost, uploads, nil))
	rex.want(401, rex.do(http.MethodPut, manifestPath, []byte("{}")))
	rex.want(401, rex.do(http.MethodDelete, manifestPath, nil))
	mount := "?from=team/secret&mount=" + sha([]byte("x"))
	ann.want(202, ann.do(http.MethodPost, uploads+mount, nil)) // no right to the source: an ordinary upload
	ann.want(413, ann.do(http.MethodPut, manifestPath, bytes.Repeat([]byte("x"), 101)))
	at := ann.want(202, ann.do(http.MethodPost, uploads, nil)).header.Get("Location")
	ann.want(400, ann.do(http.MethodPut, at+"?digest="+sha([]byte("promised")), []byte("sent")))
	ann.want(202, ann.do(http.MethodDelete, manifestPath, nil))
	ann.want(404, ann.do(http.MethodHead, manifestPath, nil))
}
