package k8s

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullfix/pullfix/runbook/keyring"
)

// Bounds of one look for a credential in the whole cluster.
const (
	namespacesShared = 2000
	sharedRead       = 20000
)

// SharingQuestion asks which pull secrets hold one of some credentials.
type SharingQuestion struct {
	Fingerprints []string
	Key          []byte // of fingerprints
	// Known are namespaces to look into where not even those may be listed.
	Known []string
}

// Sharing lists the pull secrets with one of the credentials, as NAMESPACE/NAME,
// sorted. It looks in all namespaces where that is allowed, else in each that it
// may read. The error says what it could not read; the list is then what it
// could. No credential leaves it.
func (c *Cluster) Sharing(ctx context.Context, q SharingQuestion) ([]string, error) {
	s := &sharing{api: c.api, ask: q}
	err := s.look(ctx, "")
	if errors.Is(err, ErrForbidden) {
		err = s.lookInEach(ctx, s.namespaces(ctx, c))
	}
	slices.Sort(s.found)
	if err != nil {
		err = fmt.Errorf("looking where a credential stands: %w", err)
	}
	return slices.Compact(s.found), err
}

// sharing is one look for credentials.
type sharing struct {
	api api
	ask SharingQuestion

	mu    sync.Mutex
	found []string
}

// look lists the pull secrets of a namespace, of all when it is "".
func (s *sharing) look(ctx context.Context, namespace string) error {
	for _, kind := range []corev1.SecretType{corev1.SecretTypeDockerConfigJson, corev1.SecretTypeDockercfg} {
		read := 0
		q := question{resource: secrets, namespace: namespace, fields: "type=" + string(kind)}
		page, err := each(ctx, s.api, q, func(secret *corev1.Secret) bool {
			read++
			if s.holds(secret) {
				s.mu.Lock()
				s.found = append(s.found, secret.Namespace+"/"+secret.Name)
				s.mu.Unlock()
			}
			return read < sharedRead
		})
		if err != nil {
			return err
		}
		if page.cut {
			return fmt.Errorf("only the first %d of the %s were read", sharedRead, q.what())
		}
	}
	return nil
}

// holds compares fingerprints; which image an entry is for does not matter.
func (s *sharing) holds(secret *corev1.Secret) bool {
	for _, entry := range keyring.Find("example.invalid/any", []keyring.PullSecret{pullSecret(secret)}).Entries {
		if slices.Contains(s.ask.Fingerprints, keyring.Fingerprint(s.ask.Key, entry.Credential)) {
			return true
		}
	}
	return false
}

// namespaces are all of the cluster, or those that are known.
func (s *sharing) namespaces(ctx context.Context, c *Cluster) []string {
	all, err := c.Namespaces(ctx, "")
	if err != nil || len(all) == 0 {
		all = s.ask.Known
	}
	return all
}

// lookInEach looks into many namespaces, a few at once.
func (s *sharing) lookInEach(ctx context.Context, all []string) error {
	many := min(len(all), namespacesShared)
	failed := make([]error, many)
	for from := 0; from < many; from += lookedAtOnce {
		var tasks []func()
		for i := from; i < min(from+lookedAtOnce, many); i++ {
			tasks = append(tasks, func() { failed[i] = s.look(ctx, all[i]) })
		}
		sideBySide(tasks...)
	}
	var left []error
	forbidden := 0
	for _, err := range failed {
		switch {
		case errors.Is(err, ErrForbidden):
			forbidden++
		case err != nil:
			left = append(left, err)
		}
	}
	if forbidden > 0 {
		left = append(left, fmt.Errorf("%s may not be read: it needs the right to list secrets there", counted(forbidden, "namespace")))
	}
	if more := len(all) - many; more > 0 {
		left = append(left, fmt.Errorf("%s were not looked at", counted(more, "further namespace")))
	}
	return errors.Join(left...)
}
