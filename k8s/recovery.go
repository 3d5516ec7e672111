package k8s

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullfix/pullfix/runbook"
)

// RecoveryQuestion names the pods of an incident, by its newest case.
type RecoveryQuestion struct {
	Facts runbook.Facts
	// Pulls are what failed. When there are none, all containers count.
	Pulls []runbook.Pull
	// Crashed is an image that the node has and cannot run: to have it proves
	// nothing.
	Crashed *runbook.Pull
}

// Recovery looks at the incident's pods. Over says that recovery is proven: the
// containers of the incident have their image, in the same pods or in those
// that the owner made since, or they are no longer wanted, because the owner
// asks for other images, for no pods at all, or is gone. Only containerStatuses
// prove anything; Events, which tenants can forge, are not even read. A leftover
// ProgressDeadlineExceeded means nothing.
//
// It takes at most 3 requests. The error, a *RequestError or one that says that
// a list is not complete, means that nothing is known.
func (c *Cluster) Recovery(ctx context.Context, q RecoveryQuestion) (r runbook.Recovery, over bool, err error) {
	look := &recovery{api: c.api, ask: q}
	switch w := q.Facts.Workload; {
	case w == nil:
		return look.ofPod(ctx)
	case resourceOf(w.Kind) != "":
		return look.ofWorkload(ctx, w.Kind, w.Name)
	}
	if kind, name, _ := strings.Cut(look.nearest(), "/"); kind == kindReplicaSet {
		return look.ofWorkload(ctx, kind, name) // below an owner that is not followed
	}
	return look.ofNamed(ctx)
}

// recovery is one look at the pods of an incident.
type recovery struct {
	api   api
	ask   RecoveryQuestion
	top   *controller
	count runbook.Recovery
	// newest is the revision that new pods have; "" when it is not known.
	newest string
	by     map[string]tally // revision
	like   tally            // of pods with the images of the template
	proof  []string         // what was pulled
	after  []string         // what goes wrong after the pull
}

// tally counts the pods that have their image.
type tally struct{ pulled, ready int }

func (r *recovery) in(kind resource, name string) question {
	return question{resource: kind, namespace: r.ask.Facts.Target.Namespace, name: name}
}

// ofPod looks at a pod without a controller.
func (r *recovery) ofPod(ctx context.Context) (runbook.Recovery, bool, error) {
	name := r.ask.Facts.Pod.Name
	pod, err := get[corev1.Pod](ctx, r.api, r.in(pods, name))
	if missing(err) {
		return r.unwanted("pod " + name + " is deleted, and nothing makes it again")
	}
	if err != nil {
		return runbook.Recovery{}, false, err
	}
	r.count.Wanted = 1
	r.add(pod)
	return r.result(r.allPulled(1))
}

// ofNamed looks at the very pods that waited: of their owner nothing is known.
func (r *recovery) ofNamed(ctx context.Context) (runbook.Recovery, bool, error) {
	names := r.waited()
	if err := r.each(ctx, r.in(pods, ""), func(pod *corev1.Pod) bool { return names[pod.Name] }); err != nil {
		return runbook.Recovery{}, false, err
	}
	r.count.Wanted = len(names)
	return r.result(r.allPulled(len(names)))
}

// waited are the names of the pods that waited for their image.
func (r *recovery) waited() map[string]bool {
	names := map[string]bool{r.ask.Facts.Pod.Name: true}
	for _, name := range r.ask.Facts.Workload.FailingPods {
		names[name] = true
	}
	return names
}

// nearest is KIND/NAME of the pod's own owner.
func (r *recovery) nearest() string {
	for _, f := range r.ask.Facts.Failing {
		if f.Namespace == r.ask.Facts.Target.Namespace && f.Pod == r.ask.Facts.Pod.Name {
			return f.Workload
		}
	}
	return ""
}

// ofWorkload looks at the pods of a controller that is followed.
func (r *recovery) ofWorkload(ctx context.Context, kind, name string) (runbook.Recovery, bool, error) {
	top, err := readController(ctx, r.api, r.in(resourceOf(kind), name))
	if missing(err) {
		return r.ofDeleted(ctx, kind+" "+name)
	}
	if err != nil {
		return runbook.Recovery{}, false, err
	}
	r.top, r.count.Wanted = top, top.desired
	sideBySide(
		func() { r.newest = r.newestRevision(ctx) },
		func() {
			if q := r.in(pods, ""); top.podLabels() != "" {
				q.labels = top.podLabels()
				err = r.each(ctx, q, r.mine)
			}
		},
	)
	if err != nil {
		return runbook.Recovery{}, false, err
	}
	return r.result(r.judge())
}

// ofDeleted looks whether the pods of a deleted workload are gone, too.
func (r *recovery) ofDeleted(ctx context.Context, workload string) (runbook.Recovery, bool, error) {
	names := r.waited()
	if err := r.each(ctx, r.in(pods, ""), func(pod *corev1.Pod) bool { return names[pod.Name] }); err != nil {
		return runbook.Recovery{}, false, err
	}
	if left := r.count.Waiting + r.count.Pulling; left > 0 {
		r.count.Wanted = left + r.count.Pulled
		return r.result(false)
	}
	return r.unwanted(workload + " is deleted, and none of its pods waits for an image")
}

// newestRevision names the revision that new pods have, where the controller or
// its records tell.
func (r *recovery) newestRevision(ctx context.Context) string {
	if r.top.kind != kindDeployment {
		return ""
	}
	q, ok := historyQuestion(r.top, r.top.podLabels())
	if !ok {
		return ""
	}
	all, err := history(ctx, r.api, q, func(uid types.UID) bool { return uid == r.top.meta.UID })
	if err != nil {
		return "" // the images of the template tell almost as well
	}
	return currentRevision(r.top, all)
}

// mine tells whether the pod belongs to the workload; those of a CronJob belong
// to the Jobs that were selected by name.
func (r *recovery) mine(pod *corev1.Pod) bool { return r.top.kind == kindCronJob || r.top.owns(pod) }

// each counts the pods of a list that are chosen. A list that is not complete
// is an error.
func (r *recovery) each(ctx context.Context, q question, chosen func(*corev1.Pod) bool) error {
	read := 0
	list, err := each(ctx, r.api, q, func(pod *corev1.Pod) bool {
		if read++; chosen(pod) {
			r.add(pod)
		}
		return read < podsRead
	})
	if err == nil && (list.cut || list.next != "") {
		err = fmt.Errorf("reading %s: the list is not complete", q.what())
	}
	return err
}
