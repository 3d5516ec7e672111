package k8s

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/pullfix/pullfix/runbook/keyring"
)

// secretUpdate writes one entry of the pull secret that the action names.
func (j job) secretUpdate() write {
	return j.secretChange("updating", func(_ context.Context, secret *corev1.Secret) (rewritten, error) {
		return j.rewritten(secret)
	})
}

// rewriting makes of a pull secret what it becomes.
type rewriting func(ctx context.Context, secret *corev1.Secret) (rewritten, error)

// secretChange patches the pull secret that the action names, if it is still
// what the action is bound to. What else of it changed meanwhile stays.
func (j job) secretChange(doing string, form rewriting) write {
	mark := ""
	return write{
		what:  doing + " " + j.what(),
		grant: "patch secret " + j.action.Name + " in namespace " + j.action.Namespace,
		prepare: func(ctx context.Context) (*rest.Request, string, error) {
			secret, err := j.boundSecret(ctx)
			if err != nil {
				return nil, "", err
			}
			becomes, err := form(ctx, secret)
			if err != nil {
				return nil, "", err
			}
			mark = j.newMark()
			body, err := json.Marshal(becomes.patch(secret, j.marks(mark)))
			if err != nil {
				return nil, "", fmt.Errorf("%s %s: %w", doing, j.what(), err)
			}
			request := j.addressed(j.api.client.Patch(types.JSONPatchType), secrets).Name(j.action.Name).
				SetHeader("Content-Type", string(types.JSONPatchType)).Param("fieldManager", fieldManager).Body(body)
			return request, secret.ResourceVersion, nil
		},
		seen: func(ctx context.Context) (bool, string, error) { return j.seenSecret(ctx, mark) },
	}
}

// newMark tells this write from every other one.
func (j job) newMark() string {
	return time.Now().UTC().Format(time.RFC3339Nano) + " " + j.action.Verb
}

func (j job) secretQuestion() question {
	return question{resource: secrets, namespace: j.action.Namespace, name: j.action.Name}
}

// seenSecret reads whether the secret bears the mark.
func (j job) seenSecret(ctx context.Context, mark string) (bool, string, error) {
	secret, err := get[corev1.Secret](ctx, j.api, j.secretQuestion())
	switch {
	case missing(err):
		return false, "", nil
	case err != nil:
		return false, "", err
	}
	return secret.Annotations[annotationChange] == mark, secret.ResourceVersion, nil
}

// boundSecret reads the secret, and refuses when anything of it has moved that
// the action is bound to. Labels, other keys and other entries are not.
func (j job) boundSecret(ctx context.Context) (*corev1.Secret, error) {
	a := j.action
	secret, err := get[corev1.Secret](ctx, j.api, j.secretQuestion())
	switch {
	case missing(err):
		return nil, overtaken("secret %s is gone", a.Name)
	case err != nil:
		return nil, fmt.Errorf("before changing %s: %w", j.what(), err)
	case string(secret.UID) != a.UID:
		return nil, overtaken("secret %s was made anew at %s", a.Name, secret.CreationTimestamp.UTC().Format("15:04:05"))
	case secret.DeletionTimestamp != nil:
		return nil, overtaken("secret %s is being deleted", a.Name)
	case string(secret.Type) != a.Entry.SecretType:
		return nil, overtaken("secret %s is of type %s by now", a.Name, secret.Type)
	case secret.Immutable != nil && *secret.Immutable:
		return nil, overtaken("secret %s is immutable by now", a.Name)
	}
	if owner := keeper(&secret.ObjectMeta); owner != a.Entry.Owner {
		return nil, overtaken("secret %s is kept by %s by now, and the plan was for one kept by %s", a.Name, orNobody(owner), orNobody(a.Entry.Owner))
	}
	return secret, nil
}

// keeper names what keeps an object as it is; "" when nothing shows.
func keeper(meta *metav1.ObjectMeta) string {
	o := ownership(meta)
	switch {
	case o == nil:
		return ""
	case o.Name == "":
		return o.By
	}
	return o.By + " (" + o.Name + ")"
}

func orNobody(owner string) string {
	if owner == "" {
		return "nobody"
	}
	return owner
}

// edit is the entry that the action writes.
func (j job) edit() keyring.Edit {
	e := keyring.Edit{Type: j.action.Entry.SecretType, Key: j.action.Entry.Key}
	if len(j.action.Entry.Images) > 0 {
		e.Image = j.action.Entry.Images[0]
	}
	if j.credential != nil {
		e.New = *j.credential
	}
	return e
}

// rewritten is the secret with the new entry, if the entry that it replaces is
// still the one that the approval was for.
func (j job) rewritten(secret *corev1.Secret) (rewritten, error) {
	becomes, err := rewrite(secret, j.edit(), keyring.Secret{})
	if err != nil {
		return rewritten{}, overtaken("secret %s: %v", j.action.Name, err)
	}
	if err := j.dropsAsPlanned(becomes.edited); err != nil {
		return rewritten{}, err
	}
	return becomes, j.stillWas(secret, becomes.edited)
}

// stillWas refuses when the entry holds something else than was shown.
func (j job) stillWas(secret *corev1.Secret, edited keyring.Edited) error {
	e := j.action.Entry
	if now := j.fingerprint(edited.Was); now != e.Was {
		manager, written := lastWrite(secret.ManagedFields, "f:data", "f:"+keyring.DataKey(e.SecretType))
		who := ""
		if written != nil {
			who = fmt.Sprintf(" (by %s at %s)", manager, written.UTC().Format("15:04:05"))
		}
		if now != "" && now == e.Becomes {
			return overtaken("the entry for %s in secret %s holds the new credential already%s", e.Key, j.action.Name, who)
		}
		return overtaken("the entry for %s in secret %s was changed since the plan was made%s", e.Key, j.action.Name, who)
	}
	return nil
}

// dropsAsPlanned refuses to leave out an entry that nobody approved to leave out.
func (j job) dropsAsPlanned(edited keyring.Edited) error {
	for i, drop := range dropped(j.key, edited) {
		if !slices.Contains(j.action.Entry.Drops, drop) {
			return overtaken("secret %s has another entry for the same registry since the plan was made: %s", j.action.Name, edited.Dropped[i])
		}
	}
	return nil
}

// dropped are the entries that an edit leaves out, as an action names them.
func dropped(key []byte, edited keyring.Edited) []string {
	var drops []string
	for i, name := range edited.Dropped {
		held := "undecodable"
		if edited.Lost[i] != nil {
			held = keyring.Fingerprint(key, *edited.Lost[i])
		}
		drops = append(drops, name+" "+held)
	}
	return drops
}

// fingerprint is "" for what is not there or could not be decoded.
func (j job) fingerprint(c *keyring.Credential) string {
	if c == nil {
		return ""
	}
	return keyring.Fingerprint(j.key, *c)
}

// secretCreation makes the pull secret that the action names. One of that name
// that exists by now is left alone.
func (j job) secretCreation() write {
	mark := ""
	return write{
		what:  "creating " + j.what(),
		grant: "create secrets in namespace " + j.action.Namespace,
		prepare: func(ctx context.Context) (*rest.Request, string, error) {
			made, err := get[corev1.Secret](ctx, j.api, j.secretQuestion())
			switch {
			case err == nil:
				return nil, "", overtaken("secret %s exists by now, made at %s", j.action.Name, made.CreationTimestamp.UTC().Format("15:04:05"))
			case !missing(err) && !errors.Is(err, ErrForbidden):
				return nil, "", fmt.Errorf("before creating %s: %w", j.what(), err)
			}
			mark = j.newMark()
			body, err := j.newSecret(mark)
			if err != nil {
				return nil, "", err
			}
			return j.addressed(j.api.client.Post(), secrets).Param("fieldManager", fieldManager).Body(body), "", nil
		},
		seen: func(ctx context.Context) (bool, string, error) { return j.seenSecret(ctx, mark) },
	}
}

// newSecret is the body of a new pull secret with one entry.
func (j job) newSecret(mark string) ([]byte, error) {
	e := j.edit()
	e.Anew = true
	edited, err := keyring.Merge(keyring.Secret{}, e)
	if err != nil {
		return nil, overtaken("secret %s: %v", j.action.Name, err)
	}
	secret := corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: j.action.Namespace, Name: j.action.Name, Annotations: j.marks(mark)},
		Type:       corev1.SecretType(e.Type), Data: newDocument(edited, keyring.DataKey(e.Type)),
	}
	secret.APIVersion, secret.Kind = "v1", kindSecret
	body, err := json.Marshal(secret)
	if err != nil {
		return nil, fmt.Errorf("creating %s: %w", j.what(), err)
	}
	return body, nil
}
