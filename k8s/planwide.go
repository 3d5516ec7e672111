package k8s

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/keyring"
	"github.com/pullfix/pullfix/runbook/message"
)

// Bounds of what is read to find the namespaces that share a root cause.
const (
	namespacesLooked = 60
	lookedAtOnce     = 8
	imagesOfOne      = 3 // tested for each further namespace
)

// elsewhere is a namespace that pulls from the same registry in vain.
type elsewhere struct {
	namespace string
	pods      []string // by name, of those that fail
	images    []string
}

// elsewheres are the other namespaces of the case that fail for the registry.
func (p *planner) elsewheres(host string) []elsewhere {
	found := make(map[string]*elsewhere)
	for _, f := range p.kase.Facts.Failing {
		r := runbook.ParseReference(f.Image)
		if f.Namespace == p.kase.Facts.Target.Namespace || r.Problem != "" || r.Host != host || !mayBeLogin(f) {
			continue
		}
		e := found[f.Namespace]
		if e == nil {
			e = &elsewhere{namespace: f.Namespace}
			found[f.Namespace] = e
		}
		if !slices.Contains(e.pods, f.Pod) {
			e.pods = append(e.pods, f.Pod)
		}
		if !slices.Contains(e.images, f.Image) && len(e.images) < imagesOfOne {
			e.images = append(e.images, f.Image)
		}
	}
	var all []elsewhere
	for _, e := range found {
		all = append(all, *e)
	}
	slices.SortFunc(all, func(a, b elsewhere) int { return cmp.Compare(a.namespace, b.namespace) })
	return all
}

// mayBeLogin tells that the kubelet's words do not rule out a credential as the
// cause.
func mayBeLogin(f runbook.FailingPull) bool {
	switch message.Waiting(f.Reason, f.Message).Cause {
	case cause.AuthRejected, cause.AuthExpired, cause.AuthMissing, cause.PermissionDenied, cause.NotFoundOrDenied,
		cause.BackOffOnly, cause.Unknown, cause.NotPullFailure:
		return true
	}
	return false
}

// shared is a secret in another namespace that fails with the same credential.
type shared struct {
	at     elsewhere
	secret *corev1.Secret
	left   string // why it is left out; "" when it is not
}

// shares finds the secrets of other namespaces whose entry for the registry
// holds the rejected credential itself, or like it a token that has ended.
func (p *planner) shares(ctx context.Context, was *keyring.Credential, need runbook.Need) (found []shared, more int) {
	if was == nil || p.registry == nil || len(p.vault.Offers(need)) == 0 {
		return nil, 0 // no plan comes of it
	}
	all := p.elsewheres(need.Host)
	if more = len(all) - namespacesLooked; more > 0 {
		all = all[:namespacesLooked]
	}
	looked := make([]*shared, len(all))
	p.inTurn(len(all), func(i int) { looked[i] = p.share(ctx, all[i], *was) })
	for _, s := range looked {
		if s != nil {
			found = append(found, *s)
		}
	}
	return found, max(more, 0)
}

// inTurn does something for each of many, a few at once.
func (p *planner) inTurn(many int, do func(i int)) {
	for from := 0; from < many; from += lookedAtOnce {
		var tasks []func()
		for i := from; i < min(from+lookedAtOnce, many); i++ {
			tasks = append(tasks, func() { do(i) })
		}
		sideBySide(tasks...)
	}
}

// share reads the secrets of one failing pod of a namespace; nil when it fails
// for another reason.
func (p *planner) share(ctx context.Context, e elsewhere, was keyring.Credential) *shared {
	q := question{resource: pods, namespace: e.namespace, name: e.pods[0]}
	pod, err := get[corev1.Pod](ctx, p.api, q)
	if missing(err) {
		return nil
	}
	if err != nil {
		return &shared{at: e, left: q.what() + " could not be read (" + why(err) + ")"}
	}
	names := referenced(pod.Spec.ImagePullSecrets)
	var holds []keyring.PullSecret
	var read []*corev1.Secret
	for _, name := range names[:min(len(names), 3)] {
		secret, err := get[corev1.Secret](ctx, p.api, question{resource: secrets, namespace: e.namespace, name: name})
		switch {
		case missing(err):
		case err != nil:
			return &shared{at: e, left: "secret " + name + " could not be read (" + why(err) + ")"}
		case isPullType(secret.Type):
			read, holds = append(read, secret), append(holds, pullSecret(secret))
		}
	}
	lookup := keyring.Find(e.images[0], holds)
	for _, i := range lookup.Used {
		entry := lookup.Entries[i]
		if !alike(entry.Credential, was) {
			continue
		}
		at := slices.IndexFunc(read, func(s *corev1.Secret) bool { return "secret/"+s.Name == entry.Source })
		return &shared{at: e, secret: read[at]}
	}
	return nil
}

// alike tells whether two credentials are the same trouble.
func alike(a, b keyring.Credential) bool { return a.Equal(b) || (ended(a) && ended(b)) }

// ended tells that a token's time is over, by its own words.
func ended(c keyring.Credential) bool {
	at := keyring.Expires(c)
	return at != nil && at.Before(time.Now())
}

// spread is where else a root cause strikes; more are namespaces that were not
// looked at.
type spread struct {
	found []shared
	more  int
}

// wide is a second plan beside one of this namespace alone: the same change in
// every namespace that shares the root cause, this one first, as a canary.
func (p *planner) wide(ctx context.Context, own draft, g given, s spread) (draft, bool) {
	found := s.found
	if own.refused != "" || len(own.actions) != 1 || len(found) == 0 {
		return draft{}, false
	}
	d := draft{expires: own.expires, rights: slices.Clone(own.rights), conditions: own.conditions, actions: slices.Clone(own.actions)}
	drafts := make([]draft, len(found))
	p.inTurn(len(found), func(i int) { drafts[i] = p.widen(ctx, found[i], g) })
	var left []string
	for i, other := range drafts {
		switch at := found[i].at.namespace; {
		case other.refused != "":
			left = append(left, at+": "+other.refused)
		case len(d.actions) == MaxActions:
			left = append(left, fmt.Sprintf("%s: one approval is for at most %d", at, MaxActions))
		default:
			d.actions = append(d.actions, other.actions...)
			d.rights = append(d.rights, other.rights...)
			if other.expires != nil && (d.expires == nil || other.expires.Before(*d.expires)) {
				d.expires = other.expires
			}
		}
	}
	if len(d.actions) == 1 {
		return draft{}, false
	}
	d.choice = fmt.Sprintf("%s, all %d namespaces", g.offer.Source, len(d.actions))
	p.showWide(&d, g, left, s.more)
	d.shows = append(d.shows, own.shows...)
	return d, true
}

// widen plans the change in one further namespace.
func (p *planner) widen(ctx context.Context, s shared, g given) draft {
	if s.left != "" {
		return draft{refused: s.left}
	}
	if s.secret.Immutable != nil && *s.secret.Immutable {
		return refuse("secret %s is immutable", s.secret.Name)
	}
	if why := reverted(s.secret); why != "" {
		return draft{refused: why}
	}
	w := p.purposeOf(s.at.namespace, s.at.images)
	offers := p.vault.Offers(w.need)
	i := slices.IndexFunc(offers, func(o runbook.Offer) bool { return o.Source == g.offer.Source })
	if i < 0 {
		return refuse("source %s is not for %s", g.offer.Source, w.need.Host)
	}
	other := p.supply(ctx, offers[i], w)
	if other.refused != "" {
		return draft{refused: other.refused}
	}
	d := other.draft()
	entry, edited, refused := p.changed(s.secret, other, w)
	if refused != "" {
		return draft{refused: refused}
	}
	if edited.Was == nil {
		return refuse("secret %s has no such entry any more", s.secret.Name)
	}
	d.actions = []runbook.Action{p.updating(s.secret, entry)}
	d.rights = []right{updateRight(s.secret)}
	if lacking := p.lacks(ctx, d.rights[0]); lacking != "" {
		return refuse("it needs the right to %s", lacking)
	}
	return d
}

// showWide says what is done where, and what is not.
func (p *planner) showWide(d *draft, g given, left []string, more int) {
	names := make([]string, len(d.actions))
	for i, a := range d.actions {
		names[i] = a.Namespace + "/" + a.Name
	}
	d.show("Changes %s in as many namespaces, which all fail with the same credential: %s.", counted(len(names), "secret"), strings.Join(names, ", "))
	d.show("%s is first; the others follow when its pods have recovered, and nothing after the first that is refused.", names[0])
	d.show("Source %s was tested for the images of each namespace.", g.title())
	if len(left) > 0 {
		d.show("Left out: %s.", strings.Join(left, "; "))
	}
	if more > 0 {
		d.show("%s were not looked at.", counted(more, "further namespace"))
	}
	d.show("In %s:", names[0])
}
