//go:build linux

package cluster

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Stop ends the cluster and removes what it left on the machine: containers,
// mounts, control groups, the network bridge, its folder. The order matters:
// only the kubelet unmounts the pods' volumes, and only containerd undoes
// their network. A second call does nothing.
func (c *Cluster) Stop() error {
	began := time.Now()
	for _, name := range []string{"kube-scheduler", "kube-controller-manager"} {
		c.process(name).stop(0) // nobody shall replace the pods deleted now
	}
	if c.process("kubelet") != nil && c.Alive() == nil {
		c.drain()
	}
	c.process("kubelet").stop(10 * time.Second)
	c.process("containerd").stop(10 * time.Second)
	for _, name := range []string{"kube-apiserver", "etcd"} {
		c.process(name).stop(0) // what they store is thrown away
	}
	c.mu.Lock()
	closers := c.closers
	c.closers = nil
	c.mu.Unlock()
	for _, closer := range closers {
		closer()
	}
	if err := c.id.clean(); err != nil {
		return err
	}
	c.log.Info("cluster is gone", "elapsed", time.Since(began).Round(100*time.Millisecond))
	return nil
}

// drain deletes all pods and waits until their containers have ended. It is
// done in good faith: what is left is killed afterwards.
func (c *Cluster) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	now := int64(0)
	list, err := c.Client.CoreV1().Pods(corev1.NamespaceAll).List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + c.Node})
	if err != nil {
		c.log.Warn("listing the pods to stop", "err", err)
		return
	}
	for _, pod := range list.Items {
		if err := c.Client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
			c.log.Warn("deleting a pod", "pod", pod.Namespace+"/"+pod.Name, "err", err)
		}
	}
	err = poll(ctx, 100*time.Millisecond, func() (bool, error) { return len(c.id.shims())+len(c.id.bundles()) == 0, nil })
	if err != nil {
		c.log.Warn("containers are left and will be killed", "count", len(c.id.shims()))
	}
}
