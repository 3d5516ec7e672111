package cluster

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// ExternalSecret is the kind of the External Secrets operator, as far as a pull
// secret needs it (external-secrets.io/v1).
type ExternalSecret struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              ExternalSecretSpec   `json:"spec"`
	Status            ExternalSecretStatus `json:"status"`
}

// ExternalSecretSpec names the store, the values in it, and the Secret to make.
type ExternalSecretSpec struct {
	SecretStoreRef StoreRef       `json:"secretStoreRef"`
	Target         ExternalTarget `json:"target"`
	Data           []ExternalDate `json:"data,omitempty"`
}

// StoreRef names a SecretStore.
type StoreRef struct {
	Name string `json:"name"`
	Kind string `json:"kind,omitempty"`
}

// ExternalTarget is the Secret to make; the ExternalSecret's own name when it
// has none.
type ExternalTarget struct {
	Name string `json:"name,omitempty"`
}

// ExternalDate is one key of the Secret and the value that it comes from.
type ExternalDate struct {
	SecretKey string    `json:"secretKey"`
	RemoteRef RemoteRef `json:"remoteRef"`
}

// RemoteRef is a value in the store.
type RemoteRef struct {
	Key string `json:"key"`
}

// ExternalSecretStatus says when it was fetched last.
type ExternalSecretStatus struct {
	RefreshTime           *metav1.Time `json:"refreshTime,omitempty"`
	SyncedResourceVersion string       `json:"syncedResourceVersion,omitempty"`
}

// DeepCopyObject copies it.
func (e *ExternalSecret) DeepCopyObject() runtime.Object {
	out := *e
	e.DeepCopyInto(&out.ObjectMeta)
	out.Spec.Data = slices.Clone(e.Spec.Data)
	out.Status.RefreshTime = e.Status.RefreshTime.DeepCopy()
	return &out
}

// ExternalSecretList is a list of them.
type ExternalSecretList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []ExternalSecret `json:"items"`
}

// DeepCopyObject copies it.
func (l *ExternalSecretList) DeepCopyObject() runtime.Object {
	out := *l
	out.Items = nil
	for i := range l.Items {
		if one, ok := l.Items[i].DeepCopyObject().(*ExternalSecret); ok {
			out.Items = append(out.Items, *one)
		}
	}
	return &out
}

func externalGroup() schema.GroupVersion {
	return schema.GroupVersion{Group: "external-secrets.io", Version: "v1"}
}

// externalSecrets is the kind as the API serves it, where it is installed.
func externalSecrets() *resource {
	return &resource{
		gvk: externalGroup().WithKind("ExternalSecret"), plural: "externalsecrets", singular: "externalsecret",
		short: []string{"es"}, status: true, versioned: true,
	}
}

func addExternalSecrets(scheme *runtime.Scheme) error {
	scheme.AddKnownTypeWithName(externalGroup().WithKind("ExternalSecret"), &ExternalSecret{})
	scheme.AddKnownTypeWithName(externalGroup().WithKind("ExternalSecretList"), &ExternalSecretList{})
	metav1.AddToGroupVersion(scheme, externalGroup())
	return nil
}

// stores hold what External Secrets fetches, by STORE/KEY.
type stores struct {
	mu     sync.Mutex
	values map[string][]byte
}

// Store puts a value where External Secrets fetches it.
func (c *Cluster) Store(store, key string, value []byte) {
	c.stores.mu.Lock()
	defer c.stores.mu.Unlock()
	c.stores.values[store+"/"+key] = slices.Clone(value)
}

func (s *stores) value(store, key string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.values[store+"/"+key]
	return v, ok
}

// What the operator marks its Secrets with.
const (
	externalManaged = "reconcile.external-secrets.io/managed"
	externalHash    = "reconcile.external-secrets.io/data-hash"
)

// externalSecret fetches when the object was changed or annotated, or when its
// Secret is no longer what it wrote.
func (s *Controllers) externalSecret(o object) error {
	e, _ := o.(*ExternalSecret)
	name := e.Spec.Target.Name
	if name == "" {
		name = e.Name
	}
	version := fmt.Sprintf("%d-%s", e.Generation, digest(e.Annotations))
	found, ok := s.cluster.store.get(s.cluster.byKind("Secret"), key{e.Namespace, name})
	secret, _ := found.(*corev1.Secret)
	if ok && e.Status.SyncedResourceVersion == version && secret.Annotations[externalHash] == dataHash(secret.Data) {
		return nil
	}
	data := map[string][]byte{}
	for _, d := range e.Spec.Data {
		if v, ok := s.cluster.stores.value(e.Spec.SecretStoreRef.Name, d.RemoteRef.Key); ok {
			data[d.SecretKey] = v
		}
	}
	if len(data) < len(e.Spec.Data) {
		return nil // the store has no such value; it is tried again at the next change
	}
	if ok {
		if err := s.change("Secret", secret, "", func(next object) { fetched(next, data) }); err != nil {
			return err
		}
	} else {
		made := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
			Namespace: e.Namespace, Name: name,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(e, externalGroup().WithKind("ExternalSecret"))},
		}, Type: corev1.SecretTypeDockerConfigJson}
		fetched(made, data)
		s.create("Secret", made)
	}
	return s.change("ExternalSecret", e, "status", func(next object) {
		if e, ok := next.(*ExternalSecret); ok {
			now := metav1.NewTime(time.Now())
			e.Status = ExternalSecretStatus{RefreshTime: &now, SyncedResourceVersion: version}
		}
	})
}

func fetched(o object, data map[string][]byte) {
	secret, ok := o.(*corev1.Secret)
	if !ok {
		return
	}
	secret.Data = maps.Clone(data)
	secret.Labels = with(secret.Labels, externalManaged, "true")
	secret.Annotations = with(secret.Annotations, externalHash, dataHash(data))
}

func with(m map[string]string, name, value string) map[string]string {
	if m = maps.Clone(m); m == nil {
		m = map[string]string{}
	}
	m[name] = value
	return m
}

func dataHash(data map[string][]byte) string {
	text := map[string]string{}
	for name, value := range data {
		text[name] = string(value)
	}
	return digest(text)
}

// digest tells maps apart.
func digest(m map[string]string) string {
	sum := fnv.New64a()
	for _, name := range slices.Sorted(maps.Keys(m)) {
		_, _ = fmt.Fprintf(sum, "%q=%q;", name, m[name]) // never fails
	}
	return hex.EncodeToString(sum.Sum(nil))
}
