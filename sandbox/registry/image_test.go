package registry_test

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/pullfix/pullfix/sandbox/registry"
)

func TestPushedImageCanBeUnpackedAndRun(t *testing.T) {
	for _, docker := range []bool{false, true} {
		r := registry.New(registry.Options{})
		digest, err := r.PushImage("team/pause", "1", registry.Image{
			Docker: docker, Entrypoint: []string{"/bin/pause"}, Cmd: []string{"--now"}, Env: []string{"A=b"}, User: "65534",
			Files: []registry.File{{Name: "/bin/pause", Mode: 0o755, Body: []byte("ELF")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		img, err := remote.Image(mustRef(t, host+"/team/pause:1"), with(t, r.RoundTripper(), "", "")...)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(img); err != nil {
			t.Errorf("docker %v: %v", docker, err)
		}
		if got, err := img.Digest(); err != nil || got.String() != digest {
			t.Errorf("digest %v, %v; want %s", got, err, digest)
		}
		config, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if config.OS != "linux" || config.Architecture != "amd64" || config.Config.Entrypoint[0] != "/bin/pause" ||
			config.Config.Cmd[0] != "--now" || config.Config.User != "65534" {
			t.Errorf("config %+v", config)
		}
		want := map[string]string{"bin/pause": "ELF 755", "bin": " 755", "etc": " 755"}
		for name, entry := range unpacked(t, img) {
			if w, ok := want[name]; ok && w != entry {
				t.Errorf("%s is %q, want %q", name, entry, w)
			}
			delete(want, name)
		}
		if len(want) != 0 {
			t.Errorf("not unpacked: %v", want)
		}
	}
}

// unpacked maps each path of the image to its content and mode.
func unpacked(t *testing.T, img v1.Image) map[string]string {
	t.Helper()
	files := mutate.Extract(img)
	defer func() { _ = files.Close() }()
	out := map[string]string{}
	for r := tar.NewReader(files); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[h.Name] = string(body) + " " + string([]byte{'0' + byte(h.Mode>>6&7), '0' + byte(h.Mode>>3&7), '0' + byte(h.Mode&7)})
	}
}

func TestPushedIndex(t *testing.T) {
	r := registry.New(registry.Options{})
	digest := mustPush(t, r, "team/multi:v1", "linux/arm64/v8", "windows/amd64")
	opts := with(t, r.RoundTripper(), "", "")
	index, err := remote.Index(mustRef(t, host+"/team/multi@"+digest), opts...)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	list, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range list.Manifests {
		platforms = append(platforms, m.Platform.String())
	}
	if !slices.Equal(platforms, []string{"linux/arm64/v8", "windows/amd64"}) {
		t.Errorf("platforms %v", platforms)
	}
	if _, err := remote.Image(mustRef(t, host+"/team/multi:v1"), opts...); err == nil {
		t.Error("linux/amd64 was found in an index without it")
	}
	one, err := r.PushImage("team/multi", "one", registry.Image{Index: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := remote.Index(mustRef(t, host+"/team/multi:one"), opts...); err != nil {
		t.Errorf("index of one (%s, %v): %v", one, got, err)
	}
	if _, err := r.Push("team/multi", "bad", "a/b/c/d/e"); err == nil {
		t.Error("a platform of five parts was accepted")
	}
}

func TestContentIsUnique(t *testing.T) {
	r := registry.New(registry.Options{})
	seen := map[string]bool{}
	for range 20 {
		seen[mustPush(t, r, "team/app:v1")] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d different digests of 20", len(seen))
	}
}

func TestOddManifests(t *testing.T) {
	r := registry.New(registry.Options{})
	if _, err := r.PushSchema1("old/app", "v1"); err != nil {
		t.Fatal(err)
	}
	got := over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+"/v2/old/app/manifests/v1")
	var body struct{ SchemaVersion int }
	if err := json.Unmarshal([]byte(got.body), &body); err != nil || body.SchemaVersion != 1 || got.header.Get("Content-Type") != registry.Schema1MediaType {
		t.Errorf("%v %d %s", err, body.SchemaVersion, got.header.Get("Content-Type"))
	}
	if _, err := r.PushManifest("odd/app", "v1", "application/x-odd", []byte("odd")); err != nil {
		t.Fatal(err)
	}
	content, kind, err := r.Manifest("odd/app", "v1")
	if err != nil || string(content) != "odd" || kind != "application/x-odd" {
		t.Errorf("%q %q %v", content, kind, err)
	}
}

func TestDeletedContentIsMissing(t *testing.T) {
	r := registry.New(registry.Options{})
	mustPush(t, r, "team/app:v1")
	img, err := remote.Image(mustRef(t, host+"/team/app:v1"), with(t, r.RoundTripper(), "", "")...)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	layer := manifest.Layers[0].Digest.String()
	if err := r.DeleteBlob("team/app", layer); err != nil {
		t.Fatal(err)
	}
	if got := over(t, r.RoundTripper()).send(http.MethodGet, "http://"+host+"/v2/team/app/blobs/"+layer); got.status != 404 || got.code != "BLOB_UNKNOWN" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if err := r.Delete("team/app", "v1"); err != nil || len(r.Tags("team/app")) != 0 {
		t.Errorf("%v, tags %v", err, r.Tags("team/app"))
	}
	_, _, missing := r.Manifest("team/app", "v1")
	for _, err := range []error{missing, r.Delete("team/app", "v1"), r.DeleteBlob("team/app", layer)} {
		if !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	}
}
