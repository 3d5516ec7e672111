package k8s

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
)

// crowd answers with pages of a cluster of 20,000 pods of ordinary weight, of
// which one in 200 waits for its image.
func crowd(t testing.TB) http.Handler {
	page := podList(500)
	for i := range page.Items {
		pod := &page.Items[i]
		pod.Annotations = map[string]string{"note": strings.Repeat("x", 4096)}
		pod.Status.Phase = corev1.PodRunning
		if i%200 == 0 {
			pod.Status.Phase = corev1.PodPending
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
				Name: "c", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}},
			}}
		}
	}
	encoded := protobufDocument(t, page)
	page.Continue = ""
	last := protobufDocument(t, page)
	var asked atomic.Int32
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1)%40 == 0 {
			_, _ = w.Write(last)
			return
		}
		_, _ = w.Write(encoded)
	})
}

// The memory of a thorough scan does not grow with the cluster: what is alive
// in the middle of it is far below the budget of 64 MiB.
func TestThoroughScanHoldsOnePod(t *testing.T) {
	c := served(t, crowd(t))
	var before, within runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	told := 0
	survey, err := c.Failing(t.Context(), ScanOptions{Thorough: true}, func(found []runbook.FailingPull) {
		if told += len(found); told == 3 { // every page repeats the same pods, which are told once
			runtime.GC()
			runtime.ReadMemStats(&within)
		}
	})
	if err != nil || survey.Pods != 20000 || told != 3 {
		t.Fatalf("survey %+v, %d rows, %v", survey, told, err)
	}
	if grown := int64(within.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("%d MiB are alive in the middle of the scan", grown>>20)
	}
}

// A list from the watch cache ignores limits: of any number of failing pods the
// observation keeps the first MaxFailing, and says so.
func TestFailingListIsBounded(t *testing.T) {
	list := &corev1.PodList{}
	for i := range runbook.MaxFailing + 500 {
		list.Items = append(list.Items, corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprintf("web-%d", i)},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "app:v1"}}},
			Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{
				Name: "c", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull"}},
			}}},
		})
	}
	pod := list.Items[0].DeepCopy()
	c := scripted(t, map[string]reply{"/api/v1/pods": {protobuf: list}, "/api/v1/namespaces/shop/pods/web-0": {protobuf: pod}})
	f := observed(t, c, in("shop", "", "web-0")).Facts
	if len(f.Failing) != runbook.MaxFailing {
		t.Errorf("%d failing pods are kept", len(f.Failing))
	}
	told := false
	for _, g := range f.Gaps {
		told = told || g.What == "pods in all namespaces"
	}
	if !told {
		t.Errorf("nothing says that the list was cut: %v", f.Gaps)
	}
}

// Secrets are bounded as well; one that the pod names is asked for by name.
func TestSecretsAreBounded(t *testing.T) {
	list := &corev1.SecretList{}
	for i := range secretsRead + 50 {
		list.Items = append(list.Items, corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprintf("secret-%03d", i)}, Type: corev1.SecretTypeDockerConfigJson,
		})
	}
	wanted := list.Items[secretsRead+10]
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
		Spec:       corev1.PodSpec{ImagePullSecrets: []corev1.LocalObjectReference{{Name: wanted.Name}}},
	}
	c := scripted(t, map[string]reply{
		"/api/v1/namespaces/shop/pods/web":               {protobuf: pod},
		"/api/v1/namespaces/shop/secrets":                {protobuf: list},
		"/api/v1/namespaces/shop/secrets/" + wanted.Name: {protobuf: &wanted},
	})
	seen := observed(t, c, in("shop", "", "web"))
	if len(seen.Listed) != 1 || seen.Listed[0].Name != wanted.Name || len(seen.Unlisted) != secretsRead {
		t.Errorf("%d listed, %d unlisted", len(seen.Listed), len(seen.Unlisted))
	}
}

func BenchmarkThoroughScan(b *testing.B) {
	c := served(b, crowd(b))
	for b.Loop() {
		if _, err := c.Failing(b.Context(), ScanOptions{Thorough: true}, func([]runbook.FailingPull) {}); err != nil {
			b.Fatal(err)
		}
	}
}
