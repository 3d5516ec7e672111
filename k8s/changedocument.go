package k8s

import (
	"encoding/base64"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullfix/pullfix/runbook/keyring"
)

// This file is the only one in which the content of a pull secret becomes
// readable: as the body of the request that writes it.

// lastApplied holds the manifest that kubectl apply applied last, with the whole
// secret in it.
const lastApplied = corev1.LastAppliedConfigAnnotation

// operation is one step of a JSON patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// content is the document of a pull secret, hidden at once.
func content(secret *corev1.Secret) keyring.Secret {
	return keyring.NewSecret(string(secret.Data[keyring.DataKey(string(secret.Type))]))
}

// rewritten is a pull secret with one entry changed, on its way to be written.
type rewritten struct {
	edited keyring.Edited
	// manifest is what kubectl apply keeps; empty where it keeps none that holds
	// the document.
	manifest    keyring.Secret
	manifestOld keyring.Secret // the former text of the entry there
}

// rewrite changes one entry of the document, and of the manifest kept beside it.
// The manifest's former text may be given in place of the edit's own.
func rewrite(secret *corev1.Secret, e keyring.Edit, manifestRaw keyring.Secret) (rewritten, error) {
	edited, err := keyring.Merge(content(secret), e)
	if err != nil {
		return rewritten{}, err
	}
	done := rewritten{edited: edited}
	if !manifestRaw.Empty() {
		e.Raw = manifestRaw
	}
	manifest, old, found := keyring.MergeApplied(keyring.NewSecret(secret.Annotations[lastApplied]), e)
	if found {
		done.manifest, done.manifestOld = manifest, old
	}
	return done, nil
}

// patch is what writes it, for exactly the version that was read.
func (r rewritten) patch(secret *corev1.Secret, marks map[string]string) []operation {
	document := base64.StdEncoding.EncodeToString([]byte(r.edited.Document.Reveal()))
	patch := []operation{
		{"test", "/metadata/uid", secret.UID},
		// As a value, not as a test: a newer version is then a conflict, which the
		// API server tells from a patch that does not fit.
		{"replace", "/metadata/resourceVersion", secret.ResourceVersion},
		{"replace", "/data/" + pointer(keyring.DataKey(string(secret.Type))), document},
	}
	if !r.manifest.Empty() {
		patch = append(patch, operation{"replace", "/metadata/annotations/" + pointer(lastApplied), r.manifest.Reveal()})
	}
	return annotated(patch, secret.Annotations, marks)
}

// annotated adds annotations to a patch of an object that has some already.
func annotated(patch []operation, has, marks map[string]string) []operation {
	if len(has) == 0 {
		return append(patch, operation{"add", "/metadata/annotations", marks})
	}
	for name, value := range marks {
		patch = append(patch, operation{"add", "/metadata/annotations/" + pointer(name), value})
	}
	return patch
}

// pointer is a name as a part of a JSON pointer.
func pointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// newDocument is the data of a new secret.
func newDocument(edited keyring.Edited, dataKey string) map[string][]byte {
	return map[string][]byte{dataKey: []byte(edited.Document.Reveal())}
}

// The data of a kept copy: the former text of the entry, and that in the
// manifest.
const (
	keptEntry    = "entry"
	keptManifest = "manifest-entry"
)

func keptData(r rewritten) map[string][]byte {
	data := map[string][]byte{keptEntry: []byte(r.edited.Old.Reveal())}
	// What the manifest held may be another credential, of which nobody knows
	// whether it was accepted: it is not kept.
	was, err := keyring.DecodeEntry(r.manifestOld)
	if !r.manifestOld.Empty() && err == nil && r.edited.Was != nil && was.Equal(*r.edited.Was) {
		data[keptManifest] = []byte(r.manifestOld.Reveal())
	}
	return data
}
