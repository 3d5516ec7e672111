package registry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// blobs keeps blobs by repository, as real registries show them: a blob of one
// repository is unknown to the next until it is mounted there.
type blobs struct {
	mu   sync.RWMutex
	held map[string][]byte
}

func newBlobs() *blobs { return &blobs{held: map[string][]byte{}} }

func blobKey(repository, digest string) string { return repository + "@" + digest }

func (b *blobs) put(repository, digest string, content []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held[blobKey(repository, digest)] = content
}

func (b *blobs) find(repository, digest string) ([]byte, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	content, ok := b.held[blobKey(repository, digest)]
	return content, ok
}

// mount makes a blob of one repository known to another.
func (b *blobs) mount(from, to, digest string) bool {
	content, ok := b.find(from, digest)
	if ok {
		b.put(to, digest, content)
	}
	return ok
}

// Get opens a blob.
func (b *blobs) Get(_ context.Context, repository string, h v1.Hash) (io.ReadCloser, error) {
	content, ok := b.find(repository, h.String())
	if !ok {
		return nil, ggcr.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// Stat is a blob's size in bytes.
func (b *blobs) Stat(_ context.Context, repository string, h v1.Hash) (int64, error) {
	content, ok := b.find(repository, h.String())
	if !ok {
		return 0, ggcr.ErrNotFound
	}
	return int64(len(content)), nil
}

// Put keeps a blob; the reader verifies size and digest. It is read before the
// lock is taken: a slow upload must not hold up the rest. The inner registry
// takes one path element too many for the repository when an upload ends.
func (b *blobs) Put(_ context.Context, repository string, h v1.Hash, rc io.ReadCloser) error {
	defer func() { _ = rc.Close() }()
	content, err := io.ReadAll(rc)
	if err != nil {
		return fmt.Errorf("reading blob %s: %w", h, err)
	}
	b.put(strings.TrimSuffix(repository, "/blobs"), h.String(), content)
	return nil
}

func (b *blobs) remove(repository, digest string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := blobKey(repository, digest)
	_, ok := b.held[key]
	delete(b.held, key)
	return ok
}

// Delete forgets a blob.
func (b *blobs) Delete(_ context.Context, repository string, h v1.Hash) error {
	if !b.remove(repository, h.String()) {
		return ggcr.ErrNotFound
	}
	return nil
}

// serveBlob answers with any byte range, which the inner registry does only in
// one of its forms; containerd resumes with another.
func (r *Registry) serveBlob(w http.ResponseWriter, req *http.Request, t target) {
	content, ok := r.store.blobs.find(t.repository, t.reference)
	if !ok {
		writeError(w, http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")
		return
	}
	w.Header().Set("Docker-Content-Digest", t.reference)
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Etag", `"`+t.reference+`"`)
	http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(content))
}
