package cluster_test

import (
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/pullfix/pullfix/sandbox/cluster"
)

func TestDepthCountsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, cluster.Options{})
		c.SetLatency(time.Second)
		client := connect(t, c, "admin-token")
		ask := func() {
			if _, err := client.CoreV1().Pods("shop").List(t.Context(), metav1.ListOptions{}); err != nil {
				t.Error(err)
			}
		}
		ask()
		var wait sync.WaitGroup
		for range 5 {
			wait.Go(ask)
		}
		wait.Wait()
		ask()
		if got := c.Requests(); len(got) != 7 || cluster.Depth(got) != 3 {
			t.Errorf("%d requests, depth %d, want 7 and 3", len(got), cluster.Depth(got))
		}
		if took := c.Requests()[0]; took.End.Sub(took.Start) != time.Second || took.User != cluster.Admin || took.Verb != "list" {
			t.Errorf("the first request: %+v", took)
		}
		c.ForgetRequests()
		if got := c.Requests(); len(got) != 0 {
			t.Errorf("after forgetting: %v", got)
		}
	})
}

func TestFaultStrikesTheNth(t *testing.T) {
	c := newCluster(t, cluster.Options{})
	c.Inject(cluster.Fault{Rule: cluster.Rule{Verb: "get", Resource: "secrets"}, First: 2, Times: 2, Status: 500})
	client := connect(t, c, "admin-token")
	if err := c.Add(secret("s")); err != nil {
		t.Fatal(err)
	}
	for n, want := range []bool{true, false, false, true} {
		_, err := client.CoreV1().Secrets("shop").Get(t.Context(), "s", metav1.GetOptions{})
		if (err == nil) != want {
			t.Errorf("request %d: %v", n+1, err)
		}
		if !want && !apierrors.IsInternalError(err) {
			t.Errorf("request %d: %v, want an internal error", n+1, err)
		}
	}
	c.Inject(cluster.Fault{Status: 503, Times: -1})
	c.Heal()
	if _, err := client.CoreV1().Secrets("shop").Get(t.Context(), "s", metav1.GetOptions{}); err != nil {
		t.Errorf("after healing: %v", err)
	}
}

func TestLostAnswers(t *testing.T) {
	for name, connected := range map[string]func(*testing.T, *cluster.Cluster) kubernetes.Interface{
		"in process": func(t *testing.T, c *cluster.Cluster) kubernetes.Interface { return connect(t, c, "admin-token") },
		"over TLS":   connectTLS,
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, cluster.Options{})
			client := connected(t, c)
			c.Inject(cluster.Fault{Rule: cluster.Rule{Verb: "create"}, Disconnect: true, AfterServing: true})
			_, err := client.CoreV1().ConfigMaps("default").Create(t.Context(),
				&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "m"}}, metav1.CreateOptions{})
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("a lost answer: %v, want EOF", err)
			}
			if _, err := client.CoreV1().ConfigMaps("default").Get(t.Context(), "m", metav1.GetOptions{}); err != nil {
				t.Errorf("the write was carried out: %v", err)
			}
			c.Inject(cluster.Fault{Rule: cluster.Rule{Verb: "delete"}, Disconnect: true})
			if err := client.CoreV1().ConfigMaps("default").Delete(t.Context(), "m", metav1.DeleteOptions{}); err == nil {
				t.Error("a broken connection gave no error")
			}
			if _, err := client.CoreV1().ConfigMaps("default").Get(t.Context(), "m", metav1.GetOptions{}); err != nil {
				t.Errorf("the delete was not carried out: %v", err)
			}
		})
	}
}

func TestNoBodyIsRemembered(t *testing.T) {
	c := newCluster(t, cluster.Options{})
	marked := secret("s")
	marked.Namespace, marked.Data = "default", map[string][]byte{"password": []byte("marker-5e1f")}
	if _, err := connect(t, c, "admin-token").CoreV1().Secrets("default").Create(t.Context(), marked, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, r := range c.Requests() {
		for _, text := range []string{r.Path, r.LabelSelector, r.FieldSelector, r.UserAgent, r.Accept, r.Name} {
			if strings.Contains(text, "marker") || strings.Contains(text, "admin-token") {
				t.Errorf("a secret is remembered: %+v", r)
			}
		}
	}
}
