package cluster

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// deleteOptions come in the body or, for curl, in the query.
func (c *Cluster) deleteOptions(k *call) (*metav1.DeleteOptions, error) {
	o := &metav1.DeleteOptions{}
	if err := c.decode(k, k.res.gvk.GroupVersion().WithKind("DeleteOptions"), o); err != nil {
		return nil, err
	}
	if text := k.query.Get("gracePeriodSeconds"); text != "" {
		grace, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		o.GracePeriodSeconds = &grace
	}
	if text := k.query.Get("dryRun"); text != "" {
		o.DryRun = []string{text}
	}
	return o, nil
}

func (c *Cluster) delete(k *call) reply {
	options, err := c.deleteOptions(k)
	if err != nil {
		return reply{err: err}
	}
	if k.res.plural == "namespaces" && len(options.DryRun) == 0 {
		defer c.emptied(k.name)
	}
	last, stored, err := c.end(k, options)
	if err != nil {
		return reply{err: err}
	}
	if k.res.plural == "pods" || k.res.plural == "serviceaccounts" || stored.GetDeletionTimestamp() != nil {
		return reply{o: stored}
	}
	return reply{o: &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess,
		Details: &metav1.StatusDetails{Name: k.name, Group: k.res.gvk.Group, Kind: k.res.plural, UID: last.GetUID()},
	}}
}

// end carries out a deletion. It returns the object as it was and as it is now,
// which is the last state of one that is gone.
func (c *Cluster) end(k *call, options *metav1.DeleteOptions) (last, stored object, err error) {
	stored, err = c.store.write(k.res, k.key(), func(now object) (object, error) {
		if now == nil {
			return nil, apierrors.NewNotFound(k.res.group(), k.name)
		}
		if err := k.precondition(options.Preconditions, now); err != nil {
			return nil, err
		}
		last = now
		if len(options.DryRun) > 0 {
			return now, nil
		}
		return c.ending(now, options.GracePeriodSeconds), nil
	})
	if err != nil || len(options.DryRun) > 0 || !over(stored) {
		return last, stored, err
	}
	_, err = c.store.write(k.res, k.key(), func(now object) (object, error) {
		if now != nil && now.GetUID() == stored.GetUID() && over(now) {
			return nil, nil
		}
		return now, nil
	})
	return last, stored, err
}

// over tells that nothing keeps a pod that is being deleted. A pod is marked
// first and deleted then, so watchers see both, as from the real server.
func over(o object) bool {
	_, isPod := o.(*corev1.Pod)
	grace := o.GetDeletionGracePeriodSeconds()
	return isPod && grace != nil && *grace == 0 && len(o.GetFinalizers()) == 0
}

func (k *call) precondition(p *metav1.Preconditions, now object) error {
	kind := schema.GroupResource{Group: k.res.gvk.Group, Resource: k.res.gvk.Kind} // as the real server names it here
	switch {
	case p == nil:
		return nil
	case p.UID != nil && *p.UID != now.GetUID():
		return apierrors.NewConflict(kind, k.name, fmt.Errorf("the UID in the precondition (%s) does not match "+
			"the UID in record (%s). The object might have been deleted and then recreated", *p.UID, now.GetUID()))
	case p.ResourceVersion != nil && *p.ResourceVersion != now.GetResourceVersion():
		return apierrors.NewConflict(kind, k.name, fmt.Errorf("the ResourceVersion in the precondition (%s) does not match "+
			"the ResourceVersion in record (%s). The object might have been modified", *p.ResourceVersion, now.GetResourceVersion()))
	}
	return nil
}

// ending is the object after a delete request: nil when it goes at once, else
// marked, waiting for its finalizers or for the kubelet.
func (c *Cluster) ending(now object, asked *int64) object {
	pod, isPod := now.(*corev1.Pod)
	if !isPod && len(now.GetFinalizers()) == 0 {
		return nil
	}
	grace := int64(0)
	if isPod {
		grace = c.grace(pod, asked)
	}
	was := now.GetDeletionGracePeriodSeconds()
	if now.GetDeletionTimestamp() != nil && was != nil && *was <= grace {
		return now // it can only be shortened
	}
	next, _ := now.DeepCopyObject().(object)
	end := metav1.NewTime(timestamp().Add(time.Duration(grace) * time.Second))
	next.SetDeletionTimestamp(&end)
	next.SetDeletionGracePeriodSeconds(&grace)
	if next.GetGeneration() > 0 {
		next.SetGeneration(next.GetGeneration() + 1)
	}
	return next
}

// grace is how long a pod may take to end. Where no kubelet would end it, it
// goes at once, whereas a real one would stay until its node is back.
func (c *Cluster) grace(pod *corev1.Pod, asked *int64) int64 {
	switch {
	case !c.nodes.has(pod.Spec.NodeName), pod.Status.Phase == corev1.PodSucceeded, pod.Status.Phase == corev1.PodFailed:
		return 0
	case asked != nil:
		return *asked
	case pod.Spec.TerminationGracePeriodSeconds != nil:
		return *pod.Spec.TerminationGracePeriodSeconds
	}
	return corev1.DefaultTerminationGracePeriodSeconds
}

// emptied deletes what a namespace that is gone contained.
func (c *Cluster) emptied(namespace string) {
	if _, ok := c.store.get(c.byKind("Namespace"), key{name: namespace}); ok {
		return // the deletion was refused
	}
	for _, r := range c.resources {
		objects, _, _ := c.store.read(r, 0)
		for _, o := range objects {
			if o.GetNamespace() == namespace {
				_, _ = c.store.write(r, key{namespace, o.GetName()}, func(object) (object, error) { return nil, nil }) // it cannot fail
			}
		}
	}
}

// deleteAll deletes a collection.
func (c *Cluster) deleteAll(k *call) reply {
	options, err := c.deleteOptions(k)
	if err != nil {
		return reply{err: err}
	}
	_, pick, err := c.listOptions(k)
	if err != nil {
		return reply{err: err}
	}
	objects, _, _ := c.store.read(k.res, 0)
	matching, _ := take(objects, pick, 0)
	for _, o := range matching {
		one := *k
		one.namespace, one.name = o.GetNamespace(), o.GetName()
		if _, _, err := c.end(&one, options); err != nil && !apierrors.IsNotFound(err) {
			return reply{err: err}
		}
	}
	list, err := c.listOf(k.res, matching)
	return reply{o: list, err: err}
}

// evict deletes a pod as a drain does. Disruption budgets are not counted.
func (c *Cluster) evict(k *call) reply {
	if _, err := k.read(); err != nil {
		return reply{err: err}
	}
	k.Body = http.NoBody
	if r := c.delete(k); r.err != nil {
		return r
	}
	return reply{o: &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess,
	}, status: http.StatusCreated}
}
