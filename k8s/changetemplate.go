package k8s

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// record is a ReplicaSet or a ControllerRevision, its template as the API
// server wrote it: decoding it would lose the fields that a newer API server
// knows and this program does not.
type record struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		Template json.RawMessage `json:"template"`
	} `json:"spec"`
	Revision int64 `json:"revision"`
	Data     struct {
		Spec struct {
			Template json.RawMessage `json:"template"`
		} `json:"spec"`
	} `json:"data"`
}

// recordedTemplate finds the template to go back to, which must still have the
// image that the approval was for.
func (j job) recordedTemplate(ctx context.Context, top *controller) (json.RawMessage, error) {
	found, err := j.recordOf(ctx, top)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, overtaken("revision %d of %s is no longer on record", j.action.Revision, top.name())
	}
	template, err := found.template(top.kind)
	if err != nil {
		return nil, fmt.Errorf("reading revision %d of %s: %w", j.action.Revision, j.what(), err)
	}
	var decoded corev1.PodTemplateSpec
	if err := json.Unmarshal(template, &decoded); err != nil {
		return nil, fmt.Errorf("reading revision %d of %s: %w", j.action.Revision, j.what(), err)
	}
	if image := images(&decoded)[j.action.Container]; image == "" || image != j.action.Image {
		return nil, overtaken("revision %d of %s does not bring %s any more", j.action.Revision, top.name(), j.action.Image)
	}
	return template, nil
}

// recordOf lists the workload's records; nil when the revision is not among
// them.
func (j job) recordOf(ctx context.Context, top *controller) (found *record, err error) {
	q, ok := historyQuestion(top, top.podLabels())
	if !ok {
		return nil, fmt.Errorf("reading the revisions of %s: it keeps none", j.what())
	}
	body, err := j.addressed(j.api.client.Get(), q.resource).
		SetHeader("Accept", "application/json").Param("labelSelector", q.labels).Stream(ctx)
	if err != nil {
		return nil, &RequestError{What: q.what(), Grant: q.grant(), Err: err}
	}
	defer func() { _ = body.Close() }()
	_, err = readJSONList(bufio.NewReader(body), func(r *record) bool {
		owner := controllerOf(r.Metadata.OwnerReferences)
		if owner != nil && owner.UID == top.meta.UID && r.number(top.kind) == j.action.Revision {
			found = r
		}
		return found == nil
	})
	if err != nil && found == nil {
		return nil, &RequestError{What: q.what(), Grant: q.grant(), Err: garbled(err)}
	}
	return found, nil
}

func (r *record) number(kind string) int64 {
	if kind != kindDeployment {
		return r.Revision
	}
	number, err := strconv.ParseInt(r.Metadata.Annotations[revisionAnnotation], 10, 64)
	if err != nil {
		return 0
	}
	return number
}

// template is the pod template without what only a record has: the label by
// which a ReplicaSet knows its pods, or the directive of a patch.
func (r *record) template(kind string) (json.RawMessage, error) {
	if kind != kindDeployment {
		return without(r.Data.Spec.Template, "$patch")
	}
	return without(r.Spec.Template, "metadata", "labels", hashLabel)
}

// without is the JSON object without the field at the path; everything else
// stays as it is written.
func without(object json.RawMessage, path ...string) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(object, &fields); err != nil {
		return nil, err
	}
	below, has := fields[path[0]]
	switch {
	case !has:
		return object, nil
	case len(path) == 1:
		delete(fields, path[0])
	default:
		rest, err := without(below, path[1:]...)
		if err != nil {
			return nil, err
		}
		fields[path[0]] = rest
	}
	return json.Marshal(fields)
}
