package cluster

import (
	"encoding/json"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func invalid(r *resource, name string, e *field.Error) error {
	return apierrors.NewInvalid(r.gvk.GroupKind(), name, field.ErrorList{e})
}

func invalidField(path, value, why string) *field.Error {
	return field.Invalid(field.NewPath(path), value, why)
}

func refused(r *resource, o object, errs field.ErrorList) error {
	if len(errs) == 0 {
		return nil
	}
	return apierrors.NewInvalid(r.gvk.GroupKind(), o.GetName(), errs)
}

// validate holds the checks of a new object that a pull problem can meet; it is
// far from all that the real server checks.
func validate(r *resource, o object) error {
	var errs field.ErrorList
	meta := field.NewPath("metadata")
	if o.GetName() == "" {
		errs = append(errs, field.Required(meta.Child("name"), "name or generateName is required"))
	} else {
		for _, why := range validation.NameIsDNSSubdomain(o.GetName(), false) {
			errs = append(errs, field.Invalid(meta.Child("name"), o.GetName(), why))
		}
	}
	switch o := o.(type) {
	case *corev1.Secret:
		errs = append(errs, validateSecret(o)...)
	case *corev1.Pod:
		errs = append(errs, validatePod(&o.Spec, field.NewPath("spec"))...)
	case *appsv1.Deployment:
		errs = append(errs, validateTemplate(o.Spec.Selector, &o.Spec.Template)...)
	case *appsv1.StatefulSet:
		errs = append(errs, validateTemplate(o.Spec.Selector, &o.Spec.Template)...)
	case *appsv1.DaemonSet:
		errs = append(errs, validateTemplate(o.Spec.Selector, &o.Spec.Template)...)
	case *appsv1.ReplicaSet:
		errs = append(errs, validateTemplate(o.Spec.Selector, &o.Spec.Template)...)
	}
	return refused(r, o, errs)
}

// validateSecret knows that the two types of pull secrets need their key, with
// a JSON object under it; base64 inside is nobody's business here.
func validateSecret(o *corev1.Secret) field.ErrorList {
	name := map[corev1.SecretType]string{
		corev1.SecretTypeDockerConfigJson: corev1.DockerConfigJsonKey,
		corev1.SecretTypeDockercfg:        corev1.DockerConfigKey,
	}[o.Type]
	if name == "" {
		return nil
	}
	path := field.NewPath("data").Key(name)
	content, ok := o.Data[name]
	if !ok {
		return field.ErrorList{field.Required(path, "")}
	}
	var document map[string]any
	if err := json.Unmarshal(content, &document); err != nil {
		return field.ErrorList{field.Invalid(path, "<secret contents redacted>", err.Error())}
	}
	return nil
}

func validatePod(spec *corev1.PodSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(spec.Containers) == 0 {
		errs = append(errs, field.Required(path.Child("containers"), ""))
	}
	for i, container := range spec.Containers {
		at := path.Child("containers").Index(i)
		if container.Name == "" {
			errs = append(errs, field.Required(at.Child("name"), ""))
		}
		switch {
		case container.Image == "":
			errs = append(errs, field.Required(at.Child("image"), ""))
		case strings.TrimSpace(container.Image) != container.Image:
			errs = append(errs, field.Invalid(at.Child("image"), container.Image, "must not have leading or trailing whitespace"))
		}
	}
	return errs
}

func validateTemplate(by *metav1.LabelSelector, template *corev1.PodTemplateSpec) field.ErrorList {
	spec := field.NewPath("spec")
	errs := validatePod(&template.Spec, spec.Child("template", "spec"))
	if by == nil {
		return append(errs, field.Required(spec.Child("selector"), ""))
	}
	selector, err := metav1.LabelSelectorAsSelector(by)
	if err != nil || !selector.Matches(labels.Set(template.Labels)) {
		errs = append(errs, field.Invalid(spec.Child("template", "metadata", "labels"), template.Labels,
			"`selector` does not match template `labels`"))
	}
	return errs
}

// validateChange holds what may not change.
func validateChange(r *resource, now, next object) error {
	switch now := now.(type) {
	case *corev1.Secret:
		return refused(r, next, changedSecret(now, next.(*corev1.Secret))) //nolint:forcetypeassert // of one resource
	case *corev1.ConfigMap:
		to := next.(*corev1.ConfigMap) //nolint:forcetypeassert // of one resource
		if now.Immutable != nil && *now.Immutable && !equality.Semantic.DeepEqual(now.Data, to.Data) {
			return refused(r, next, field.ErrorList{immutable("data")})
		}
	case *corev1.Pod:
		return refused(r, next, changedPod(now, next.(*corev1.Pod))) //nolint:forcetypeassert // of one resource
	case *appsv1.Deployment:
		return fixedSelector(r, now.Spec.Selector, next.(*appsv1.Deployment).Spec.Selector, next) //nolint:forcetypeassert // of one resource
	case *appsv1.DaemonSet:
		return fixedSelector(r, now.Spec.Selector, next.(*appsv1.DaemonSet).Spec.Selector, next) //nolint:forcetypeassert // of one resource
	case *appsv1.StatefulSet:
		return fixedSelector(r, now.Spec.Selector, next.(*appsv1.StatefulSet).Spec.Selector, next) //nolint:forcetypeassert // of one resource
	case *appsv1.ReplicaSet:
		return fixedSelector(r, now.Spec.Selector, next.(*appsv1.ReplicaSet).Spec.Selector, next) //nolint:forcetypeassert // of one resource
	}
	return nil
}

func immutable(path string) *field.Error {
	return field.Forbidden(field.NewPath(path), "field is immutable when `immutable` is set")
}

func changedSecret(now, next *corev1.Secret) field.ErrorList {
	var errs field.ErrorList
	if next.Type != now.Type {
		errs = append(errs, field.Invalid(field.NewPath("type"), next.Type, "field is immutable"))
	}
	if now.Immutable == nil || !*now.Immutable {
		return errs
	}
	if next.Immutable == nil || !*next.Immutable {
		errs = append(errs, immutable("immutable"))
	}
	if !equality.Semantic.DeepEqual(now.Data, next.Data) {
		errs = append(errs, immutable("data"))
	}
	return errs
}

// changedPod lets a pod change its images, deadline, grace and tolerations, and
// nothing else of its spec.
func changedPod(now, next *corev1.Pod) field.ErrorList {
	allowed := next.Spec.DeepCopy()
	sameShape := len(allowed.Containers) == len(now.Spec.Containers) && len(allowed.InitContainers) == len(now.Spec.InitContainers)
	if sameShape {
		for i := range allowed.Containers {
			allowed.Containers[i].Image = now.Spec.Containers[i].Image
		}
		for i := range allowed.InitContainers {
			allowed.InitContainers[i].Image = now.Spec.InitContainers[i].Image
		}
	}
	allowed.ActiveDeadlineSeconds = now.Spec.ActiveDeadlineSeconds
	allowed.TerminationGracePeriodSeconds = now.Spec.TerminationGracePeriodSeconds
	allowed.Tolerations = now.Spec.Tolerations
	if sameShape && equality.Semantic.DeepEqual(*allowed, now.Spec) {
		return nil
	}
	return field.ErrorList{field.Forbidden(field.NewPath("spec"), "pod updates may not change fields other than "+
		"`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"+
		"`spec.terminationGracePeriodSeconds`,`spec.tolerations` (only additions to existing tolerations)")}
}

func fixedSelector(r *resource, now, next *metav1.LabelSelector, o object) error {
	if equality.Semantic.DeepEqual(now, next) {
		return nil
	}
	return invalid(r, o.GetName(), invalidField("spec.selector", metav1.FormatLabelSelector(next), "field is immutable"))
}

// admit does to a new pod what the ServiceAccount admission plugin does: it
// gets the account's pull secrets when it lists none of its own.
func (c *Cluster) admit(o object) error {
	pod, ok := o.(*corev1.Pod)
	if !ok {
		return nil
	}
	orElse(&pod.Spec.ServiceAccountName, "default")
	pod.Spec.DeprecatedServiceAccount = pod.Spec.ServiceAccountName
	found, ok := c.store.get(c.byKind("ServiceAccount"), key{pod.Namespace, pod.Spec.ServiceAccountName})
	if !ok {
		return apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, pod.Name,
			fmt.Errorf("error looking up service account %s/%s: serviceaccount %q not found",
				pod.Namespace, pod.Spec.ServiceAccountName, pod.Spec.ServiceAccountName))
	}
	account, _ := found.(*corev1.ServiceAccount)
	if len(pod.Spec.ImagePullSecrets) == 0 {
		pod.Spec.ImagePullSecrets = append(pod.Spec.ImagePullSecrets, account.ImagePullSecrets...)
	}
	return nil
}
