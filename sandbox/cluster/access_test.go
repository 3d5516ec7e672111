package cluster_test

import (
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/pullfix/pullfix/sandbox/cluster"
)

func connect(t testing.TB, c *cluster.Cluster, token string) kubernetes.Interface {
	t.Helper()
	config := inProcess(c, token)
	config.QPS, config.Burst = -1, 0
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func secret(name string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
}

func TestSecretsByNameOnly(t *testing.T) {
	c := newCluster(t, cluster.Options{})
	if err := c.Add(secret("regcred"), secret("other")); err != nil {
		t.Fatal(err)
	}
	c.AddUser(cluster.User{Name: "bot", Token: "bot-token", Allow: []cluster.Rule{
		{Verb: "get", Resource: "secrets", Namespace: "shop", Name: "regcred"},
		{Verb: "list", Resource: "secrets", Namespace: "shop", Name: "regcred"},
	}})
	secrets := connect(t, c, "bot-token").CoreV1().Secrets("shop")
	if _, err := secrets.Get(t.Context(), "regcred", metav1.GetOptions{}); err != nil {
		t.Errorf("the named secret: %v", err)
	}
	if _, err := secrets.Get(t.Context(), "other", metav1.GetOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("another secret: %v, want forbidden", err)
	}
	if _, err := secrets.List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("all secrets: %v, want forbidden", err)
	}
	list, err := secrets.List(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=regcred"})
	if err != nil || len(list.Items) != 1 {
		t.Errorf("the named secret in a list: %v, %v", list, err)
	}
}

func TestForbidOutranksAllow(t *testing.T) {
	c := newCluster(t, cluster.Options{})
	if err := c.Add(secret("regcred")); err != nil {
		t.Fatal(err)
	}
	client := connect(t, c, "admin-token")
	c.Forbid(cluster.Admin, cluster.Rule{Resource: "secrets", Namespace: "shop"})
	_, err := client.CoreV1().Secrets("shop").Get(t.Context(), "regcred", metav1.GetOptions{})
	want := `secrets "regcred" is forbidden: User "admin" cannot get resource "secrets" in API group "" in the namespace "shop"`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "get", Resource: "secrets", Namespace: "shop"},
	}}
	for _, want := range []bool{false, true} {
		got, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), review, metav1.CreateOptions{})
		if err != nil || got.Status.Allowed != want {
			t.Errorf("review: %v, %v, want %v", got.Status, err, want)
		}
		c.Permit(cluster.Admin)
	}
}

func TestWithoutAToken(t *testing.T) {
	client := connect(t, newCluster(t, cluster.Options{}), "")
	_, err := client.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	want := `pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if _, err := client.Discovery().ServerVersion(); err != nil {
		t.Errorf("the version is for all: %v", err)
	}
	if _, err := client.Discovery().ServerGroups(); !apierrors.IsForbidden(err) {
		t.Errorf("the groups: %v, want forbidden", err)
	}
}
