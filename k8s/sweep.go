package k8s

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/pullfix/pullfix/runbook"
)

// Sweep deletes the kept copies of former entries whose day is over. It looks
// for them in all namespaces where that is allowed, else for the known ones, by
// name. It tells how many it deleted.
func (c *Changer) Sweep(ctx context.Context, now time.Time, known []runbook.Undo) (deleted int, err error) {
	return c.sweep(ctx, known, func(kept *corev1.Secret) bool { return expiredCopy(kept, now) })
}

// SweepAll deletes the kept copies of a credential at once: it is declared to be
// compromised, and an undo would bring it back. Without a fingerprint it deletes
// all copies.
func (c *Changer) SweepAll(ctx context.Context, fingerprint string, known []runbook.Undo) (deleted int, err error) {
	return c.sweep(ctx, known, func(kept *corev1.Secret) bool {
		return fingerprint == "" || kept.Annotations[annotationPrint] == fingerprint || kept.Annotations[annotationPrint] == ""
	})
}

// copiesRead bounds one look for kept copies.
const copiesRead = 5000

func (c *Changer) sweep(ctx context.Context, known []runbook.Undo, over func(*corev1.Secret) bool) (deleted int, err error) {
	var found []*corev1.Secret
	keep := func(kept *corev1.Secret) bool {
		if isCopy(kept) && over(kept) {
			kept.Data = nil
			found = append(found, kept)
		}
		return len(found) < copiesRead
	}
	_, err = each(ctx, c.api, question{resource: secrets, labels: labelUndo + "=true"}, keep)
	if errors.Is(err, ErrForbidden) {
		err = c.knownCopies(ctx, known, func(kept *corev1.Secret) { keep(kept) })
	}
	failed := []error{err}
	for _, kept := range found {
		if err := c.drop(ctx, kept); err != nil {
			failed = append(failed, err)
			continue
		}
		deleted++
	}
	if err := errors.Join(failed...); err != nil {
		return deleted, fmt.Errorf("sweeping the kept copies of entries: %w", err)
	}
	return deleted, nil
}

// knownCopies reads copies by name.
func (c *Changer) knownCopies(ctx context.Context, known []runbook.Undo, visit func(*corev1.Secret)) error {
	var failed []error
	for _, u := range known[:min(len(known), copiesRead)] {
		kept, err := get[corev1.Secret](ctx, c.api, question{resource: secrets, namespace: u.Namespace, name: u.Name})
		switch {
		case missing(err):
		case err != nil:
			failed = append(failed, err)
		default:
			visit(kept)
		}
	}
	return errors.Join(failed...)
}

// drop deletes one copy, if it is still the one that was read.
func (c *Changer) drop(ctx context.Context, kept *corev1.Secret) error {
	j := job{
		api: c.api, key: c.key,
		action: runbook.Action{
			Verb: verbDrop, Cluster: c.cluster, Namespace: kept.Namespace, Kind: kindSecret, Name: kept.Name, UID: string(kept.UID),
		},
		by: runbook.Actor{Incident: kept.Annotations[annotationIncident], Approved: []string{fieldManager}},
	}
	did, err := j.dropping().carry(ctx)
	if asOvertaken(err) != nil {
		return nil // it is gone
	}
	c.recordOnly(ctx, j, did, err)
	return err
}

// dropping deletes the Secret that the action names.
func (j job) dropping() write {
	return write{
		what:  "deleting the kept copy " + j.what(),
		grant: "delete secret " + j.action.Name + " in namespace " + j.action.Namespace,
		prepare: func(ctx context.Context) (*rest.Request, string, error) {
			kept, err := get[corev1.Secret](ctx, j.api, j.secretQuestion())
			switch {
			case missing(err):
				return nil, "", overtaken("secret %s is gone", j.action.Name)
			case err != nil:
				return nil, "", fmt.Errorf("before deleting %s: %w", j.what(), err)
			case string(kept.UID) != j.action.UID || !isCopy(kept):
				return nil, "", overtaken("secret %s is another one by now", j.action.Name)
			}
			options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &kept.UID, ResourceVersion: &kept.ResourceVersion}}
			options.APIVersion, options.Kind = "v1", "DeleteOptions"
			body, err := json.Marshal(options)
			if err != nil {
				return nil, "", fmt.Errorf("deleting %s: %w", j.what(), err)
			}
			return j.addressed(j.api.client.Delete(), secrets).Name(j.action.Name).Body(body), kept.ResourceVersion, nil
		},
		seen: func(ctx context.Context) (bool, string, error) {
			kept, err := get[corev1.Secret](ctx, j.api, j.secretQuestion())
			switch {
			case missing(err):
				return true, "", nil
			case err != nil:
				return false, "", err
			}
			return string(kept.UID) != j.action.UID || kept.DeletionTimestamp != nil, kept.ResourceVersion, nil
		},
	}
}

// forget deletes the copy that a change kept, as far as that goes: it is swept
// later otherwise.
func (c *Changer) forget(ctx context.Context, j job, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readWithin+writeWithin)
	defer cancel()
	kept, err := get[corev1.Secret](ctx, c.api, question{resource: secrets, namespace: j.action.Namespace, name: name})
	if err == nil && isCopy(kept) {
		err = c.drop(ctx, kept)
	}
	if err != nil && !missing(err) {
		c.log.WarnContext(ctx, "deleting a kept copy", "incident", j.by.Incident, "namespace", j.action.Namespace, "name", name, "err", err)
	}
}

// asOvertaken is the refusal of something that moved; nil for every other error.
func asOvertaken(err error) error {
	if moved, ok := errors.AsType[*runbook.OvertakenError](err); ok {
		return moved
	}
	return nil
}

// whyNot is a few words of a failed write, without what the API server quotes.
func whyNot(err error) string {
	if refused, ok := errors.AsType[*WriteError](err); ok && errors.Is(err, ErrForbidden) {
		return "it needs the right to " + refused.Grant
	}
	return why(err)
}
