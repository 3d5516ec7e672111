package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// configDocument, configEntries and configEntry decode what the kubelet's
// DockerConfigJSON, DockerConfig and DockerConfigEntry decode, with the same
// struct tags, so that encoding/json accepts and refuses the same documents
// (pkg/credentialprovider/config.go of k8s.io/kubernetes v1.36.3).
type configDocument struct {
	Auths       configEntries     `json:"auths"`
	HTTPHeaders map[string]string `json:"HttpHeaders,omitempty"`
}

type configEntries map[string]configEntry

type configEntry struct {
	credential Credential
	overridden bool // username or password are there too and say something else than auth
}

// entryFields are all fields of an entry that the kubelet knows: identitytoken
// and registrytoken are not among them. A value of it never leaves the function
// that decoded it, because it would print its password.
type entryFields struct {
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	Email    string `json:"email,omitempty"`
	Auth     string `json:"auth,omitempty"`
}

var errAuthField = errors.New("unable to parse auth field, must be formatted as base64(username:password)")

// UnmarshalJSON reads one entry as the kubelet does: a non-empty auth overrides
// user name and password.
func (e *configEntry) UnmarshalJSON(raw []byte) error {
	var fields entryFields
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	user, password := fields.Username, fields.Password
	if fields.Auth != "" {
		var err error
		if user, password, err = decodeAuth(fields.Auth); err != nil {
			return err
		}
		e.overridden = fields.Username != "" && fields.Username != user ||
			fields.Password != "" && fields.Password != password
	}
	e.credential = Credential{User: user, Password: NewSecret(password)}
	return nil
}

// decodeAuth splits base64(user:password) at the first colon. Nothing is
// trimmed off the result, so a newline that was encoded belongs to the password.
func decodeAuth(auth string) (user, password string, err error) {
	encoding := base64.RawStdEncoding
	if strings.HasSuffix(strings.TrimSpace(auth), "=") {
		encoding = base64.StdEncoding
	}
	decoded, err := encoding.DecodeString(auth)
	if err != nil {
		return "", "", err
	}
	user, password, ok := strings.Cut(string(decoded), ":")
	if !ok {
		return "", "", errAuthField
	}
	return user, password, nil
}

// format is one of the two documents that a pull secret can hold.
type format struct {
	secretType string
	dataKey    string
	wrapped    bool // the entries are below "auths"
}

func configJSON() format {
	return format{secretType: "kubernetes.io/dockerconfigjson", dataKey: ".dockerconfigjson", wrapped: true}
}

func legacyConfig() format {
	return format{secretType: "kubernetes.io/dockercfg", dataKey: ".dockercfg"}
}

// decode returns the error that the kubelet's json.Unmarshal returns for the
// whole document.
func (f format) decode(raw []byte) error {
	if f.wrapped {
		return json.Unmarshal(raw, new(configDocument))
	}
	return json.Unmarshal(raw, new(configEntries))
}

// decodeEntry reads one entry and returns the error with which the kubelet
// refuses a document that is sound except for it.
func (f format) decodeEntry(raw []byte) (configEntry, error) {
	const key = "entry"
	document := bytes.Join([][]byte{[]byte(`{"` + key + `":`), raw, []byte(`}`)}, nil)
	if !f.wrapped {
		entries := configEntries{}
		err := json.Unmarshal(document, &entries)
		return entries[key], err
	}
	wrapped := configDocument{}
	document = bytes.Join([][]byte{[]byte(`{"auths":`), document, []byte(`}`)}, nil)
	err := json.Unmarshal(document, &wrapped)
	return wrapped.Auths[key], err
}

// kubeletText words a decoding error as the kubelet does, with the names of the
// kubelet's types in place of ours, so that it can be compared with a waiting
// reason. No decoding error quotes more than one character of the document.
func kubeletText(err error) string {
	mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return err.Error()
	}
	target := kubeletType(mismatch.Type)
	if mismatch.Struct == "" && mismatch.Field == "" {
		return fmt.Sprintf("json: cannot unmarshal %s into Go value of type %s", mismatch.Value, target)
	}
	return fmt.Sprintf("json: cannot unmarshal %s into Go struct field %s.%s of type %s",
		mismatch.Value, kubeletStruct(mismatch.Struct), mismatch.Field, target)
}

func kubeletType(t reflect.Type) string {
	if !strings.HasPrefix(t.String(), "keyring.") {
		return t.String()
	}
	return "credentialprovider." + kubeletStruct(t.Name())
}

func kubeletStruct(name string) string {
	switch name {
	case reflect.TypeFor[configDocument]().Name():
		return "DockerConfigJSON"
	case reflect.TypeFor[configEntries]().Name():
		return "DockerConfig"
	case reflect.TypeFor[entryFields]().Name():
		return "dockerConfigEntryWithAuth"
	}
	return name
}

// member is one name and value of a JSON object.
type member struct {
	name string
	raw  json.RawMessage
}

// members returns what a JSON object holds, in the order of the document and
// with repeated names. Where the syntax breaks it returns what came before,
// with the broken member last, and the error.
func members(raw []byte) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	start, err := dec.Token()
	if err != nil {
		return nil, err
	}
	if start != json.Delim('{') {
		return nil, nil
	}
	var found []member
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return found, err
		}
		text, ok := name.(string)
		if !ok {
			return found, fmt.Errorf("member name is not text at byte %d", dec.InputOffset())
		}
		at := dec.InputOffset()
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			rest := bytes.TrimLeft(raw[at:], ": \t\r\n")
			return append(found, member{name: text, raw: rest}), err
		}
		found = append(found, member{name: text, raw: value})
	}
	return found, nil
}

// isNull reports whether raw is the JSON literal null.
func isNull(raw []byte) bool { return string(bytes.TrimSpace(raw)) == "null" }
