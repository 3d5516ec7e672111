package cluster_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/pullfix/pullfix/sandbox/cluster"
)

func connectTLS(t *testing.T, c *cluster.Cluster) kubernetes.Interface {
	t.Helper()
	server, err := c.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	content, err := server.Kubeconfig(cluster.Admin)
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(content)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = -1, 0
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestCompaction(t *testing.T) {
	c := newCluster(t, cluster.Options{})
	if err := c.Add(secret("a"), secret("b"), secret("c")); err != nil {
		t.Fatal(err)
	}
	client := connect(t, c, "admin-token").CoreV1().Secrets("shop")
	first, err := client.List(t.Context(), metav1.ListOptions{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	open, err := client.Watch(t.Context(), metav1.ListOptions{ResourceVersion: first.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer open.Stop()
	c.Compact()
	_, err = client.List(t.Context(), metav1.ListOptions{Limit: 1, Continue: first.Continue})
	if !apierrors.IsResourceExpired(err) {
		t.Fatalf("an old token: %v, want Expired", err)
	}
	again, _ := err.(apierrors.APIStatus) //nolint:errorlint // client-go returns it bare
	rest, err := client.List(t.Context(), metav1.ListOptions{Continue: again.Status().Continue})
	if err != nil || len(rest.Items) != 2 || rest.Items[0].Name != "b" {
		t.Errorf("the inconsistent rest: %v, %v", rest, err)
	}
	_, err = client.List(t.Context(), metav1.ListOptions{ResourceVersion: first.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact})
	if !apierrors.IsResourceExpired(err) {
		t.Errorf("an old version: %v, want Expired", err)
	}
	if event := <-open.ResultChan(); event.Type != watch.Error || !apierrors.IsResourceExpired(apierrors.FromObject(event.Object)) {
		t.Errorf("an open watch: %v, want an error that says Expired", event)
	}
}

func TestEventsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, cluster.Options{EventTTL: time.Hour})
		if err := c.Add(&corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "e"}, Reason: "Failed"}); err != nil {
			t.Fatal(err)
		}
		client := connect(t, c, "admin-token").CoreV1().Events("shop")
		for _, tc := range []struct {
			wait time.Duration
			want int
		}{{time.Hour, 1}, {time.Nanosecond, 0}} {
			time.Sleep(tc.wait)
			list, err := client.List(t.Context(), metav1.ListOptions{})
			if err != nil || len(list.Items) != tc.want {
				t.Errorf("after %v: %d events, %v, want %d", tc.wait, len(list.Items), err, tc.want)
			}
		}
	})
}

func TestBookmarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, cluster.Options{BookmarkEvery: time.Minute})
		client := connect(t, c, "admin-token").CoreV1().Secrets("shop")
		list, err := client.List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		w, err := client.Watch(t.Context(), metav1.ListOptions{ResourceVersion: list.ResourceVersion, AllowWatchBookmarks: true})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Stop()
		if err := c.Add(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "p"}}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		event := <-w.ResultChan()
		mark, ok := event.Object.(*corev1.Secret)
		if event.Type != watch.Bookmark || !ok || mark.ResourceVersion == list.ResourceVersion || time.Since(start) != time.Minute {
			t.Errorf("after %v: %v, want a bookmark of a newer version after a minute", time.Since(start), event)
		}
	})
}

const manifests = `
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Secret
  metadata: {name: regcred, namespace: shop}
  type: kubernetes.io/dockerconfigjson
  stringData: {.dockerconfigjson: '{"auths":{}}'}
---
# nothing here
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, uid: u-1, generation: 4}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: nginx}]}
status: {readyReplicas: 1}
`

func TestLoad(t *testing.T) {
	c := newCluster(t, cluster.Options{})
	if err := c.Load(strings.NewReader(manifests)); err != nil {
		t.Fatal(err)
	}
	client := connect(t, c, "admin-token")
	d, err := client.AppsV1().Deployments("shop").Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := []any{string(d.UID), d.Generation, *d.Spec.Replicas, d.Status.ReadyReplicas, string(d.Spec.Template.Spec.Containers[0].ImagePullPolicy)}
	if diff := cmp.Diff([]any{"u-1", int64(4), int32(1), int32(1), "Always"}, got); diff != "" {
		t.Error(diff)
	}
	s, err := client.CoreV1().Secrets("shop").Get(t.Context(), "regcred", metav1.GetOptions{})
	if err != nil || string(s.Data[".dockerconfigjson"]) != `{"auths":{}}` {
		t.Errorf("the secret: %v, %v", s.Data, err)
	}
	if _, err := client.CoreV1().ServiceAccounts("shop").Get(t.Context(), "default", metav1.GetOptions{}); err != nil {
		t.Errorf("the namespace's account: %v", err)
	}
	for _, broken := range []string{"{", "kind: Nonsense\napiVersion: v1", "a: [", "apiVersion: v1\nkind: Service\nmetadata: {name: x}"} {
		if err := c.Load(strings.NewReader(broken)); err == nil {
			t.Errorf("%q was loaded", broken)
		}
	}
}
