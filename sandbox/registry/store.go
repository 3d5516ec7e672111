package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
)

// store holds what was pushed: manifests and running uploads in
// go-containerregistry's registry, blobs in ours.
type store struct {
	inner http.Handler
	blobs *blobs

	mu           sync.RWMutex
	repositories map[string]bool
	deleted      map[string]bool // REPOSITORY:TAG that was there once
}

func newStore() *store {
	b := newBlobs()
	return &store{
		inner: ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)), ggcr.WithBlobHandler(b),
			ggcr.WithReferrersSupport(true)),
		blobs:        b,
		repositories: map[string]bool{},
		deleted:      map[string]bool{},
	}
}

// ServeHTTP passes the request to the store as a server would have parsed it:
// the host would otherwise become a part of the repository's name.
func (s *store) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	in := req.Clone(req.Context())
	in.URL.Host, in.URL.Scheme = "", ""
	s.inner.ServeHTTP(w, in)
}

// do asks the inner registry without a network.
func (s *store) do(method, path, mediaType string, body []byte) *capture {
	w := &capture{header: http.Header{}}
	req := &http.Request{
		Method: method, URL: &url.URL{Path: path}, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
	req.Header.Set("Content-Type", mediaType)
	s.inner.ServeHTTP(w, req)
	return w
}

func manifestPath(repository, reference string) string {
	return "/v2/" + repository + "/manifests/" + reference
}

func (s *store) hasManifest(repository, reference string) bool {
	return s.do(http.MethodHead, manifestPath(repository, reference), "", nil).status == http.StatusOK
}

func (s *store) hasRepository(repository string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.repositories[repository]
}

func (s *store) hasProject(repository string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for known := range s.repositories {
		if project(known) == project(repository) {
			return true
		}
	}
	return false
}

func (s *store) wasDeleted(repository, tag string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.deleted[repository+":"+tag]
}

func (s *store) notePut(repository, reference string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.repositories[repository] = true
	delete(s.deleted, repository+":"+reference)
}

func (s *store) noteDeleted(repository, reference string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleted[repository+":"+reference] = true
}

// putManifest stores a manifest under a tag or its digest, and returns the
// digest.
func (s *store) putManifest(repository, reference, mediaType string, body []byte) (string, error) {
	w := s.do(http.MethodPut, manifestPath(repository, reference), mediaType, body)
	if w.status != http.StatusCreated {
		return "", fmt.Errorf("storing manifest %s:%s: %s", repository, reference, strings.TrimSpace(w.body.String()))
	}
	s.notePut(repository, reference)
	return w.header.Get("Docker-Content-Digest"), nil
}

// tags lists a repository's tags in order.
func (s *store) tags(repository string) []string {
	var list struct {
		Tags []string `json:"tags"`
	}
	w := s.do(http.MethodGet, "/v2/"+repository+"/tags/list", "", nil)
	if w.status != http.StatusOK || json.Unmarshal(w.body.Bytes(), &list) != nil {
		return []string{}
	}
	slices.Sort(list.Tags)
	return list.Tags
}

// capture is a ResponseWriter that keeps the answer.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *capture) Header() http.Header { return c.header }

func (c *capture) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *capture) Write(p []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	return c.body.Write(p)
}
