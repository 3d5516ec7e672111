package k8s

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// Golden is a pull secret that new credentials are copied from. It needs the
// right to get this one secret, and no other.
type Golden struct {
	api             api
	namespace, name string
}

// Golden names a secret of the cluster as a source of credentials.
func (c *Cluster) Golden(namespace, name string) runbook.Source {
	return Golden{api: c.api, namespace: namespace, name: name}
}

// goldenWithin bounds reading the secret.
const goldenWithin = 10 * time.Second

// Supply reads the secret and gives the entry that a kubelet would use for all
// the repositories.
func (g Golden) Supply(ctx context.Context, n runbook.Need) (runbook.Supply, error) {
	ctx, cancel := context.WithTimeout(ctx, goldenWithin)
	defer cancel()
	q := question{resource: secrets, namespace: g.namespace, name: g.name}
	secret, err := get[corev1.Secret](ctx, g.api, q)
	switch {
	case errors.Is(err, ErrForbidden):
		return runbook.Supply{}, fmt.Errorf("reading %s: %w; pullfix needs the right to %s", q.what(), ErrForbidden, q.grant())
	case err != nil:
		return runbook.Supply{}, fmt.Errorf("reading %s: %s", q.what(), why(err))
	}
	found, err := goldenEntry(pullSecret(onlyPulls(secret)), n)
	if err != nil {
		return runbook.Supply{}, fmt.Errorf("%s: %w", q.what(), err)
	}
	return runbook.Supply{Credential: found.Credential, Expires: found.Expires, Wide: keyring.Minted(found.Credential), Steady: true}, nil
}

// onlyPulls leaves in a secret what makes a pull secret.
func onlyPulls(secret *corev1.Secret) *corev1.Secret {
	for key := range secret.Data {
		if key != corev1.DockerConfigJsonKey && key != corev1.DockerConfigKey {
			delete(secret.Data, key)
		}
	}
	return secret
}

var (
	errNoGolden    = errors.New("no entry that a kubelet would use for it")
	errManyGoldens = errors.New("different entries for the repositories: one credential has to do for all of them")
)

// goldenEntry is the first credential that a kubelet would try for each of the
// repositories.
func goldenEntry(secret keyring.PullSecret, n runbook.Need) (keyring.Entry, error) {
	var found *keyring.Entry
	for _, repository := range n.Repositories {
		image := n.Host + "/" + repository
		lookup := keyring.Find(image, []keyring.PullSecret{secret})
		if len(lookup.Malformed) > 0 {
			return keyring.Entry{}, fmt.Errorf("it cannot be decoded: %s", lookup.Malformed[0].Text)
		}
		if len(lookup.Problems) > 0 && len(lookup.Used) == 0 {
			return keyring.Entry{}, errors.New(lookup.Problems[0].Text)
		}
		if len(lookup.Used) == 0 {
			return keyring.Entry{}, fmt.Errorf("%w: %s", errNoGolden, image)
		}
		entry := lookup.Entries[lookup.Used[0]]
		if found != nil && !found.Credential.Equal(entry.Credential) {
			return keyring.Entry{}, errManyGoldens
		}
		found = &entry
	}
	if found == nil {
		return keyring.Entry{}, errNoGolden
	}
	return *found, nil
}
