package k8s

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// The annotations that a change leaves on the workload itself. They are not in
// its pod template, where they would start a rollout of their own.
const (
	annotationApproved = "pullfix.dev/approved-by"
	annotationIncident = "pullfix.dev/incident"
	// annotationChange tells a change from every other one, so that it can be
	// recognised when its answer was lost.
	annotationChange = "pullfix.dev/change"
)

// restartedAt is the annotation of the pod template that kubectl rollout
// restart sets (kubectl/pkg/polymorphichelpers/objectrestarter.go).
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// restart restarts the rollout of a workload.
func (j job) restart() write {
	return j.templateChange("restarting", types.StrategicMergePatchType, func(_ context.Context, top *controller, marks map[string]string) (any, error) {
		restarted := map[string]any{restartedAt: time.Now().UTC().Format(time.RFC3339)}
		return map[string]any{
			"metadata": map[string]any{"uid": top.meta.UID, "resourceVersion": top.meta.ResourceVersion, "annotations": marks},
			"spec":     map[string]any{"template": map[string]any{"metadata": map[string]any{"annotations": restarted}}},
		}, nil
	})
}

// rollBack puts an earlier pod template back.
func (j job) rollBack() write {
	return j.templateChange("rolling back", types.JSONPatchType, func(ctx context.Context, top *controller, marks map[string]string) (any, error) {
		template, err := j.recordedTemplate(ctx, top)
		if err != nil {
			return nil, err
		}
		patch := append(top.asRead(), operation{"replace", "/spec/template", template})
		return annotated(patch, top.meta.Annotations, marks), nil
	})
}

// asRead begins a patch that is for the workload exactly as it was read.
func (c *controller) asRead() []operation {
	return []operation{
		{"test", "/metadata/uid", c.meta.UID},
		{"test", "/metadata/generation", c.meta.Generation},
		// As a value, not as a test: a newer version is then a conflict, which
		// the API server tells from a patch that does not fit.
		{"replace", "/metadata/resourceVersion", c.meta.ResourceVersion},
	}
}

// patchOf makes the patch of a workload as it is now, with these annotations.
type patchOf func(ctx context.Context, top *controller, marks map[string]string) (any, error)

// templateChange patches the workload that the action names, if it is still as
// it was.
func (j job) templateChange(doing string, kind types.PatchType, form patchOf) write {
	r := resourceOf(j.action.Kind)
	mark := ""
	return write{
		what:  doing + " " + j.what(),
		grant: "patch " + r.singular() + " " + j.action.Name + " in namespace " + j.action.Namespace,
		prepare: func(ctx context.Context) (*rest.Request, string, error) {
			top, err := j.unchanged(ctx)
			if err != nil {
				return nil, "", err
			}
			mark = j.newMark()
			patch, err := form(ctx, top, j.marks(mark))
			if err != nil {
				return nil, "", err
			}
			body, err := json.Marshal(patch)
			if err != nil {
				return nil, "", fmt.Errorf("%s %s: %w", doing, j.what(), err)
			}
			request := j.addressed(j.api.client.Patch(kind), r).Name(j.action.Name).
				SetHeader("Content-Type", string(kind)).Param("fieldManager", fieldManager).Body(body)
			return request, top.meta.ResourceVersion, nil
		},
		seen: func(ctx context.Context) (bool, string, error) {
			top, err := readController(ctx, j.api, j.workloadQuestion())
			switch {
			case missing(err):
				return false, "", nil
			case err != nil:
				return false, "", err
			}
			return top.meta.Annotations[annotationChange] == mark, top.meta.ResourceVersion, nil
		},
	}
}

func (j job) workloadQuestion() question {
	return question{resource: resourceOf(j.action.Kind), namespace: j.action.Namespace, name: j.action.Name}
}

func (j job) marks(mark string) map[string]string {
	return map[string]string{
		annotationApproved: cut(strings.Join(j.by.Approved, ",")),
		annotationIncident: cut(j.by.Incident),
		annotationChange:   mark,
	}
}

// unchanged reads the workload, and refuses when anybody changed what it asks
// for since the plan.
func (j job) unchanged(ctx context.Context) (*controller, error) {
	a := j.action
	if !rolls(a.Kind) {
		return nil, fmt.Errorf("changing %s: a %s has no rollout", j.what(), a.Kind)
	}
	top, err := readController(ctx, j.api, j.workloadQuestion())
	switch {
	case missing(err):
		return nil, overtaken("%s %s is gone", a.Kind, a.Name)
	case err != nil:
		return nil, fmt.Errorf("before changing %s: %w", j.what(), err)
	case string(top.meta.UID) != a.UID:
		return nil, overtaken("%s %s was made anew at %s", a.Kind, a.Name, top.meta.CreationTimestamp.UTC().Format("15:04:05"))
	case top.meta.DeletionTimestamp != nil:
		return nil, overtaken("%s is being deleted", top.name())
	case top.meta.Generation != a.Generation:
		return nil, overtaken("%s was changed since the plan was made%s", top.name(), by(&top.meta))
	case top.paused:
		return nil, overtaken("%s is paused", top.name())
	}
	return top, nil
}
