//go:build e2e && linux

package e2e

import (
	"context"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// podCures are those in which pods are deleted, restarted or rolled back.
func podCures() []cureCase {
	return []cureCase{
		{"account-needs-new-pods", accountNeedsNewPods},
		{"account-of-a-daemonset", accountOfADaemonSet},
		{"roll-back-by-content", rollBackByContent},
		{"ordered-and-stuck", orderedAndStuck},
		{"another-fault-after-the-first", anotherFaultAfterTheFirst},
	}
}

// late gives the account a good secret after the pods were made.
func (c *cure) late() {
	c.t.Helper()
	c.reached("failed pulls", failing(1))
	c.secret("regcred", map[string]entry{c.Private.Host: login(robot, robotSecret)})
	c.accountSecrets("regcred")
}

func accountNeedsNewPods(c *cure) {
	c.deployment(c.push(c.Private, "v1")+":v1", 2)
	c.late()
	c.ask("deployment/web")
	c.sees("does not use secret regcred")
	c.approve("delete-pods")
	c.sees("Resolved", "approved by <@"+c.approver+">", "2 of 2 pods pulled")
	c.reached("running pods", running)
}

func accountOfADaemonSet(c *cure) {
	labels := map[string]string{"app": "web"}
	spec := podSpec(c.push(c.Private, "v1") + ":v1")
	spec.NodeSelector = map[string]string{corev1.LabelHostname: c.Node} // other scenarios make nodes without a kubelet
	_, err := c.Client.AppsV1().DaemonSets(c.namespace).Create(c.t.Context(), &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
		},
	}, metav1.CreateOptions{})
	c.must(err)
	c.late()
	c.ask("daemonset/web")
	c.approve("rollout-restart")
	c.sees("Resolved", "Restart daemonset/web", "approved by <@"+c.approver+">")
	c.reached("running pods", running)
}

// rollBackByContent: after two restarts the revision before the last has the
// same broken image, and after the roll back nothing is pulled.
func rollBackByContent(c *cure) {
	image := c.push(c.Public, "v1")
	c.deployment(image+":v1", 1)
	c.reached("running pod", running)
	c.template(func(t *corev1.PodTemplateSpec) { t.Spec.Containers[0].Image = image + ":v2" })
	c.failsAfter("")
	for n := range 2 {
		c.template(func(t *corev1.PodTemplateSpec) { t.Annotations = map[string]string{restartedAt: strconv.Itoa(n)} })
		c.failsAfter(strconv.Itoa(n))
	}
	c.ask("deployment/web")
	m := c.sees("The tag v2 does not exist", "the old pods still serve")
	if _, e, there := m.Element("pullfix.approve"); there {
		c.t.Errorf("a roll back stands out while the old pods serve: %v", e)
	}
	c.approve("rollback")
	c.sees("Resolved", "Roll back to revision 1", "approved by <@"+c.approver+">")
	c.reached("running pod", running)
}

// restartedAt is where kubectl writes when it restarted a rollout.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// failsAfter waits until the pod of that restart fails.
func (c *cure) failsAfter(restart string) {
	c.t.Helper()
	c.await("new pod's failure", func(ctx context.Context) bool {
		return slices.ContainsFunc(c.pods(ctx), func(p corev1.Pod) bool { return p.Annotations[restartedAt] == restart && failing(1)(&p) })
	})
}

// template changes the pod template of deployment web.
func (c *cure) template(change func(t *corev1.PodTemplateSpec)) {
	c.t.Helper()
	deployments := c.Client.AppsV1().Deployments(c.namespace)
	c.await("change of the template", func(ctx context.Context) bool {
		d, err := deployments.Get(ctx, "web", metav1.GetOptions{})
		c.must(err)
		change(&d.Spec.Template)
		if _, err = deployments.Update(ctx, d, metav1.UpdateOptions{}); err != nil && !apierrors.IsConflict(err) {
			c.t.Fatal(err)
		}
		return err == nil
	})
}

// orderedAndStuck: a StatefulSet in order does not replace a broken pod, though
// its template is right by now.
func orderedAndStuck(c *cure) {
	image := c.push(c.Public, "v1")
	set := c.statefulSet(image+":v9", 2)
	c.reached("failed pull", failing(1))
	sets := c.Client.AppsV1().StatefulSets(c.namespace)
	c.await("correction of the template", func(ctx context.Context) bool {
		now, err := sets.Get(ctx, set.Name, metav1.GetOptions{})
		c.must(err)
		now.Spec.Template.Spec.Containers[0].Image = image + ":v1"
		_, err = sets.Update(ctx, now, metav1.UpdateOptions{})
		return err == nil
	})
	c.ask("statefulset/web")
	c.sees("The tag v9 does not exist", "the template was corrected")
	c.approve("delete-pods")
	c.sees("Resolved", "approved by <@"+c.approver+">")
	c.await("all pods in order", func(ctx context.Context) bool {
		pods := c.pods(ctx)
		return len(pods) == 2 && !slices.ContainsFunc(pods, func(p corev1.Pod) bool { return !running(&p) })
	})
}

// statefulSet makes a StatefulSet "web", whose pods come one after the other.
func (s *stage) statefulSet(image string, replicas int32, secrets ...string) *appsv1.StatefulSet {
	s.t.Helper()
	labels := map[string]string{"app": "web"}
	set, err := s.Client.AppsV1().StatefulSets(s.namespace).Create(s.t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &replicas, ServiceName: "web", Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec(image, secrets...)},
		},
	}, metav1.CreateOptions{})
	s.must(err)
	return set
}

// anotherFaultAfterTheFirst: with the credential, the node hears that the tag is
// missing, which is a new diagnosis in the same thread.
func anotherFaultAfterTheFirst(c *cure) {
	c.secret("regcred", map[string]entry{c.Private.Host: login(robot, robotSecret)})
	c.deployment(c.push(c.Private, "v1")+":v2", 1)
	c.reached("failed pull", failing(1))
	c.ask("deployment/web")
	first := c.sees("does not use secret regcred", "that has to be corrected as well")
	c.approve("attach-secret")
	second := c.sees("Still failing, for another reason", "The tag v2 does not exist")
	if second.TS != first.TS {
		c.t.Error("the new cause has a message of its own")
	}
}
