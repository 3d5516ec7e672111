package k8s

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func wrote(manager, subresource, at, fields string) metav1.ManagedFieldsEntry {
	e := metav1.ManagedFieldsEntry{Manager: manager, Subresource: subresource, FieldsV1: &metav1.FieldsV1{}}
	e.FieldsV1.SetRawBytes([]byte(fields))
	if moment, err := time.Parse(time.RFC3339, at); err == nil {
		stamp := metav1.NewTime(moment)
		e.Time = &stamp
	}
	return e
}

func TestLastWrite(t *testing.T) {
	managed := []metav1.ManagedFieldsEntry{
		wrote("helm", "", "2026-11-20T10:00:00Z", `{"f:spec":{"f:template":{"f:spec":{}}}}`),
		wrote("kubectl-set", "", "2026-11-22T03:10:00Z", `{"f:spec":{"f:template":{"f:spec":{"f:containers":{}}}}}`),
		wrote("hpa", "scale", "2026-11-22T03:20:00Z", `{"f:spec":{"f:template":{}}}`),
		wrote("kube-controller-manager", "status", "2026-11-22T03:30:00Z", `{"f:status":{}}`),
		wrote("scaler", "", "2026-11-22T03:40:00Z", `{"f:spec":{"f:replicas":{}}}`),
		wrote("broken", "", "2026-11-22T03:50:00Z", `{"f:spec":[`),
		wrote("timeless", "", "", `{"f:spec":{"f:template":{}}}`),
		{Manager: "empty"},
	}
	manager, written := lastWrite(managed, "f:spec", "f:template")
	if manager != "kubectl-set" || written == nil || !written.Equal(clock(t, "2026-11-22T03:10:00Z")) {
		t.Errorf("last writer %q at %v", manager, written)
	}
	if manager, written := lastWrite(managed, "f:data"); manager != "" || written != nil {
		t.Errorf("nobody wrote the data, but %q at %v is named", manager, written)
	}
}

func FuzzOwns(f *testing.F) {
	f.Add([]byte(`{"f:data":{"f:.dockerconfigjson":{}}}`))
	f.Add([]byte(`{"f:data":null}`))
	f.Add([]byte(`[]`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, fields []byte) {
		if owns(fields, []string{"f:data", "f:x"}) && !owns(fields, []string{"f:data"}) {
			t.Errorf("%s owns a field but not what it stands in", fields)
		}
	})
}
