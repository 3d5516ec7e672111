//go:build linux

package cluster

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Image makes an image of one layer that holds one static program and runs it
// with these arguments, for linux on this processor architecture (as Go spells
// it).
func Image(program, architecture string, args ...string) (v1.Image, error) {
	layer, err := programLayer(program)
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, fmt.Errorf("adding the layer of %s: %w", program, err)
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading the image's configuration: %w", err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", architecture
	file.Config.Entrypoint = append([]string{"/" + filepath.Base(program)}, args...)
	if image, err = mutate.ConfigFile(image, file); err != nil {
		return nil, fmt.Errorf("configuring the image of %s: %w", program, err)
	}
	return image, nil
}

// programLayer is a layer with the program in its root folder.
func programLayer(program string) (v1.Layer, error) {
	text, err := os.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("reading the program of an image: %w", err)
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	header := &tar.Header{Name: filepath.Base(program), Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}
	if err := w.WriteHeader(header); err != nil {
		return nil, fmt.Errorf("archiving %s: %w", program, err)
	}
	if _, err := w.Write(text); err != nil {
		return nil, fmt.Errorf("archiving %s: %w", program, err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("archiving %s: %w", program, err)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil }
	layer, err := tarball.LayerFromOpener(open)
	if err != nil {
		return nil, fmt.Errorf("making the layer of %s: %w", program, err)
	}
	return layer, nil
}
