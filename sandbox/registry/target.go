package registry

import (
	"net/http"
	"path"
	"strings"
)

// Endpoint is a part of the registry's surface, for aiming faults and reading
// what was recorded.
type Endpoint string

// The endpoints of the distribution API and its token server.
const (
	AnyEndpoint Endpoint = ""
	Base        Endpoint = "base"
	Token       Endpoint = "token"
	Manifests   Endpoint = "manifests"
	Blobs       Endpoint = "blobs"
	Uploads     Endpoint = "uploads"
	Tags        Endpoint = "tags"
	Referrers   Endpoint = "referrers"
	Catalog     Endpoint = "catalog"
	Unknown     Endpoint = "unknown"
)

const tokenPath = "/token"

// action is what a request does to a repository, in the words of token scopes.
type action string

const (
	pull action = "pull"
	push action = "push"
)

// target is what a request is aimed at.
type target struct {
	endpoint   Endpoint
	repository string
	reference  string
	action     action
}

func parseTarget(req *http.Request) target {
	t := target{endpoint: Unknown, action: pull}
	switch req.Method {
	case http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete:
		t.action = push
	}
	rest, versioned := strings.CutPrefix(req.URL.Path, "/v2")
	switch {
	case req.URL.Path == tokenPath:
		t.endpoint = Token
	case !versioned || (rest != "" && rest[0] != '/'):
	case rest == "" || rest == "/":
		t.endpoint = Base
	case rest == "/_catalog":
		t.endpoint = Catalog
	default:
		t.endpoint, t.repository, t.reference = splitContent(strings.TrimPrefix(rest, "/"))
	}
	if t.endpoint == Uploads {
		t.action = push
	}
	return t
}

// splitContent reads REPOSITORY/KIND/REFERENCE from the end, because a
// repository name may itself contain the word that names a kind.
func splitContent(p string) (Endpoint, string, string) {
	if before, id, ok := cutLast(p, "/blobs/uploads"); ok && !strings.Contains(strings.Trim(id, "/"), "/") {
		return Uploads, before, strings.Trim(id, "/")
	}
	head, reference := path.Split(p)
	repository, kind := path.Split(strings.TrimSuffix(head, "/"))
	repository = strings.TrimSuffix(repository, "/")
	if repository == "" || reference == "" {
		return Unknown, "", ""
	}
	switch kind {
	case "manifests":
		return Manifests, repository, reference
	case "blobs":
		return Blobs, repository, reference
	case "referrers":
		return Referrers, repository, reference
	case "tags":
		if reference == "list" {
			return Tags, repository, ""
		}
	}
	return Unknown, "", ""
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i <= 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
