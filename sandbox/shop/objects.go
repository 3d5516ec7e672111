package shop

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// object is a Kubernetes object as JSON has it.
type object = map[string]any

// cut splits REPOSITORY:TAG.
func cut(image string) (repository, tag string) {
	repository, tag, _ = strings.Cut(image, ":")
	return repository, tag
}

// app is a workload of the company.
type app struct {
	kind, namespace, name string
	image                 string
	replicas              int
	secret                string // in its template; "" for none
	account               string // its ServiceAccount; "" for the default one
}

// object is the workload as people applied it.
func (a app) object() object {
	labels := object{"app": a.name}
	pod := object{"containers": []object{{"name": "app", "image": a.image}}}
	if a.secret != "" {
		pod["imagePullSecrets"] = []object{{"name": a.secret}}
	}
	if a.account != "" {
		pod["serviceAccountName"] = a.account
	}
	spec := object{
		"replicas": a.replicas, "selector": object{"matchLabels": labels},
		"template": object{"metadata": object{"labels": labels}, "spec": pod},
	}
	if a.kind == "StatefulSet" {
		spec["serviceName"] = a.name
	}
	return object{"apiVersion": "apps/v1", "kind": a.kind, "metadata": named(a.namespace, a.name, labels), "spec": spec}
}

func named(namespace, name string, labels object) object {
	return object{"namespace": namespace, "name": name, "labels": labels}
}

// pullSecret is a Secret with the login for one registry.
func pullSecret(namespace, name string, l login) object {
	auth := base64.StdEncoding.EncodeToString([]byte(l.user + ":" + l.password))
	config, _ := json.Marshal(object{"auths": object{l.host: object{"username": l.user, "password": l.password, "auth": auth}}}) // strings alone always encode
	return rawSecret(namespace, name, config)
}

// login is a user's at a registry.
type login struct{ host, user, password string }

// rawSecret is a pull secret with whatever somebody put into it.
func rawSecret(namespace, name string, config []byte) object {
	return object{
		"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson", "metadata": named(namespace, name, nil),
		"data": object{".dockerconfigjson": base64.StdEncoding.EncodeToString(config)},
	}
}

func account(namespace, name string) object {
	return object{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": named(namespace, name, nil)}
}

// apply puts objects into the cluster.
func (w *World) apply(objects ...object) error {
	for _, o := range objects {
		text, err := json.Marshal(o)
		if err != nil {
			return fmt.Errorf("writing an object: %w", err)
		}
		if err := w.Cluster.Load(bytes.NewReader(text)); err != nil {
			return fmt.Errorf("applying an object: %w", err)
		}
	}
	return nil
}
