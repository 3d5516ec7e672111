package k8s

import (
	"context"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"

	"k8s.io/client-go/rest"
)

// accepted are the encodings we read, best first. Protobuf costs both sides a
// fraction of JSON.
const (
	accepted         = "application/vnd.kubernetes.protobuf,application/json"
	acceptedMetadata = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1," +
		"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
)

// retries bounds how often a request is repeated that the API server put off
// with Retry-After.
const retries = 2

// resource is an API path and the plural name of a kind.
type resource string

const (
	pods                = resource("/api/v1/pods")
	events              = resource("/api/v1/events")
	nodes               = resource("/api/v1/nodes")
	secrets             = resource("/api/v1/secrets")
	namespaces          = resource("/api/v1/namespaces")
	serviceAccounts     = resource("/api/v1/serviceaccounts")
	deployments         = resource("/apis/apps/v1/deployments")
	replicaSets         = resource("/apis/apps/v1/replicasets")
	statefulSets        = resource("/apis/apps/v1/statefulsets")
	daemonSets          = resource("/apis/apps/v1/daemonsets")
	controllerRevisions = resource("/apis/apps/v1/controllerrevisions")
	jobs                = resource("/apis/batch/v1/jobs")
	cronJobs            = resource("/apis/batch/v1/cronjobs")
)

func (r resource) group() string    { return path.Dir(string(r)) }
func (r resource) plural() string   { return path.Base(string(r)) }
func (r resource) singular() string { return strings.TrimSuffix(r.plural(), "s") }

// question is one request: an object when it has a name, else a list.
type question struct {
	resource  resource
	namespace string
	name      string

	labels, fields string
	version        string // "0" lets the API server answer from its watch cache
	limit          int
	next           string // continues an earlier page
	metadataOnly   bool
}

// what names what the question is about: "pod shop/web", "pods in namespace shop".
func (q question) what() string {
	switch {
	case q.name != "" && q.namespace != "":
		return q.resource.singular() + " " + q.namespace + "/" + q.name
	case q.name != "":
		return q.resource.singular() + " " + q.name
	}
	return q.resource.plural() + q.where()
}

// grant is the right that the question needs.
func (q question) grant() string {
	if q.name == "" {
		return "list " + q.resource.plural() + q.where()
	}
	if q.namespace == "" {
		return "get " + q.resource.singular() + " " + q.name
	}
	return "get " + q.resource.singular() + " " + q.name + q.where()
}

func (q question) where() string {
	switch {
	case q.namespace != "":
		return " in namespace " + q.namespace
	case q.resource == namespaces || q.resource == nodes:
		return ""
	}
	return " in all namespaces"
}

// api asks the API server. GET is its only verb.
type api struct{ client *rest.RESTClient }

// open sends the question and returns the body of the answer; a refusal is a
// *RequestError.
func (a api) open(ctx context.Context, q question) (io.ReadCloser, error) {
	request := a.client.Get().AbsPath(q.resource.group()).MaxRetries(retries).Resource(q.resource.plural())
	if q.namespace != "" {
		request = request.Namespace(q.namespace)
	}
	if q.name != "" {
		request = request.Name(q.name)
	}
	if q.metadataOnly {
		request = request.SetHeader("Accept", acceptedMetadata)
	}
	for _, p := range []struct{ name, value string }{
		{"labelSelector", q.labels}, {"fieldSelector", q.fields}, {"resourceVersion", q.version}, {"continue", q.next},
	} {
		if p.value != "" {
			request = request.Param(p.name, p.value)
		}
	}
	if q.limit > 0 {
		request = request.Param("limit", strconv.Itoa(q.limit))
	}
	body, err := request.Stream(ctx)
	if err != nil {
		return nil, &RequestError{What: q.what(), Grant: q.grant(), Err: err}
	}
	return body, nil
}

// refusalBytes bounds the body of a refusal, which client-go reads as a whole.
const refusalBytes = 1 << 20

// boundErrors keeps the body of a refusal from growing without end: whoever
// answers may not be an API server at all.
func boundErrors(next http.RoundTripper) http.RoundTripper { return bounded{next} }

type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(request)
	if err == nil && response.StatusCode >= http.StatusMultipleChoices && response.StatusCode != http.StatusSwitchingProtocols {
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(response.Body, refusalBytes), response.Body}
	}
	return response, err
}
