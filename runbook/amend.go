package runbook

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pullfix/pullfix/runbook/shell"
)

// amendment is a change of a pod's spec in the two forms in which it can be
// typed: a patch of a template's spec, and a jq filter over a spec, for what
// has to be made anew.
type amendment struct {
	patch  string
	filter string
	// merge says that the patch replaces lists as a whole (RFC 7386) in place of
	// merging their items by name.
	merge bool
}

// amend is the command that makes the change where it lasts: in the template of
// the workload, or in a new copy of an object whose spec cannot be changed.
func (e evidence) amend(a amendment) string {
	w := e.facts.Workload
	switch {
	case w == nil:
		return e.remake("pod/"+e.facts.Pod.Name, bareFilter(a.filter))
	case w.Kind == "Job":
		return e.remake(e.object(), jobFilter(a.filter))
	case !hasTemplate(w.Kind):
		return e.kubectl("edit", e.object())
	}
	words := []string{"patch", e.object()}
	if a.merge {
		words = append(words, "--type=merge")
	}
	return e.kubectl(append(words, "--patch", inTemplate(w.Kind, a.patch))...) + e.thenReplace()
}

// hasTemplate tells the kinds whose template kubectl can patch and set images
// in; others, such as those of add-ons, are edited.
func hasTemplate(kind string) bool {
	switch kind {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "CronJob":
		return true
	}
	return false
}

func inTemplate(kind, spec string) string {
	patch := `{"spec":{"template":{"spec":` + spec + `}}}`
	if kind == "CronJob" {
		return `{"spec":{"jobTemplate":` + patch + `}}`
	}
	return patch
}

// remake makes an object anew from what the API server has of it, changed by a
// filter: nothing else of it gets lost.
func (e evidence) remake(object, filter string) string {
	return e.kubectl("get", object, "-o", "json") + " | " + shell.Join("jq", filter) + " | " + e.kubectl("replace", "--force", "-f", "-")
}

// bareFilter lets the scheduler choose again; debug containers cannot be there
// from the start.
func bareFilter(change string) string {
	filter := "del(.spec.nodeName, .spec.ephemeralContainers)"
	if change == "" {
		return filter
	}
	return filter + " | .spec |= (" + change + ")"
}

// jobFilter drops what the API server put into a Job and takes from nobody
// else: its selector and the labels that go with it.
func jobFilter(change string) string {
	return `del(.spec.selector, .spec.template.metadata.labels["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"])` +
		" | .spec.template.spec |= (" + change + ")"
}

// inContainer changes one field of the failing container.
func (e evidence) inContainer(field, value string) amendment {
	list, name, quoted := e.listField(), encoded(e.pull.Container), encoded(value)
	return amendment{
		patch:  fmt.Sprintf(`{"%s":[{"name":%s,"%s":%s}]}`, list, name, field, quoted),
		filter: fmt.Sprintf(`(.%s[] | select(.name == %s)).%s = %s`, list, name, field, quoted),
	}
}

// inVolume changes one field of the failing image volume.
func (e evidence) inVolume(field, value string) amendment {
	name, quoted := encoded(e.pull.Volume), encoded(value)
	return amendment{
		patch:  fmt.Sprintf(`{"volumes":[{"name":%s,"image":{"%s":%s}}]}`, name, field, quoted),
		filter: fmt.Sprintf(`(.volumes[] | select(.name == %s)).image.%s = %s`, name, field, quoted),
	}
}

// encoded is a text as JSON and jq write it.
func encoded(s string) string {
	text, _ := json.Marshal(s) // a string always marshals
	return string(text)
}

// thenReplace is what has to follow a change of the template where the
// controller does not replace a broken pod by itself.
func (e evidence) thenReplace() string {
	w := e.facts.Workload
	switch {
	case w == nil:
		return ""
	case w.Kind == "Deployment" && w.Paused:
		return " && " + e.kubectl("rollout", "resume", e.object())
	case w.Kind == "CronJob" && e.jobName() != "":
		return " && " + e.kubectl("delete", "job", e.jobName()) + "  # the next run has the new template"
	case e.keepsBroken():
		return " && " + e.kubectl(append([]string{"delete", "pod"}, e.failingPods()...)...)
	}
	return ""
}

// keepsBroken tells the controllers that wait for a person to delete a broken
// pod: a StatefulSet in order, the strategy OnDelete, and those that only look
// after a number of pods.
func (e evidence) keepsBroken() bool {
	w := e.facts.Workload
	switch w.Kind {
	case "ReplicaSet", "ReplicationController":
		return true
	}
	return w.Ordered || w.Strategy == "OnDelete"
}

// jobName is the Job that the pod belongs to, as the list of failing pods names
// its owner.
func (e evidence) jobName() string {
	name, ok := strings.CutPrefix(e.facts.own(e.pull.Container).Workload, "Job/")
	if !ok {
		return ""
	}
	return name
}
