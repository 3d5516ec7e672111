package k8s

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/pullfix/pullfix/runbook"
)

// podDeletion deletes the pod that the action names, if it is still that one
// and still waits for that image.
func (j job) podDeletion() write {
	return write{
		what:  "deleting " + j.what(),
		grant: "delete pods in namespace " + j.action.Namespace,
		prepare: func(ctx context.Context) (*rest.Request, string, error) {
			pod, err := get[corev1.Pod](ctx, j.api, j.podQuestion())
			if missing(err) {
				return nil, "", overtaken("pod %s is gone", j.action.Name)
			}
			if err != nil {
				return nil, "", fmt.Errorf("before deleting %s: %w", j.what(), err)
			}
			if err := j.stillWaits(pod); err != nil {
				return nil, "", err
			}
			request, err := j.deletion(pod)
			return request, pod.ResourceVersion, err
		},
		seen: func(ctx context.Context) (bool, string, error) {
			pod, err := get[corev1.Pod](ctx, j.api, j.podQuestion())
			switch {
			case missing(err):
				return true, "", nil
			case err != nil:
				return false, "", err
			}
			return string(pod.UID) != j.action.UID || pod.DeletionTimestamp != nil, pod.ResourceVersion, nil
		},
	}
}

func (j job) podQuestion() question {
	return question{resource: pods, namespace: j.action.Namespace, name: j.action.Name}
}

// stillWaits refuses when the pod is another one, or does not wait any more for
// the image that the approval was for.
func (j job) stillWaits(pod *corev1.Pod) error {
	a := j.action
	switch {
	case string(pod.UID) != a.UID:
		return overtaken("pod %s was made anew at %s", a.Name, pod.CreationTimestamp.UTC().Format("15:04:05"))
	case pod.DeletionTimestamp != nil:
		return overtaken("pod %s is being deleted already", a.Name)
	case controllerOf(pod.OwnerReferences) == nil:
		return overtaken("pod %s has no controller any more: nothing would make it again", a.Name)
	}
	failing := FailingPulls(pod)
	i := slices.IndexFunc(failing, func(f runbook.FailingPull) bool { return f.Container == a.Container })
	switch {
	case i < 0:
		return overtaken("container %s of pod %s no longer waits for an image", a.Container, a.Name)
	case !sameImage(failing[i].Image, a.Image):
		return overtaken("container %s of pod %s waits for %s by now", a.Container, a.Name, failing[i].Image)
	}
	if runs := running(pod); runs != "" {
		return overtaken("container %s of pod %s runs by now", runs, a.Name)
	}
	return nil
}

// deletion is for exactly the state that was just read.
func (j job) deletion(pod *corev1.Pod) (*rest.Request, error) {
	uid, version := types.UID(j.action.UID), pod.ResourceVersion
	options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version}}
	options.APIVersion, options.Kind = "v1", "DeleteOptions"
	body, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("deleting %s: %w", j.what(), err)
	}
	return j.addressed(j.api.client.Delete(), pods).Name(j.action.Name).Body(body), nil
}
