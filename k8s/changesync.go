package k8s

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// Bounds of waiting for what External Secrets fetches.
const (
	syncedWithin = time.Minute
	syncedEvery  = 2 * time.Second
)

// TestingWith lets the changer ask a registry about what External Secrets
// fetched. Without one it only tells whether that is another credential.
func (c *Changer) TestingWith(registry runbook.Registry) *Changer {
	testing := *c
	testing.registry = registry
	return &testing
}

// sync asks External Secrets to fetch the secret again, by an annotation.
func (j job) sync() write {
	mark := ""
	return write{
		what:  "asking External Secrets to fetch " + j.what(),
		grant: "patch externalsecret " + j.action.Name + " in namespace " + j.action.Namespace,
		prepare: func(ctx context.Context) (*rest.Request, string, error) {
			e, served, err := j.boundExternal(ctx)
			if err != nil {
				return nil, "", err
			}
			mark = j.newMark()
			marks := j.marks(mark)
			marks[forceSync] = strconv.FormatInt(time.Now().Unix(), 10)
			body, err := json.Marshal(map[string]any{"metadata": map[string]any{
				"uid": e.Metadata.UID, "resourceVersion": e.Metadata.ResourceVersion, "annotations": marks,
			}})
			if err != nil {
				return nil, "", fmt.Errorf("syncing %s: %w", j.what(), err)
			}
			request := j.addressed(j.api.client.Patch(types.MergePatchType), served).Name(j.action.Name).
				SetHeader("Accept", "application/json").SetHeader("Content-Type", string(types.MergePatchType)).
				Param("fieldManager", fieldManager).Body(body)
			return request, e.Metadata.ResourceVersion, nil
		},
		seen: func(ctx context.Context) (bool, string, error) {
			e, _, err := readExternalSecret(ctx, j.api, j.action.Namespace, j.action.Name)
			switch {
			case missing(err):
				return false, "", nil
			case err != nil:
				return false, "", err
			}
			return e.Metadata.Annotations[annotationChange] == mark, e.Metadata.ResourceVersion, nil
		},
	}
}

// boundExternal reads the ExternalSecret, and refuses when it is another one, or
// asks for something else, by now.
func (j job) boundExternal(ctx context.Context) (*externalSecret, resource, error) {
	a := j.action
	e, served, err := readExternalSecret(ctx, j.api, a.Namespace, a.Name)
	switch {
	case missing(err):
		return nil, "", overtaken("ExternalSecret %s is gone", a.Name)
	case err != nil:
		return nil, "", fmt.Errorf("before syncing %s: %w", j.what(), err)
	case string(e.Metadata.UID) != a.UID:
		return nil, "", overtaken("ExternalSecret %s was made anew at %s", a.Name, e.Metadata.CreationTimestamp.UTC().Format("15:04:05"))
	case e.Metadata.Generation != a.Generation:
		return nil, "", overtaken("ExternalSecret %s was changed since the plan was made%s", a.Name, by(&e.Metadata))
	}
	return e, served, nil
}

// synced waits for what was fetched, and says what it is worth.
func (c *Changer) synced(ctx context.Context, j job) string {
	asked := time.Now()
	for {
		e, _, err := readExternalSecret(ctx, c.api, j.action.Namespace, j.action.Name)
		if err == nil {
			now := c.fetched(ctx, j, e.secret())
			switch {
			case now != nil && j.fingerprint(now) != j.action.Entry.Was:
				return c.worth(ctx, j, *now, e.origin())
			case e.Status.RefreshTime != nil && !e.Status.RefreshTime.Time.Before(asked.Truncate(time.Second)) && time.Since(asked) > syncedEvery:
				return fmt.Sprintf("; External Secrets fetched the same credential again, so the value at %s is wrong", e.origin())
			}
		}
		if time.Since(asked) >= syncedWithin {
			return notSynced(e, err)
		}
		if !pause(ctx, syncedEvery) {
			return "; nobody waited for what it fetches"
		}
	}
}

func notSynced(e *externalSecret, err error) string {
	said := fmt.Sprintf("; External Secrets has not fetched anything within %s", syncedWithin)
	if err != nil {
		return said + ", and it could not be read: " + why(err)
	}
	if trouble := e.trouble(); trouble != "" {
		return said + ": " + cut(trouble)
	}
	return said
}

// fetched is the credential that the secret holds by now for the image; nil when
// there is none.
func (c *Changer) fetched(ctx context.Context, j job, name string) *keyring.Credential {
	secret, err := get[corev1.Secret](ctx, c.api, question{resource: secrets, namespace: j.action.Namespace, name: name})
	if err != nil || len(j.action.Entry.Images) == 0 {
		return nil
	}
	found := keyring.Find(j.action.Entry.Images[0], []keyring.PullSecret{pullSecret(secret)})
	if len(found.Used) == 0 {
		return nil
	}
	return &found.Entries[found.Used[0]].Credential
}

// worth asks the registry about what was fetched.
func (c *Changer) worth(ctx context.Context, j job, now keyring.Credential, origin string) string {
	said := fmt.Sprintf("; External Secrets fetched another credential: %s → %s", orNone(j.action.Entry.Was), j.fingerprint(&now))
	if c.registry == nil {
		return said
	}
	for _, image := range j.action.Entry.Images {
		answer, err := c.registry.Probe(ctx, runbook.Question{Image: image, Platform: j.action.Entry.Platform, Credential: &now})
		if err != nil {
			return said + ", which could not be tested"
		}
		if why := runbook.Refuses(answer); why != "" {
			return fmt.Sprintf("%s, but it is no good for %s (%s), so the value at %s is wrong", said, image, why, origin)
		}
	}
	return said + fmt.Sprintf("; %s accepts it", j.action.Entry.Host)
}
