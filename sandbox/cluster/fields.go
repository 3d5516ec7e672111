package cluster

import (
	"fmt"
	"slices"
	"strconv"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
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

// selectable is what field selectors see of an object.
func selectable(o object) fields.Set {
	set := fields.Set{"metadata.name": o.GetName()}
	if o.GetNamespace() != "" {
		set["metadata.namespace"] = o.GetNamespace()
	}
	switch o := o.(type) {
	case *corev1.Pod:
		podFields(o, set)
	case *corev1.Event:
		involvedFields(o, set)
	case *corev1.Node:
		set["spec.unschedulable"] = strconv.FormatBool(o.Spec.Unschedulable)
	case *corev1.Namespace:
		set["status.phase"] = string(o.Status.Phase)
		set["name"] = o.Name // kept by the real server for old clients
	case *corev1.Secret:
		set["type"] = string(o.Type)
	case *batchv1.Job:
		set["status.successful"] = strconv.Itoa(int(o.Status.Succeeded))
	}
	return set
}

func podFields(pod *corev1.Pod, set fields.Set) {
	set["spec.nodeName"] = pod.Spec.NodeName
	set["spec.restartPolicy"] = string(pod.Spec.RestartPolicy)
	set["spec.schedulerName"] = pod.Spec.SchedulerName
	set["spec.serviceAccountName"] = pod.Spec.ServiceAccountName
	set["spec.hostNetwork"] = strconv.FormatBool(pod.Spec.HostNetwork)
	set["status.phase"] = string(pod.Status.Phase)
	set["status.nominatedNodeName"] = pod.Status.NominatedNodeName
	set["status.podIP"] = ""
	if len(pod.Status.PodIPs) > 0 {
		set["status.podIP"] = pod.Status.PodIPs[0].IP
	}
}

func involvedFields(event *corev1.Event, set fields.Set) {
	involved := event.InvolvedObject
	set["involvedObject.kind"] = involved.Kind
	set["involvedObject.namespace"] = involved.Namespace
	set["involvedObject.name"] = involved.Name
	set["involvedObject.uid"] = string(involved.UID)
	set["involvedObject.apiVersion"] = involved.APIVersion
	set["involvedObject.resourceVersion"] = involved.ResourceVersion
	set["involvedObject.fieldPath"] = involved.FieldPath
	set["reason"] = event.Reason
	set["reportingComponent"] = event.ReportingController
	set["source"] = event.Source.Component
	if event.Source.Component == "" {
		set["source"] = event.ReportingController
	}
	set["type"] = event.Type
}
