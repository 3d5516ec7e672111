package k8s

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// creation is a pull secret to be made, and how pods come to use it.
type creation struct {
	name    string
	attach  bool   // to the workload's template
	instead string // of this one in the template
	why     string // a sentence
	wanted  purpose
}

// createSecret plans to make the pull secret that is missing. A name that the
// pod has already is enough; any other has to be attached to the workload.
func (p *planner) createSecret(ctx context.Context, r runbook.Remedy) []draft {
	w, refused := p.purpose()
	if refused != "" {
		return []draft{{refused: refused}}
	}
	c := creation{name: secretOf(r), attach: true}
	if named := p.flawed(cause.PullSecretMissing); slices.Contains(named, c.name) {
		c.attach = false
	}
	if wrong := p.flawed(cause.PullSecretWrongType); c.attach && len(wrong) > 0 && p.verdict.Cause == cause.PullSecretWrongType {
		c.instead = wrong[0]
		c.why = fmt.Sprintf("The type of a secret cannot be changed, so the new one takes the place of %s, which stays where it is.", c.instead)
	}
	return p.creations(ctx, c, w)
}

// flawed are the secrets of the failing pull with a flaw of that cause.
func (p *planner) flawed(c cause.Cause) []string {
	var names []string
	for _, f := range p.failed().Flaws {
		if f.Cause == c {
			names = append(names, f.Secret)
		}
	}
	return names
}

// creations are the plans to make one secret, one for each source.
func (p *planner) creations(ctx context.Context, c creation, w purpose) []draft {
	c.wanted = w
	if refused := p.creatable(ctx, c); refused != "" {
		return []draft{{refused: refused}}
	}
	return p.sourced(ctx, w, func(g given, d *draft) { p.draftCreation(ctx, d, g, c) })
}

// creatable says why a secret of that name is not made; "" when it may be.
func (p *planner) creatable(ctx context.Context, c creation) string {
	q := p.in(secrets, c.name)
	_, err := get[corev1.Secret](ctx, p.api, q)
	switch {
	case err == nil:
		return "secret " + c.name + " exists by now"
	case !missing(err) && !errors.Is(err, ErrForbidden): // making it tells, too
		return fmt.Sprintf("whether %s exists is not known (%s)", q.what(), why(err))
	case c.attach:
		return p.unattachable(c.name, c.instead)
	}
	return ""
}

// unattachable says why a secret can not be attached to what makes the pod; ""
// when it can.
func (p *planner) unattachable(name, instead string) string {
	switch {
	case p.kase.Facts.Workload == nil:
		return fmt.Sprintf("pod %s has no controller, and a pod's own list of pull secrets cannot be changed: make the pod anew with secret %s in its imagePullSecrets", p.kase.Facts.Pod.Name, name)
	case p.top == nil:
		return p.refused
	case p.immovable() != "":
		return p.immovable()
	case string(p.top.meta.UID) != p.kase.Facts.Workload.UID || p.top.meta.Generation != p.kase.Facts.Workload.Generation:
		return p.refused
	}
	if o := ownership(&p.top.meta); gitOwned(&p.top.meta) {
		list := attachedTo(referenced(p.top.template.Spec.ImagePullSecrets), name, instead)
		return fmt.Sprintf("%s (%s) puts the template back to what stands in Git; commit the change there: in the pod template of %s, imagePullSecrets: [%s]",
			o.By, o.Name, p.name(), "{name: "+strings.Join(list, "}, {name: ")+"}")
	}
	return ""
}

// draftCreation fills in the plan of a new secret.
func (p *planner) draftCreation(ctx context.Context, d *draft, g given, c creation) {
	w := c.wanted
	entry := p.entry(g, w, string(corev1.SecretTypeDockerConfigJson))
	entry.Key = keyring.NewKey(w.images[0])
	namespace := w.need.Namespace
	d.rights = []right{{verb: "create", resource: secrets, namespace: namespace}}
	d.conditions = []string{"no secret of that name exists", "the registry still accepts the new credential"}
	d.show("Makes secret %s/%s with one entry, for %s: user %s, fingerprint %s.", namespace, c.name, entry.Key, entry.User, entry.Becomes)
	if c.why != "" {
		d.show("%s", c.why)
	}
	p.showCredential(d, g, w)
	d.actions = []runbook.Action{{
		Verb: runbook.VerbCreateSecret, Cluster: p.cluster, Namespace: namespace, Kind: kindSecret, Name: c.name, Entry: entry,
	}}
	if !c.attach {
		d.show("The pods name it already: the kubelet uses it at its next attempt, within about 5 minutes. Nothing is restarted.")
		return
	}
	p.attachment(ctx, d, attaching{name: c.name, instead: c.instead, holds: entry.Becomes, image: w.images[0]})
}

// attaching is a secret for new pods, and what it has to hold for which image.
type attaching struct{ name, instead, holds, image string }

// attachment adds the step that makes new pods use a secret.
func (p *planner) attachment(ctx context.Context, d *draft, s attaching) {
	own := referenced(p.top.template.Spec.ImagePullSecrets)
	if len(own) == 0 {
		names, err := accountSecrets(ctx, p.api, p.in(serviceAccounts, templateOf(p.top.template).Account))
		switch {
		case err != nil:
			d.refused = fmt.Sprintf("ServiceAccount %s could not be read (%s), so which pull secrets new pods would lose is not known", templateOf(p.top.template).Account, why(err))
			return
		case len(names) > 0:
			d.show("The template gets a list of its own, which counts in place of its ServiceAccount's: %s stay in it.", several(names))
		}
		own = names
	}
	d.show("Then attaches it to the pod template of %s: imagePullSecrets become %s.", p.name(), several(attachedTo(own, s.name, s.instead)))
	d.show("That is a rollout: all of its %s are replaced, by its strategy %s. %s.", counted(p.top.desired, "pod"), orDefault(p.top.strategy), replaced(p.ready("")))
	if o := ownership(&p.top.meta); o != nil {
		d.show("%s keeps the workload; what becomes of a change by hand: %s.", keeper(&p.top.meta), o.Effect)
	}
	d.shows = append(d.shows, p.budgetSentences()...)
	a := p.action(runbook.VerbAttachSecret)
	a.Attach, a.Instead, a.Holds, a.For = s.name, s.instead, s.holds, s.image
	d.actions = append(d.actions, a)
	d.rights = append(d.rights, p.templateRight())
	d.conditions = append(d.conditions, "the template is still the same")
	p.unstick(d)
}

// attachSecret plans to attach a secret that is there and good.
func (p *planner) attachSecret(ctx context.Context, r runbook.Remedy) draft {
	if len(p.kase.Pulls) == 0 {
		return refuse("no pull fails")
	}
	pull := p.failed()
	i := slices.IndexFunc(pull.Candidates, func(c runbook.Candidate) bool {
		return !c.Listed && c.Used && c.Answer != nil && runbook.Refuses(*c.Answer) == "" && strings.Contains(r.Title, " "+c.Secret()+" ")
	})
	if i < 0 {
		return refuse("that the registry accepts the secret for %s is not proven", pull.Image)
	}
	name := pull.Candidates[i].Secret()
	if refused := p.unattachable(name, ""); refused != "" {
		return draft{refused: refused}
	}
	d := draft{conditions: []string{fmt.Sprintf("%s accepts what secret %s holds for %s", pull.Candidates[i].Answer.Host, name, pull.Image)}}
	d.show("Secret %s holds a credential (user %s, fingerprint %s) that %s accepts; it stays as it is.", name, pull.Candidates[i].User, pull.Candidates[i].Fingerprint, pull.Candidates[i].Answer.Host)
	p.attachment(ctx, &d, attaching{name: name, holds: pull.Candidates[i].Fingerprint, image: pull.Image})
	return d
}

// replaceImmutable plans a new secret in place of one whose content is locked:
// nodes keep an immutable secret as long as a pod names it, so that one of the
// same name would not even be seen.
func (p *planner) replaceImmutable(ctx context.Context, secret *corev1.Secret, w purpose) []draft {
	name, refused := p.unusedName(ctx, secret.Name)
	if refused != "" {
		return []draft{{refused: refused}}
	}
	c := creation{name: name, attach: true, why: fmt.Sprintf("Secret %s is immutable; it stays where it is.", secret.Name)}
	edited, err := keyring.Merge(content(secret), keyring.Edit{Type: string(secret.Type), Image: w.images[0], Raw: keyring.NewSecret("{}")})
	switch {
	case err != nil || len(edited.Kept) == 0:
		c.instead = secret.Name
	case len(p.failed().Malformed) > 0:
		return []draft{refuse("secret %s is immutable, and an entry of it that cannot be decoded stops every pull, but pods may need its other entries: %s", secret.Name, several(edited.Kept))}
	default:
		c.why += fmt.Sprintf(" Pods keep it for its other entries: %s.", several(edited.Kept))
	}
	return p.creations(ctx, c, w)
}

// unusedName is the name with the first number that no secret has.
func (p *planner) unusedName(ctx context.Context, name string) (unused, refused string) {
	const most = 5
	for n := 2; n < 2+most; n++ {
		unused = fmt.Sprintf("%s-%d", name, n)
		switch _, err := get[corev1.Secret](ctx, p.api, p.in(secrets, unused)); {
		case missing(err):
			return unused, ""
		case err != nil:
			return "", fmt.Sprintf("whether secret %s exists is not known (%s)", unused, why(err))
		}
	}
	return "", fmt.Sprintf("secrets %s-2 to %s exist by now", name, unused)
}
