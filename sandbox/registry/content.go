package registry

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// content serves a caller that was let in.
func (r *Registry) content(w http.ResponseWriter, req *http.Request, t target, c caller) {
	switch {
	case t.action == push:
		r.serveWrite(w, req, t, c)
	case t.endpoint == Manifests:
		r.serveManifest(w, req, t, c)
	case t.endpoint == Blobs:
		r.serveBlob(w, req, t)
	case t.endpoint == Tags:
		r.serveTags(w, req, t, c)
	default:
		r.store.ServeHTTP(w, req)
	}
}

func (r *Registry) serveManifest(w http.ResponseWriter, req *http.Request, t target, c caller) {
	if s, missing := r.missing(t); missing {
		r.refuse(w, req, refusal{situation: s, target: t, caller: c})
		return
	}
	if !r.limiter.admit(w, req, c.user, r.manners.limitHeaders) {
		r.refuse(w, req, refusal{situation: rateLimited, target: t, caller: c})
		return
	}
	r.store.ServeHTTP(w, req)
}

// missing says which no a manifest gets that is not there.
func (r *Registry) missing(t target) (situation, bool) {
	switch {
	case !r.store.hasRepository(t.repository):
		if r.manners.missingIsTag {
			return missingTag, true
		}
		return missingRepository, true
	case r.store.hasManifest(t.repository, t.reference):
		return 0, false
	case r.store.wasDeleted(t.repository, t.reference):
		return deletedTag, true
	default:
		return missingTag, true
	}
}

// serveWrite takes the body in whole before the store sees it, so that a slow
// upload holds no lock there.
func (r *Registry) serveWrite(w http.ResponseWriter, req *http.Request, t target, c caller) {
	if t.endpoint == Uploads && r.mounted(w, req, t, c) {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, r.options.MaxUpload))
	if err != nil {
		status := http.StatusBadRequest
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			status = http.StatusRequestEntityTooLarge
		}
		writeError(w, status, "SIZE_INVALID", "reading the upload: "+err.Error())
		return
	}
	req = req.Clone(req.Context())
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	outcome := &capture{header: w.Header()}
	r.store.ServeHTTP(outcome, req)
	r.note(t, req.Method, outcome.status)
	// Only now may the caller go on: it will ask for what it wrote.
	w.WriteHeader(max(outcome.status, http.StatusOK))
	_, _ = w.Write(outcome.body.Bytes())
}

// note keeps in mind which repositories exist and which tags once did.
func (r *Registry) note(t target, method string, status int) {
	switch {
	case t.endpoint != Manifests || status/100 != 2:
	case method == http.MethodPut:
		r.store.notePut(t.repository, t.reference)
	case method == http.MethodDelete:
		r.store.noteDeleted(t.repository, t.reference)
	}
}

// mounted carries out a cross-repository mount for a caller who may read the
// other repository; otherwise an ordinary upload begins.
func (r *Registry) mounted(w http.ResponseWriter, req *http.Request, t target, c caller) bool {
	digest, from := req.URL.Query().Get("mount"), req.URL.Query().Get("from")
	if req.Method != http.MethodPost || digest == "" || from == "" {
		return false
	}
	source := target{endpoint: Blobs, repository: from, reference: digest, action: pull}
	if !r.permits(c, source) || !r.store.blobs.mount(from, t.repository, digest) {
		return false
	}
	w.Header().Set("Location", "/v2/"+t.repository+"/blobs/"+digest)
	w.Header().Set("Docker-Content-Digest", digest)
	w.WriteHeader(http.StatusCreated)
	return true
}

// serveTags lists tags in pages: n bounds a page, last is where it goes on,
// and the Link header names the next one, as in the distribution specification.
func (r *Registry) serveTags(w http.ResponseWriter, req *http.Request, t target, c caller) {
	if !r.store.hasRepository(t.repository) {
		r.refuse(w, req, refusal{situation: missingRepository, target: t, caller: c})
		return
	}
	n, err := r.pageSize(req.URL.Query().Get("n"))
	if err != nil {
		writeError(w, http.StatusBadRequest, "PAGINATION_NUMBER_INVALID", err.Error())
		return
	}
	page, more := pageOf(r.store.tags(t.repository), req.URL.Query().Get("last"), n)
	if more {
		next := url.Values{"n": {strconv.Itoa(n)}, "last": {page[len(page)-1]}}
		w.Header().Set("Link", fmt.Sprintf(`</v2/%s/tags/list?%s>; rel="next"`, t.repository, next.Encode()))
	}
	writeJSON(w, http.StatusOK, map[string]any{"name": t.repository, "tags": page})
}

// pageSize reads n under the vendor's bound; zero means everything.
func (r *Registry) pageSize(asked string) (int, error) {
	limit := r.manners.pageSize
	if asked == "" {
		return limit, nil
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n <= 0 {
		return 0, errors.New("invalid number of results requested")
	}
	if limit == 0 || n <= limit {
		return n, nil
	}
	if r.manners.refusesLongPages {
		return 0, fmt.Errorf("n must be less than or equal to %d", limit)
	}
	return limit, nil
}

// pageOf is the page of at most n tags that come after last.
func pageOf(tags []string, last string, n int) (page []string, more bool) {
	page = []string{}
	for _, tag := range tags {
		if last != "" && strings.Compare(tag, last) <= 0 {
			continue
		}
		if n > 0 && len(page) == n {
			return page, true
		}
		page = append(page, tag)
	}
	return page, false
}
