//go:build linux

package cluster

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// SeedOptions say what to fill an API server with.
type SeedOptions struct {
	// Pods is the number of pods in all, Pending of them wait in phase Pending
	// for an image, and Waiting of them ran before and wait in phase Running:
	// only an event of reason BackOff tells of those.
	Pods, Pending, Waiting int
	// Events is the number of events that have nothing to do with images.
	Events int
	// Namespaces is over how many namespaces all is spread.
	Namespaces int
}

// BenchSeed is the cluster that the budgets are about.
func BenchSeed() SeedOptions {
	return SeedOptions{Pods: 20_000, Pending: 90, Waiting: 10, Events: 50_000, Namespaces: 50}
}

// Seed creates pods and events straight through the API server, bounded in
// parallel. It needs a cluster of ControlPlaneOnly: a controller manager would
// collect the pods of nodes that don't exist.
func (c *Cluster) Seed(ctx context.Context, o SeedOptions) error {
	began := time.Now()
	config := rest.CopyConfig(c.Config)
	config.QPS = -1 // bounded by the number of requests under way instead
	// Protobuf halves the work at both ends.
	config.ContentType = "application/vnd.kubernetes.protobuf"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("connecting to the API server: %w", err)
	}
	s := seeder{client: client, options: o}
	parts := []struct {
		what  string
		count int
		make  func(ctx context.Context, i int) error
	}{
		{"namespaces", o.Namespaces, s.namespace},
		{"pods", o.Pods, s.pod},
		{"events", o.Events, s.event},
	}
	for _, part := range parts {
		if err := each(ctx, part.count, part.make); err != nil {
			return fmt.Errorf("seeding %s: %w", part.what, err)
		}
		c.log.Info("seeded", "what", part.what, "count", part.count, "elapsed", time.Since(began).Round(time.Second))
	}
	return nil
}

// each calls f for 0 to n-1, up to 32 at a time.
func each(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error { return f(ctx, i) })
	}
	return group.Wait()
}

type seeder struct {
	client  kubernetes.Interface
	options SeedOptions
}

func (s seeder) namespaceName(i int) string { return fmt.Sprintf("team-%02d", i%s.options.Namespaces) }

// namespace makes a namespace with the service account that nobody else makes.
func (s seeder) namespace(ctx context.Context, i int) error {
	name := metav1.ObjectMeta{Name: s.namespaceName(i)}
	if _, err := s.client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: name}, metav1.CreateOptions{}); err != nil {
		return err
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	_, err := s.client.CoreV1().ServiceAccounts(name.Name).Create(ctx, account, metav1.CreateOptions{})
	return err
}

func (s seeder) pod(ctx context.Context, i int) error {
	namespace := s.namespaceName(i)
	pods := s.client.CoreV1().Pods(namespace)
	pod, err := pods.Create(ctx, seedPod(i), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	kind := s.options.kind(i)
	pod.Status = seedStatus(kind, pod.Spec.Containers[0].Image)
	if pod, err = pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{}); err != nil {
		return err
	}
	if kind == healthyPod {
		return nil
	}
	_, err = s.client.CoreV1().Events(namespace).Create(ctx, backOffEvent(pod), metav1.CreateOptions{})
	return err
}

// kind is what the pod of number i does: those that fail are spread evenly.
func (o SeedOptions) kind(i int) seedKind {
	spread := max(1, o.Pods/max(1, o.Pending+o.Waiting))
	switch n := i / spread; {
	case i%spread != 0:
		return healthyPod
	case n < o.Pending:
		return pendingPod
	case n < o.Pending+o.Waiting:
		return waitingPod
	}
	return healthyPod
}

// event makes an event of the kind that fills clusters.
func (s seeder) event(ctx context.Context, i int) error {
	noise := []struct{ kind, reason, message string }{
		{"Pod", "Scheduled", "Successfully assigned the pod to node-17"},
		{"Pod", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"},
		{"ReplicaSet", "SuccessfulCreate", "Created pod"},
		{"HorizontalPodAutoscaler", "FailedGetResourceMetric", "failed to get cpu utilization"},
		{"Job", "Completed", "Job completed"},
	}
	n := noise[i%len(noise)]
	namespace := s.namespaceName(i)
	at := metav1.Now()
	event := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: fmt.Sprintf("noise-%06d", i), Namespace: namespace},
		InvolvedObject: corev1.ObjectReference{Kind: n.kind, Namespace: namespace, Name: fmt.Sprintf("object-%d", i), UID: types.UID(fmt.Sprintf("uid-%d", i))},
		Reason:         n.reason, Message: n.message, Type: corev1.EventTypeNormal, Count: 1,
		FirstTimestamp: at, LastTimestamp: at, Source: corev1.EventSource{Component: "seed"},
	}
	_, err := s.client.CoreV1().Events(namespace).Create(ctx, event, metav1.CreateOptions{})
	return err
}
