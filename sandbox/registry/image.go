package registry

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// File is a file of an image's one layer.
type File struct {
	Name string
	Mode int64
	Body []byte
}

// Image says what to build. The zero value is a tiny image for linux/amd64.
type Image struct {
	// Platforms are as in "linux/arm64/v8"; none means linux/amd64. More than
	// one make an index, each with the same layer.
	Platforms []string
	// Index makes an index also for one platform.
	Index bool
	// Docker uses Docker's media types instead of OCI's.
	Docker bool
	// Files make the layer, unless LayerTar is an uncompressed tar of it.
	Files    []File
	LayerTar []byte
	// Entrypoint, Cmd, Env and User go into the configuration.
	Entrypoint, Cmd, Env []string
	User                 string
}

// Push stores a tiny image without being asked for credentials, and returns
// the digest that the tag now has. Two pushes never have the same content.
func (r *Registry) Push(repository, tag string, platforms ...string) (string, error) {
	return r.PushImage(repository, tag, Image{Platforms: platforms})
}

// PushImage stores an image that a real runtime can unpack, and returns the
// digest that the tag now has.
func (r *Registry) PushImage(repository, tag string, image Image) (string, error) {
	if len(image.Platforms) == 0 {
		image.Platforms = []string{"linux/amd64"}
	}
	serial := rand.Text()
	layer := image.LayerTar
	if layer == nil {
		files := append(slices.Clone(image.Files), File{Name: "etc/sandbox-image", Mode: 0o644, Body: []byte(serial + "\n")})
		built, err := layerTar(files)
		if err != nil {
			return "", fmt.Errorf("building layer of %s:%s: %w", repository, tag, err)
		}
		layer = built
	}
	b := builder{store: r.store, repository: repository, image: image, serial: serial, diff: digestOf(layer)}
	if err := b.putLayer(layer); err != nil {
		return "", err
	}
	if len(image.Platforms) == 1 && !image.Index {
		d, err := b.putImage(image.Platforms[0], tag)
		return d.Digest.String(), err
	}
	return b.putIndex(tag)
}

// builder makes the images of one push; they share the layer.
type builder struct {
	store      *store
	repository string
	image      Image
	serial     string
	diff       v1.Hash
	layer      v1.Descriptor
}

func (b *builder) putLayer(layer []byte) error {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(layer); err != nil {
		return fmt.Errorf("compressing layer: %w", err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("compressing layer: %w", err)
	}
	b.layer = b.putBlob(b.mediaType(types.OCILayer, types.DockerLayer), zipped.Bytes())
	return nil
}

func (b *builder) putBlob(mediaType types.MediaType, content []byte) v1.Descriptor {
	digest := digestOf(content)
	b.store.blobs.put(b.repository, digest.String(), content)
	return v1.Descriptor{MediaType: mediaType, Size: int64(len(content)), Digest: digest}
}

func (b *builder) mediaType(oci, docker types.MediaType) types.MediaType {
	if b.image.Docker {
		return docker
	}
	return oci
}

// putImage stores one platform's image; an empty tag means by digest only.
func (b *builder) putImage(platform, tag string) (v1.Descriptor, error) {
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("reading platform %q: %w", platform, err)
	}
	config, err := json.Marshal(v1.ConfigFile{
		Architecture: p.Architecture, OS: p.OS, Variant: p.Variant, Created: v1.Time{Time: time.Unix(0, 0).UTC()},
		RootFS:  v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{b.diff}},
		History: []v1.History{{CreatedBy: "sandbox"}},
		Config: v1.Config{
			Entrypoint: b.image.Entrypoint, Cmd: b.image.Cmd, Env: b.image.Env, User: b.image.User,
			Labels: map[string]string{"sandbox.serial": b.serial},
		},
	})
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("writing image configuration: %w", err)
	}
	kind := b.mediaType(types.OCIManifestSchema1, types.DockerManifestSchema2)
	d, err := b.putManifest(tag, kind, v1.Manifest{
		SchemaVersion: 2, MediaType: kind,
		Config: b.putBlob(b.mediaType(types.OCIConfigJSON, types.DockerConfigJSON), config),
		Layers: []v1.Descriptor{b.layer},
	})
	d.Platform = p
	return d, err
}

func (b *builder) putIndex(tag string) (string, error) {
	kind := b.mediaType(types.OCIImageIndex, types.DockerManifestList)
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: kind}
	for _, platform := range b.image.Platforms {
		d, err := b.putImage(platform, "")
		if err != nil {
			return "", err
		}
		index.Manifests = append(index.Manifests, d)
	}
	d, err := b.putManifest(tag, kind, index)
	return d.Digest.String(), err
}

func (b *builder) putManifest(tag string, kind types.MediaType, manifest any) (v1.Descriptor, error) {
	body, err := json.Marshal(manifest)
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("writing manifest: %w", err)
	}
	d := v1.Descriptor{MediaType: kind, Size: int64(len(body)), Digest: digestOf(body)}
	reference := tag
	if reference == "" {
		reference = d.Digest.String()
	}
	_, err = b.store.putManifest(b.repository, reference, string(kind), body)
	return d, err
}

// layerTar is an uncompressed tar with the files and the folders they need.
func layerTar(files []File) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	made := map[string]bool{".": true, "/": true}
	for _, f := range files {
		name := strings.TrimPrefix(path.Clean(f.Name), "/")
		for _, dir := range parents(name) {
			if made[dir] {
				continue
			}
			made[dir] = true
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755}); err != nil {
				return nil, fmt.Errorf("adding folder %s: %w", dir, err)
			}
		}
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: f.Mode, Size: int64(len(f.Body))}); err != nil {
			return nil, fmt.Errorf("adding file %s: %w", name, err)
		}
		if _, err := w.Write(f.Body); err != nil {
			return nil, fmt.Errorf("adding file %s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("closing layer: %w", err)
	}
	return out.Bytes(), nil
}

// parents lists the folders above a file, outermost first.
func parents(name string) []string {
	var dirs []string
	for dir := path.Dir(name); dir != "." && dir != "/"; dir = path.Dir(dir) {
		dirs = append(dirs, dir)
	}
	slices.Reverse(dirs)
	return dirs
}
