package cluster

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// object is what the store holds: any kind with metadata.
type object interface {
	runtime.Object
	metav1.Object
}

// resource is a kind as the API serves it.
type resource struct {
	gvk        schema.GroupVersionKind
	plural     string
	singular   string
	short      []string
	categories []string
	clustered  bool // not in a namespace
	status     bool // has a status subresource
	// versioned says that an update must carry the version that it changes
	// (AllowUnconditionalUpdate is false on the real server).
	versioned bool
	// uncached marks what the real server reads from etcd, not from its
	// watch cache: resourceVersion "0" then does not lift the limit.
	uncached bool
}

func (r *resource) gvr() schema.GroupVersionResource {
	return r.gvk.GroupVersion().WithResource(r.plural)
}

func (r *resource) group() schema.GroupResource { return r.gvr().GroupResource() }

// id is the name of the resource in the store and in rules: "pods",
// "deployments.apps".
func (r *resource) id() string { return r.group().String() }

func (r *resource) verbs() []string {
	return []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
}

// served lists the kinds in the order of discovery.
func served() []*resource {
	core, apps, batch := corev1.SchemeGroupVersion, appsv1.SchemeGroupVersion, batchv1.SchemeGroupVersion
	all := []string{"all"}
	list := []*resource{
		{gvk: core.WithKind("ConfigMap"), plural: "configmaps", short: []string{"cm"}},
		{gvk: core.WithKind("Event"), plural: "events", short: []string{"ev"}, uncached: true},
		{gvk: core.WithKind("Namespace"), plural: "namespaces", short: []string{"ns"}, clustered: true, status: true},
		{gvk: core.WithKind("Node"), plural: "nodes", short: []string{"no"}, clustered: true, status: true},
		{gvk: core.WithKind("Pod"), plural: "pods", short: []string{"po"}, categories: all, status: true},
		{gvk: core.WithKind("Secret"), plural: "secrets"},
		{gvk: core.WithKind("ServiceAccount"), plural: "serviceaccounts", short: []string{"sa"}},
		{gvk: apps.WithKind("ControllerRevision"), plural: "controllerrevisions"},
		{gvk: apps.WithKind("DaemonSet"), plural: "daemonsets", short: []string{"ds"}, categories: all, status: true},
		{gvk: apps.WithKind("Deployment"), plural: "deployments", short: []string{"deploy"}, categories: all, status: true},
		{gvk: apps.WithKind("ReplicaSet"), plural: "replicasets", short: []string{"rs"}, categories: all, status: true},
		{gvk: apps.WithKind("StatefulSet"), plural: "statefulsets", short: []string{"sts"}, categories: all, status: true},
		{gvk: batch.WithKind("CronJob"), plural: "cronjobs", short: []string{"cj"}, categories: all, status: true},
		{gvk: batch.WithKind("Job"), plural: "jobs", categories: all, status: true},
		{gvk: coordinationv1.SchemeGroupVersion.WithKind("Lease"), plural: "leases", versioned: true},
		{
			gvk: policyv1.SchemeGroupVersion.WithKind("PodDisruptionBudget"), plural: "poddisruptionbudgets",
			short: []string{"pdb"}, status: true, versioned: true,
		},
	}
	for _, r := range list {
		r.singular = strings.ToLower(r.gvk.Kind)
	}
	return list
}

// newScheme knows the served kinds, reviews of access, and meta's own.
func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, coordinationv1.AddToScheme,
		policyv1.AddToScheme, authorizationv1.AddToScheme, metav1.AddMetaToScheme, addFieldLabels, addExternalSecrets,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	return scheme, nil
}
