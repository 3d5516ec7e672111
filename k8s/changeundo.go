package k8s

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// A kept copy is a Secret of its own that holds one former entry of a pull
// secret. The kubelet can not use it, and it goes with the secret or after a day.
const (
	labelUndo       = "pullfix.dev/undo"
	annotationUntil = "pullfix.dev/undo-until"
	annotationOf    = "pullfix.dev/undo-of"
	annotationPrint = "pullfix.dev/undo-fingerprint"
	undoInfix       = "-pullfix-undo-"
	keptFor         = 24 * time.Hour
)

// The verbs of the writes that go with a change.
const (
	verbKeep = "keep-undo-copy"
	verbDrop = "delete-undo-copy"
)

// keep makes the copy before the entry is replaced, so that an answer that is
// lost later loses no copy. The error is for an entry that is no longer the one
// that was approved; a copy that could not be made is only noted.
func (c *Changer) keep(ctx context.Context, j job) (undo *runbook.Undo, note string, err error) {
	until := time.Now().Add(keptFor)
	copied := j.beside(verbKeep, undoName(j.action.Name))
	did, err := copied.copying(j, until).carry(ctx)
	if overtaken := asOvertaken(err); overtaken != nil {
		return nil, "", overtaken
	}
	c.record(ctx, copied, did, err)
	if err != nil {
		return nil, "; no copy of the former entry could be kept: " + whyNot(err), nil
	}
	return &runbook.Undo{Namespace: copied.action.Namespace, Name: copied.action.Name, Until: until.UTC()}, "", nil
}

// beside is a write on another Secret that goes with this action.
func (j job) beside(verb, name string) job {
	j.action = runbook.Action{
		Verb: verb, Cluster: j.action.Cluster, Namespace: j.action.Namespace, Kind: kindSecret, Name: name,
	}
	return j
}

func undoName(secret string) string {
	const longest = 230
	return strings.TrimRight(secret[:min(len(secret), longest)], ".-") + undoInfix + strings.ToLower(rand.Text()[:8])
}

// copying makes the copy of the entry that the action of is about.
func (j job) copying(of job, until time.Time) write {
	mark := ""
	return write{
		what:  "keeping a copy of the former entry in " + j.what(),
		grant: "create secrets in namespace " + j.action.Namespace,
		prepare: func(ctx context.Context) (*rest.Request, string, error) {
			secret, err := of.boundSecret(ctx)
			if err != nil {
				return nil, "", err
			}
			becomes, err := of.rewritten(secret)
			if err != nil {
				return nil, "", err
			}
			mark = j.newMark()
			body, err := j.copyBody(secret, becomes, copyMarks(of, j.marks(mark), until))
			if err != nil {
				return nil, "", err
			}
			return j.addressed(j.api.client.Post(), secrets).Param("fieldManager", fieldManager).Body(body), "", nil
		},
		seen: func(ctx context.Context) (bool, string, error) { return j.seenSecret(ctx, mark) },
	}
}

func copyMarks(of job, marks map[string]string, until time.Time) map[string]string {
	marks[annotationUntil] = until.UTC().Format(time.RFC3339)
	marks[annotationOf] = of.action.Name
	marks[annotationPrint] = of.action.Entry.Was
	return marks
}

func (j job) copyBody(secret *corev1.Secret, becomes rewritten, marks map[string]string) ([]byte, error) {
	kept := corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: j.action.Namespace, Name: j.action.Name, Annotations: marks, Labels: map[string]string{labelUndo: "true"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: kindSecret, Name: secret.Name, UID: secret.UID}},
		},
		Type: corev1.SecretTypeOpaque, Data: keptData(becomes),
	}
	kept.APIVersion, kept.Kind = "v1", kindSecret
	body, err := json.Marshal(kept)
	if err != nil {
		return nil, fmt.Errorf("keeping a copy in %s: %w", j.what(), err)
	}
	return body, nil
}

// undo puts the kept entry back, to the byte, if the entry is still the one that
// pullfix wrote.
func (j job) undo() write {
	return j.secretChange("undoing the change of", func(ctx context.Context, secret *corev1.Secret) (rewritten, error) {
		kept, err := j.kept(ctx, secret)
		if err != nil {
			return rewritten{}, err
		}
		e := j.edit()
		e.Raw = keyring.NewSecret(string(kept.Data[keptEntry]))
		was, err := keyring.DecodeEntry(e.Raw)
		if err != nil || j.fingerprint(&was) != j.action.Entry.Becomes {
			return rewritten{}, overtaken("the kept copy %s holds another entry", kept.Name)
		}
		becomes, err := rewrite(secret, e, keyring.NewSecret(string(kept.Data[keptManifest])))
		if err != nil {
			return rewritten{}, overtaken("secret %s: %v", j.action.Name, err)
		}
		return becomes, j.stillWas(secret, becomes.edited)
	})
}

// kept reads the copy, which has to be this secret's own and not over.
func (j job) kept(ctx context.Context, secret *corev1.Secret) (*corev1.Secret, error) {
	kept, err := get[corev1.Secret](ctx, j.api, question{resource: secrets, namespace: j.action.Namespace, name: j.action.Copy})
	switch {
	case missing(err):
		return nil, overtaken("the kept copy %s is gone", j.action.Copy)
	case err != nil:
		return nil, fmt.Errorf("before undoing the change of %s: %w", j.what(), err)
	case !isCopy(kept) || kept.OwnerReferences[0].UID != secret.UID:
		return nil, overtaken("%s is no copy of an entry of secret %s", j.action.Copy, secret.Name)
	case expiredCopy(kept, time.Now()):
		return nil, overtaken("the kept copy %s has expired", j.action.Copy)
	}
	return kept, nil
}

// isCopy tells a kept copy by all that it has: a label alone is set by anybody.
func isCopy(secret *corev1.Secret) bool {
	return secret.Labels[labelUndo] == "true" && strings.Contains(secret.Name, undoInfix) && len(secret.OwnerReferences) == 1 &&
		secret.OwnerReferences[0].Kind == kindSecret && secret.Annotations[annotationOf] == secret.OwnerReferences[0].Name
}

// expiredCopy tells that a copy's day is over; one that does not say when counts
// as over.
func expiredCopy(secret *corev1.Secret, now time.Time) bool {
	until, err := time.Parse(time.RFC3339, secret.Annotations[annotationUntil])
	return err != nil || !now.Before(until)
}
