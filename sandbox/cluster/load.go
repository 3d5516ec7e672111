package cluster

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Load adds the objects of YAML or JSON manifests, several documents and lists
// allowed, as Add does.
func (c *Cluster) Load(manifests io.Reader) error {
	documents := yamlutil.NewYAMLReader(bufio.NewReader(manifests))
	for n := 1; ; n++ {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading manifest %d: %w", n, err)
		}
		if err := c.loadOne(document); err != nil {
			return fmt.Errorf("loading manifest %d: %w", n, err)
		}
	}
}

func (c *Cluster) loadOne(document []byte) error {
	text, err := yaml.YAMLToJSON(document)
	if err != nil || string(text) == "null" {
		return err
	}
	o, _, err := c.codecs.UniversalDeserializer().Decode(text, nil, nil)
	if err != nil {
		return err
	}
	if !meta.IsListType(o) {
		return c.Add(o)
	}
	items, err := meta.ExtractList(o)
	if err != nil {
		return err
	}
	for _, item := range items {
		if raw, ok := item.(*runtime.Unknown); ok {
			err = c.loadOne(raw.Raw)
		} else {
			err = c.Add(item)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Add puts objects into the cluster as they are, status included, past rules,
// admission and validation; what the server would set and is not set (uid,
// creation time, defaults, the namespace itself) is. An object that exists is
// replaced.
func (c *Cluster) Add(objects ...runtime.Object) error {
	for _, given := range objects {
		r, err := c.resourceOf(given)
		if err != nil {
			return err
		}
		o, _ := given.DeepCopyObject().(object)
		if err := c.placed(r, o); err != nil {
			return err
		}
		_, err = c.store.write(r, key{o.GetNamespace(), o.GetName()}, func(now object) (object, error) {
			if now != nil && o.GetUID() == "" {
				o.SetUID(now.GetUID())
				o.SetCreationTimestamp(now.GetCreationTimestamp())
			}
			c.stamp(r, o)
			return o, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Remove deletes an object at once, past rules, grace and finalizers.
func (c *Cluster) Remove(o runtime.Object) error {
	r, err := c.resourceOf(o)
	if err != nil {
		return err
	}
	named, _ := o.(object)
	_, err = c.store.write(r, key{named.GetNamespace(), named.GetName()}, func(object) (object, error) { return nil, nil })
	return err
}

func (c *Cluster) resourceOf(o runtime.Object) (*resource, error) {
	kinds, _, err := c.scheme.ObjectKinds(o)
	if err != nil {
		return nil, fmt.Errorf("adding an object: %w", err)
	}
	for _, r := range c.resources {
		if r.gvk == kinds[0] {
			return r, nil
		}
	}
	return nil, fmt.Errorf("adding an object: the cluster does not serve %s", kinds[0])
}

// placed sets the namespace, which is made when it is not there.
func (c *Cluster) placed(r *resource, o object) error {
	switch {
	case r.clustered:
		o.SetNamespace("")
		return nil
	case o.GetNamespace() == "":
		o.SetNamespace("default")
	}
	return c.ensureNamespace(o.GetNamespace())
}

// typed is the kind of an object as its TypeMeta says it.
func typed(o runtime.Object, gvk schema.GroupVersionKind) { o.GetObjectKind().SetGroupVersionKind(gvk) }
