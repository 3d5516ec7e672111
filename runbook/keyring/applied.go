package keyring

import (
	"encoding/base64"
	"encoding/json"
)

// MergeApplied writes the entry into the manifest that kubectl apply keeps in
// an annotation (kubectl.kubernetes.io/last-applied-configuration), which holds
// the whole secret once more and would keep the old password. The rest of the
// manifest stays as it is, to the byte. Old is the former text of the entry
// there; it is false when the manifest holds no such document.
func MergeApplied(manifest Secret, e Edit) (changed, old Secret, found bool) {
	f, ok := formatOf(e.Type)
	if !ok {
		return manifest, old, false
	}
	text := []byte(manifest.text())
	for _, field := range []struct {
		name    string
		encoded bool
	}{{"data", true}, {"stringData", false}} {
		after, was, ok := f.mergeField(text, field.name, field.encoded, e)
		if !ok {
			continue
		}
		text, found = after, true
		if old.Empty() {
			old = was
		}
	}
	return NewSecret(string(text)), old, found
}

// mergeField writes the entry into the document below one field of a manifest.
func (f format) mergeField(manifest []byte, field string, encoded bool, e Edit) (after []byte, old Secret, ok bool) {
	top, err := objectAt(manifest, 0, len(manifest))
	if err != nil {
		return manifest, old, false
	}
	holder, has := top.member(field)
	if !has {
		return manifest, old, false
	}
	inner, err := objectAt(manifest, holder.from, holder.to)
	if err != nil {
		return manifest, old, false
	}
	at, has := inner.member(f.dataKey)
	if !has {
		return manifest, old, false
	}
	var document string
	if json.Unmarshal(inner.raw(at), &document) != nil {
		return manifest, old, false
	}
	if encoded {
		decoded, err := base64.StdEncoding.DecodeString(document)
		if err != nil {
			decoded = nil // what is no document is replaced as a whole
		}
		document = string(decoded)
	}
	e.Anew = true
	value := []byte(e.Raw.text())
	if e.Raw.Empty() {
		value = entryText(e.New)
	}
	done, err := f.merge([]byte(document), e, value)
	if err != nil {
		return manifest, old, false
	}
	document = done.Document.text()
	if encoded {
		document = base64.StdEncoding.EncodeToString([]byte(document))
	}
	quoted, err := json.Marshal(document)
	if err != nil {
		return manifest, old, false
	}
	return swapped(manifest, at.from, at.to, quoted), done.Old, true
}
