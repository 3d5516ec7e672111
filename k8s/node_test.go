package k8s

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
)

// TestNodeThatIsNotReady: a node whose state is unknown is as little ready as
// one that says so itself.
func TestNodeThatIsNotReady(t *testing.T) {
	turned := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	for name, r := range map[string]struct {
		conditions []corev1.NodeCondition
		want       runbook.Node
	}{
		"ready":          {[]corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Message: "kubelet is posting ready status"}}, runbook.Node{Ready: true}},
		"runtime down":   {[]corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionFalse, Message: "container runtime is down", LastTransitionTime: metav1.NewTime(turned)}}, runbook.Node{Turned: turned, Unready: "container runtime is down"}},
		"kubelet down":   {[]corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionUnknown, Message: "Kubelet stopped posting node status.", LastTransitionTime: metav1.NewTime(turned)}}, runbook.Node{Turned: turned, Unready: "Kubelet stopped posting node status."}},
		"never reported": {nil, runbook.Node{}},
	} {
		got := nodeFacts(&corev1.Node{Status: corev1.NodeStatus{Conditions: r.conditions}})
		if diff := cmp.Diff(&r.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
