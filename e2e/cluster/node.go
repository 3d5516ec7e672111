//go:build linux

package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// startContainerd starts containerd with a network and waits for its socket.
func (c *Cluster) startContainerd(ctx context.Context) error {
	subnet, err := freeSubnet()
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.id.path("cni", "10-bridge.conflist"), []byte(cniConfig(c.id, subnet)), 0o644); err != nil {
		return fmt.Errorf("writing the network's configuration: %w", err)
	}
	text, err := containerdConfig(c.id, c.bin, c.pause)
	if err != nil {
		return err
	}
	path := c.id.path("conf", "containerd.toml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("writing containerd's configuration: %w", err)
	}
	if err := c.spawn("containerd", "--config="+path); err != nil {
		return err
	}
	return c.await(ctx, "containerd", 30*time.Second, func() (bool, error) {
		_, err := os.Stat(c.id.socket())
		return err == nil, nil
	})
}

// startKubelet starts the kubelet and waits until its node is Ready.
func (c *Cluster) startKubelet(ctx context.Context) error {
	ports, err := FreePorts(1)
	if err != nil {
		return err
	}
	path := c.id.path("conf", "kubelet.yaml")
	if err := os.WriteFile(path, []byte(kubeletConfig(c.id, ports[0])), 0o644); err != nil {
		return fmt.Errorf("writing the kubelet's configuration: %w", err)
	}
	if err := c.id.makeCgroups(); err != nil {
		return err
	}
	err = c.spawn("kubelet", "--config="+path, "--kubeconfig="+c.id.path("conf", "kubelet.kubeconfig"),
		"--root-dir="+c.id.path("kubelet"), "--cert-dir="+c.id.path("pki"), "--hostname-override="+c.Node, "--v=2")
	if err != nil {
		return err
	}
	return c.await(ctx, "node", 2*time.Minute, func() (bool, error) {
		node, err := c.Client.CoreV1().Nodes().Get(ctx, c.Node, metav1.GetOptions{})
		return err == nil && isReady(node), nil
	})
}

// PodLog opens the log of a pod's container, as the node keeps it: the API server
// does not reach the kubelet of this cluster. It can be read on when the pod is
// gone.
func (c *Cluster) PodLog(namespace, pod, container string) (*os.File, error) {
	found, err := filepath.Glob(filepath.Join(c.id.path("pods"), namespace+"_"+pod+"_*", container, "*.log"))
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("no log of pod %s/%s: %w", namespace, pod, errors.Join(err, os.ErrNotExist))
	}
	return os.Open(found[len(found)-1])
}

// isReady also wants the taint gone that keeps pods off a node which was not
// ready a moment ago.
func isReady(node *corev1.Node) bool {
	if len(node.Spec.Taints) > 0 {
		return false
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// checkPod runs a pod from the public registry and removes it again: the proof
// that the node works.
func (c *Cluster) checkPod(ctx context.Context) error {
	const namespace = "default"
	pods := c.Client.CoreV1().Pods(namespace)
	err := c.await(ctx, "service account", time.Minute, func() (bool, error) {
		_, err := c.Client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, nil
	})
	if err != nil {
		return err
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "cluster-check"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: c.Public.Image("app:v1")}}},
	}
	if _, err := pods.Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("creating the test pod: %w", err)
	}
	var last corev1.PodStatus
	err = c.await(ctx, "test pod", time.Minute, func() (bool, error) {
		now, err := pods.Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil {
			return false, nil
		}
		last = now.Status
		return now.Status.Phase == corev1.PodRunning, nil
	})
	if err != nil {
		return fmt.Errorf("%w; its status: %+v", err, last)
	}
	now := int64(0)
	if err := pods.Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
		return fmt.Errorf("deleting the test pod: %w", err)
	}
	return nil
}
