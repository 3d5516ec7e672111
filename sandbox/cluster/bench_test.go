package cluster_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/sandbox/cluster"
)

// BenchmarkPending finds 100 pending pods among 20,000.
func BenchmarkPending(b *testing.B) {
	c, err := cluster.New(cluster.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for n := range 20000 {
		pod := app(fmt.Sprintf("pod-%d", n), "registry.test/app:v1")
		pod.Namespace = fmt.Sprintf("ns-%d", n%50)
		if n%200 != 0 {
			pod.Status.Phase = corev1.PodRunning
		}
		if err := c.Add(pod); err != nil {
			b.Fatal(err)
		}
	}
	client := connect(b, c, "admin-token")
	for b.Loop() {
		list, err := client.CoreV1().Pods("").List(b.Context(), metav1.ListOptions{FieldSelector: "status.phase=Pending", ResourceVersion: "0"})
		if err != nil || len(list.Items) != 100 {
			b.Fatal(len(list.Items), err)
		}
	}
}
