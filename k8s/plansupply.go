package k8s

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// offersMost bounds the sources that are asked for one plan.
const offersMost = 8

// purpose is what a new credential has to be good for.
type purpose struct {
	need   runbook.Need
	images []string
}

// purpose is what fails of the registry of the verdict's image, the image first.
func (p *planner) purpose() (purpose, string) {
	if len(p.kase.Pulls) == 0 {
		return purpose{}, "no pull fails"
	}
	first := runbook.ParseReference(p.failed().Image)
	if first.Problem != "" {
		return purpose{}, "the image's name cannot be parsed"
	}
	var images []string
	for _, pull := range append([]runbook.Pull{p.failed()}, p.kase.Pulls...) {
		r := runbook.ParseReference(pull.Image)
		if r.Problem == "" && r.Host == first.Host && !slices.Contains(images, pull.Image) && len(images) < imagesTested {
			images = append(images, pull.Image)
		}
	}
	return p.purposeOf(p.kase.Facts.Target.Namespace, images), ""
}

// purposeOf is what images of one registry need in a namespace.
func (p *planner) purposeOf(namespace string, images []string) purpose {
	w := purpose{need: runbook.Need{Cluster: p.cluster, Namespace: namespace}, images: images}
	for _, image := range images {
		r := runbook.ParseReference(image)
		w.need.Host = r.Host
		if !slices.Contains(w.need.Repositories, r.Repository) {
			w.need.Repositories = append(w.need.Repositories, r.Repository)
		}
	}
	return w
}

// given is a new credential that was tested, or the reason why it is not
// offered.
type given struct {
	offer   runbook.Offer
	supply  runbook.Supply
	refused string
}

// supplies takes a credential from every source for the registry, and tests it
// for exactly the images.
func (p *planner) supplies(ctx context.Context, w purpose) (found []given, refused string) {
	if p.registry == nil {
		return nil, "there is no registry client to test a new credential with"
	}
	offers := p.vault.Offers(w.need)
	if len(offers) == 0 {
		return nil, "no credential source is configured for " + w.need.Host
	}
	found = make([]given, min(len(offers), offersMost))
	var tasks []func()
	for i := range found {
		tasks = append(tasks, func() { found[i] = p.supply(ctx, offers[i], w) })
	}
	sideBySide(tasks...)
	// Why a source that may serve is no good tells more than who may not.
	slices.SortStableFunc(found, func(a, b given) int { return cmp.Compare(min(len(a.offer.Refused), 1), min(len(b.offer.Refused), 1)) })
	return found, ""
}

func (p *planner) supply(ctx context.Context, offer runbook.Offer, w purpose) given {
	g := given{offer: offer, refused: offer.Refused}
	if g.refused != "" {
		return g
	}
	var err error
	if g.supply, err = p.vault.Take(ctx, offer.Source, w.need); err != nil {
		g.refused = err.Error()
		return g
	}
	g.refused = p.refusedBy(ctx, g, w.images)
	return g
}

// refusedBy says which registry does not accept a new credential; "" when it is
// accepted for all images.
func (p *planner) refusedBy(ctx context.Context, g given, images []string) string {
	for _, image := range images {
		credential := g.supply.Credential
		answer, err := p.registry.Probe(ctx, runbook.Question{Image: image, Platform: p.platform(), Credential: &credential, Configured: true})
		if err != nil {
			return fmt.Sprintf("it could not be tested for %s", image)
		}
		if answer.Login == runbook.TestRejected {
			p.vault.Drop(g.offer.Source, credential)
		}
		if why := runbook.Refuses(answer); why != "" {
			return fmt.Sprintf("it is no good for %s: %s", image, why)
		}
	}
	return ""
}

// title is a source as people choose it.
func (g given) title() string {
	if g.offer.Kind == "" {
		return g.offer.Source
	}
	return g.offer.Source + " (" + g.offer.Kind + ")"
}

// draft is the beginning of a plan with this credential.
func (g given) draft() draft {
	d := draft{choice: g.offer.Source, expires: g.supply.Expires}
	if g.refused != "" {
		d.refused = "source " + g.title() + ": " + g.refused
	}
	return d
}

// sourced makes a plan for each source that has a credential.
func (p *planner) sourced(ctx context.Context, w purpose, make func(g given, d *draft)) []draft {
	found, refused := p.supplies(ctx, w)
	if refused != "" {
		return []draft{{refused: refused}}
	}
	drafts := []draft{}
	for _, g := range found {
		d := g.draft()
		if d.refused == "" {
			make(g, &d)
		}
		drafts = append(drafts, d)
	}
	return drafts
}

// entry is one entry of a pull secret that gets the credential.
func (p *planner) entry(g given, w purpose, kind string) *runbook.EntryChange {
	return &runbook.EntryChange{
		SecretType: kind, Becomes: keyring.Fingerprint(p.key, g.supply.Credential), User: keyring.MaskUser(g.supply.Credential.User),
		Source: g.offer.Source, Host: w.need.Host, Images: w.images, Platform: p.platform(),
	}
}

// showCredential says what is known of the new credential, and who can read it.
func (p *planner) showCredential(d *draft, g given, w purpose) {
	repositories := slices.Clone(w.need.Repositories)
	slices.Sort(repositories)
	d.show("The new credential comes from %s; %s accepts it for %s.", g.title(), w.need.Host, several(repositories))
	d.show("%s", g.supply.Life(time.Now().UTC(), w.need.Host))
	if g.supply.Opens != "" {
		d.show("%s", g.supply.Opens)
	}
	d.show("Everybody who may read secrets in %s can read it there.", w.need.Namespace)
}
