//go:build e2e && linux

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullfix/pullfix/e2e/cluster"
	"github.com/pullfix/pullfix/e2e/image"
	"github.com/pullfix/pullfix/sandbox/slack"
)

// The namespaces of the chart's test.
const (
	opsSpace    = "pod-ops"
	brokenSpace = "pod-broken"
	lockedSpace = "pod-locked"
)

// inPod installs the chart and lives through what people do with the pod: first
// with no rights but to read, then with some.
func (b *bed) inPod(t *testing.T) {
	t.Run("the defaults are taken under restricted Pod Security", b.restricted)
	p := &podUnderTest{bed: b, chat: b.openChat(t, 1), image: b.pushPullfix(t)}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the pod said:\n%s", p.log(t))
		}
	})
	makeNamespace(t, b.Client, opsSpace, false)
	app := slack.ExampleSeed().App
	tokens := map[string][]byte{"SLACK_BOT_TOKEN": []byte(app.BotToken), "SLACK_APP_TOKEN": []byte(app.AppToken)}
	create(t, b.Client.CoreV1().Secrets(opsSpace).Create, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "pullfix-slack"}, Data: tokens})
	p.breakThings(t)
	p.install(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if err := p.chat.workspace.WaitSockets(ctx, 1); err != nil {
		t.Fatalf("the bot does not come: %v", err)
	}
	if !t.Run("without rights it says what is missing", p.withoutRights) {
		return
	}
	p.install(t, fmt.Sprintf("secrets: [{namespace: %s, names: [regcred]}]\nremedies: {rollback: {namespaces: [%s]}}\n", lockedSpace, brokenSpace))
	t.Run("with rights it reads the secret, and heals", p.withRights)
	t.Run("it stops in order", p.stops)
}

// podUnderTest is pullfix in a pod, in a workspace on loopback.
type podUnderTest struct {
	*bed
	chat           *chat
	image          string
	listen         string
	broken, locked *stage
}

// with is an incident of a stage, as the two people see it.
func (p *podUnderTest) with(t *testing.T, s *stage) *cure {
	own := *s
	own.t = t
	return &cure{stage: &own, chat: p.chat, asker: asker(0), approver: approver(0)}
}

// pushPullfix builds the image as make image does, and pushes it to the node's
// registry.
func (b *bed) pushPullfix(t *testing.T) string {
	t.Helper()
	made, err := image.Build(image.Options{
		Binary: b.pullfix, Certificates: "/etc/ssl/certs/ca-certificates.crt", Architecture: runtime.GOARCH, Version: "e2e",
	})
	if err != nil {
		t.Fatal(err)
	}
	to, err := name.NewTag(b.Public.Image("ops/pullfix:e2e"))
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(to, made, remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
	return b.Public.Image("ops/pullfix")
}

// install applies the chart, changed as a pod on this machine needs it: in the
// node's network, since there is no other here.
func (p *podUnderTest) install(t *testing.T, rights string) {
	t.Helper()
	if p.listen == "" {
		p.listen = freeAddress(t)
	}
	api, err := url.Parse(p.Config.Host)
	if err != nil {
		t.Fatal(err)
	}
	values := fmt.Sprintf(`
image: {repository: %q, tag: e2e}
persistence: {enabled: false}
extraEnv: [{name: KUBERNETES_SERVICE_HOST, value: %q}, {name: KUBERNETES_SERVICE_PORT, value: %q}]
config:
  slack: {apiURL: %q, channel: %s}
  clusters: [{name: here}]
  registries: [{host: %q, plainHTTP: true}, {host: %q, plainHTTP: true}]
  access: [{groups: [%s], clusters: ["*"], namespaces: ["*"]}]
  approvals: [{groups: [%s], clusters: ["*"], namespaces: ["*"], remedies: ["*"]}]
  responders: {groups: [%s]}
%s`, p.image, api.Hostname(), api.Port(), p.chat.apiURL, slack.Ops, p.Public.Host, p.Private.Host, askers, slack.Platform, slack.Platform, rights)
	a := newApplier(t, p.Config)
	for _, o := range renderChart(t, opsSpace, values).objects {
		p.fit(t, o)
		if err := a.apply(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
}

// fit puts the pod into the node's network, on a port of its own.
func (p *podUnderTest) fit(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	number := int64(netip.MustParseAddrPort(p.listen).Port())
	switch o.GetKind() {
	case "ConfigMap":
		text, _, _ := unstructured.NestedString(o.Object, "data", "pullfix.yaml")
		must(t, unstructured.SetNestedField(o.Object, strings.ReplaceAll(text, "listen: :8080", "listen: "+p.listen), "data", "pullfix.yaml"))
	case "Deployment":
		spec, _, _ := unstructured.NestedMap(o.Object, "spec", "template", "spec")
		spec["hostNetwork"] = true
		container, _ := spec["containers"].([]any)[0].(map[string]any)
		delete(container, "ports")
		for _, probe := range []string{"livenessProbe", "readinessProbe"} {
			must(t, unstructured.SetNestedField(container, "127.0.0.1", probe, "httpGet", "host"))
			must(t, unstructured.SetNestedField(container, number, probe, "httpGet", "port"))
		}
		must(t, unstructured.SetNestedMap(o.Object, spec, "spec", "template", "spec"))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ports, err := cluster.FreePorts(1)
	must(t, err)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))
}

// open opens the log of the pod.
func (p *podUnderTest) open(ctx context.Context) (*os.File, error) {
	pods, err := p.Client.CoreV1().Pods(opsSpace).List(ctx, metav1.ListOptions{})
	if err != nil || len(pods.Items) != 1 {
		return nil, fmt.Errorf("%d pods: %w", len(pods.Items), err)
	}
	return p.PodLog(opsSpace, pods.Items[0].Name, "pullfix")
}

// log is what the pod has said so far.
func (p *podUnderTest) log(t *testing.T) string {
	file, err := p.open(context.WithoutCancel(t.Context()))
	if err != nil {
		return err.Error()
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(file)
	return fmt.Sprint(string(text), err)
}

// breakThings makes a rollout of a tag that does not exist, and a workload whose
// credential is wrong.
func (p *podUnderTest) breakThings(t *testing.T) {
	t.Helper()
	s := p.stage(t, brokenSpace)
	p.broken = s
	repository := s.push(p.Public, "v1")
	s.deployment(repository+":v1", 1)
	s.reached("running pod", running)
	patch := fmt.Sprintf(`[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"%s:v2"}]`, repository)
	_, err := p.Client.AppsV1().Deployments(brokenSpace).Patch(t.Context(), "web", types.JSONPatchType, []byte(patch), metav1.PatchOptions{})
	s.must(err)
	s.await("failed pull", func(ctx context.Context) bool {
		return slices.ContainsFunc(s.pods(ctx), func(pod corev1.Pod) bool { return failing(1)(&pod) })
	})
	s = p.stage(t, lockedSpace)
	p.locked = s
	repository = s.push(p.Private, "v1")
	s.secret("regcred", map[string]entry{p.Private.Host: login(robot, wrongSecret)})
	s.deployment(repository+":v1", 1, "regcred")
	s.reached("failed pull", failing(1))
}

func (p *podUnderTest) withoutRights(t *testing.T) {
	broken, locked := p.with(t, p.broken), p.with(t, p.locked)
	broken.ask("deployment/web")
	m := broken.sees("The tag v2 does not exist", "Roll back to revision 1", "pullfix lacks a right: patch deployments in namespace "+brokenSpace, "resources: [deployments], verbs: [patch]")
	if _, there := broken.button(m, "rollback"); there {
		t.Error("there is a button that pullfix has no right for")
	}
	locked.ask("deployment/web")
	locked.hears(locked.sees(againButton), "secret "+lockedSpace+"/regcred: forbidden; grant: get secret regcred in namespace "+lockedSpace)
}

const againButton = "pullfix.again"

// again presses "Diagnose again".
func (c *cure) again(m slack.Message) {
	c.t.Helper()
	d, err := c.chat.workspace.Act(slack.Press{User: c.asker, Channel: m.Channel, TS: m.TS, ActionID: againButton})
	c.acknowledged(d, err)
}

func (p *podUnderTest) withRights(t *testing.T) {
	time.Sleep(policyWithin)
	broken, locked := p.with(t, p.broken), p.with(t, p.locked)
	broken.again(broken.sees("The tag v2 does not exist", againButton))
	broken.approve("rollback")
	broken.sees("Resolved", "Roll back to revision 1", "approved by", broken.approver)
	d, err := p.Client.AppsV1().Deployments(brokenSpace).Get(t.Context(), "web", metav1.GetOptions{})
	must(t, err)
	if image := d.Spec.Template.Spec.Containers[0].Image; !strings.HasSuffix(image, ":v1") || d.Annotations["pullfix.dev/approved-by"] != broken.approver {
		t.Errorf("image %s, annotations %v", image, d.Annotations)
	}
	locked.again(locked.sees(againButton))
	locked.sees("rejects the credential in secret regcred")
}

// policyWithin is within when the API server decides by a policy that was just
// written: it reads them anew every second, and nothing tells when it has.
const policyWithin = 5 * time.Second

// stops ends the pod and reads how it went.
func (p *podUnderTest) stops(t *testing.T) {
	pods, err := p.Client.CoreV1().Pods(opsSpace).List(t.Context(), metav1.ListOptions{})
	must(t, err)
	if len(pods.Items) != 1 || pods.Items[0].Status.ContainerStatuses[0].RestartCount != 0 || !pods.Items[0].Status.ContainerStatuses[0].Ready {
		t.Fatalf("%+v", pods.Items)
	}
	file, err := p.open(t.Context())
	must(t, err)
	defer func() { _ = file.Close() }()
	must(t, p.Client.AppsV1().Deployments(opsSpace).Delete(t.Context(), "pullfix", metav1.DeleteOptions{}))
	until(t, "the end of the pod", func() error {
		pods, err := p.Client.CoreV1().Pods(opsSpace).List(t.Context(), metav1.ListOptions{})
		if err == nil && len(pods.Items) > 0 {
			err = errors.New("it is still there")
		}
		return err
	})
	said, err := io.ReadAll(file)
	must(t, err)
	text := string(said)
	for _, secret := range []string{slack.ExampleSeed().App.BotToken, wrongSecret} {
		if strings.Contains(text, secret) {
			t.Error("a secret stands in the log")
		}
	}
	if !strings.Contains(text, `"msg":"stopping: what was begun is finished"`) || !strings.Contains(text, `"msg":"stopped"`) || strings.Contains(text, `"level":"ERROR"`) {
		t.Errorf("the log says\n%s", text)
	}
}
