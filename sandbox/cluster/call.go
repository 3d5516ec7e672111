package cluster

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/fields"
)

// call is one request, understood.
type call struct {
	*http.Request
	query url.Values
	access
	res          *resource // nil when the path names none that is served
	groupVersion string
}

// parse reads the path as the real server's RequestInfo does.
func (c *Cluster) parse(r *http.Request) *call {
	out := &call{Request: r, query: r.URL.Query()}
	out.path, out.verb = r.URL.Path, strings.ToLower(r.Method)
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case parts[0] == "api" && len(parts) >= 3:
		out.groupVersion, parts = parts[1], parts[2:]
	case parts[0] == "apis" && len(parts) >= 4:
		out.group, out.groupVersion, parts = parts[1], parts[1]+"/"+parts[2], parts[3:]
	default:
		return out
	}
	if parts[0] == "namespaces" && len(parts) > 1 {
		out.namespace = parts[1]
		if len(parts) > 2 && !slices.Contains([]string{"status", "finalize"}, parts[2]) {
			parts = parts[2:]
		}
	}
	out.resource = parts[0]
	if len(parts) > 1 {
		out.name = parts[1]
	}
	if len(parts) > 2 {
		out.subresource = strings.Join(parts[2:], "/")
	}
	out.res = c.find(out.group, out.groupVersion, out.resource)
	if !out.placed() {
		out.res = nil
	}
	out.verb = out.verbOf(r.Method)
	out.nameFromSelector()
	return out
}

func (c *Cluster) find(group, version, plural string) *resource {
	for _, r := range c.resources {
		if r.gvk.Group == group && r.gvk.GroupVersion().String() == version && r.plural == plural {
			return r
		}
	}
	return nil
}

// placed tells whether the path has a namespace where the resource has one.
func (k *call) placed() bool {
	switch {
	case k.res == nil || k.resource == "namespaces":
		return true
	case k.res.clustered:
		return k.namespace == ""
	}
	return k.namespace != "" || k.name == "" && k.Method == http.MethodGet
}

func (k *call) verbOf(method string) string {
	watching := k.query.Get("watch") == "true" || k.query.Get("watch") == "1"
	switch {
	case method == http.MethodGet && watching && k.name == "":
		return "watch"
	case (method == http.MethodGet || method == http.MethodHead) && k.name == "":
		return "list"
	case method == http.MethodGet || method == http.MethodHead:
		return "get"
	case method == http.MethodPost:
		return "create"
	case method == http.MethodPut:
		return "update"
	case method == http.MethodPatch:
		return "patch"
	case method == http.MethodDelete && k.name == "":
		return "deletecollection"
	}
	return strings.ToLower(method)
}

// nameFromSelector lets metadata.name=X name the object for authorization, as
// the real server does for collections.
func (k *call) nameFromSelector() {
	if k.name != "" || !slices.Contains([]string{"list", "watch", "deletecollection"}, k.verb) {
		return
	}
	if selector, err := fields.ParseSelector(k.query.Get("fieldSelector")); err == nil {
		if name, ok := selector.RequiresExactMatch("metadata.name"); ok {
			k.name = name
		}
	}
}

func (k *call) record() Request {
	limit, _ := strconv.ParseInt(k.query.Get("limit"), 10, 64) // a bad one is refused later
	return Request{
		UserAgent: k.UserAgent(), Method: k.Method, Path: k.URL.Path, Accept: k.Header.Get("Accept"),
		Verb: k.verb, Resource: k.resource, Subresource: k.subresource, Namespace: k.namespace, Name: k.name,
		LabelSelector: k.query.Get("labelSelector"), FieldSelector: k.query.Get("fieldSelector"),
		ResourceVersion: k.query.Get("resourceVersion"), Limit: limit, Continue: k.query.Get("continue") != "",
		Start: time.Now(),
	}
}

// counting notes what was answered.
type counting struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *counting) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *counting) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

// Unwrap lets a ResponseController reach the connection.
func (c *counting) Unwrap() http.ResponseWriter { return c.ResponseWriter }
