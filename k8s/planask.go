package k8s

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// Bounds of one pull test: templates are written by tenants.
const (
	imagesTested      = 10
	credentialsTested = 8
)

// tested asks the registries for images, as the kubelet of a pod made from the
// template would.
func (p *planner) tested(ctx context.Context, template *corev1.PodTemplateSpec, images []string) proof {
	images = slices.Compact(slices.Sorted(slices.Values(images)))
	switch {
	case p.registry == nil:
		return unproven("%s was not tested", several(images))
	case len(images) > imagesTested:
		return unproven("%d images would have to be tested", len(images))
	}
	secrets, unknown := p.pullSecrets(ctx, template)
	if unknown != "" {
		return unproven("%s", unknown)
	}
	found := make([]proof, len(images))
	var tasks []func()
	for i, image := range images {
		tasks = append(tasks, func() { found[i] = p.ask(ctx, image, secrets) })
	}
	sideBySide(tasks...)
	all := proof{left: unlimited, accepted: several(images) + " can be pulled with what new pods would send"}
	for _, one := range found {
		all = all.and(one)
	}
	return all
}

// ask asks for one image with each credential in the kubelet's order, until one
// is accepted.
func (p *planner) ask(ctx context.Context, image string, secrets []keyring.PullSecret) proof {
	lookup := keyring.Find(image, secrets)
	if lookup.Err != nil {
		return unproven("%s cannot be parsed", image)
	}
	if len(lookup.Malformed) > 0 {
		return unproven("%s cannot be decoded, which stops every pull of a new pod", lookup.Malformed[0].Source)
	}
	credentials := lookup.Credentials()
	tries := make([]*keyring.Credential, 0, len(credentials)+1)
	for i := range credentials[:min(len(credentials), credentialsTested)] {
		if c := &credentials[i]; c.Anonymous() {
			tries = append(tries, nil)
		} else {
			tries = append(tries, c)
		}
	}
	if len(tries) == 0 {
		tries = append(tries, nil)
	}
	var answers []runbook.Answer
	for _, credential := range tries {
		a, err := p.registry.Probe(ctx, runbook.Question{Image: image, Platform: p.platform(), Credential: credential})
		switch {
		case err != nil:
			return unproven("%s could not be tested", image)
		case a.Result == cause.None:
			return acceptedBy(image, a)
		case troubled(a.Result) != "":
			return unproven("%s (%s)", troubled(a.Result), a.Host)
		}
		answers = append(answers, a)
	}
	return unproven("%s is not proven to be pullable by a new pod: %s", image, heard(answers))
}

func (p *planner) platform() runbook.Platform {
	if n := p.kase.Facts.Node; n != nil {
		return runbook.Platform{OS: n.OS, Arch: n.Arch}
	}
	return runbook.Platform{}
}

// pullSecrets reads the pull secrets that pods of the template get. The reason
// says why they are not known.
func (p *planner) pullSecrets(ctx context.Context, template *corev1.PodTemplateSpec) (found []keyring.PullSecret, unknown string) {
	names := referenced(template.Spec.ImagePullSecrets)
	if len(template.Spec.ImagePullSecrets) == 0 {
		q := p.in(serviceAccounts, templateOf(template).Account)
		account, err := get[corev1.ServiceAccount](ctx, p.api, q)
		if err != nil {
			return nil, fmt.Sprintf("%s could not be read (%s), so which pull secrets a new pod gets is not known", q.what(), why(err))
		}
		names = referenced(account.ImagePullSecrets)
	}
	if len(names) > secretsNamed {
		return nil, fmt.Sprintf("the pods name %d pull secrets", len(names))
	}
	found = make([]keyring.PullSecret, len(names))
	reasons := make([]string, len(names))
	var tasks []func()
	for i, name := range names {
		tasks = append(tasks, func() { found[i], reasons[i] = p.pullSecret(ctx, name) })
	}
	sideBySide(tasks...)
	for _, reason := range reasons {
		if reason != "" {
			return nil, reason
		}
	}
	return found, ""
}

// pullSecret reads one pull secret, and keeps nothing of it that is none.
func (p *planner) pullSecret(ctx context.Context, name string) (found keyring.PullSecret, unknown string) {
	q := p.in(secrets, name)
	secret, err := get[corev1.Secret](ctx, p.api, q)
	if missing(err) {
		return keyring.PullSecret{Namespace: q.namespace, Name: name, Missing: true}, ""
	}
	if err != nil {
		return keyring.PullSecret{}, fmt.Sprintf("%s could not be read (%s), so what a new pod would send is not known", q.what(), why(err))
	}
	maps.DeleteFunc(secret.Data, func(key string, _ []byte) bool {
		return key != corev1.DockerConfigJsonKey && key != corev1.DockerConfigKey
	})
	return pullSecret(secret), ""
}
