package contract

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

func faults(t *testing.T, s *suite) {
	pods := s.client.CoreV1().Pods(s.namespace)
	_, err := pods.Get(t.Context(), "absent", metav1.GetOptions{})
	wantError(t, err, metav1.StatusReasonNotFound, `pods "absent" not found`)
	if d := status(t, err).Details; d == nil || d.Name != "absent" || d.Kind != "pods" || d.Group != "" {
		t.Errorf("details: %+v", d)
	}
	_, err = s.client.AppsV1().Deployments(s.namespace).Get(t.Context(), "absent", metav1.GetOptions{})
	wantError(t, err, metav1.StatusReasonNotFound, `deployments.apps "absent" not found`)
	empty, err := s.client.CoreV1().Pods("no-such-namespace").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(empty.Items) != 0 {
		t.Errorf("a list in a namespace that is not there: %v, %v, want an empty one", empty, err)
	}
	_, err = s.client.CoreV1().Secrets("no-such-namespace").Create(t.Context(), opaque("x"), metav1.CreateOptions{})
	wantError(t, err, metav1.StatusReasonNotFound, `namespaces "no-such-namespace" not found`)
	s.createSecret(t, opaque("twice"))
	_, err = s.client.CoreV1().Secrets(s.namespace).Create(t.Context(), opaque("twice"), metav1.CreateOptions{})
	wantError(t, err, metav1.StatusReasonAlreadyExists, `secrets "twice" already exists`)
	versioned := opaque("versioned")
	versioned.ResourceVersion = "1"
	_, err = s.client.CoreV1().Secrets(s.namespace).Create(t.Context(), versioned, metav1.CreateOptions{})
	wantError(t, err, "", "resourceVersion should not be set on objects to be created")
	_, err = s.client.CoreV1().Secrets(s.namespace).Create(t.Context(), opaque("Upper"), metav1.CreateOptions{})
	if !apierrors.IsInvalid(err) {
		t.Errorf("an upper-case name: %v, want Invalid", err)
	}
	for _, path := range []string{"/api/v1/nonsense", "/apis/none.invalid/v1/things", "/api/v1/pods/name", "/api/v1/namespaces/" + s.namespace + "/nodes"} {
		if err := s.client.CoreV1().RESTClient().Get().AbsPath(path).Do(t.Context()).Error(); !apierrors.IsNotFound(err) {
			t.Errorf("%s: %v, want NotFound", path, err)
		}
	}
}

// encodings reads the same in JSON and protobuf, as bare metadata and as a table.
func encodings(t *testing.T, s *suite) {
	s.seedPods(t)
	lists := map[string]*corev1.PodList{}
	for _, media := range []string{"application/json", "application/vnd.kubernetes.protobuf"} {
		config := rest.CopyConfig(s.config)
		config.ContentType = media
		config.AcceptContentTypes = media
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		if lists[media], err = client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{}); err != nil {
			t.Fatalf("%s: %v", media, err)
		}
		one, err := client.CoreV1().Pods(s.namespace).Get(t.Context(), "web-1", metav1.GetOptions{})
		if err != nil || one.Status.PodIP != "10.0.0.9" {
			t.Errorf("%s: %v, %v", media, one, err)
		}
		_, err = client.CoreV1().Pods(s.namespace).Get(t.Context(), "absent", metav1.GetOptions{})
		wantError(t, err, metav1.StatusReasonNotFound, `pods "absent" not found`)
	}
	if !equality.Semantic.DeepEqual(lists["application/json"].Items, lists["application/vnd.kubernetes.protobuf"].Items) {
		t.Error("JSON and protobuf tell different things")
	}
	s.bareMetadata(t)
	s.tables(t)
}

func (s *suite) bareMetadata(t *testing.T) {
	t.Helper()
	client, err := metadata.NewForConfig(s.config)
	if err != nil {
		t.Fatal(err)
	}
	pods := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).Namespace(s.namespace)
	list, err := pods.List(t.Context(), metav1.ListOptions{LabelSelector: "app=web"})
	if err != nil {
		t.Fatalf("listing metadata: %v", err)
	}
	if diff := cmp.Diff([]string{"web-1", "web-2"}, names(list.Items)); diff != "" {
		t.Error(diff)
	}
	one, err := pods.Get(t.Context(), "db-1", metav1.GetOptions{})
	if err != nil || one.Labels["app"] != "db" || one.UID == "" {
		t.Errorf("metadata of db-1: %v, %v", one, err)
	}
}

func (s *suite) tables(t *testing.T) {
	t.Helper()
	for accept, want := range map[string]string{
		"application/json;as=Table;v=v1;g=meta.k8s.io":                     "Table",
		"application/json;as=Table;v=v1;g=meta.k8s.io,application/json":    "Table",
		"application/json;as=Nothing;v=v1;g=meta.k8s.io,application/json":  "PodList",
		"application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io":  "",
		"application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io": "PartialObjectMetadataList",
		"text/html":             "",
		"text/html,*/*;q=0.1":   "PodList",
		"application/x-unknown": "",
	} {
		result := s.client.CoreV1().RESTClient().Get().Namespace(s.namespace).Resource("pods").SetHeader("Accept", accept).Do(t.Context())
		var code int
		result.StatusCode(&code)
		body, err := result.Raw()
		if want == "" {
			if code != http.StatusNotAcceptable {
				t.Errorf("%s: %d %v, want 406", accept, code, err)
			}
			continue
		}
		var kind struct {
			Kind string           `json:"kind"`
			Rows []map[string]any `json:"rows"`
		}
		if err != nil || json.Unmarshal(body, &kind) != nil || kind.Kind != want {
			t.Errorf("%s: %q %v, want %s", accept, kind.Kind, err, want)
		}
		if want == "Table" && len(kind.Rows) != 3 {
			t.Errorf("%s: %d rows, want 3", accept, len(kind.Rows))
		}
	}
}

// access asks as a user that may nothing, and as none at all.
func access(t *testing.T, s *suite) {
	config := rest.CopyConfig(s.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: "nobody"}
	nobody, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = nobody.CoreV1().Secrets(s.namespace).Get(t.Context(), "regcred", metav1.GetOptions{})
	wantError(t, err, metav1.StatusReasonForbidden, `secrets "regcred" is forbidden: User "nobody" cannot get resource "secrets" in API group "" in the namespace "`+s.namespace+`"`)
	_, err = nobody.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	wantError(t, err, metav1.StatusReasonForbidden, `pods is forbidden: User "nobody" cannot list resource "pods" in API group "" at the cluster scope`)
	_, err = nobody.AppsV1().Deployments(s.namespace).UpdateStatus(t.Context(), s.deployment("x"), metav1.UpdateOptions{})
	wantError(t, err, metav1.StatusReasonForbidden, `deployments.apps "x" is forbidden: User "nobody" cannot update resource "deployments/status" in API group "apps" in the namespace "`+s.namespace+`"`)
	for who, client := range map[string]kubernetes.Interface{"nobody": nobody, "admin": s.client} {
		review, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), &authorizationv1.SelfSubjectAccessReview{
			Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
				Verb: "list", Resource: "secrets", Namespace: s.namespace,
			}},
		}, metav1.CreateOptions{})
		if who == "nobody" && apierrors.IsForbidden(err) {
			continue // impersonated without the group system:authenticated
		}
		if err != nil || review.Status.Allowed != (who == "admin") {
			t.Errorf("review of %s: %v, %v", who, review, err)
		}
	}
	stranger := rest.CopyConfig(s.config)
	stranger.BearerToken, stranger.BearerTokenFile, stranger.CertData, stranger.KeyData = "wrong", "", nil, nil
	stranger.CertFile, stranger.KeyFile = "", ""
	client, err := kubernetes.NewForConfig(stranger)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{})
	wantError(t, err, metav1.StatusReasonUnauthorized, "Unauthorized")
}

func discovery(t *testing.T, s *suite) {
	version, err := s.client.Discovery().ServerVersion()
	if err != nil || !strings.HasPrefix(version.GitVersion, "v") {
		t.Errorf("version %v, %v", version, err)
	}
	_, lists, err := s.client.Discovery().ServerGroupsAndResources()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]metav1.APIResource{}
	for _, list := range lists {
		for _, r := range list.APIResources {
			found[list.GroupVersion+"/"+r.Name] = r
		}
	}
	for _, want := range []string{
		"v1/namespaces", "v1/nodes", "v1/pods", "v1/pods/status", "v1/events", "v1/secrets", "v1/serviceaccounts", "v1/configmaps",
		"apps/v1/deployments", "apps/v1/replicasets", "apps/v1/statefulsets", "apps/v1/daemonsets", "apps/v1/controllerrevisions",
		"batch/v1/jobs", "batch/v1/cronjobs", "coordination.k8s.io/v1/leases", "policy/v1/poddisruptionbudgets",
		"authorization.k8s.io/v1/selfsubjectaccessreviews",
	} {
		if _, ok := found[want]; !ok {
			t.Errorf("%s is not discovered", want)
		}
	}
	s.shapes(t, found)
}

func (s *suite) shapes(t *testing.T, found map[string]metav1.APIResource) {
	t.Helper()
	deployments := found["apps/v1/deployments"]
	if !deployments.Namespaced || deployments.Kind != "Deployment" || !slices.Contains(deployments.ShortNames, "deploy") ||
		!slices.Contains(deployments.Verbs, "list") {
		t.Errorf("deployments: %+v", deployments)
	}
	if found["v1/nodes"].Namespaced {
		t.Error("nodes are in a namespace")
	}
	for _, path := range []string{"/readyz", "/healthz", "/livez"} {
		body, err := s.client.Discovery().RESTClient().Get().AbsPath(path).DoRaw(t.Context())
		if err != nil || string(body) != "ok" {
			t.Errorf("%s: %q, %v", path, body, err)
		}
	}
}
