package runbook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// Changer makes one change in one cluster, with the credential that it writes
// where it writes one. It re-reads what the action is bound to, and refuses with
// an *OvertakenError when that has moved.
type Changer interface {
	Carry(ctx context.Context, a Action, by Actor, credential *keyring.Credential) (Receipt, error)
}

// Hands carry actions out: what writes, where new credentials come from, and
// who tests them. The desk and the terminal have the same ones.
type Hands struct {
	Changer        Changer
	Vault          *Vault
	Registry       Registry
	FingerprintKey []byte
}

// Carry makes one change. A new credential is taken from its source, has to be
// the one that was approved, and is tested once more for exactly the images of
// the action, before anything is written.
func (h Hands) Carry(ctx context.Context, a Action, by Actor) (Receipt, error) {
	if a.Entry == nil || a.Verb == VerbUndo || a.Verb == VerbSync {
		return h.Changer.Carry(ctx, a, by, nil)
	}
	if !keyring.Exact(a.Entry.Key, a.Entry.Host) {
		return Receipt{Action: a}, &OvertakenError{What: fmt.Sprintf("the entry %s is for more registries than %s", a.Entry.Key, a.Entry.Host)}
	}
	if host := strayHost(a); host != "" {
		return Receipt{Action: a}, &OvertakenError{What: fmt.Sprintf("the credential is for %s, and one of the images is in %s", a.Entry.Host, host)}
	}
	supply, err := h.Vault.Take(ctx, a.Entry.Source, needOf(a))
	if err != nil {
		return Receipt{Action: a}, &OvertakenError{What: err.Error()}
	}
	if keyring.Fingerprint(h.FingerprintKey, supply.Credential) != a.Entry.Becomes {
		return Receipt{Action: a}, &OvertakenError{What: fmt.Sprintf("credential source %s gives another credential by now", a.Entry.Source)}
	}
	if err := h.test(ctx, a, supply.Credential); err != nil {
		return Receipt{Action: a}, err
	}
	if err := by.halted(); err != nil { // the test took its time
		return Receipt{Action: a}, err
	}
	return h.Changer.Carry(ctx, a, by, &supply.Credential)
}

// strayHost is the registry of an image that is in another one than the
// credential is for, which must not be sent there; "" when there is none.
func strayHost(a Action) string {
	for _, image := range a.Entry.Images {
		switch r := ParseReference(image); {
		case r.Problem != "":
			return "none that can be read"
		case r.Host != a.Entry.Host:
			return orWord(r.Host, "another")
		}
	}
	return ""
}

// needOf is what the action needs a credential for.
func needOf(a Action) Need {
	n := Need{Cluster: a.Cluster, Namespace: a.Namespace, Host: a.Entry.Host}
	for _, image := range a.Entry.Images {
		n.Repositories = append(n.Repositories, ParseReference(image).Repository)
	}
	return n
}

// test asks the registry whether the new credential is accepted for the images.
func (h Hands) test(ctx context.Context, a Action, credential keyring.Credential) error {
	for _, image := range a.Entry.Images {
		q := Question{Image: image, Platform: a.Entry.Platform, Credential: &credential, Configured: true}
		answer, err := h.Registry.Probe(ctx, q)
		if err != nil {
			return &OvertakenError{What: fmt.Sprintf("the new credential could not be tested for %s: %v", image, err)}
		}
		if answer.Login == TestRejected {
			h.Vault.Drop(a.Entry.Source, credential)
		}
		if why := Refuses(answer); why != "" {
			return &OvertakenError{What: fmt.Sprintf("the new credential is no good for %s by now: %s", image, why)}
		}
	}
	return nil
}

// Refuses says why an answer does not show that the credential may pull from
// the repository; "" when it does. A missing tag or platform is no fault of the
// credential.
func Refuses(a Answer) string {
	switch a.Result {
	case cause.None, cause.TagNotFound, cause.PlatformMismatch, cause.UnsupportedManifest:
		if a.Login != TestRejected {
			return ""
		}
	}
	return fmt.Sprintf("%s says %s", a.Host, a.Result)
}

// Carrier makes one change, as Hands do.
type Carrier interface {
	Carry(ctx context.Context, a Action, by Actor) (Receipt, error)
}

// CarryAll makes changes one after another, and nothing after the first that
// was refused or of which it is not known whether it was made. The error is an
// *OvertakenError when the very first was refused because of what it is bound
// to; then nothing was changed at all.
func CarryAll(ctx context.Context, c Carrier, actions []Action, by Actor) ([]Receipt, error) {
	var receipts []Receipt
	for _, action := range actions {
		receipt, err := c.Carry(ctx, action, by)
		if overtaken, ok := errors.AsType[*OvertakenError](err); ok && len(receipts) == 0 {
			return nil, overtaken
		}
		if err != nil {
			return append(receipts, Receipt{Action: action, Detail: err.Error(), At: time.Now()}), nil
		}
		receipts = append(receipts, receipt)
		if !receipt.Done {
			break // what became of it has to be seen before anything follows
		}
	}
	return receipts, nil
}
