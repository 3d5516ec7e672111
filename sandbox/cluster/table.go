package cluster

import (
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
)

// tableOf draws objects as kubectl prints them. Kinds without columns of their
// own show name and age.
func tableOf(r *resource, o runtime.Object, include string) (runtime.Object, error) {
	table := &metav1.Table{TypeMeta: metav1.TypeMeta{Kind: asTable, APIVersion: metav1.SchemeGroupVersion.String()}}
	for _, name := range columns(r) {
		column := metav1.TableColumnDefinition{Name: name, Type: "string"}
		if name == "Name" {
			column.Format = "name"
		}
		table.ColumnDefinitions = append(table.ColumnDefinitions, column)
	}
	add := func(item runtime.Object) error {
		one, ok := item.(object)
		if !ok {
			return fmt.Errorf("drawing a table: %T has no metadata", item)
		}
		row := metav1.TableRow{Cells: cells(one)}
		switch metav1.IncludeObjectPolicy(include) {
		case metav1.IncludeNone:
		case metav1.IncludeObject:
			row.Object.Object = one
		default:
			metadata, err := metadataOf(one)
			if err != nil {
				return err
			}
			row.Object.Object = metadata
		}
		table.Rows = append(table.Rows, row)
		return nil
	}
	if !meta.IsListType(o) {
		return table, add(o)
	}
	if from, err := meta.ListAccessor(o); err == nil {
		table.ListMeta = metav1.ListMeta{
			ResourceVersion: from.GetResourceVersion(), Continue: from.GetContinue(),
			RemainingItemCount: from.GetRemainingItemCount(),
		}
	}
	return table, meta.EachListItem(o, add)
}

func columns(r *resource) []string {
	switch r.gvk.Kind {
	case "Pod":
		return []string{"Name", "Ready", "Status", "Restarts", "Age"}
	case "Deployment":
		return []string{"Name", "Ready", "Up-to-date", "Available", "Age"}
	case "Event":
		return []string{"Last Seen", "Type", "Reason", "Object", "Message"}
	case "Node":
		return []string{"Name", "Status", "Age", "Version"}
	case "Namespace":
		return []string{"Name", "Status", "Age"}
	case "Secret":
		return []string{"Name", "Type", "Data", "Age"}
	case "ReplicaSet":
		return []string{"Name", "Desired", "Current", "Ready", "Age"}
	case "StatefulSet":
		return []string{"Name", "Ready", "Age"}
	}
	return []string{"Name", "Age"}
}

func cells(o object) []any {
	age := since(o.GetCreationTimestamp())
	switch o := o.(type) {
	case *corev1.Pod:
		return podCells(o, age)
	case *appsv1.Deployment:
		return []any{o.Name, fmt.Sprintf("%d/%d", o.Status.ReadyReplicas, *o.Spec.Replicas), fmt.Sprint(o.Status.UpdatedReplicas), fmt.Sprint(o.Status.AvailableReplicas), age}
	case *corev1.Event:
		object := strings.ToLower(o.InvolvedObject.Kind) + "/" + o.InvolvedObject.Name
		return []any{since(o.LastTimestamp), o.Type, o.Reason, object, strings.TrimSpace(o.Message)}
	case *corev1.Node:
		return []any{o.Name, nodeStatus(o), age, o.Status.NodeInfo.KubeletVersion}
	case *corev1.Namespace:
		return []any{o.Name, string(o.Status.Phase), age}
	case *corev1.Secret:
		return []any{o.Name, string(o.Type), fmt.Sprint(len(o.Data)), age}
	case *appsv1.ReplicaSet:
		return []any{o.Name, fmt.Sprint(*o.Spec.Replicas), fmt.Sprint(o.Status.Replicas), fmt.Sprint(o.Status.ReadyReplicas), age}
	case *appsv1.StatefulSet:
		return []any{o.Name, fmt.Sprintf("%d/%d", o.Status.ReadyReplicas, *o.Spec.Replicas), age}
	}
	return []any{o.GetName(), age}
}

func since(t metav1.Time) string {
	if t.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(time.Since(t.Time))
}

func nodeStatus(node *corev1.Node) string {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
			return "Ready"
		}
	}
	return "NotReady"
}

// podCells follows kubectl's column STATUS: the reason of the container that
// holds the pod up, else the phase.
func podCells(pod *corev1.Pod, age string) []any {
	reason := string(pod.Status.Phase)
	if pod.Status.Reason != "" {
		reason = pod.Status.Reason
	}
	ready, restarts := 0, int32(0)
	for _, status := range pod.Status.ContainerStatuses {
		restarts += status.RestartCount
		if status.Ready {
			ready++
		}
		if why := stateReason(status.State); why != "" {
			reason = why
		}
	}
	for i, status := range pod.Status.InitContainerStatuses {
		restarts += status.RestartCount
		if done := status.State.Terminated; done != nil && done.ExitCode == 0 || status.Started != nil && *status.Started {
			continue
		}
		if why := stateReason(status.State); why != "" && why != "PodInitializing" {
			reason = "Init:" + why
		} else {
			reason = fmt.Sprintf("Init:%d/%d", i, len(pod.Spec.InitContainers))
		}
		break
	}
	if pod.DeletionTimestamp != nil {
		reason = "Terminating"
	}
	return []any{pod.Name, fmt.Sprintf("%d/%d", ready, len(pod.Spec.Containers)), reason, fmt.Sprint(restarts), age}
}

func stateReason(state corev1.ContainerState) string {
	switch {
	case state.Waiting != nil:
		return state.Waiting.Reason
	case state.Terminated != nil:
		return state.Terminated.Reason
	}
	return ""
}
