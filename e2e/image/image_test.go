package image

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

func build(t *testing.T) v1.Image {
	t.Helper()
	folder := t.TempDir()
	o := Options{Binary: filepath.Join(folder, "pullfix"), Certificates: filepath.Join(folder, "ca.pem"), Architecture: "amd64", Version: "v1"}
	for file, text := range map[string]string{o.Binary: "program", o.Certificates: "certificates"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	made, err := Build(o)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestBuildIsReproducible(t *testing.T) {
	first, err := build(t).Digest()
	if err != nil {
		t.Fatal(err)
	}
	if second, err := build(t).Digest(); err != nil || first != second {
		t.Errorf("%s, then %s, %v", first, second, err)
	}
}

// TestBuildHoldsNothingElse: no shell, no root, nothing writable but the journal.
func TestBuildHoldsNothingElse(t *testing.T) {
	made := build(t)
	config, err := made.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "65532:65532" || config.Config.Entrypoint[0] != "/pullfix" || config.Architecture != "amd64" {
		t.Errorf("%+v", config.Config)
	}
	files := mutate.Extract(made)
	defer func() { _ = files.Close() }()
	found := map[string]bool{}
	for in := tar.NewReader(files); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		found[h.Name] = true
		if writable := h.Mode&0o022 != 0 || h.Uid != 0; writable != (filepath.Clean(h.Name) == journal) {
			t.Errorf("%s has mode %o and owner %d", h.Name, h.Mode, h.Uid)
		}
	}
	if len(found) != 10 || !found["pullfix"] || !found["etc/ssl/certs/ca-certificates.crt"] {
		t.Errorf("the image holds %v", found)
	}
}
