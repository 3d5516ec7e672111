//go:build e2e && linux

package e2e

import (
	"context"
	"runtime"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// shapeScenarios are those in which the pod or what is left of the evidence has
// a special shape.
func shapeScenarios() []scenario {
	return []scenario{
		{
			name: "init-container",
			set: func(s *stage) string {
				image := s.push(s.Public, "v1")
				spec := podSpec(image + ":v1")
				spec.InitContainers = []corev1.Container{{Name: "migrate", Image: image + ":v2"}}
				s.podOf(spec)
				return "web"
			},
			want: want{cause: "TagNotFound", remedy: "FixImage", container: "migrate", suggestion: "v1"},
		},
		{
			name: "image-volume",
			set: func(s *stage) string {
				image := s.push(s.Public, "v1")
				spec := podSpec(image + ":v1")
				spec.Volumes = []corev1.Volume{{Name: "model", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: image + ":v2"}}}}
				spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "model", MountPath: "/model"}}
				s.podOf(spec)
				return "web"
			},
			want: want{cause: "TagNotFound", remedy: "FixImage", suggestion: "v1"},
		},
		{
			name: "two-containers-two-faults",
			set: func(s *stage) string {
				spec := podSpec(s.push(s.Public, "v1") + ":v2")
				spec.Containers = append(spec.Containers, corev1.Container{Name: "sidecar", Image: s.push(s.Private, "v1") + ":v1"})
				s.podOf(spec)
				return "web"
			},
			until: failing(2),
			want:  want{cause: "TagNotFound", remedy: "FixImage", container: "c", also: []string{"AuthMissing"}},
		},
		{
			name: "only-back-off-left-in-the-events",
			set: func(s *stage) string {
				s.pod(s.push(s.Public, "v1") + ":v2")
				return "web"
			},
			until: backedOff,
			then:  (*stage).forgetFailures,
			want:  want{cause: "TagNotFound", remedy: "FixImage", suggestion: "v1"},
		},
		{
			// Kubelets up to 1.31 say no more than this while they back off.
			name:  "only-back-off-left-at-all",
			set:   func(s *stage) string { return s.silentPod(s.push(s.Public, "v1") + ":v2") },
			until: backedOff,
			want:  want{cause: "TagNotFound", certainty: "likely|certain", remedy: "FixImage", suggestion: "v1"},
		},
		{
			name: "old-pods-still-serve",
			set: func(s *stage) string {
				image := s.push(s.Public, "v1")
				d := s.deployment(image+":v1", 2)
				s.reached("rollout", running)
				d.Spec.Template.Spec.Containers[0].Image = image + ":v2"
				s.await("second rollout", func(ctx context.Context) bool {
					now, err := s.Client.AppsV1().Deployments(s.namespace).Get(ctx, d.Name, metav1.GetOptions{})
					s.must(err)
					now.Spec.Template = d.Spec.Template
					_, err = s.Client.AppsV1().Deployments(s.namespace).Update(ctx, now, metav1.UpdateOptions{})
					return err == nil
				})
				s.await("new pod's failure", func(ctx context.Context) bool {
					return slices.ContainsFunc(s.pods(ctx), func(p corev1.Pod) bool { return failing(1)(&p) })
				})
				return "deployment/web"
			},
			until: func(*corev1.Pod) bool { return true },
			want:  want{cause: "TagNotFound", remedy: "FixImage", severity: "P1", workload: "Deployment/web", suggestion: "v1"},
		},
	}
}

// silentPod makes a pod on a node without kubelet, in the state in which a
// kubelet leaves it when it backs off and says no cause.
func (s *stage) silentPod(image string) string {
	s.t.Helper()
	ctx := s.t.Context()
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		Status:     corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{OperatingSystem: "linux", Architecture: runtime.GOARCH, KubeletVersion: "v1.31.0"}},
	}
	_, err := s.Client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
	s.must(err)
	spec := podSpec(image)
	spec.NodeName = node.Name
	pod := s.podOf(spec)
	message := "Back-off pulling image \"" + image + "\""
	pod.Status = corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{
		Name: "c", Image: image, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: message}},
	}}}
	_, err = s.Client.CoreV1().Pods(s.namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	s.must(err)
	now := metav1.Now()
	_, err = s.Client.CoreV1().Events(s.namespace).Create(ctx, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: "web.backoff"},
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: s.namespace, Name: pod.Name, UID: pod.UID, FieldPath: "spec.containers{c}"},
		Reason:         "BackOff", Message: message, Type: corev1.EventTypeNormal, Count: 7,
		FirstTimestamp: now, LastTimestamp: now, Source: corev1.EventSource{Component: "kubelet", Host: node.Name},
	}, metav1.CreateOptions{})
	s.must(err)
	return "web"
}
