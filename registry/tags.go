package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/pullfix/pullfix/runbook/cause"
)

const (
	tagsPerPage = 1000 // ECR refuses more
	mostTags    = 2000
	mostNear    = 5
)

// tagForm is distribution/reference's.
var tagForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)

// missing reads a 404. A registry says so in a form of its own; anything else
// is something that stands where the registry should.
func (s *session) missing(ctx context.Context, r reply) {
	w := read(r)
	switch {
	case !w.registry:
		s.say(cause.UnexpectedRegistryResponse, r)
		return
	case w.repositoryMissing():
		s.say(cause.RepositoryNotFound, r)
	default:
		s.say(cause.TagNotFound, r)
	}
	s.accept(true)
	s.answer.Cached = s.target.looksCached()
	if s.answer.Result == cause.TagNotFound && s.question.NearTags && !s.tagBeside(ctx) {
		s.listTags(ctx)
	}
}

// tagBeside looks where the tag that is written beside a missing digest leads:
// to the image that replaced it, mostly.
func (s *session) tagBeside(ctx context.Context) bool {
	if s.target.beside == "" {
		return false
	}
	r, err := s.manifest(ctx, http.MethodHead, s.target.beside)
	if err != nil || !r.ok() {
		return false
	}
	s.answer.Tags = []string{s.target.beside}
	digest := r.header.Get("Docker-Content-Digest")
	if _, err := v1.NewHash(digest); err == nil && s.safe(digest) && digest != s.target.digest {
		s.answer.TagDigest = digest
	}
	return true
}

// listTags asks which tags there are. Registries that answer a missing
// repository like a missing tag tell the difference here; a refused listing
// tells nothing.
func (s *session) listTags(ctx context.Context) {
	var tags []string
	more := true
	next := s.at("/v2/" + s.target.repository + "/tags/list")
	next.RawQuery = url.Values{"n": {fmt.Sprint(tagsPerPage)}}.Encode()
	for more && len(tags) < mostTags {
		r, err := s.send(ctx, request{
			method: http.MethodGet, url: next, accept: "application/json", authorization: s.authorization, limit: mostTagListing,
		})
		if err != nil || !r.ok() {
			if len(tags) == 0 {
				s.notListed(r, err)
				return
			}
			break
		}
		page, ok := readTags(r)
		if !ok {
			s.answer.TagsNote = "the registry's list of tags does not parse"
			return
		}
		tags = append(tags, page[:min(len(page), mostTags-len(tags))]...)
		next, more = nextPage(next, r)
	}
	s.keepNear(tags, more)
}

func (s *session) notListed(r reply, err error) {
	w := wording{}
	if err == nil {
		w = read(r)
	}
	switch {
	case errors.Is(err, errBudget):
		s.answer.TagsNote = "the tags were not listed: " + errBudget.Error()
	case err != nil:
		s.answer.TagsNote = s.quote("the tags could not be listed: " + err.Error())
	case r.status == http.StatusNotFound && w.repositoryMissing():
		s.say(cause.RepositoryNotFound, r)
	default:
		s.answer.TagsNote = s.quote(fmt.Sprintf("the registry does not list the tags: %d %s", r.status, http.StatusText(r.status)))
	}
}

func readTags(r reply) ([]string, bool) {
	var list struct {
		Tags []string `json:"tags"`
	}
	if json.Unmarshal(r.body, &list) != nil {
		return nil, false
	}
	return list.Tags, true
}

// nextPage follows a Link header within the registry.
func nextPage(from *url.URL, r reply) (*url.URL, bool) {
	link := r.header.Get("Link")
	start, end := strings.Index(link, "<"), strings.Index(link, ">")
	if start < 0 || end < start || !strings.Contains(link[end:], "next") {
		return from, false
	}
	next, err := from.Parse(link[start+1 : end])
	if err != nil || next.Host != from.Host || next.Scheme != from.Scheme || next.String() == from.String() {
		return from, false
	}
	return next, true
}

func (s *session) keepNear(tags []string, more bool) {
	tags = slices.DeleteFunc(tags, func(tag string) bool { return !tagForm.MatchString(tag) || !s.safe(tag) })
	if slices.Contains(tags, s.target.tag) {
		s.answer.TagsNote = "the registry lists this tag but has no manifest for it: deleted meanwhile, or a cache that cannot reach its source"
		return
	}
	switch {
	case len(tags) == 0:
		s.answer.TagsNote = "the repository has no tags"
	case s.target.tag != "" || s.target.beside != "":
		s.answer.Tags, s.answer.Unlike = nearest(cmp.Or(s.target.tag, s.target.beside), tags)
	}
	if more {
		s.answer.TagsNote = fmt.Sprintf("only the first %d tags were compared", len(tags))
	}
	if s.answer.Cached {
		s.answer.TagsNote = strings.TrimPrefix(s.answer.TagsNote+"; ", "; ") +
			"the repository looks like a cache of another registry, which may have refused: the tag may exist there"
	}
}

// looksCached tells hosts, and repositories whose first part is named, like a
// pull-through cache: those answer a failure of their source with a missing
// manifest.
func (t target) looksCached() bool {
	first, _, _ := strings.Cut(t.repository, "/")
	switch first {
	case "docker.io", "docker-hub", "dockerhub", "ecr-public", "quay", "quay.io", "ghcr", "ghcr.io", "gcr.io", "k8s", "registry.k8s.io", "mcr":
		return true
	}
	label, _, _ := strings.Cut(t.host, ".")
	return named(first) || named(label)
}

func named(part string) bool {
	return strings.HasSuffix(part, "-remote") || slices.ContainsFunc([]string{"proxy", "cache", "mirror"}, func(mark string) bool {
		return strings.Contains(part, mark)
	})
}
