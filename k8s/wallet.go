package k8s

import (
	"context"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullfix/pullfix/runbook"
)

// Bounds of the pull secrets that are read: in a namespace, and by name for one
// pod.
const (
	secretsRead  = 200
	secretsNamed = 20
)

// wallet holds the pull secrets that were read, by name. It holds credentials:
// it lives as long as one observation.
type wallet struct {
	namespace string

	mu         sync.Mutex
	found      map[string]*corev1.Secret
	gone       map[string]bool // asked for by name: does not exist
	unreadable map[string]bool
	// listable says that the namespace's secrets may be listed.
	listable bool
}

func newWallet(namespace string) *wallet {
	return &wallet{
		namespace: namespace, found: make(map[string]*corev1.Secret),
		gone: make(map[string]bool), unreadable: make(map[string]bool),
	}
}

// keep remembers a secret, only with what makes a pull secret: other data is
// none of our business.
func (w *wallet) keep(secret *corev1.Secret) {
	for key := range secret.Data {
		if key != corev1.DockerConfigJsonKey && key != corev1.DockerConfigKey {
			delete(secret.Data, key)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found[secret.Name] = secret
}

// known tells whether there is nothing more to ask about a name.
func (w *wallet) known(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.found[name] != nil || w.gone[name] || w.unreadable[name]
}

func (w *wallet) mark(marks map[string]bool, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	marks[name] = true
}

// walletListed lists the namespace's pull secrets of today's type.
func (o *observer) walletListed(ctx context.Context, s *sighting) {
	s.wallet.listable = o.listSecrets(ctx, s, corev1.SecretTypeDockerConfigJson)
}

// listSecrets reads the secrets of one type: the others of the namespace are
// not even sent to us.
func (o *observer) listSecrets(ctx context.Context, s *sighting, kind corev1.SecretType) bool {
	q := o.in(secrets, "")
	q.fields = "type=" + string(kind)
	read := 0
	p, err := each(ctx, o.api, q, func(secret *corev1.Secret) bool {
		read++
		if secret.Type == kind {
			s.wallet.keep(secret)
		}
		return read < secretsRead
	})
	if err != nil {
		o.gap(ctx, q, err)
	}
	if p.cut {
		o.note(runbook.Gap{What: q.what(), Why: fmt.Sprintf("only the first %d were read", secretsRead)})
	}
	return err == nil
}

// byName are the questions for the secrets that the pod names and no list
// showed: missing ones, of another type, or all when lists are forbidden. When
// requests are to spare, those of the old type are listed as well.
func (o *observer) byName(ctx context.Context, s *sighting, names []string, spare int) []func() {
	tasks := o.secretTasks(ctx, s, names, secretsNamed)
	if s.wallet.listable && len(tasks) < spare {
		tasks = append(tasks, func() { o.listSecrets(ctx, s, corev1.SecretTypeDockercfg) })
	}
	return tasks
}

// unlisted are the questions for secrets that the pod does not name, as far as
// the budget goes: all of them where lists are forbidden, else those that no
// list showed, because they do not exist or are of another type.
func (o *observer) unlisted(ctx context.Context, s *sighting, names []string, spare int) []func() {
	spare = max(spare, 0)
	if s.wallet.listable {
		names = slices.DeleteFunc(names, s.wallet.known)
		names = names[:min(len(names), spare)]
	}
	return o.secretTasks(ctx, s, names, spare)
}

// secretTasks are the questions for the first most of the secrets of which
// nothing is known yet; the others become gaps.
func (o *observer) secretTasks(ctx context.Context, s *sighting, names []string, most int) []func() {
	var tasks []func()
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		switch {
		case s.wallet.known(name):
		case len(tasks) < most:
			tasks = append(tasks, func() { o.secret(ctx, s, name) })
		default:
			s.wallet.mark(s.wallet.unreadable, name)
			o.note(runbook.Gap{
				What: o.in(secrets, name).what(), Why: "a diagnosis makes few requests, and lists are not allowed",
				Grant: o.in(secrets, "").grant(),
			})
		}
	}
	return tasks
}

// namedElsewhere are the pull secrets that the ServiceAccount and the template
// name.
func (s *sighting) namedElsewhere(owner *controller) []string {
	var names []string
	if s.account != nil {
		names = referenced(s.account.ImagePullSecrets)
	}
	if owner != nil {
		names = append(names, referenced(owner.template.Spec.ImagePullSecrets)...)
	}
	return names
}

func (o *observer) secret(ctx context.Context, s *sighting, name string) {
	q := o.in(secrets, name)
	secret, gone := ask[corev1.Secret](ctx, o, q)
	switch {
	case gone:
		s.wallet.mark(s.wallet.gone, name)
	case secret == nil:
		s.wallet.mark(s.wallet.unreadable, name)
	default:
		s.wallet.keep(secret)
	}
}
