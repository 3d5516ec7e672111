//go:build e2e && linux

package e2e

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/pullfix/pullfix/e2e/cluster"
)

// allRemedies lets pullfix do everything that it can, in one namespace.
const allRemedies = `
secrets: [{namespace: shop, names: [regcred]}]
remedies:
  deletePods: {namespaces: [shop]}
  rolloutRestart: {namespaces: [shop]}
  rollback: {namespaces: [shop]}
  attachSecret: {namespaces: [shop]}
  updateSecret: [{namespace: shop, names: [regcred]}]
  createSecret: {namespaces: [shop]}
  keepUndo: {namespaces: [dev]}
`

// court is an API server with the chart's rules in it.
type court struct {
	admin   kubernetes.Interface
	pullfix kubernetes.Interface
}

// TestRulesOfTheChart: a real API server, which judges what pullfix's own token
// may do: first by the chart's roles, then by its admission policy alone.
func TestRulesOfTheChart(t *testing.T) {
	root, err := cluster.Root()
	if err != nil {
		t.Fatal(err)
	}
	binaries, err := cluster.Built(root)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cluster.Start(t.Context(), cluster.Options{Binaries: binaries, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), ControlPlaneOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	for _, namespace := range []string{"ops", "shop", "dev", "pay"} {
		makeNamespace(t, c.Client, namespace, namespace == "ops")
	}
	newApplier(t, c.Config).install(t, renderChart(t, "ops", allRemedies))
	own, err := kubernetes.NewForConfig(as(t, c.Client, c.Config, "ops"))
	if err != nil {
		t.Fatal(err)
	}
	s := court{admin: c.Client, pullfix: own}
	s.furnish(t)
	t.Run("what the roles deny", s.roles)
	s.rootForPullfix(t)
	t.Run("what the policy denies", s.denied)
	t.Run("what the policy lets through", s.allowed)
	t.Run("copies for an undo", s.copies)
	t.Run("others are not its business", s.others)
}

// furnish makes what pullfix could act on.
func (s court) furnish(t *testing.T) {
	t.Helper()
	for _, namespace := range []string{"shop", "dev"} {
		create(t, s.admin.CoreV1().ServiceAccounts(namespace).Create, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}})
		for _, name := range []string{"regcred", "other"} {
			secret := newSecret(name, corev1.SecretTypeDockerConfigJson, map[string]entry{"registry.example.com": login(robot, robotSecret)})
			secret.Data["extra"] = []byte("x")
			create(t, s.admin.CoreV1().Secrets(namespace).Create, secret)
		}
		create(t, s.admin.AppsV1().Deployments(namespace).Create, webDeployment())
	}
	for _, p := range []struct {
		name    string
		owned   bool
		running bool
	}{{"waits", true, false}, {"runs", true, true}, {"alone", false, false}} {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: p.name}, Spec: corev1.PodSpec{Containers: webDeployment().Spec.Template.Spec.Containers}}
		if p.owned {
			yes := true
			pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-1", UID: "u1", Controller: &yes}}
		}
		made := create(t, s.admin.CoreV1().Pods("shop").Create, pod)
		made.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}}}
		if p.running {
			made.Status.ContainerStatuses[0].State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
		}
		if _, err := s.admin.CoreV1().Pods("shop").UpdateStatus(t.Context(), made, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

func webDeployment() *appsv1.Deployment {
	labels, one := map[string]string{"app": "web"}, int32(1)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Annotations: map[string]string{"team": "shop"}},
		Spec: appsv1.DeploymentSpec{
			Replicas: &one, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/shop/web:v2"}}},
			},
		},
	}
}

// rootForPullfix gives pullfix's account every right there is: what is denied
// from now on is denied by the policy.
func (s court) rootForPullfix(t *testing.T) {
	t.Helper()
	create(t, s.admin.RbacV1().ClusterRoleBindings().Create, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "too-much"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: "pullfix", Namespace: "ops"}},
	})
	until(t, "the policy and the binding", func() error {
		_, err := s.pullfix.CoreV1().ConfigMaps("ops").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "x"}}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil || !strings.Contains(err.Error(), "pullfix may not do this") {
			return errors.Join(errors.New("not denied by the policy"), err)
		}
		return nil
	})
}

// roles: S9 by RBAC alone.
func (s court) roles(t *testing.T) {
	secrets := s.pullfix.CoreV1().Secrets
	get := func(namespace, name string) error {
		_, err := secrets(namespace).Get(t.Context(), name, metav1.GetOptions{})
		return err
	}
	list := func(namespace string) error {
		_, err := secrets(namespace).List(t.Context(), metav1.ListOptions{})
		return err
	}
	until(t, "the roles", func() error { return get("shop", "regcred") })
	for what, err := range map[string]error{
		"listing secrets of the namespace":  list("shop"),
		"listing secrets of all namespaces": list(""),
		"a secret that is not named":        get("shop", "other"),
		"another namespace's secret":        get("pay", "regcred"),
		"pullfix's own tokens":              get("ops", "pullfix-slack"),
		"scaling":                           patched(s.pullfix.AppsV1().Deployments("shop").Patch(t.Context(), "web", types.MergePatchType, []byte(`{"spec":{"replicas":0}}`), metav1.PatchOptions{}, "scale")),
		"patching in another namespace":     patched(s.pullfix.AppsV1().Deployments("dev").Patch(t.Context(), "web", types.MergePatchType, []byte(`{}`), metav1.PatchOptions{})),
		"deleting all pods":                 s.pullfix.CoreV1().Pods("shop").DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}),
		"deleting a pod elsewhere":          s.pullfix.CoreV1().Pods("dev").Delete(t.Context(), "waits", metav1.DeleteOptions{}),
		"deleting a deployment":             s.pullfix.AppsV1().Deployments("shop").Delete(t.Context(), "web", metav1.DeleteOptions{}),
		"deleting a secret":                 secrets("shop").Delete(t.Context(), "regcred", metav1.DeleteOptions{}),
	} {
		if !apierrors.IsForbidden(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, namespace := range []string{"", "dev"} {
		if _, err := s.pullfix.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{}); err != nil {
			t.Errorf("reading pods in %q: %v", namespace, err)
		}
	}
}

func patched[T any](_ T, err error) error { return err }

// others: whoever is not pullfix is not matched.
func (s court) others(t *testing.T) {
	patch := []byte(`[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"elsewhere.example.com/x:1"}]`)
	if _, err := s.admin.AppsV1().Deployments("dev").Patch(t.Context(), "web", types.JSONPatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Error(err)
	}
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
