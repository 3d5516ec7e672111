package cluster

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	optionscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// selection is which objects of a resource are meant.
type selection struct {
	namespace string // "" means all
	labels    labels.Selector
	fields    fields.Selector
}

func (s selection) all() bool { return s.labels.Empty() && s.fields.Empty() }

func (s selection) matches(o object) bool {
	return (s.namespace == "" || o.GetNamespace() == s.namespace) &&
		s.labels.Matches(labels.Set(o.GetLabels())) &&
		(s.fields.Empty() || s.fields.Matches(selectable{o}))
}

// listOptions decodes and judges the query as the real server does.
func (c *Cluster) listOptions(k *call) (internalversion.ListOptions, selection, error) {
	var o internalversion.ListOptions
	pick := selection{namespace: k.namespace, labels: labels.Everything(), fields: fields.Everything()}
	if k.res.clustered {
		pick.namespace = ""
	}
	if err := optionscheme.ParameterCodec.DecodeParameters(k.query, metav1.SchemeGroupVersion, &o); err != nil {
		return o, pick, apierrors.NewBadRequest(err.Error())
	}
	if errs := validation.ValidateListOptions(&o, true); len(errs) > 0 {
		kind := schema.GroupKind{Group: metav1.GroupName, Kind: "ListOptions"}
		return o, pick, apierrors.NewInvalid(kind, "", errs)
	}
	if o.LabelSelector != nil {
		pick.labels = o.LabelSelector
	}
	if o.FieldSelector != nil {
		known, err := o.FieldSelector.Transform(func(label, value string) (string, string, error) {
			return c.scheme.ConvertFieldLabel(k.res.gvk, label, value)
		})
		if err != nil {
			return o, pick, apierrors.NewBadRequest(err.Error())
		}
		pick.fields = known
	}
	return o, pick, nil
}

// page is where a list begins, in which version.
type page struct {
	version uint64 // 0 is the present
	start   string // "" is the beginning
	limit   int64
	resumed bool
}

func (c *Cluster) pageOf(r *resource, o internalversion.ListOptions) (page, error) {
	p := page{limit: o.Limit}
	if o.Continue != "" {
		if o.ResourceVersion != "" && o.ResourceVersion != "0" {
			return p, apierrors.NewBadRequest("specifying resource version is not allowed when using continue")
		}
		return p, p.resume(o.Continue)
	}
	version, err := parseVersion(o.ResourceVersion)
	if err != nil {
		return p, err
	}
	if now := c.store.now(); version > now {
		return p, tooLarge(version, now)
	}
	exact := o.ResourceVersionMatch == metav1.ResourceVersionMatchExact ||
		o.ResourceVersionMatch == "" && o.Limit > 0 && version > 0
	if exact {
		p.version = version
	}
	if o.ResourceVersion == "0" && !r.uncached {
		p.limit = 0 // served from the watch cache, which does not page
	}
	return p, nil
}

func parseVersion(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	version, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, apierrors.NewBadRequest(fmt.Sprintf("Invalid value: %q: %v", text, err))
	}
	return version, nil
}

func tooLarge(version, now uint64) error {
	err := apierrors.NewTimeoutError(fmt.Sprintf("Too large resource version: %d, current: %d", version, now), 1)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{
		Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version",
	}}
	return err
}

// token is a continue token, in the real server's encoding.
type token struct {
	APIVersion string `json:"v"`
	Version    int64  `json:"rv"`
	Start      string `json:"start"`
}

func (t token) encode() string {
	t.APIVersion = "meta.k8s.io/v1"
	b, _ := json.Marshal(t) //nolint:errchkjson // two strings and a number always marshal
	return base64.RawURLEncoding.EncodeToString(b)
}

func (p *page) resume(encoded string) error {
	var t token
	b, err := base64.RawURLEncoding.DecodeString(encoded)
	if err == nil {
		err = json.Unmarshal(b, &t)
	}
	switch {
	case err != nil:
		return apierrors.NewBadRequest(fmt.Sprintf("continue key is not valid: %v", err))
	case t.APIVersion != "meta.k8s.io/v1":
		return apierrors.NewBadRequest("continue key is not valid: server does not recognize this encoded version " + t.APIVersion)
	case t.Version == 0:
		return apierrors.NewBadRequest("continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
	case t.Start == "":
		return apierrors.NewBadRequest("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)")
	}
	p.start, p.resumed = t.Start, true
	p.version = uint64(max(t.Version, 0)) // -1: the present, knowingly inconsistent
	return nil
}

// list answers a list request.
func (c *Cluster) list(k *call) (runtime.Object, error) {
	options, pick, err := c.listOptions(k)
	if err != nil {
		return nil, err
	}
	p, err := c.pageOf(k.res, options)
	if err != nil {
		return nil, err
	}
	objects, version, ok := c.store.read(k.res, p.version)
	if !ok {
		return nil, expired(p)
	}
	from := sort.Search(len(objects), func(i int) bool { return pathOf(objects[i]) >= p.start })
	matching, more := take(objects[from:], pick, p.limit)
	list, err := c.listOf(k.res, matching)
	if err != nil {
		return nil, err
	}
	accessor, err := meta.ListAccessor(list)
	if err != nil {
		return nil, err
	}
	accessor.SetResourceVersion(strconv.FormatUint(version, 10))
	if more > 0 {
		last := matching[len(matching)-1]
		accessor.SetContinue(token{Version: int64(version), Start: pathOf(last) + "\x00"}.encode())
		if pick.all() {
			accessor.SetRemainingItemCount(&more)
		}
	}
	return list, nil
}

func pathOf(o object) string { return key{o.GetNamespace(), o.GetName()}.path() }

// take returns the first matching objects up to the limit, and how many more
// match after them.
func take(objects []object, pick selection, limit int64) (out []object, more int64) {
	for _, o := range objects {
		if !pick.matches(o) {
			continue
		}
		if limit > 0 && int64(len(out)) == limit {
			more++
			continue
		}
		out = append(out, o)
	}
	return out, more
}

func expired(p page) error {
	if !p.resumed {
		return apierrors.NewResourceExpired("The resourceVersion for the provided list is too old.")
	}
	err := apierrors.NewResourceExpired("The provided continue parameter is too old to display a consistent list result. " +
		"You can start a new list without the continue parameter, or use the continue token in this response to retrieve " +
		"the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that " +
		"were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.")
	err.ErrStatus.Continue = token{Version: -1, Start: p.start}.encode()
	return err
}

// listOf makes the typed list. Its items are shallow copies without a kind, as
// the real server sends them.
func (c *Cluster) listOf(r *resource, objects []object) (runtime.Object, error) {
	kind := r.gvk.GroupVersion().WithKind(r.gvk.Kind + "List")
	list, err := c.scheme.New(kind)
	if err != nil {
		return nil, err
	}
	list.GetObjectKind().SetGroupVersionKind(kind)
	items := make([]runtime.Object, len(objects))
	for i, o := range objects {
		items[i] = o
	}
	if err := meta.SetList(list, items); err != nil {
		return nil, err
	}
	return list, meta.EachListItem(list, func(item runtime.Object) error {
		item.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
		return nil
	})
}

// fetch answers a get request.
func (c *Cluster) fetch(k *call) (runtime.Object, error) {
	if k.subresource != "" && (k.subresource != "status" || !k.res.status) {
		return nil, apierrors.NewGenericServerResponse(404, "get", k.res.group(), k.name, "", 0, false)
	}
	version, err := parseVersion(k.query.Get("resourceVersion"))
	if err != nil {
		return nil, err
	}
	if now := c.store.now(); version > now {
		return nil, tooLarge(version, now)
	}
	o, ok := c.store.get(k.res, k.key())
	if !ok {
		return nil, apierrors.NewNotFound(k.res.group(), k.name)
	}
	return o, nil
}

func (k *call) key() key {
	if k.res.clustered {
		return key{name: k.name}
	}
	return key{k.namespace, k.name}
}
