package k8s

import (
	"encoding/json"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// lastWrite finds who changed a field last, by the API server's own record
// (metadata.managedFields): of the managers that own the field or something
// below it, the one with the newest change. It is a hint about the whole object
// of that manager: the time moves with any field it owns. Path is in the words
// of the record: "f:spec", "f:template".
func lastWrite(managed []metav1.ManagedFieldsEntry, path ...string) (manager string, written *time.Time) {
	for i := range managed {
		e := &managed[i]
		if e.Subresource != "" || e.Time == nil || e.FieldsV1 == nil || !owns(e.FieldsV1.GetRawBytes(), path) {
			continue
		}
		if written == nil || e.Time.After(*written) {
			at := e.Time.Time
			manager, written = e.Manager, &at
		}
	}
	return manager, written
}

// owns tells whether a set of fields (the FieldsV1 form) holds the path.
func owns(fields []byte, path []string) bool {
	if len(path) == 0 {
		return true
	}
	var level map[string]json.RawMessage
	if json.Unmarshal(fields, &level) != nil {
		return false
	}
	below, found := level[path[0]]
	return found && owns(below, path[1:])
}

// managedBy tells whether a field manager whose name starts with prefix owns
// anything of the object.
func managedBy(managed []metav1.ManagedFieldsEntry, prefix string) bool {
	for _, e := range managed {
		if strings.HasPrefix(strings.ToLower(e.Manager), prefix) {
			return true
		}
	}
	return false
}
