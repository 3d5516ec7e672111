package cluster

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// discover answers the paths that name no resource.
func (c *Cluster) discover(w http.ResponseWriter, k *call) {
	path := strings.TrimSuffix(k.URL.Path, "/")
	switch path {
	case "/healthz", "/livez", "/readyz":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok")) // a client that left is nobody's fault
	case "/version":
		c.sayVersion(w)
	case "/api":
		c.plain(w, &metav1.APIVersions{
			TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"},
			ServerAddressByClientCIDRs: []metav1.ServerAddressByClientCIDR{{ClientCIDR: "0.0.0.0/0", ServerAddress: k.Host}},
		})
	case "/apis":
		c.plain(w, c.groups())
	default:
		c.discoverVersion(w, path)
	}
}

func (c *Cluster) discoverVersion(w http.ResponseWriter, path string) {
	if path == "/api/v1" {
		c.plain(w, c.resourcesOf(schema.GroupVersion{Version: "v1"}))
		return
	}
	rest, ok := strings.CutPrefix(path, "/apis/")
	if !ok {
		notServed(w)
		return
	}
	for _, group := range c.groups().Groups {
		switch rest {
		case group.Name:
			group.TypeMeta = metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}
			c.plain(w, &group)
			return
		case group.PreferredVersion.GroupVersion:
			c.plain(w, c.resourcesOf(schema.GroupVersion{Group: group.Name, Version: group.PreferredVersion.Version}))
			return
		}
	}
	notServed(w)
}

func (c *Cluster) plain(w http.ResponseWriter, o runtime.Object) {
	c.encode(w, form{SerializerInfo: c.codecs.SupportedMediaTypes()[0]}, http.StatusOK, o)
}

func (c *Cluster) sayVersion(w http.ResponseWriter) {
	numbers := strings.SplitN(strings.TrimPrefix(c.options.Version, "v"), ".", 3)
	info := version.Info{GitVersion: c.options.Version, Platform: "linux/amd64", Compiler: "gc"}
	if len(numbers) > 1 {
		info.Major, info.Minor = numbers[0], numbers[1]
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(info); err != nil {
		c.log.Debug("version not written", "err", err)
	}
}

func (c *Cluster) groups() *metav1.APIGroupList {
	list := &metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}}
	versions := []schema.GroupVersion{authorizationv1.SchemeGroupVersion}
	for _, r := range c.resources {
		if gv := r.gvk.GroupVersion(); gv.Group != "" && !slices.Contains(versions, gv) {
			versions = append(versions, gv)
		}
	}
	for _, gv := range versions {
		named := metav1.GroupVersionForDiscovery{GroupVersion: gv.String(), Version: gv.Version}
		list.Groups = append(list.Groups, metav1.APIGroup{
			Name: gv.Group, Versions: []metav1.GroupVersionForDiscovery{named}, PreferredVersion: named,
		})
	}
	return list
}

func (c *Cluster) resourcesOf(gv schema.GroupVersion) *metav1.APIResourceList {
	list := &metav1.APIResourceList{
		TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: gv.String(),
		APIResources: []metav1.APIResource{},
	}
	for _, r := range c.resources {
		if r.gvk.GroupVersion() != gv {
			continue
		}
		one := metav1.APIResource{
			Name: r.plural, SingularName: r.singular, Namespaced: !r.clustered, Kind: r.gvk.Kind,
			Verbs: r.verbs(), ShortNames: r.short, Categories: r.categories,
		}
		list.APIResources = append(list.APIResources, one)
		if r.status {
			list.APIResources = append(list.APIResources, metav1.APIResource{
				Name: r.plural + "/status", Namespaced: !r.clustered, Kind: r.gvk.Kind,
				Verbs: []string{"get", "patch", "update"},
			})
		}
	}
	if gv == authorizationv1.SchemeGroupVersion {
		list.APIResources = append(list.APIResources, metav1.APIResource{
			Name: "selfsubjectaccessreviews", SingularName: "selfsubjectaccessreview", Kind: "SelfSubjectAccessReview",
			Verbs: []string{"create"},
		})
	}
	return list
}

// reviewOrNothing answers what is not kept: reviews of access.
func (c *Cluster) reviewOrNothing(w http.ResponseWriter, k *call) {
	gv := authorizationv1.SchemeGroupVersion
	if k.groupVersion != gv.String() || k.resource != "selfsubjectaccessreviews" || k.verb != "create" {
		notServed(w)
		return
	}
	review := &authorizationv1.SelfSubjectAccessReview{}
	if err := c.decode(k, gv.WithKind("SelfSubjectAccessReview"), review); err != nil {
		c.refuse(w, k, err)
		return
	}
	asked := access{user: k.user}
	if a := review.Spec.ResourceAttributes; a != nil {
		asked.verb, asked.group, asked.resource, asked.subresource = a.Verb, a.Group, a.Resource, a.Subresource
		asked.namespace, asked.name = a.Namespace, a.Name
	}
	if a := review.Spec.NonResourceAttributes; a != nil {
		asked.verb, asked.path = a.Verb, a.Path
	}
	review.TypeMeta = metav1.TypeMeta{Kind: "SelfSubjectAccessReview", APIVersion: gv.String()}
	review.Status.Allowed = c.gate.allowed(asked)
	if !review.Status.Allowed {
		review.Status.Reason = fmt.Sprintf("no rule allows user %q to %s %s", k.user, asked.verb, asked.resource)
	}
	c.answer(w, k, http.StatusCreated, review)
}
