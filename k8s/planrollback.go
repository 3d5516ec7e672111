package k8s

import (
	"context"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
)

// rollBack plans to put the pod template back to the newest revision that ran
// with another image. Revisions are chosen by content: after a restart the one
// before the last has the same broken image.
func (p *planner) rollBack(ctx context.Context) draft {
	if why := p.immovable(); why != "" {
		return draft{refused: why}
	}
	byHand := p.top.strategy == strategyOnDelete
	if byHand && len(p.waiting) == 0 {
		return refuse("%s replaces pods only when they are deleted, and none waits", p.name())
	}
	target, why := p.target()
	if why != "" {
		return draft{refused: why}
	}
	if o := ownership(&p.top.meta); gitOwned(&p.top.meta) {
		return refuse("%s (%s) puts the template back to what stands in Git; change it there: %s", o.By, o.Name, strings.Join(p.differences(target.template), "; "))
	}
	found := p.tested(ctx, target.template, slices.Collect(maps.Values(images(target.template))))
	healthy := p.ready(target.label)
	if byHand {
		healthy = 0
	}
	if why := found.enough(max(p.top.desired-p.its.group(target.label).ready, 0)); why != "" {
		return draft{refused: why}
	}
	d := draft{conditions: []string{"the template is still the same", found.accepted}, rights: []right{p.templateRight()}}
	d.show("Puts the pod template of %s back to revision %d: %s.", p.name(), target.number, strings.Join(p.differences(target.template), "; "))
	d.show("Whatever else changed in the template since then goes back, too.")
	d.show("%s.", replaced(healthy))
	if p.top.available > 0 {
		d.show("%s of %d serve now, so there is no hurry.", counted(p.top.available, "pod"), p.top.desired)
	}
	if o := ownership(&p.top.meta); o != nil {
		d.show("%s (%s) manages it; what becomes of a change by hand: %s.", o.By, o.Name, o.Effect)
	}
	d.shows = append(d.shows, p.budgetSentences()...)
	d.actions = []runbook.Action{p.back(target)}
	p.unstick(&d)
	return d
}

// back binds the revision to what it brings: the image in the container that
// fails now.
func (p *planner) back(target revision) runbook.Action {
	a := p.action(runbook.VerbRollBack)
	a.Revision = target.number
	a.Container = templateKey(p.failed())
	a.Image = images(target.template)[a.Container]
	return a
}

// target is the revision to go back to, by the runbook's own rule on what it
// saw, checked against what is recorded now.
func (p *planner) target() (target revision, refused string) {
	if len(p.kase.Pulls) == 0 {
		return revision{}, "no pull fails"
	}
	first := p.failed()
	for _, seen := range p.kase.Facts.Workload.Revisions {
		image, has := seen.Images[templateKey(first)]
		if !has || !seen.Ran || sameImage(image, first.Image) {
			continue
		}
		return p.recorded(seen)
	}
	return revision{}, "no revision is on record that ran with another image"
}

// failed is the pull that the verdict is about.
func (p *planner) failed() runbook.Pull {
	for _, pull := range p.kase.Pulls {
		if pull.Container == p.verdict.Container && pull.Image == p.verdict.Image {
			return pull
		}
	}
	return p.kase.Pulls[0]
}

// recorded finds a revision again, which must still be what it was.
func (p *planner) recorded(seen runbook.Revision) (found revision, refused string) {
	i := slices.IndexFunc(p.history, func(r revision) bool { return r.number == seen.Number && r.number > 0 })
	if i < 0 || !maps.Equal(images(p.history[i].template), seen.Images) {
		return revision{}, "its revisions have changed since the diagnosis, or could not be read"
	}
	found = p.history[i]
	if found.available == 0 && !p.its.group(found.label).ran {
		return revision{}, "nothing shows any more that the earlier revision ran"
	}
	for _, pull := range p.kase.Pulls {
		if image, has := seen.Images[templateKey(pull)]; has && sameImage(image, pull.Image) {
			return revision{}, "the earlier revision needs " + image + ", too, which fails"
		}
	}
	return found, ""
}

// differences say which images change, a phrase each.
func (p *planner) differences(to *corev1.PodTemplateSpec) []string {
	now, then := images(p.top.template), images(to)
	var said []string
	for _, name := range slices.Sorted(maps.Keys(then)) {
		if now[name] != then[name] {
			said = append(said, name+" from "+orNothing(now[name])+" to "+then[name])
		}
	}
	return said
}

func orNothing(image string) string {
	if image == "" {
		return "nothing"
	}
	return image
}

// unstick adds the deletion of the waiting pods where the controller would not
// replace them after the template is right.
func (p *planner) unstick(d *draft) {
	if !p.top.ordered && p.top.strategy != strategyOnDelete {
		return
	}
	chosen, _ := p.deletable()
	chosen = chosen[:min(len(chosen), MaxActions-1)]
	if len(chosen) == 0 {
		return
	}
	var names []string
	for _, pod := range chosen {
		names = append(names, pod.Name)
	}
	d.show("Then deletes %s (%s): %s does not replace a broken pod by itself.", counted(len(chosen), "waiting pod"), several(names), p.name())
	d.actions = append(d.actions, p.deletions(chosen)...)
	d.rights = append(d.rights, p.podRight())
}

// gitOwned tells whether a controller applies the template from Git again and
// again, so that a change by hand does not last.
func gitOwned(meta *metav1.ObjectMeta) bool {
	o := ownership(meta)
	switch {
	case o == nil:
		return false
	case o.By == runbook.OwnerArgoCD:
		return true
	case o.By != runbook.OwnerFlux || meta.Labels["kustomize.toolkit.fluxcd.io/name"] == "":
		return false
	}
	kept := strings.ToLower(meta.Annotations["kustomize.toolkit.fluxcd.io/ssa"])
	return kept != "ignore" && kept != "ifnotpresent"
}
