package cluster

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// reply is the outcome of a request; 200 when there is no status.
type reply struct {
	o      runtime.Object
	status int
	err    error
}

// change carries out a request that writes.
func (c *Cluster) change(k *call) reply {
	if k.verb != "deletecollection" && k.verb != "create" && k.subresource != "" &&
		(k.subresource != "status" || !k.res.status) {
		return reply{err: apierrors.NewGenericServerResponse(http.StatusNotFound, k.verb, k.res.group(), k.name, "", 0, false)}
	}
	switch k.verb {
	case "create":
		return c.create(k)
	case "update":
		return c.replace(k)
	case "patch":
		return c.patch(k)
	case "delete":
		return c.delete(k)
	case "deletecollection":
		return c.deleteAll(k)
	}
	return reply{err: apierrors.NewMethodNotSupported(k.res.group(), k.verb)}
}

func (k *call) dryRun() bool { return k.query.Get("dryRun") == metav1.DryRunAll }

// editor is who a write is recorded under: the field manager that was named, or
// the program in the User-Agent.
func (k *call) editor() editor {
	e := editor{manager: k.query.Get("fieldManager"), apiVersion: k.res.gvk.GroupVersion().String(), subresource: k.subresource}
	if e.manager == "" {
		e.manager, _, _ = strings.Cut(k.UserAgent(), "/")
	}
	return e
}

func (c *Cluster) create(k *call) reply {
	if k.subresource == "eviction" && k.res.plural == "pods" {
		return c.evict(k)
	}
	if k.name != "" {
		return reply{err: apierrors.NewMethodNotSupported(k.res.group(), "create")}
	}
	o, err := c.body(k)
	if err == nil {
		err = c.fresh(k, o)
	}
	if err == nil {
		err = c.admit(o)
	}
	if err != nil {
		return reply{err: err}
	}
	if k.res.plural == "namespaces" {
		defer func() {
			if !k.dryRun() {
				_ = c.ensureAccount(c.byKind("ServiceAccount"), o.GetName()) // it cannot fail: nothing in it does
			}
		}()
	}
	stored, err := c.store.write(k.res, key{o.GetNamespace(), o.GetName()}, func(now object) (object, error) {
		if now != nil {
			return nil, apierrors.NewAlreadyExists(k.res.group(), o.GetName())
		}
		c.stamp(k.res, o)
		if err := validate(k.res, o); err != nil {
			return nil, err
		}
		if err := k.editor().record(nil, o); err != nil {
			return nil, err
		}
		if k.dryRun() {
			return nil, nil
		}
		return o, nil
	})
	if k.dryRun() && err == nil {
		stored = o
	}
	return reply{stored, http.StatusCreated, err}
}

// fresh makes the body of a create request into a new object: what only the
// server sets is reset.
func (c *Cluster) fresh(k *call, o object) error {
	if o.GetResourceVersion() != "" {
		return &apierrors.StatusError{ErrStatus: metav1.Status{ // the real server says no more than that
			Status: metav1.StatusFailure, Code: http.StatusInternalServerError,
			Message: "resourceVersion should not be set on objects to be created",
		}}
	}
	if err := k.namespaceOf(o); err != nil {
		return err
	}
	if !k.res.clustered {
		if _, ok := c.store.get(c.byKind("Namespace"), key{name: o.GetNamespace()}); !ok {
			return apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, o.GetNamespace())
		}
	}
	o.SetUID("")
	o.SetCreationTimestamp(metav1.Time{})
	o.SetDeletionTimestamp(nil)
	o.SetDeletionGracePeriodSeconds(nil)
	o.SetGeneration(0)
	o.SetManagedFields(nil)
	if k.res.status {
		part(o, "Status").SetZero()
	}
	if o.GetName() == "" && o.GetGenerateName() != "" {
		o.SetName(o.GetGenerateName() + suffix())
	}
	return nil
}

// suffix is a random word in the letters of the real server, which make no
// other words.
func suffix() string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	raw := make([]byte, 5)
	_, _ = rand.Read(raw) // never fails
	for i, b := range raw {
		raw[i] = letters[int(b)%len(letters)]
	}
	return string(raw)
}

// part is a top-level field of an object, Spec or Status.
func part(o object, name string) reflect.Value { return reflect.ValueOf(o).Elem().FieldByName(name) }

func (k *call) namespaceOf(o object) error {
	if k.res.clustered {
		o.SetNamespace("")
		return nil
	}
	if o.GetNamespace() != "" && o.GetNamespace() != k.namespace {
		return apierrors.NewBadRequest("the namespace of the provided object does not match the namespace sent on the request")
	}
	o.SetNamespace(k.namespace)
	return nil
}

func (c *Cluster) replace(k *call) reply {
	o, err := c.body(k)
	if err == nil {
		err = k.namespaceOf(o)
	}
	if err == nil && o.GetName() != k.name {
		err = apierrors.NewBadRequest(fmt.Sprintf("the name of the object (%s) does not match the name on the URL (%s)", o.GetName(), k.name))
	}
	if err != nil {
		return reply{err: err}
	}
	return c.edit(k, func(object) (object, error) { return o, nil })
}

// errUnchanged ends a dry run: nothing is stored.
var errUnchanged = errors.New("dry run")

// edit changes an object from what it is now to what the function wants.
func (c *Cluster) edit(k *call, want func(now object) (object, error)) reply {
	var would object
	stored, err := c.store.write(k.res, k.key(), func(now object) (object, error) {
		if now == nil {
			return nil, apierrors.NewNotFound(k.res.group(), k.name)
		}
		o, err := want(now)
		if err != nil {
			return nil, err
		}
		next, err := k.settle(now, o)
		if err != nil {
			return nil, err
		}
		if k.dryRun() {
			would = next
			return nil, errUnchanged
		}
		if next.GetDeletionTimestamp() != nil && len(next.GetFinalizers()) == 0 && k.res.plural != "pods" {
			return nil, nil
		}
		return next, nil
	})
	if errors.Is(err, errUnchanged) {
		return reply{o: would}
	}
	if err != nil {
		return reply{err: err}
	}
	return reply{o: stored}
}

// settle is the object as it will be stored: checked against the present one,
// with what the writer may not set taken from there. When nothing changes it is
// the present one.
func (k *call) settle(now, o object) (object, error) { return k.settleAs("", now, o) }

// settleAs is settle for a writer that is no request.
func (k *call) settleAs(manager string, now, o object) (object, error) {
	if err := k.conflict(now, o); err != nil {
		return nil, err
	}
	switch {
	case k.subresource == "status":
		if spec := part(o, "Spec"); spec.IsValid() {
			spec.Set(part(now, "Spec"))
		}
		o.SetOwnerReferences(now.GetOwnerReferences())
		if k.res.gvk.Kind == "Deployment" {
			o.SetLabels(now.GetLabels()) // of the others, labels change through this door too
		}
	case k.res.status:
		part(o, "Status").Set(part(now, "Status"))
	}
	typed(o, k.res.gvk)
	o.SetUID(now.GetUID())
	o.SetCreationTimestamp(now.GetCreationTimestamp())
	o.SetDeletionTimestamp(now.GetDeletionTimestamp())
	o.SetDeletionGracePeriodSeconds(now.GetDeletionGracePeriodSeconds())
	o.SetGeneration(now.GetGeneration())
	o.SetResourceVersion(now.GetResourceVersion())
	o.SetManagedFields(now.GetManagedFields())
	setDefaults(o)
	if equality.Semantic.DeepEqual(now, o) {
		return now, nil
	}
	if err := validate(k.res, o); err != nil {
		return nil, err
	}
	if err := validateChange(k.res, now, o); err != nil {
		return nil, err
	}
	if generational(k.res) && specChanged(now, o) {
		o.SetGeneration(now.GetGeneration() + 1)
	}
	e := editor{manager: manager, apiVersion: k.res.gvk.GroupVersion().String(), subresource: k.subresource}
	if manager == "" {
		e = k.editor()
	}
	return o, e.record(now, o)
}

// specChanged tells whether the generation goes up; a deployment counts its
// annotations too.
func specChanged(now, o object) bool {
	a, b := part(now, "Spec"), part(o, "Spec")
	if _, ok := o.(*appsv1.Deployment); ok && !equality.Semantic.DeepEqual(now.GetAnnotations(), o.GetAnnotations()) {
		return true
	}
	return a.IsValid() && !equality.Semantic.DeepEqual(a.Interface(), b.Interface())
}

// conflict checks the uid and version that the writer based its object on.
func (k *call) conflict(now, o object) error {
	if uid := o.GetUID(); uid != "" && uid != now.GetUID() {
		return apierrors.NewConflict(k.res.group(), k.name,
			fmt.Errorf("Precondition failed: UID in precondition: %v, UID in object meta: %v", uid, now.GetUID())) //nolint:staticcheck // the server's words
	}
	switch version := o.GetResourceVersion(); {
	case version == now.GetResourceVersion():
		return nil
	case version == "" && !k.res.versioned:
		return nil
	case version == "":
		kind := schema.GroupKind{Group: k.res.gvk.Group, Kind: k.res.plural} // the real server names the resource here
		return apierrors.NewInvalid(kind, k.name, field.ErrorList{
			field.Invalid(field.NewPath("metadata", "resourceVersion"), 0, "must be specified for an update"),
		})
	}
	return apierrors.NewConflict(k.res.group(), k.name,
		errors.New("the object has been modified; please apply your changes to the latest version and try again"))
}

// timestamp is now as objects carry it.
func timestamp() metav1.Time { return metav1.NewTime(time.Now().UTC().Truncate(time.Second)) }
