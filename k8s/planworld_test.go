package k8s

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

// hub is a registry for both sides: the kubelet pulls from it, and the
// diagnosis asks it. It knows images and the password that each needs.
type hub struct {
	mu     sync.Mutex
	images map[string]string
	fails  cause.Cause // says this to everybody
	left   int         // pulls that it still allows; 0 does not count them
}

func (h *hub) put(image, password string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.images[image] = password
}

func (h *hub) fail(c cause.Cause) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fails = c
}

func (h *hub) Pull(_ context.Context, p cluster.Pull) (cluster.Image, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	want, ok := h.images[p.Image]
	switch {
	case !ok:
		return cluster.Image{}, fmt.Errorf("rpc error: code = NotFound desc = failed to pull and unpack image %q: failed to resolve image: %s: not found", p.Image, p.Image)
	case want != "" && (p.Credential == nil || p.Credential.Reveal() != want):
		return cluster.Image{}, errors.New("rpc error: code = Unknown desc = failed to pull and unpack image: failed to authorize: 401 Unauthorized")
	}
	return cluster.Image{Digest: "sha256:" + strings.Repeat("a", 64), Size: 1234}, nil
}

func (h *hub) Probe(_ context.Context, q runbook.Question) (runbook.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := runbook.Answer{Host: "registry.test", Result: cause.None, Login: runbook.TestUntested, Status: http.StatusOK}
	if h.left > 0 {
		a.RateLimit = &runbook.RateLimit{Limit: 100, Remaining: h.left}
	}
	want, ok := h.images[q.Image]
	switch {
	case h.fails != "":
		a.Result, a.Status = h.fails, http.StatusServiceUnavailable
	case !ok:
		a.Result, a.Status = cause.TagNotFound, http.StatusNotFound
	case want != "" && q.Credential == nil:
		a.Result, a.Status = cause.AuthMissing, http.StatusUnauthorized
	case want != "" && q.Credential.Password.Reveal() != want:
		a.Result, a.Status, a.Login = cause.AuthRejected, http.StatusUnauthorized, runbook.TestRejected
	case q.Credential != nil:
		a.Login = runbook.TestAccepted
	}
	return a, nil
}

// shop is a live cluster with one node, its hub, and all that pullfix has.
type shop struct {
	*testing.T
	stand   *cluster.Cluster
	hub     *hub
	people  kubernetes.Interface // a person with kubectl
	reader  *Cluster
	changer *Changer
	vault   *runbook.Vault
	log     *strings.Builder
	before  func(*http.Request) // is called before each request of pullfix
}

// live opens a shop in a bubble of fake time.
func live(t *testing.T, visit func(t *testing.T, s *shop)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		stand, err := cluster.New(cluster.Options{ExternalSecrets: true})
		if err != nil {
			t.Fatal(err)
		}
		s := &shop{T: t, stand: stand, hub: &hub{images: map[string]string{}}, log: &strings.Builder{}}
		s.open()
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for _, run := range []func(context.Context) error{
			cluster.NewKubelet(stand, cluster.KubeletOptions{Node: "node-1", Puller: s.hub}).Run, cluster.NewControllers(stand).Run,
		} {
			running.Go(func() {
				if err := run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		visit(t, s)
		stop()
		running.Wait()
	})
}

type passing func(*http.Request) (*http.Response, error)

func (p passing) RoundTrip(r *http.Request) (*http.Response, error) { return p(r) }

func (s *shop) open() {
	config := func(token string) *rest.Config {
		return &rest.Config{Host: "http://stand-in", Transport: s.stand.RoundTripper(), BearerToken: token, QPS: -1}
	}
	s.stand.AddUser(cluster.User{Name: "person", Token: "person-token"})
	people, err := kubernetes.NewForConfig(config("person-token"))
	if err != nil {
		s.Fatal(err)
	}
	reader, err := New(config("admin-token"), Options{Name: "prod-eu", WrapTransport: func(next http.RoundTripper) http.RoundTripper {
		return passing(func(r *http.Request) (*http.Response, error) {
			if s.before != nil {
				s.before(r)
			}
			return next.RoundTrip(r)
		})
	}})
	if err != nil {
		s.Fatal(err)
	}
	s.people, s.reader = people, reader
	s.changer = NewChanger(reader, []byte("k"), slog.New(slog.NewTextHandler(s.log, nil)))
}

const v1, v2, v3 = "registry.test/app:v1", "registry.test/app:v2", "registry.test/app:v3"

func shopTemplate(image string) (*metav1.LabelSelector, corev1.PodTemplateSpec) {
	labels := map[string]string{"app": "web"}
	return &metav1.LabelSelector{MatchLabels: labels}, corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image}}},
	}
}

// deploy makes Deployment web.
func (s *shop) deploy(replicas int32, image string) {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: appsv1.DeploymentSpec{Replicas: &replicas}}
	d.Spec.Selector, d.Spec.Template = shopTemplate(image)
	if _, err := s.people.AppsV1().Deployments("default").Create(s.Context(), d, metav1.CreateOptions{}); err != nil {
		s.Fatal(err)
	}
	time.Sleep(20 * time.Second)
}

// stateful makes StatefulSet web.
func (s *shop) stateful(replicas int32, image string) {
	d := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: appsv1.StatefulSetSpec{Replicas: &replicas}}
	d.Spec.Selector, d.Spec.Template = shopTemplate(image)
	if _, err := s.people.AppsV1().StatefulSets("default").Create(s.Context(), d, metav1.CreateOptions{}); err != nil {
		s.Fatal(err)
	}
	time.Sleep(20 * time.Second)
}

func (s *shop) patch(kind, patch string) {
	s.Helper()
	var err error
	switch kind {
	case "Deployment":
		_, err = s.people.AppsV1().Deployments("default").Patch(s.Context(), "web", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	case "StatefulSet":
		_, err = s.people.AppsV1().StatefulSets("default").Patch(s.Context(), "web", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	case "ServiceAccount":
		_, err = s.people.CoreV1().ServiceAccounts("default").Patch(s.Context(), "default", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	}
	if err != nil {
		s.Fatal(err)
	}
	time.Sleep(20 * time.Second)
}

func withImage(image string) string {
	return `{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"` + image + `"}]}}}}`
}

func (s *shop) secret(name, password string) {
	s.Helper()
	auth := base64.StdEncoding.EncodeToString([]byte("bot:" + password))
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{corev1.DockerConfigJsonKey: fmt.Appendf(nil, `{"auths":{"registry.test":{"auth":%q}}}`, auth)},
	}
	secrets := s.people.CoreV1().Secrets("default")
	if _, err := secrets.Create(s.Context(), secret, metav1.CreateOptions{}); err == nil {
		return
	}
	if _, err := secrets.Update(s.Context(), secret, metav1.UpdateOptions{}); err != nil {
		s.Fatal(err)
	}
}

// pods lists the pods by name.
func (s *shop) pods() []corev1.Pod {
	list, err := s.people.CoreV1().Pods("default").List(s.Context(), metav1.ListOptions{})
	if err != nil {
		s.Fatal(err)
	}
	return list.Items
}

// diagnosed is the case and the verdict about an object.
func (s *shop) diagnosed(kind, name string) (runbook.Case, runbook.Verdict) {
	s.Helper()
	k, v, err := runbook.Diagnose(s.Context(), runbook.Sources{Cluster: s.reader, Registry: s.hub, FingerprintKey: []byte("k")},
		runbook.Target{Namespace: "default", Kind: kind, Name: name}, nil)
	if err != nil {
		s.Fatal(err)
	}
	return k, v
}

// planned is the plan of one kind; with is added to the verdict's remedies when
// it does not have that kind.
func (s *shop) planned(kind string, remedy runbook.Kind) runbook.Plan {
	s.Helper()
	k, v := s.diagnosed(kind, "web")
	return s.planOf(k, v, remedy)
}

func (s *shop) planOf(k runbook.Case, v runbook.Verdict, remedy runbook.Kind) runbook.Plan {
	s.Helper()
	has := false
	for _, r := range v.Remedies {
		has = has || r.Kind == remedy
	}
	if !has {
		v.Remedies = append(v.Remedies, runbook.Remedy{ID: "added", Kind: remedy})
	}
	plans, err := s.reader.Plan(s.Context(), k, v, s.options())
	if err != nil {
		s.Fatal(err)
	}
	for _, p := range plans {
		if p.Remedy.Kind == remedy {
			return p
		}
	}
	s.Fatalf("no plan for %s", remedy)
	return runbook.Plan{}
}

var ann = runbook.Actor{Incident: "inc-7", Approved: []string{"U0ANN", "U0BOB"}}

// carried carries the whole plan out, which has to work.
func (s *shop) carried(p runbook.Plan) {
	s.Helper()
	if !p.Remedy.Approvable || p.Missing != "" || len(p.Actions) == 0 {
		s.Fatalf("cannot be approved: %+v", p)
	}
	for _, a := range p.Actions {
		receipt, err := s.hands().Carry(s.Context(), a, ann)
		if err != nil || !receipt.Done || receipt.Unsure {
			s.Fatalf("carrying %s %s: %+v, %v", a.Verb, a.Name, receipt, err)
		}
	}
}

// writes counts the requests of pullfix that change something, Events aside.
func (s *shop) writes() int {
	synctest.Wait() // until the stand-in has noted the last one
	n := 0
	for _, r := range s.stand.Requests() {
		if r.User == cluster.Admin && (r.Verb == "delete" || r.Verb == "patch" || r.Verb == "update") {
			n++
		}
	}
	return n
}
