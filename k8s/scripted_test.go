package k8s

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
)

// reply is what a scripted API server says at a path.
type reply struct {
	status   int // 200 when 0
	json     any
	protobuf interface{ Marshal() ([]byte, error) }
	raw      string
}

// protobufDocument wraps a message as the API server does.
func protobufDocument(t testing.TB, message interface{ Marshal() ([]byte, error) }) []byte {
	t.Helper()
	raw, err := message.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := (&runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: "X"}, Raw: raw}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte("k8s\x00"), wrapped...)
}

func (r reply) write(t testing.TB, w http.ResponseWriter) {
	body := []byte(r.raw)
	switch {
	case r.protobuf != nil:
		w.Header().Set("Content-Type", "application/vnd.kubernetes.protobuf")
		body = protobufDocument(t, r.protobuf)
	case r.json != nil:
		var buffer bytes.Buffer
		if err := json.NewEncoder(&buffer).Encode(r.json); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		body = buffer.Bytes()
	}
	if r.status != 0 {
		w.WriteHeader(r.status)
	}
	_, _ = w.Write(body)
}

// scripted is a cluster whose API server answers by path, and 404 elsewhere.
func scripted(t testing.TB, script map[string]reply) *Cluster {
	t.Helper()
	return served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := script[r.URL.Path]
		if !ok {
			answer = reply{status: http.StatusNotFound, json: metav1.Status{
				TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
				Status:   metav1.StatusFailure, Reason: metav1.StatusReasonNotFound, Code: http.StatusNotFound,
			}}
		}
		answer.write(t, w)
	}))
}

func served(t testing.TB, handler http.Handler) *Cluster {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := New(&rest.Config{Host: server.URL}, Options{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
