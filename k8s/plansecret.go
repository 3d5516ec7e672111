package k8s

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// secretOf is the name of the secret that a remedy is about.
func secretOf(r runbook.Remedy) string {
	name, _ := strings.CutPrefix(r.Object, "secret/")
	return name
}

// updateSecret plans to replace the credential at fault in its secret.
func (p *planner) updateSecret(ctx context.Context, r runbook.Remedy) []draft {
	w, refused := p.purpose()
	if refused != "" {
		return []draft{{refused: refused}}
	}
	secret, refused := p.readSecret(ctx, secretOf(r))
	if refused != "" {
		return []draft{{refused: refused}}
	}
	if secret.Immutable != nil && *secret.Immutable {
		return p.replaceImmutable(ctx, secret, w)
	}
	if refused := reverted(secret); refused != "" {
		return []draft{{refused: refused}}
	}
	w = p.servedBy(secret, w)
	uses := p.references(ctx, secret.Name)
	found, more := p.shares(ctx, held(secret, w.images[0]), w.need)
	var wide []draft
	drafts := p.sourced(ctx, w, func(g given, d *draft) {
		p.draftUpdate(ctx, d, update{secret: secret, given: g, wanted: w, uses: uses})
		if all, ok := p.wide(ctx, *d, g, spread{found: found, more: more}); ok {
			wide = append(wide, all)
		}
	})
	return append(drafts, wide...)
}

// servedBy leaves the images that the entry which changes is for: a key may name
// a part of the registry only.
func (p *planner) servedBy(secret *corev1.Secret, w purpose) purpose {
	edited, err := keyring.Merge(content(secret), keyring.Edit{Type: string(secret.Type), Image: w.images[0], Raw: keyring.NewSecret("{}")})
	if err != nil {
		return w
	}
	after := pullSecret(secret)
	after.Data[keyring.DataKey(after.Type)] = edited.Document
	images := slices.DeleteFunc(slices.Clone(w.images), func(image string) bool {
		return !slices.ContainsFunc(keyring.Find(image, []keyring.PullSecret{after}).Entries, func(e keyring.Entry) bool { return e.Key == edited.Key && e.KeyMatches })
	})
	if len(images) == 0 {
		return w
	}
	return p.purposeOf(w.need.Namespace, images)
}

// held is the credential of the entry that would be replaced; nil when there is
// none, or none that can be decoded.
func held(secret *corev1.Secret, image string) *keyring.Credential {
	edited, err := keyring.Merge(content(secret), keyring.Edit{Type: string(secret.Type), Image: image, Raw: keyring.NewSecret("{}")})
	if err != nil {
		return nil
	}
	return edited.Was
}

// readSecret reads a pull secret that is to be changed.
func (p *planner) readSecret(ctx context.Context, name string) (secret *corev1.Secret, refused string) {
	q := p.in(secrets, name)
	secret, err := get[corev1.Secret](ctx, p.api, q)
	switch {
	case missing(err):
		return nil, "secret " + name + " is gone"
	case err != nil:
		return nil, fmt.Sprintf("%s could not be read (%s), so what it holds besides is not known", q.what(), why(err))
	case !isPullType(secret.Type):
		return nil, fmt.Sprintf("secret %s is of type %s, which the kubelet does not read", name, secret.Type)
	case secret.DeletionTimestamp != nil:
		return nil, "secret " + name + " is being deleted"
	}
	return secret, ""
}

// reverted says who would revert a change of the secret at once, and where it
// has to be changed instead; "" when a change lasts for now.
func reverted(secret *corev1.Secret) string {
	o := ownership(&secret.ObjectMeta)
	switch {
	case o == nil:
		return ""
	case o.By == runbook.OwnerExternalSecrets:
		return fmt.Sprintf("External Secrets (%s) writes secret %s again within seconds; change the value in the store behind it", o.Name, secret.Name)
	case o.Origin != "":
		return fmt.Sprintf("secret %s is a copy of %s, which is copied over it again: change that one", secret.Name, o.Origin)
	case gitOwned(&secret.ObjectMeta):
		return fmt.Sprintf("%s (%s) puts secret %s back to what stands in Git; commit the change there: in the manifest of Secret %s/%s, below %s, the entry with the new user and password",
			o.By, o.Name, secret.Name, secret.Namespace, secret.Name, keyring.DataKey(string(secret.Type)))
	case o.By == runbook.OwnerController && (controllerOf(secret.OwnerReferences) != nil || o.Name == "OpenShift"):
		return fmt.Sprintf("%s made secret %s and may write it again at any time; change it there", o.Name, secret.Name)
	}
	return ""
}

// update is one way to change one secret.
type update struct {
	secret *corev1.Secret
	given  given
	wanted purpose
	uses   string
}

// draftUpdate fills in the plan of an update.
func (p *planner) draftUpdate(ctx context.Context, d *draft, u update) {
	entry, edited, refused := p.changed(u.secret, u.given, u.wanted)
	if refused != "" {
		d.refused = refused
		return
	}
	d.rights = []right{updateRight(u.secret)}
	d.conditions = []string{"the entry is still the one that was diagnosed", "the registry still accepts the new credential"}
	d.show("Secret %s/%s: %s.", u.secret.Namespace, u.secret.Name, entrySentence(entry, edited))
	p.showCredential(d, u.given, u.wanted)
	p.showRest(d, edited, u)
	p.showUndo(ctx, d, entry, u.secret)
	d.actions = []runbook.Action{p.updating(u.secret, entry)}
}

func updateRight(secret *corev1.Secret) right {
	return right{verb: "patch", resource: secrets, namespace: secret.Namespace, name: secret.Name}
}

// updating binds the change to the secret and the entry as they are.
func (p *planner) updating(secret *corev1.Secret, entry *runbook.EntryChange) runbook.Action {
	return runbook.Action{
		Verb: runbook.VerbUpdateSecret, Cluster: p.cluster, Namespace: secret.Namespace, Kind: kindSecret, Name: secret.Name,
		UID: string(secret.UID), Entry: entry,
	}
}

// changed is the entry with the new credential, as it would be written.
func (p *planner) changed(secret *corev1.Secret, g given, w purpose) (entry *runbook.EntryChange, edited keyring.Edited, refused string) {
	edit := keyring.Edit{Type: string(secret.Type), Image: w.images[0], New: g.supply.Credential}
	edited, err := keyring.Merge(content(secret), edit)
	if err == nil && !keyring.Exact(edited.Key, w.need.Host) {
		// The kubelet would send the credential to every registry that fits the
		// pattern; an entry of its own goes before it.
		edit.Key = keyring.NewKey(w.images[0])
		edited, err = keyring.Merge(content(secret), edit)
	}
	if err != nil {
		return nil, edited, fmt.Sprintf("secret %s: %v", secret.Name, err)
	}
	entry = p.entry(g, w, string(secret.Type))
	entry.Key, entry.Owner = edited.Key, keeper(&secret.ObjectMeta)
	if edited.Was != nil {
		entry.Was = keyring.Fingerprint(p.key, *edited.Was)
	}
	entry.Drops = dropped(p.key, edited)
	if entry.Was == entry.Becomes {
		return nil, edited, fmt.Sprintf("source %s gives the credential that is in secret %s already", g.title(), secret.Name)
	}
	return entry, edited, ""
}

// entrySentence says what becomes of the entry.
func entrySentence(entry *runbook.EntryChange, edited keyring.Edited) string {
	switch {
	case entry.Was != "":
		return fmt.Sprintf("the entry for %s gets user %s, fingerprint %s → %s", entry.Key, entry.User, entry.Was, entry.Becomes)
	case !edited.Old.Empty():
		return fmt.Sprintf("the entry for %s, which cannot be decoded, gets user %s, fingerprint %s", entry.Key, entry.User, entry.Becomes)
	}
	return fmt.Sprintf("a new entry for %s with user %s, fingerprint %s", entry.Key, entry.User, entry.Becomes)
}

// showRest says what stays, who uses the secret, and who may revert the change.
func (p *planner) showRest(d *draft, edited keyring.Edited, u update) {
	if len(edited.Kept) > 0 {
		d.show("Its other entries stay as they are: %s.", several(edited.Kept))
	}
	if len(edited.Dropped) > 0 {
		d.show("Left out, since they mean the same registry: %s.", several(edited.Dropped))
	}
	d.show("%s", u.uses)
	if o := ownership(&u.secret.ObjectMeta); o != nil {
		d.show("%s keeps the secret; what becomes of a change by hand: %s.", keeper(&u.secret.ObjectMeta), o.Effect)
	} else {
		d.show("Nothing shows that anything would revert the change.")
	}
	d.show("Nothing is restarted: the kubelet uses it at its next attempt, within about 5 minutes.")
}

// showUndo keeps the former entry where it still works: an undo must not bring
// back what is wrong, and a copy of nothing is worth nothing.
func (p *planner) showUndo(ctx context.Context, d *draft, entry *runbook.EntryChange, secret *corev1.Secret) {
	if !p.stillAccepted(entry.Was) {
		return
	}
	lacking := p.lacks(ctx, right{verb: "create", resource: secrets, namespace: secret.Namespace})
	if lacking != "" {
		d.show("No copy of the former entry is kept for an undo: it needs the right to %s.", lacking)
		return
	}
	entry.KeepUndo = true
	d.show("The former entry still logs in: a copy of it is kept beside the secret for 24 hours, to undo this.")
}

// stillAccepted tells that the diagnosis saw the credential accepted as a login.
func (p *planner) stillAccepted(fingerprint string) bool {
	if fingerprint == "" {
		return false
	}
	for _, pull := range p.kase.Pulls {
		for _, c := range pull.Candidates {
			if c.Fingerprint == fingerprint && c.Answer != nil && c.Answer.Login == runbook.TestAccepted {
				return true
			}
		}
	}
	return false
}
