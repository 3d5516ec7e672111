package k8s

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
)

// The External Secrets operator's kind, which comes in several versions.
const (
	kindExternalSecret = "ExternalSecret"
	externalGroup      = "external-secrets.io"
	forceSync          = "force-sync"
)

// externalSecret is what matters of an ExternalSecret. The values that it
// fetches are not in it.
type externalSecret struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		SecretStoreRef struct {
			Name string `json:"name"`
		} `json:"secretStoreRef"`
		Target struct {
			Name string `json:"name"`
		} `json:"target"`
		Data []struct {
			SecretKey string    `json:"secretKey"`
			RemoteRef remoteKey `json:"remoteRef"`
		} `json:"data"`
		DataFrom []struct {
			Extract remoteKey `json:"extract"`
		} `json:"dataFrom"`
	} `json:"spec"`
	Status struct {
		RefreshTime *metav1.Time `json:"refreshTime"`
		Conditions  []struct {
			Type    string `json:"type"`
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"conditions"`
	} `json:"status"`
}

type remoteKey struct {
	Key string `json:"key"`
}

// secret is the name of the Secret that it keeps.
func (e *externalSecret) secret() string {
	if e.Spec.Target.Name != "" {
		return e.Spec.Target.Name
	}
	return e.Metadata.Name
}

// origin names the values behind it, each as STORE/KEY.
func (e *externalSecret) origin() string {
	var names []string
	add := func(key string) {
		if key != "" {
			names = append(names, e.Spec.SecretStoreRef.Name+"/"+key)
		}
	}
	for _, d := range e.Spec.Data {
		add(d.RemoteRef.Key)
	}
	for _, d := range e.Spec.DataFrom {
		add(d.Extract.Key)
	}
	if len(names) == 0 {
		return "the store " + e.Spec.SecretStoreRef.Name
	}
	return several(names)
}

// trouble is what the operator itself complains of; "" when of nothing.
func (e *externalSecret) trouble() string {
	for _, c := range e.Status.Conditions {
		if c.Type == "Ready" && c.Status != "True" {
			return c.Message
		}
	}
	return ""
}

// getJSON reads one object of a kind that has no protobuf form.
func getJSON(ctx context.Context, a api, q question, into any) error {
	request := a.client.Get().AbsPath(q.resource.group()).MaxRetries(retries).SetHeader("Accept", "application/json")
	if q.resource.plural() != "" && q.name != "" {
		request = request.Namespace(q.namespace).Resource(q.resource.plural()).Name(q.name)
	}
	body, err := request.Stream(ctx)
	if err != nil {
		return &RequestError{What: q.what(), Grant: q.grant(), Err: err}
	}
	defer func() { _ = body.Close() }()
	if err := json.NewDecoder(io.LimitReader(body, objectBytes)).Decode(into); err != nil {
		return &RequestError{What: q.what(), Grant: q.grant(), Err: garbled(err)}
	}
	return nil
}

// errNotServed says that the cluster does not know the kind.
var errNotServed = errors.New("the cluster does not serve " + externalGroup)

// externalSecrets finds the version of the kind that the cluster prefers.
func servedExternalSecrets(ctx context.Context, a api) (resource, error) {
	var group metav1.APIGroup
	q := question{resource: resource("/apis/" + externalGroup + "/versions")}
	switch err := getJSON(ctx, a, q, &group); {
	case missing(err):
		return "", errNotServed
	case err != nil:
		return "", fmt.Errorf("which version of %s is served: %w", externalGroup, err)
	}
	version := group.PreferredVersion.GroupVersion
	if !strings.HasPrefix(version, externalGroup+"/") {
		return "", errNotServed
	}
	return resource("/apis/" + version + "/externalsecrets"), nil
}

// readExternalSecret reads one.
func readExternalSecret(ctx context.Context, a api, namespace, name string) (*externalSecret, resource, error) {
	served, err := servedExternalSecrets(ctx, a)
	if err != nil {
		return nil, "", err
	}
	found := new(externalSecret)
	err = getJSON(ctx, a, question{resource: served, namespace: namespace, name: name}, found)
	return found, served, err
}

// externalName is the name of the ExternalSecret that a remedy is about.
func externalName(r runbook.Remedy) string {
	name, _ := strings.CutPrefix(r.Object, "externalsecret/")
	return name
}
