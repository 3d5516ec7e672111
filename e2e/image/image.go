// Package image builds pullfix's container image without a container engine:
// one static program, the certificates it trusts, and a user who is not root.
package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Options say what goes into the image.
type Options struct {
	Binary       string // the static program
	Certificates string // a PEM file of authorities that are trusted
	Architecture string // of the program, as amd64
	Version      string
}

// nobody is who pullfix runs as, the same number as in distroless images.
const nobody = 65532

// journal is the only path that pullfix writes to.
const journal = "var/lib/pullfix"

// file is one entry of a layer.
type file struct {
	name string
	mode int64
	uid  int
	body []byte // nil for a directory
}

// Build makes the image. The same files make the same image, to the byte.
func Build(o Options) (v1.Image, error) {
	program, err := os.ReadFile(o.Binary)
	if err != nil {
		return nil, fmt.Errorf("reading the program: %w", err)
	}
	certificates, err := os.ReadFile(o.Certificates)
	if err != nil {
		return nil, fmt.Errorf("reading the certificates: %w", err)
	}
	base, err := layer([]file{
		{"etc", 0o755, 0, nil},
		{"etc/passwd", 0o644, 0, fmt.Appendf(nil, "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:%d:%d:pullfix:/%s:/sbin/nologin\n", nobody, nobody, journal)},
		{"etc/group", 0o644, 0, fmt.Appendf(nil, "root:x:0:\nnonroot:x:%d:\n", nobody)},
		{"etc/ssl", 0o755, 0, nil},
		{"etc/ssl/certs", 0o755, 0, nil},
		{"etc/ssl/certs/ca-certificates.crt", 0o644, 0, certificates},
		{"var", 0o755, 0, nil},
		{"var/lib", 0o755, 0, nil},
		{journal, 0o700, nobody, nil},
	})
	if err != nil {
		return nil, err
	}
	top, err := layer([]file{{"pullfix", 0o755, 0, program}})
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), base, top)
	if err != nil {
		return nil, fmt.Errorf("putting the layers together: %w", err)
	}
	return configured(image, o)
}

func configured(image v1.Image, o Options) (v1.Image, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading the image's configuration: %w", err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", o.Architecture, v1.Time{Time: time.Unix(0, 0).UTC()}
	config.Config = v1.Config{
		User: fmt.Sprintf("%d:%d", nobody, nobody), Entrypoint: []string{"/pullfix"}, WorkingDir: "/" + journal,
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		Labels: map[string]string{
			"org.opencontainers.image.title": "pullfix", "org.opencontainers.image.version": o.Version,
			"org.opencontainers.image.source": "https://github.com/pullfix/pullfix", "org.opencontainers.image.licenses": "Apache-2.0",
		},
	}
	image, err = mutate.ConfigFile(image, config)
	if err != nil {
		return nil, fmt.Errorf("configuring the image: %w", err)
	}
	return image, nil
}

func layer(files []file) (v1.Layer, error) {
	var text bytes.Buffer
	out := tar.NewWriter(&text)
	for _, f := range files {
		header := &tar.Header{Name: f.name, Mode: f.mode, Uid: f.uid, Gid: f.uid, Size: int64(len(f.body)), ModTime: time.Unix(0, 0), Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		if f.body == nil {
			header.Name, header.Typeflag = f.name+"/", tar.TypeDir
		}
		if err := out.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("packing %s: %w", f.name, err)
		}
		if _, err := out.Write(f.body); err != nil {
			return nil, fmt.Errorf("packing %s: %w", f.name, err)
		}
	}
	if err := out.Close(); err != nil {
		return nil, fmt.Errorf("packing a layer: %w", err)
	}
	opener := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text.Bytes())), nil }
	made, err := tarball.LayerFromOpener(opener, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("making a layer: %w", err)
	}
	return made, nil
}
