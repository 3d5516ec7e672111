package cluster

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// maxBody is the real server's limit of a request, 3 MiB.
const maxBody = 3 << 20

func (k *call) read() ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(k.Body, maxBody+1))
	if err != nil {
		return nil, apierrors.NewBadRequest("reading the body: " + err.Error())
	}
	if len(b) > maxBody {
		return nil, apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("limit is %d", maxBody))
	}
	return b, nil
}

func unsupportedMedia(known ...string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusUnsupportedMediaType, Reason: metav1.StatusReasonUnsupportedMediaType,
		Message: "the body of the request was in an unknown format - accepted media types include: " + strings.Join(known, ", "),
	}}
}

// decode reads the body into a kind. An empty body leaves it as it is.
func (c *Cluster) decode(k *call, gvk schema.GroupVersionKind, into runtime.Object) error {
	var known []string
	for _, info := range c.codecs.SupportedMediaTypes() {
		known = append(known, info.MediaType)
	}
	if header := k.Header.Get("Content-Type"); header != "" {
		if media, _, err := mime.ParseMediaType(header); err != nil || !slices.Contains(known, media) {
			return unsupportedMedia(known...)
		}
	}
	b, err := k.read()
	if err != nil || len(b) == 0 {
		return err
	}
	_, found, err := c.codecs.UniversalDeserializer().Decode(b, &gvk, into)
	if err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	if found.Kind != gvk.Kind {
		return apierrors.NewBadRequest(fmt.Sprintf("the object provided is unrecognized (must be of type %s): %s was given", gvk.Kind, found.Kind))
	}
	return nil
}

// body reads an object of the request's resource.
func (c *Cluster) body(k *call) (object, error) {
	empty, err := c.scheme.New(k.res.gvk)
	if err != nil {
		return nil, err
	}
	if err := c.decode(k, k.res.gvk, empty); err != nil {
		return nil, err
	}
	o, _ := empty.(object)
	return o, nil
}
