package k8s

import (
	"context"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// IgnoreAnnotation on a pod, a workload or a namespace keeps pullfix from
// noticing it unasked, when its value is "true".
const IgnoreAnnotation = "pullfix.dev/ignore"

func asksToBeIgnored(meta *metav1.ObjectMeta) bool {
	return meta.Annotations[IgnoreAnnotation] == "true"
}

// ownersUp is how far up a chain of owners goes: ReplicaSet, Deployment.
const ownersUp = 3

// Ignored tells whether the namespace, the workload (KIND/NAME as a pod names
// its owner; "" for none) or an owner of the workload asks not to be noticed.
// What is not there, or of a kind that is not followed, asks for nothing. Only
// metadata is read, and every request is a GET.
func (c *Cluster) Ignored(ctx context.Context, namespace, workload string) (bool, error) {
	if len(validation.IsDNS1123Label(namespace)) > 0 {
		return false, nil
	}
	var ofNamespace, ofWorkload bool
	var namespaceErr, workloadErr error
	sideBySide(
		func() { ofNamespace, _, namespaceErr = c.marked(ctx, question{resource: namespaces, name: namespace}) },
		func() { ofWorkload, workloadErr = c.chainMarked(ctx, namespace, workload) },
	)
	if ofNamespace || ofWorkload {
		return true, nil
	}
	if namespaceErr != nil {
		return false, namespaceErr
	}
	return false, workloadErr
}

func (c *Cluster) chainMarked(ctx context.Context, namespace, workload string) (bool, error) {
	kind, name, _ := strings.Cut(workload, "/")
	for range ownersUp {
		r := resourceOf(kind)
		if r == "" || len(validation.IsDNS1123Subdomain(name)) > 0 {
			return false, nil
		}
		is, owner, err := c.marked(ctx, question{resource: r, namespace: namespace, name: name})
		if is || err != nil || owner == nil || !followed(owner) {
			return is, err
		}
		kind, name = owner.Kind, owner.Name
	}
	return false, nil
}

// marked reads one object's annotation and its controller.
func (c *Cluster) marked(ctx context.Context, q question) (bool, *metav1.OwnerReference, error) {
	found, err := get[metav1.PartialObjectMetadata](ctx, c.api, q)
	switch {
	case missing(err):
		return false, nil, nil
	case err != nil:
		return false, nil, err
	}
	return asksToBeIgnored(&found.ObjectMeta), controllerOf(found.OwnerReferences), nil
}
