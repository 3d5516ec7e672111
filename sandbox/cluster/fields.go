package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// eventFields are the labels of core/v1 events (k8s.io/kubernetes
// pkg/apis/core/v1/conversion.go, v1.36).
func eventFields() []string {
	return []string{
		"involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
		"involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath",
		"reason", "reportingComponent", "source", "type", "metadata.namespace", "metadata.name",
	}
}

// addFieldLabels tells the scheme which field selectors a kind has; a kind that
// is not named has metadata.name and metadata.namespace only.
func addFieldLabels(scheme *runtime.Scheme) error {
	core := corev1.SchemeGroupVersion
	for kind, known := range map[string][]string{
		"Pod": {
			"metadata.name", "metadata.namespace", "spec.nodeName", "spec.restartPolicy", "spec.schedulerName",
			"spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.podIPs",
			"status.nominatedNodeName",
		},
		"Node":      {"metadata.name", "spec.unschedulable"},
		"Event":     eventFields(),
		"Namespace": {"status.phase", "metadata.name"},
		"Secret":    {"type", "metadata.namespace", "metadata.name"},
	} {
		if err := scheme.AddFieldLabelConversionFunc(core.WithKind(kind), only(known)); err != nil {
			return err
		}
	}
	return scheme.AddFieldLabelConversionFunc(batchv1.SchemeGroupVersion.WithKind("Job"),
		func(label, value string) (string, string, error) {
			if slices.Contains([]string{"metadata.name", "metadata.namespace", "status.successful"}, label) {
				return label, value, nil
			}
			return "", "", fmt.Errorf("field label %q not supported for Job", label)
		})
}

func only(known []string) runtime.FieldLabelConversionFunc {
	return func(label, value string) (string, string, error) {
		switch {
		case slices.Contains(known, label):
			return label, value, nil
		case label == "spec.host" && slices.Contains(known, "spec.nodeName"):
			return "spec.nodeName", value, nil
		}
		return "", "", fmt.Errorf("field label not supported: %s", label)
	}
}

// selectable is what field selectors see of an object. It looks a field up only
// when a selector asks, since lists are long.
type selectable struct{ o object }

// Has tells whether the object has the field.
func (s selectable) Has(label string) bool { return s.Get(label) != "" }

// Get returns the value of a field, "" when there is none.
func (s selectable) Get(label string) string {
	switch label {
	case "metadata.name":
		return s.o.GetName()
	case "metadata.namespace":
		return s.o.GetNamespace()
	}
	switch o := s.o.(type) {
	case *corev1.Pod:
		return podField(o, label)
	case *corev1.Event:
		return eventField(o, label)
	case *corev1.Node:
		return strconv.FormatBool(o.Spec.Unschedulable)
	case *corev1.Namespace:
		return string(o.Status.Phase)
	case *corev1.Secret:
		return string(o.Type)
	case *batchv1.Job:
		return strconv.Itoa(int(o.Status.Succeeded))
	}
	return ""
}

func podField(pod *corev1.Pod, label string) string {
	switch label {
	case "spec.nodeName":
		return pod.Spec.NodeName
	case "spec.restartPolicy":
		return string(pod.Spec.RestartPolicy)
	case "spec.schedulerName":
		return pod.Spec.SchedulerName
	case "spec.serviceAccountName":
		return pod.Spec.ServiceAccountName
	case "spec.hostNetwork":
		return strconv.FormatBool(pod.Spec.HostNetwork)
	case "status.phase":
		return string(pod.Status.Phase)
	case "status.nominatedNodeName":
		return pod.Status.NominatedNodeName
	case "status.podIP":
		if len(pod.Status.PodIPs) > 0 {
			return pod.Status.PodIPs[0].IP
		}
	}
	return "" // status.podIPs is known to the real server too, and is always empty there
}

func eventField(event *corev1.Event, label string) string {
	switch label {
	case "reason":
		return event.Reason
	case "type":
		return event.Type
	case "reportingComponent":
		return event.ReportingController
	case "source":
		return cmp.Or(event.Source.Component, event.ReportingController)
	}
	return involvedField(event.InvolvedObject, label)
}

func involvedField(o corev1.ObjectReference, label string) string {
	switch label {
	case "involvedObject.kind":
		return o.Kind
	case "involvedObject.namespace":
		return o.Namespace
	case "involvedObject.name":
		return o.Name
	case "involvedObject.uid":
		return string(o.UID)
	case "involvedObject.apiVersion":
		return o.APIVersion
	case "involvedObject.resourceVersion":
		return o.ResourceVersion
	case "involvedObject.fieldPath":
		return o.FieldPath
	}
	return ""
}
