package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/pullfix/pullfix/runbook/keyring"
)

// object is as much of a Kubernetes object as a pull secret needs.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Type       string             `json:"type"`
	Data       map[string]*string `json:"data"`
	StringData map[string]*string `json:"stringData"`
	Items      []json.RawMessage  `json:"items"`
	Auths      json.RawMessage    `json:"auths"` // somebody gave a docker configuration instead
}

// manifests are the pull secrets of a file, in its order.
type manifests struct {
	secrets []keyring.PullSecret
	ignored []string // KIND/NAME of what is no Secret
}

var documentEnd = regexp.MustCompile(`(?m)^---(?:[ \t].*)?\r?$`)

// readManifests reads Secrets from YAML or JSON: one, several after another, or
// a List.
func readManifests(r io.Reader, name string) (manifests, error) {
	text, err := readAll(r)
	if err != nil {
		return manifests{}, fmt.Errorf("reading %s: %w", name, err)
	}
	var found manifests
	for i, document := range documentEnd.Split(string(text), -1) {
		objects, err := splitJSON([]byte(document))
		if err != nil {
			return manifests{}, fmt.Errorf("reading document %d of %s: %w", i+1, name, err)
		}
		for _, raw := range objects {
			if err := found.add(raw); err != nil {
				return manifests{}, fmt.Errorf("reading document %d of %s: %w", i+1, name, err)
			}
		}
	}
	return found, nil
}

// splitJSON returns the objects of one document as JSON: YAML holds one, JSON
// any number after another.
func splitJSON(document []byte) ([]json.RawMessage, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(document), []byte("{")) {
		raw, err := yaml.YAMLToJSONStrict(document)
		return []json.RawMessage{raw}, err
	}
	var objects []json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(document))
	for {
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			// {a: b} is YAML, too.
			raw, yamlErr := yaml.YAMLToJSONStrict(document)
			if yamlErr != nil {
				return nil, err
			}
			return []json.RawMessage{raw}, nil
		}
		objects = append(objects, raw)
	}
}

// add takes one object and, from a List, what is in it.
func (m *manifests) add(raw json.RawMessage) error {
	if string(raw) == "null" {
		return nil // an empty document
	}
	var o object
	if err := json.Unmarshal(raw, &o); err != nil {
		return notAnObject(raw, err)
	}
	switch {
	case o.Kind == "Secret":
		secret, err := o.pullSecret()
		if err != nil {
			return err
		}
		m.secrets = append(m.secrets, secret)
	case o.Kind == "List" || o.Kind == "SecretList":
		for i, item := range o.Items {
			if err := m.addItem(item, o.Kind); err != nil {
				return fmt.Errorf("item %d of the list: %w", i+1, err)
			}
		}
	case o.Kind == "" && o.Auths != nil:
		return errDockerConfig
	case o.Kind == "":
		return errNoKind
	default:
		m.ignored = append(m.ignored, o.Kind+"/"+o.Metadata.Name)
	}
	return nil
}

var (
	errNoKind       = errors.New("an object without a kind")
	errDockerConfig = errors.New("a docker configuration, not a Secret")
)

// addItem adds an item of a list; those of a SecretList need no kind.
func (m *manifests) addItem(item json.RawMessage, list string) error {
	var fields map[string]json.RawMessage
	if list == "SecretList" && json.Unmarshal(item, &fields) == nil && fields != nil && fields["kind"] == nil {
		fields["kind"] = json.RawMessage(`"Secret"`)
		item, _ = json.Marshal(fields) // raw messages that were just read
	}
	return m.add(item)
}

// notAnObject explains why raw is no Kubernetes object, naming the object where
// its name can be read. The decoder's error may quote a value, so only the
// field is taken from it.
func notAnObject(raw json.RawMessage, err error) error {
	mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok || mismatch.Field == "" {
		return errors.New("not a Kubernetes object")
	}
	var named struct {
		Kind     string                `json:"kind"`
		Metadata struct{ Name string } `json:"metadata"`
	}
	_ = json.Unmarshal(raw, &named) // as much as can be read
	what := "an object"
	if named.Kind != "" {
		what = named.Kind + "/" + named.Metadata.Name
	}
	return fmt.Errorf("%s: the field %s has the wrong type (%s)", what, mismatch.Field, mismatch.Value)
}

// pullSecret is the Secret as the API server would store it.
func (o object) pullSecret() (keyring.PullSecret, error) {
	s := keyring.PullSecret{
		Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, Type: o.Type,
		Data: make(map[string]keyring.Secret, len(o.Data)+len(o.StringData)),
	}
	if s.Name == "" {
		return s, errors.New("a Secret without a name")
	}
	if s.Type == "" {
		s.Type = "Opaque" // the API server's default
	}
	for _, key := range slices.Sorted(maps.Keys(o.Data)) {
		decoded, err := base64.StdEncoding.DecodeString(valueOf(o.Data[key]))
		if err != nil {
			return s, fmt.Errorf("secret %s: the value of data[%q] is not base64: %w", s.Name, key, err)
		}
		s.Data[key] = keyring.NewSecret(string(decoded))
	}
	for key, value := range o.StringData {
		s.Data[key] = keyring.NewSecret(valueOf(value))
	}
	return s, nil
}

func valueOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
