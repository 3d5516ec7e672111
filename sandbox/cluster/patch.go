package cluster

import (
	"encoding/json"
	"mime"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// patch changes an object by a JSON patch, a merge patch or a strategic merge
// patch. Server-side apply is not served.
func (c *Cluster) patch(k *call) reply {
	media, _, err := mime.ParseMediaType(k.Header.Get("Content-Type"))
	known := []string{string(types.JSONPatchType), string(types.MergePatchType), string(types.StrategicMergePatchType)}
	if err != nil || media != known[0] && media != known[1] && media != known[2] {
		return reply{err: unsupportedMedia(known...)}
	}
	body, err := k.read()
	if err != nil {
		return reply{err: err}
	}
	return c.edit(k, func(now object) (object, error) {
		before, err := json.Marshal(now)
		if err != nil {
			return nil, err
		}
		after, err := c.patched(k, before, patchOf{types.PatchType(media), body})
		if err != nil {
			return nil, err
		}
		empty, err := c.scheme.New(k.res.gvk)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(after, empty); err != nil {
			return nil, rejected(err)
		}
		o, _ := empty.(object)
		if o.GetName() != now.GetName() {
			return nil, invalid(k.res, k.name, invalidField("metadata.name", o.GetName(), "field is immutable"))
		}
		return o, nil
	})
}

type patchOf struct {
	kind types.PatchType
	body []byte
}

func (c *Cluster) patched(k *call, before []byte, p patchOf) ([]byte, error) {
	switch p.kind {
	case types.JSONPatchType:
		return applyJSONPatch(before, p.body)
	case types.MergePatchType:
		return applyMergePatch(before, p.body)
	}
	kind, err := c.scheme.New(k.res.gvk)
	if err != nil {
		return nil, err
	}
	after, err := strategicpatch.StrategicMergePatch(before, p.body, kind)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return after, nil
}

// rejected is the error for a patch that is well-formed and can't be applied.
func rejected(err error) error {
	return apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "", schema.GroupResource{}, "", err.Error(), 0, false)
}

// applyMergePatch is RFC 7396.
func applyMergePatch(document, patch []byte) ([]byte, error) {
	var to, from any
	if err := json.Unmarshal(document, &to); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(patch, &from); err != nil {
		return nil, apierrors.NewBadRequest("error decoding patch: " + err.Error())
	}
	return json.Marshal(merged(to, from))
}

func merged(to, from any) any {
	patch, ok := from.(map[string]any)
	if !ok {
		return from
	}
	out, ok := to.(map[string]any)
	if !ok {
		out = map[string]any{}
	}
	for name, value := range patch {
		if value == nil {
			delete(out, name)
			continue
		}
		out[name] = merged(out[name], value)
	}
	return out
}
