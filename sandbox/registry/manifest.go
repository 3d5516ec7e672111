package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Schema1MediaType is that of the manifests which containerd 2 refuses.
const Schema1MediaType = "application/vnd.docker.distribution.manifest.v1+prettyjws"

// ErrNotFound says that what was to be deleted is not there.
var ErrNotFound = errors.New("not found in the registry")

// PushManifest stores any bytes as a manifest of any media type, and returns
// their digest. Nothing is checked, except that the parts of an index exist.
func (r *Registry) PushManifest(repository, tag, mediaType string, body []byte) (string, error) {
	return r.store.putManifest(repository, tag, mediaType, body)
}

// PushSchema1 stores an image in the format that Docker abandoned.
func (r *Registry) PushSchema1(repository, tag string) (string, error) {
	history := `{"id":"1","created":"1970-01-01T00:00:00Z","os":"linux","architecture":"amd64"}`
	empty := digestOf(nil)
	r.store.blobs.put(repository, empty.String(), nil)
	body, err := json.MarshalIndent(map[string]any{
		"schemaVersion": 1, "name": repository, "tag": tag, "architecture": "amd64",
		"fsLayers": []map[string]string{{"blobSum": empty.String()}},
		"history":  []map[string]string{{"v1Compatibility": history}},
		"signatures": []map[string]any{{
			"header":    map[string]string{"alg": "ES256"},
			"signature": base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{1}, 64)),
			"protected": base64.RawURLEncoding.EncodeToString([]byte(`{"formatLength":2,"formatTail":"Cn0","time":"1970-01-01T00:00:00Z"}`)),
		}},
	}, "", "   ")
	if err != nil {
		return "", fmt.Errorf("writing schema 1 manifest: %w", err)
	}
	return r.PushManifest(repository, tag, Schema1MediaType, body)
}

// Delete removes a tag, or a manifest by its digest. The repository stays.
func (r *Registry) Delete(repository, reference string) error {
	w := r.store.do(http.MethodDelete, manifestPath(repository, reference), "", nil)
	if w.status != http.StatusAccepted {
		return fmt.Errorf("deleting %s:%s: %w", repository, reference, ErrNotFound)
	}
	r.store.noteDeleted(repository, reference)
	return nil
}

// DeleteBlob removes a blob from a repository while manifests still name it, as
// a garbage collection gone wrong does.
func (r *Registry) DeleteBlob(repository, digest string) error {
	if !r.store.blobs.remove(repository, digest) {
		return fmt.Errorf("deleting blob %s of %s: %w", digest, repository, ErrNotFound)
	}
	return nil
}

// Tags lists the tags of a repository in order.
func (r *Registry) Tags(repository string) []string { return r.store.tags(repository) }

// Manifest reads a stored manifest and its media type, past all faults and
// rights.
func (r *Registry) Manifest(repository, reference string) (body []byte, mediaType string, err error) {
	w := r.store.do(http.MethodGet, manifestPath(repository, reference), "", nil)
	if w.status != http.StatusOK {
		return nil, "", fmt.Errorf("reading %s:%s: %w", repository, reference, ErrNotFound)
	}
	return w.body.Bytes(), strings.TrimSpace(w.header.Get("Content-Type")), nil
}

func digestOf(content []byte) v1.Hash {
	sum := sha256.Sum256(content)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}
