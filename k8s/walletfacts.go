package k8s

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// content turns what was read into the runbook's two forms: facts without and
// pull secrets with credentials. Listed are those that the pod names, in its
// order.
func (w *wallet) content(names []string) (facts []runbook.SecretFacts, listed, unlisted []keyring.PullSecret) {
	for _, name := range slices.Concat(names, w.others(names)) {
		named := slices.Contains(names, name)
		if slices.ContainsFunc(facts, func(f runbook.SecretFacts) bool { return f.Name == name }) {
			continue // the pod names it twice
		}
		secret := w.found[name]
		facts = append(facts, w.facts(name, named))
		switch {
		case secret != nil && named:
			listed = append(listed, pullSecret(secret))
		case secret != nil && isPullType(secret.Type):
			unlisted = append(unlisted, pullSecret(secret))
		case w.gone[name] && named:
			listed = append(listed, keyring.PullSecret{Namespace: w.namespace, Name: name, Missing: true})
		}
	}
	return facts, listed, unlisted
}

// others are the names that the pod does not list, in order.
func (w *wallet) others(names []string) []string {
	var others []string
	for _, set := range [][]string{keys(w.found), keys(w.gone), keys(w.unreadable)} {
		for _, name := range set {
			if !slices.Contains(names, name) {
				others = append(others, name)
			}
		}
	}
	slices.Sort(others)
	return others
}

func keys[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	return names
}

func isPullType(kind corev1.SecretType) bool {
	return kind == corev1.SecretTypeDockerConfigJson || kind == corev1.SecretTypeDockercfg
}

func (w *wallet) facts(name string, listed bool) runbook.SecretFacts {
	facts := runbook.SecretFacts{Name: name, Listed: listed, Missing: w.gone[name]}
	secret := w.found[name]
	if secret == nil {
		facts.Unreadable = !facts.Missing
		return facts
	}
	facts.UID, facts.Type = string(secret.UID), string(secret.Type)
	facts.Immutable = secret.Immutable != nil && *secret.Immutable
	if at := created(&secret.ObjectMeta); at != nil {
		facts.Created = &at.Time
	}
	facts.Owner = ownership(&secret.ObjectMeta)
	facts.LastWriter, facts.LastWritten = lastWrite(secret.ManagedFields, "f:data")
	return facts
}

// pullSecret hides the content at once.
func pullSecret(secret *corev1.Secret) keyring.PullSecret {
	hidden := keyring.PullSecret{
		Namespace: secret.Namespace, Name: secret.Name, Type: string(secret.Type),
		Data: make(map[string]keyring.Secret, len(secret.Data)),
	}
	for key, content := range secret.Data {
		hidden.Data[key] = keyring.NewSecret(string(content))
	}
	return hidden
}
