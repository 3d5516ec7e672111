package k8s

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullfix/pullfix/runbook/keyring"
)

// attach adds a pull secret to the pod template of a workload.
func (j job) attach() write {
	return j.templateChange("attaching secret "+j.action.Attach+" to", types.JSONPatchType, func(ctx context.Context, top *controller, marks map[string]string) (any, error) {
		if err := j.stillHolds(ctx); err != nil {
			return nil, err
		}
		names, err := j.attached(ctx, top)
		if err != nil {
			return nil, err
		}
		patch := append(top.asRead(), operation{"add", "/spec/template/spec/imagePullSecrets", names})
		return annotated(patch, top.meta.Annotations, marks), nil
	})
}

// stillHolds refuses to attach a secret that is gone, or that holds something else
// for the image than what was seen accepted: it would be a rollout for nothing.
func (j job) stillHolds(ctx context.Context) error {
	a := j.action
	secret, err := get[corev1.Secret](ctx, j.api, question{resource: secrets, namespace: a.Namespace, name: a.Attach})
	switch {
	case missing(err):
		return overtaken("secret %s is gone", a.Attach)
	case err != nil:
		return fmt.Errorf("before changing %s: %w", j.what(), err)
	}
	found := keyring.Find(a.For, []keyring.PullSecret{pullSecret(secret)})
	for _, i := range found.Used {
		if keyring.Fingerprint(j.key, found.Entries[i].Credential) == a.Holds {
			return nil
		}
	}
	return overtaken("secret %s holds another credential for %s than when the plan was made", a.Attach, a.For)
}

// attached is the template's list of pull secrets as it becomes.
func (j job) attached(ctx context.Context, top *controller) ([]corev1.LocalObjectReference, error) {
	names := referenced(top.template.Spec.ImagePullSecrets)
	if len(names) == 0 {
		var err error
		if names, err = accountSecrets(ctx, j.api, question{resource: serviceAccounts, namespace: j.action.Namespace, name: templateOf(top.template).Account}); err != nil {
			return nil, fmt.Errorf("before changing %s: %w", j.what(), err)
		}
	}
	var list []corev1.LocalObjectReference
	for _, name := range attachedTo(names, j.action.Attach, j.action.Instead) {
		list = append(list, corev1.LocalObjectReference{Name: name})
	}
	return list, nil
}

// accountSecrets are the pull secrets that a ServiceAccount gives to pods that
// name none of their own. A template that gets a list of its own has to name
// them, too: pods do not get both.
func accountSecrets(ctx context.Context, a api, q question) ([]string, error) {
	account, err := get[corev1.ServiceAccount](ctx, a, q)
	switch {
	case missing(err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return referenced(account.ImagePullSecrets), nil
}

// attachedTo is a list of pull secrets with one more, in place of another where
// that is named and in the list.
func attachedTo(names []string, more, instead string) []string {
	names = slices.Clone(names)
	names = slices.DeleteFunc(names, func(name string) bool { return name == more })
	if i := slices.Index(names, instead); instead != "" && i >= 0 {
		names[i] = more
		return names
	}
	return append(names, more)
}
