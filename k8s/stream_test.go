package k8s

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func podList(n int) *corev1.PodList {
	list := &corev1.PodList{ListMeta: metav1.ListMeta{Continue: "more", ResourceVersion: "7"}}
	for i := range n {
		list.Items = append(list.Items, corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("pod-%d", i), Labels: map[string]string{"n": fmt.Sprint(i)}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "app:v1"}}},
		})
	}
	return list
}

func TestListsOfBothEncodings(t *testing.T) {
	for name, answer := range map[string]reply{"protobuf": {protobuf: podList(3)}, "JSON": {json: podList(3)}} {
		t.Run(name, func(t *testing.T) {
			c := scripted(t, map[string]reply{"/api/v1/pods": answer})
			var seen []string
			p, err := each(t.Context(), c.api, question{resource: pods}, func(pod *corev1.Pod) bool {
				seen = append(seen, pod.Name+"="+pod.Labels["n"]+"="+pod.Spec.Containers[0].Image)
				return true
			})
			want := []string{"pod-0=0=app:v1", "pod-1=1=app:v1", "pod-2=2=app:v1"}
			if err != nil || p.next != "more" || p.cut || !slices.Equal(seen, want) {
				t.Errorf("saw %v, next %q, cut %v, %v", seen, p.next, p.cut, err)
			}
			seen = nil
			p, err = each(t.Context(), c.api, question{resource: pods}, func(pod *corev1.Pod) bool {
				seen = append(seen, pod.Name)
				return len(seen) < 2
			})
			if err != nil || !p.cut || len(seen) != 2 {
				t.Errorf("a list that ends early: saw %v, cut %v, %v", seen, p.cut, err)
			}
		})
	}
}

func TestListsWithoutItems(t *testing.T) {
	for name, answer := range map[string]reply{
		"protobuf": {protobuf: &corev1.PodList{}}, "JSON": {json: &corev1.PodList{}},
		"items first": {raw: `{"items":[],"metadata":{}}`}, "no items": {raw: `{"kind":"PodList","metadata":{}}`},
	} {
		c := scripted(t, map[string]reply{"/api/v1/pods": answer})
		p, err := each(t.Context(), c.api, question{resource: pods}, func(*corev1.Pod) bool {
			t.Errorf("%s: there is no item", name)
			return true
		})
		if err != nil || p.next != "" {
			t.Errorf("%s: next %q, %v", name, p.next, err)
		}
	}
}

func TestObjectsOfBothEncodings(t *testing.T) {
	pod := &podList(1).Items[0]
	for name, answer := range map[string]reply{"protobuf": {protobuf: pod}, "JSON": {json: pod}} {
		c := scripted(t, map[string]reply{"/api/v1/namespaces/shop/pods/pod-0": answer})
		got, err := get[corev1.Pod](t.Context(), c.api, question{resource: pods, namespace: "shop", name: "pod-0"})
		if err != nil || got.Name != "pod-0" || got.Spec.Containers[0].Image != "app:v1" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestAnswersThatNoAPIServerGives(t *testing.T) {
	whole := string(protobufDocument(t, podList(2)))
	for name, raw := range map[string]string{
		"a web page":         "<html>login</html>",
		"cut protobuf":       whole[:len(whole)-5],
		"a field too long":   "k8s\x00\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7fx",
		"a length too large": "k8s\x00\x12\x05\x12\xff\xff\xff\x7f",
		"an odd wire type":   "k8s\x00\x0b",
		"cut JSON":           `{"items":[{"metadata":{"name":"x"}}`,
		"items no array":     `{"items":{}}`,
		"a list of numbers":  `{"items":[1]}`,
		"an array":           `[]`,
		"nothing":            "",
	} {
		c := scripted(t, map[string]reply{"/api/v1/pods": {raw: raw}, "/api/v1/nodes/n": {raw: raw}})
		_, err := each(t.Context(), c.api, question{resource: pods}, func(*corev1.Pod) bool { return true })
		if !errors.Is(err, errGarbled) || !errors.Is(err, ErrUnreachable) {
			t.Errorf("%s, as a list: %v", name, err)
		}
		if strings.HasPrefix(name, "a list") || strings.HasPrefix(name, "items no") {
			continue // which an object of unknown fields may be
		}
		if _, err = get[corev1.Node](t.Context(), c.api, question{resource: nodes, name: "n"}); !errors.Is(err, errGarbled) {
			t.Errorf("%s, as an object: %v", name, err)
		}
	}
}

func TestAnObjectTooLargeIsNotRead(t *testing.T) {
	big := podList(1)
	big.Items[0].Annotations = map[string]string{"x": strings.Repeat("x", objectBytes)}
	c := scripted(t, map[string]reply{"/api/v1/pods": {protobuf: big}, "/api/v1/namespaces/shop/pods/p": {json: big.Items[0]}})
	if _, err := each(t.Context(), c.api, question{resource: pods}, func(*corev1.Pod) bool { return true }); !errors.Is(err, errGarbled) {
		t.Errorf("as a list: %v", err)
	}
	if _, err := get[corev1.Pod](t.Context(), c.api, question{resource: pods, namespace: "shop", name: "p"}); !errors.Is(err, errGarbled) {
		t.Errorf("as an object: %v", err)
	}
}

// A refusal without end is cut: client-go reads refusals as a whole.
func TestARefusalWithoutEndIsCut(t *testing.T) {
	served := served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		line := bytes.Repeat([]byte("x"), 1<<16)
		for r.Context().Err() == nil {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	}))
	_, err := get[corev1.Pod](t.Context(), served.api, question{resource: pods, namespace: "shop", name: "p"})
	if !errors.Is(err, ErrForbidden) {
		t.Errorf("got %v", err)
	}
}

func FuzzReadList(f *testing.F) {
	f.Add(protobufDocument(f, podList(2)))
	f.Add([]byte(`{"kind":"PodList","metadata":{"continue":"x"},"items":[{"metadata":{"name":"a"}}]}`))
	f.Add([]byte("k8s\x00\x12\x05\x12\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, body []byte) {
		n := 0
		_, err := readList(bytes.NewReader(body), func(*corev1.Pod) bool { n++; return n < 100 })
		if err != nil && !errors.Is(err, errGarbled) {
			t.Errorf("%v is not marked", err)
		}
	})
}
