//go:build e2e && linux

package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// secretCures are those in which a pull secret is made, changed or attached.
// Those whose name begins with new get a good credential.
func secretCures() []cureCase {
	return []cureCase{
		{"new-where-none-was", newWhereNoneWas},
		{"new-beside-another-entry", newBesideAnotherEntry},
		{"new-and-faster", newAndFaster},
		{"new-after-somebody-else", newAfterSomebodyElse},
		{"new-in-spite-of-a-label", newInSpiteOfALabel},
		{"new-for-an-immutable", newForAnImmutable},
		{"new-for-a-wrong-type", newForAWrongType},
		{"new-for-a-statefulset", newForAStatefulSet},
		{"new-and-undone", newAndUndone},
		{"wrong-candidate", wrongCandidate},
		{"attach-what-is-there", attachWhatIsThere},
	}
}

// guarded stores an image in the registry that the bot may write secrets for.
func (c *cure) guarded() string {
	c.t.Helper()
	return c.push(c.chat.guarded, "v1") + ":v1"
}

// stale is an entry that the registry rejects. The user differs from one stage
// to the next: the same rejected credential would be one incident.
func (c *cure) stale() entry { return login(c.namespace, wrongSecret) }

// staleDeployment makes a deployment whose secret holds a rejected credential.
func (c *cure) staleDeployment() {
	c.t.Helper()
	c.secret("regcred", map[string]entry{c.chat.guarded.Host: c.stale()})
	c.deployment(c.guarded(), 1, "regcred")
	c.reached("failed pull", failing(1))
}

// uids are those of the pods, to tell old pods from new ones.
func (c *cure) uids() map[types.UID]bool {
	c.t.Helper()
	found := make(map[types.UID]bool)
	for _, pod := range c.pods(c.t.Context()) {
		found[pod.UID] = true
	}
	return found
}

// sameRun wants the pods that failed to run by now.
func (c *cure) sameRun(before map[types.UID]bool) {
	c.t.Helper()
	c.reached("running pods", running)
	for uid := range c.uids() {
		if !before[uid] {
			c.t.Errorf("pod %s is new: nothing had to be restarted", uid)
		}
	}
}

func (c *cure) read(name string) *corev1.Secret {
	c.t.Helper()
	secret, err := c.Client.CoreV1().Secrets(c.namespace).Get(c.t.Context(), name, metav1.GetOptions{})
	c.must(err)
	return secret
}

func newWhereNoneWas(c *cure) {
	c.deployment(c.guarded(), 2, "regcred")
	c.reached("failed pulls", failing(1))
	before := c.uids()
	c.ask("deployment/web")
	c.sees("The pull secret regcred does not exist")
	c.approve("create-secret")
	c.sees("Resolved", "approved by <@"+c.approver+">")
	c.sameRun(before)
}

// newBesideAnotherEntry: the secret has a second registry's entry, written as
// nobody would write it; not a byte of it may move.
func newBesideAnotherEntry(c *cure) {
	const other = `"quay.io" :  {"auth":"b3RoZXI6c2VjcmV0",   "email":"a@b.c", "x":[1, 2 ]}`
	stale, _ := json.Marshal(c.stale()) // a map of strings always marshals
	document := fmt.Sprintf(`{ "HttpHeaders":{"A": "b"}, "auths":{%s , %q:%s} }`, other, c.chat.guarded.Host, stale)
	_, err := c.Client.CoreV1().Secrets(c.namespace).Create(c.t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "regcred"}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte(document)},
	}, metav1.CreateOptions{})
	c.must(err)
	c.deployment(c.guarded(), 1, "regcred")
	c.reached("failed pull", failing(1))
	before := c.uids()
	c.ask("deployment/web")
	c.sees("rejects the credential in secret regcred")
	c.approve("update-secret")
	c.sees("Resolved", "approved by <@"+c.approver+">")
	c.sameRun(before)
	now := c.read("regcred").Data[corev1.DockerConfigJsonKey]
	if !bytes.Contains(now, []byte(other)) || !bytes.HasPrefix(now, []byte(`{ "HttpHeaders":{"A": "b"}, "auths":{`)) {
		c.t.Errorf("more than one entry was rewritten: %d bytes, before %d", len(now), len(document))
	}
}

// newAndFaster does not wait for the kubelet, which after four attempts waits
// for 80 s: until then it might be the faster one.
func newAndFaster(c *cure) {
	c.staleDeployment()
	c.await("fourth attempt", func(ctx context.Context) bool {
		return slices.ContainsFunc(c.events(ctx), func(e corev1.Event) bool { return e.Reason == "Pulling" && e.Count >= 4 })
	})
	before := c.uids()
	c.ask("deployment/web")
	c.approve("update-secret")
	c.approve("delete-pods")
	c.sees("Resolved", "approved by <@"+c.approver+">")
	c.reached("running pod", running)
	for uid := range c.uids() {
		if before[uid] {
			c.t.Error("the pod that waited was not deleted")
		}
	}
}

// newAfterSomebodyElse: while the approver reads, somebody writes another
// credential into the same entry, which is wrong as well.
func newAfterSomebodyElse(c *cure) {
	c.staleDeployment()
	c.ask("deployment/web")
	v := c.opens("update-secret")
	theirs := newSecret("regcred", corev1.SecretTypeDockerConfigJson, map[string]entry{c.chat.guarded.Host: login(c.namespace+"-2", wrongSecret)})
	_, err := c.Client.CoreV1().Secrets(c.namespace).Update(c.t.Context(), theirs, metav1.UpdateOptions{})
	c.must(err)
	c.submit(v)
	root := c.sees("nothing was changed")
	c.hears(root, "Nothing was changed", "was changed since the plan was made")
	if now := c.read("regcred").Data[corev1.DockerConfigJsonKey]; !bytes.Equal(now, theirs.Data[corev1.DockerConfigJsonKey]) {
		c.t.Error("what somebody else wrote was overwritten")
	}
	c.approve("update-secret")
	c.sees("Resolved", "approved by <@"+c.approver+">")
	c.reached("running pod", running)
}

// newInSpiteOfALabel: what the approval is not bound to may move.
func newInSpiteOfALabel(c *cure) {
	c.staleDeployment()
	c.ask("deployment/web")
	v := c.opens("update-secret")
	_, err := c.Client.CoreV1().Secrets(c.namespace).Patch(c.t.Context(), "regcred", types.MergePatchType,
		[]byte(`{"metadata":{"labels":{"team":"shop"}}}`), metav1.PatchOptions{})
	c.must(err)
	c.submit(v)
	c.sees("Resolved", "approved by <@"+c.approver+">")
	if c.read("regcred").Labels["team"] != "shop" {
		c.t.Error("the label is gone")
	}
}

func newForAnImmutable(c *cure) {
	secret := newSecret("regcred", corev1.SecretTypeDockerConfigJson, map[string]entry{c.chat.guarded.Host: c.stale()})
	locked := true
	secret.Immutable = &locked
	_, err := c.Client.CoreV1().Secrets(c.namespace).Create(c.t.Context(), secret, metav1.CreateOptions{})
	c.must(err)
	c.deployment(c.guarded(), 1, "regcred")
	c.reached("failed pull", failing(1))
	c.ask("deployment/web")
	c.approve("update-secret")
	c.sees("Resolved", "approved by <@"+c.approver+">")
	c.namedByTemplate("regcred-2")
}

func newForAWrongType(c *cure) {
	c.secretOfType("regcred", corev1.SecretTypeOpaque, map[string]entry{c.chat.guarded.Host: login(robot, robotSecret)})
	c.deployment(c.guarded(), 1, "regcred")
	c.reached("failed pull", failing(1))
	c.ask("deployment/web")
	c.sees("because of its type Opaque")
	c.approve("create-secret")
	c.sees("Resolved", "approved by <@"+c.approver+">")
	c.namedByTemplate("regcred-pull")
}

// namedByTemplate wants the template to name this secret alone.
func (c *cure) namedByTemplate(secret string) {
	c.t.Helper()
	d, err := c.Client.AppsV1().Deployments(c.namespace).Get(c.t.Context(), "web", metav1.GetOptions{})
	c.must(err)
	if names := d.Spec.Template.Spec.ImagePullSecrets; len(names) != 1 || names[0].Name != secret {
		c.t.Errorf("the template names %v, want %s", names, secret)
	}
}

// newForAStatefulSet: the first pod that waits runs by itself, and the others
// follow in order.
func newForAStatefulSet(c *cure) {
	c.secret("regcred", map[string]entry{c.chat.guarded.Host: c.stale()})
	c.statefulSet(c.guarded(), 2, "regcred")
	c.reached("failed pull", failing(1))
	c.ask("statefulset/web")
	c.approve("update-secret")
	c.sees("Resolved", "approved by <@"+c.approver+">")
	c.await("both pods in order", func(ctx context.Context) bool {
		pods := c.pods(ctx)
		return len(pods) == 2 && running(&pods[0]) && running(&pods[1])
	})
}

// newAndUndone: the former credential still logs in, but may not pull this
// image, so it is kept, and comes back to the byte.
func newAndUndone(c *cure) {
	c.secret("regcred", map[string]entry{c.chat.guarded.Host: login(limited, robotSecret)})
	before := c.read("regcred").Data[corev1.DockerConfigJsonKey]
	c.deployment(c.guarded(), 1, "regcred")
	c.reached("failed pull", failing(1))
	c.ask("deployment/web")
	c.sees("is valid, but may not pull")
	c.approve("update-secret")
	c.sees("Resolved", "approved by <@"+c.approver+">")
	c.approve("undo-secret")
	c.await("former entry", func(context.Context) bool {
		return bytes.Equal(c.read("regcred").Data[corev1.DockerConfigJsonKey], before)
	})
}

// wrongCandidate: what the source gives is rejected, so it is not offered, and
// the secret stays as it is.
func wrongCandidate(c *cure) {
	c.staleDeployment()
	before := c.read("regcred").ResourceVersion
	c.ask("deployment/web")
	m := c.sees("rejects the credential in secret regcred", "source old (file old.password)", "says AuthRejected")
	if _, there := c.button(m, "update-secret"); there {
		c.t.Error("a rejected credential is offered")
	}
	if c.read("regcred").ResourceVersion != before {
		c.t.Error("the secret was written")
	}
}

func attachWhatIsThere(c *cure) {
	c.secret("regcred", map[string]entry{c.Private.Host: login(robot, robotSecret)})
	c.deployment(c.push(c.Private, "v1")+":v1", 1)
	c.reached("failed pull", failing(1))
	c.ask("deployment/web")
	c.sees("does not use secret regcred")
	c.approve("attach-secret")
	c.sees("Resolved", "approved by <@"+c.approver+">")
	c.namedByTemplate("regcred")
}

// submit approves what the modal shows.
func (c *cure) submit(v slack.View) {
	c.t.Helper()
	d, err := c.chat.workspace.Submit(c.approver, v.ID, nil)
	c.acknowledged(d, err)
}

// leaks lists which passwords stand in a text, plain or as base64 has them.
func leaks(text string, passwords ...string) []string {
	var found []string
	for _, p := range passwords {
		if bytes.Contains([]byte(text), []byte(p)) || bytes.Contains([]byte(text), []byte(base64.StdEncoding.EncodeToString([]byte(p)))) {
			found = append(found, p[:2]+"…")
		}
	}
	return found
}
