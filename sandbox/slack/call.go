package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

type object = map[string]any

// Refusal is an answer with ok false.
type Refusal struct {
	// Code is Slack's name of the error.
	Code string
	// More are the further fields of the answer.
	More map[string]any
}

// Error is the code.
func (r *Refusal) Error() string { return r.Code }

func refuse(code string) *Refusal { return &Refusal{Code: code} }

// maxBody bounds a call's body in bytes; Slack's own is of that order.
const maxBody = 1 << 20

// call is one decoded call of the Web API.
type call struct {
	method string
	// token is what the caller proves itself with; inHeader says where it was.
	token    string
	inHeader bool
	isGet    bool
	args     map[string]any
	host     string
}

// readCall decodes query, form and JSON bodies alike.
func readCall(w http.ResponseWriter, r *http.Request) (*call, error) {
	c := &call{
		method: strings.TrimPrefix(r.URL.Path, "/api/"), args: object{},
		isGet: r.Method == http.MethodGet, host: r.Host,
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = "" // as with a GET, which has none
	}
	if kind == "application/json" {
		if err := c.readJSON(r.Body); err != nil {
			return nil, err
		}
	} else if err := c.readForm(r, kind); err != nil {
		return nil, err
	}
	c.token = c.str("token")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		c.token, c.inHeader = strings.TrimSpace(bearer), true
	}
	delete(c.args, "token")
	return c, nil
}

func (c *call) readJSON(body io.Reader) error {
	raw, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	v, err := decode(raw)
	if err != nil {
		return refuse("invalid_json")
	}
	args, ok := v.(map[string]any)
	if !ok {
		return refuse("json_not_object")
	}
	c.args = args
	return nil
}

func (c *call) readForm(r *http.Request, kind string) error {
	if kind == "multipart/form-data" {
		if err := r.ParseMultipartForm(maxBody); err != nil {
			return refuse("invalid_form_data")
		}
	} else if err := r.ParseForm(); err != nil {
		return refuse("invalid_form_data")
	}
	for key, values := range r.Form {
		c.args[key] = values[0]
	}
	return nil
}

// decode reads exactly one JSON value, numbers as they are written.
func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("decoding JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("decoding JSON: more than one value")
	}
	return v, nil
}

// str is an argument as text; numbers are as they were written.
func (c *call) str(key string) string {
	switch v := c.args[key].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

func (c *call) has(key string) bool {
	_, ok := c.args[key]
	return ok
}

func (c *call) flag(key string) bool { return truth(c.args[key]) }

// truth takes booleans as Slack does: JSON's, or as text.
func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v == "true" || v == "1"
	case json.Number:
		return v.String() == "1"
	}
	return false
}

// structure is a nested argument: an object in JSON bodies, JSON text in forms.
func (c *call) structure(key string) (any, error) {
	text, ok := c.args[key].(string)
	if !ok {
		return c.args[key], nil
	}
	if text == "" {
		return nil, nil
	}
	return decode([]byte(text))
}

// list is an argument of comma-separated ids, or a JSON array of them.
func (c *call) list(key string) []string {
	if items, ok := c.args[key].([]any); ok {
		var out []string
		for _, item := range items {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return strings.FieldsFunc(c.str(key), func(r rune) bool { return r == ',' || r == ' ' })
}
