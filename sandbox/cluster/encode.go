package cluster

import (
	"cmp"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// The shapes that an object can be asked for in, besides its own.
const (
	asItself   = ""
	asTable    = "Table"
	asMetadata = "PartialObjectMetadata"
	asMetaList = "PartialObjectMetadataList"
)

// form is how a client wants its answer.
type form struct {
	runtime.SerializerInfo
	as string
}

// negotiate picks the first clause of Accept, by quality, that can be served.
func (c *Cluster) negotiate(accept string) (form, error) {
	known := c.codecs.SupportedMediaTypes()
	if strings.TrimSpace(accept) == "" {
		return form{SerializerInfo: known[0]}, nil
	}
	for _, clause := range clauses(accept) {
		i := slices.IndexFunc(known, func(info runtime.SerializerInfo) bool {
			return info.MediaType == clause.media || clause.media == "*/*" ||
				clause.media == info.MediaTypeType+"/*"
		})
		if i < 0 {
			continue
		}
		if as, ok := shape(known[i], clause.params); ok {
			return form{known[i], as}, nil
		}
	}
	return form{}, notAcceptable(known)
}

// shape reads as=, g= and v=; a table has no protobuf form.
func shape(info runtime.SerializerInfo, params map[string]string) (string, bool) {
	as := params["as"]
	switch {
	case as == asItself:
		return as, true
	case params["g"] != metav1.GroupName || params["v"] != "v1":
		return "", false
	case as == asTable:
		return as, info.MediaType != runtime.ContentTypeProtobuf
	}
	return as, as == asMetadata || as == asMetaList
}

type clause struct {
	media   string
	params  map[string]string
	quality float64
}

func clauses(accept string) []clause {
	var out []clause
	for part := range strings.SplitSeq(accept, ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		quality := 1.0
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil {
			quality = q
		}
		out = append(out, clause{media, params, quality})
	}
	slices.SortStableFunc(out, func(a, b clause) int { return cmp.Compare(b.quality, a.quality) })
	return out
}

func notAcceptable(known []runtime.SerializerInfo) error {
	var types []string
	for _, info := range known {
		types = append(types, info.MediaType)
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusNotAcceptable, Reason: metav1.StatusReasonNotAcceptable,
		Message: "only the following media types are accepted: " + strings.Join(types, ", "),
	}}
}

// answer writes an object in the form that was asked for. Objects of the store
// carry their kind, so they are encoded as they are and never touched.
func (c *Cluster) answer(w http.ResponseWriter, k *call, status int, o runtime.Object) {
	f, err := c.negotiate(k.Header.Get("Accept"))
	if err != nil {
		c.refuse(w, k, err)
		return
	}
	if o, err = c.shaped(f, k, o); err != nil {
		c.refuse(w, k, err)
		return
	}
	c.encode(w, f, status, o)
}

func (c *Cluster) encode(w http.ResponseWriter, f form, status int, o runtime.Object) {
	w.Header().Set("Content-Type", f.MediaType)
	w.Header().Set("Cache-Control", "no-cache, private")
	w.WriteHeader(status)
	if err := f.Serializer.Encode(o, w); err != nil {
		c.log.Debug("answer not written", "err", err)
	}
}

// refuse answers with the Status of an error.
func (c *Cluster) refuse(w http.ResponseWriter, k *call, err error) {
	f, formErr := c.negotiate(k.Header.Get("Accept"))
	if formErr != nil {
		f = form{SerializerInfo: c.codecs.SupportedMediaTypes()[0]}
	}
	status := statusOf(err)
	if status.Details != nil && status.Details.RetryAfterSeconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(status.Details.RetryAfterSeconds)))
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	c.encode(w, f, int(status.Code), status)
}

// statusOf is the Status of an error, 500 when it has none.
func statusOf(err error) *metav1.Status {
	var known apierrors.APIStatus
	if !errors.As(err, &known) {
		known = apierrors.NewInternalError(err)
	}
	status := known.Status()
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	return &status
}

// shaped turns an object or list into a table or bare metadata when asked to.
func (c *Cluster) shaped(f form, k *call, o runtime.Object) (runtime.Object, error) {
	if _, isStatus := o.(*metav1.Status); f.as == asItself || isStatus || k.res == nil {
		return o, nil
	}
	if f.as == asTable {
		return tableOf(k.res, o, k.query.Get("includeObject"))
	}
	if !meta.IsListType(o) {
		return metadataOf(o)
	}
	list := &metav1.PartialObjectMetadataList{
		TypeMeta: metav1.TypeMeta{Kind: asMetaList, APIVersion: metav1.SchemeGroupVersion.String()},
	}
	if from, err := meta.ListAccessor(o); err == nil {
		list.ListMeta = metav1.ListMeta{
			ResourceVersion: from.GetResourceVersion(), Continue: from.GetContinue(),
			RemainingItemCount: from.GetRemainingItemCount(),
		}
	}
	err := meta.EachListItem(o, func(item runtime.Object) error {
		one, err := metadataOf(item)
		if err == nil {
			one.TypeMeta = metav1.TypeMeta{}
			list.Items = append(list.Items, *one)
		}
		return err
	})
	return list, err
}

func metadataOf(o runtime.Object) (*metav1.PartialObjectMetadata, error) {
	accessor, err := meta.Accessor(o)
	if err != nil {
		return nil, err
	}
	out := meta.AsPartialObjectMetadata(accessor)
	out.TypeMeta = metav1.TypeMeta{Kind: asMetadata, APIVersion: metav1.SchemeGroupVersion.String()}
	return out, nil
}
