package k8s

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// errGarbled says that an answer is not what an API server sends.
var errGarbled = errors.New("the answer cannot be read")

// objectBytes bounds one object. etcd takes no request above 1.5 MiB.
const objectBytes = 4 << 20

// decodable is a Kubernetes type that decodes itself from protobuf.
type decodable[T any] interface {
	*T
	Unmarshal(encoded []byte) error
}

// page is what a list says besides its items.
type page struct {
	next string // continues the list; "" at its end
	cut  bool   // visit ended it early
}

// each asks for a list and hands over one item after the other, without ever
// holding the whole: a list from the watch cache ignores limits, and 20,000
// pods weigh more than what is wanted of them. It ends early when visit returns
// false.
func each[T any, P decodable[T]](ctx context.Context, a api, q question, visit func(*T) bool) (page, error) {
	body, err := a.open(ctx, q)
	if err != nil {
		return page{}, err
	}
	defer func() { _ = body.Close() }() // a body that was read has nothing left to say
	p, err := readList[T, P](body, visit)
	if err != nil {
		return p, &RequestError{What: q.what(), Grant: q.grant(), Err: err}
	}
	return p, nil
}

// get asks for one object.
func get[T any, P decodable[T]](ctx context.Context, a api, q question) (*T, error) {
	body, err := a.open(ctx, q)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	object, err := readObject[T, P](body)
	if err != nil {
		return nil, &RequestError{What: q.what(), Grant: q.grant(), Err: err}
	}
	return object, nil
}

// isProtobuf looks for the prefix of Kubernetes' protobuf documents: client-go
// does not tell the content type of a stream.
func isProtobuf(r *bufio.Reader) bool {
	start, err := r.Peek(len(protobufPrefix))
	return err == nil && string(start) == protobufPrefix
}

func readObject[T any, P decodable[T]](body io.Reader) (*T, error) {
	r := bufio.NewReader(body)
	object := new(T)
	if !isProtobuf(r) {
		if err := json.NewDecoder(io.LimitReader(r, objectBytes)).Decode(object); err != nil {
			return nil, garbled(err)
		}
		return object, nil
	}
	found := false
	err := envelope(r, func(raw *wire) error {
		found = true
		encoded, err := raw.rest(nil)
		if err != nil {
			return err
		}
		return P(object).Unmarshal(encoded)
	})
	if err == nil && !found {
		err = errors.New("an empty document")
	}
	if err != nil {
		return nil, garbled(err)
	}
	return object, nil
}

func readList[T any, P decodable[T]](body io.Reader, visit func(*T) bool) (page, error) {
	r := bufio.NewReaderSize(body, 64<<10)
	read := readJSONList[T]
	if isProtobuf(r) {
		read = readProtobufList[T, P]
	}
	p, err := read(r, visit)
	if errors.Is(err, errEnough) {
		p.cut, err = true, nil
	}
	return p, garbled(err)
}

// errEnough ends a list early.
var errEnough = errors.New("enough")

// garbled marks an error of decoding; errors of the connection stay as they are.
func garbled(err error) error {
	var connection net.Error
	if err == nil || errors.Is(err, context.Canceled) || errors.As(err, &connection) {
		return err
	}
	return fmt.Errorf("%w: %w", errGarbled, err)
}

func readProtobufList[T any, P decodable[T]](r *bufio.Reader, visit func(*T) bool) (page, error) {
	var p page
	var buffer []byte
	err := envelope(r, func(raw *wire) error {
		return raw.fields(func(field int, content *wire) (err error) {
			switch field {
			case listMetadataField:
				var meta metav1.ListMeta
				if buffer, err = content.rest(buffer); err == nil {
					err = meta.Unmarshal(buffer)
				}
				p.next = meta.Continue
			case listItemsField:
				item := new(T)
				if buffer, err = content.rest(buffer); err == nil {
					err = P(item).Unmarshal(buffer)
				}
				if err == nil && !visit(item) {
					err = errEnough
				}
			}
			return err
		})
	})
	return p, err
}

func readJSONList[T any](r *bufio.Reader, visit func(*T) bool) (page, error) {
	var p page
	d := json.NewDecoder(r)
	err := object(d, func(key string) error {
		switch key {
		case "metadata":
			var meta metav1.ListMeta
			err := d.Decode(&meta)
			p.next = meta.Continue
			return err
		case "items":
			return items(d, visit)
		}
		var skipped json.RawMessage
		return d.Decode(&skipped)
	})
	return p, err
}

// object walks over the keys of a JSON object; value reads what belongs to one.
func object(d *json.Decoder, value func(key string) error) error {
	if err := delimiter(d, '{'); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if err := value(fmt.Sprint(key)); err != nil {
			return err
		}
	}
	return delimiter(d, '}')
}

func items[T any](d *json.Decoder, visit func(*T) bool) error {
	token, err := d.Token()
	if err != nil || token == nil { // null: an empty list
		return err
	}
	if token != json.Delim('[') {
		return fmt.Errorf("%w: items are no array", errWire)
	}
	for d.More() {
		item := new(T)
		if err := d.Decode(item); err != nil {
			return err
		}
		if !visit(item) {
			return errEnough
		}
	}
	return delimiter(d, ']')
}

func delimiter(d *json.Decoder, want json.Delim) error {
	token, err := d.Token()
	if err == nil && token != want {
		err = fmt.Errorf("%w: %v where %v belongs", errWire, token, want)
	}
	return err
}

// protobufPrefix starts Kubernetes' protobuf documents
// (apimachinery/pkg/runtime/serializer/protobuf).
const protobufPrefix = "k8s\x00"

// envelope opens the runtime.Unknown around a document.
func envelope(r *bufio.Reader, visit func(raw *wire) error) error {
	if _, err := r.Discard(len(protobufPrefix)); err != nil {
		return err
	}
	w := wire{r: r, left: -1}
	return w.fields(func(field int, content *wire) error {
		if field != unknownRawField {
			return nil
		}
		return visit(content)
	})
}

// The fields of runtime.Unknown and of every list.
const (
	unknownRawField   = 2
	listMetadataField = 1
	listItemsField    = 2
)
