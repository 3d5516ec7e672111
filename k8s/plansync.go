package k8s

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// syncedLately is how long a sync of pullfix's own is not repeated.
const syncedLately = time.Hour

// syncExternalSecret plans to let External Secrets fetch the secret again. Once
// it has, and the registry still says no, the value in the store is wrong, and
// fetching it a second time mends nothing.
func (p *planner) syncExternalSecret(ctx context.Context, r runbook.Remedy) draft {
	w, refused := p.purpose()
	if refused != "" {
		return draft{refused: refused}
	}
	name := externalName(r)
	e, served, err := readExternalSecret(ctx, p.api, w.need.Namespace, name)
	switch {
	case errors.Is(err, errNotServed):
		return refuse("%v", err)
	case missing(err):
		return refuse("ExternalSecret %s is gone", name)
	case err != nil:
		return refuse("ExternalSecret %s could not be read (%s)", name, why(err))
	}
	secret, refused := p.readSecret(ctx, e.secret())
	if refused != "" {
		return draft{refused: refused}
	}
	if at := pullfixSynced(e); !at.IsZero() && time.Since(at) < syncedLately {
		return refuse("External Secrets was asked at %s UTC already, and what it fetches is still no good: the value at %s is wrong. Correct it there, then: %s",
			at.UTC().Format("15:04"), e.origin(), r.Command)
	}
	entry := &runbook.EntryChange{SecretType: string(secret.Type), Owner: keeper(&secret.ObjectMeta), Source: e.origin(), Host: w.need.Host, Images: w.images, Platform: p.platform()}
	if held := held(secret, w.images[0]); held != nil {
		entry.Was = keyring.Fingerprint(p.key, *held)
	}
	d := draft{
		conditions: []string{"the ExternalSecret is still the same"},
		rights:     []right{{verb: "patch", resource: served, namespace: w.need.Namespace, name: name}},
	}
	d.show("Asks External Secrets to fetch secret %s again, from %s. Nothing else is changed.", secret.Name, e.origin())
	d.show("What it fetches is tested with %s. If that is still rejected, the value there is wrong.", w.need.Host)
	d.show("%s", p.references(ctx, secret.Name))
	if trouble := e.trouble(); trouble != "" {
		d.show("External Secrets complains: %s", cut(trouble))
	}
	d.actions = []runbook.Action{{
		Verb: runbook.VerbSync, Cluster: p.cluster, Namespace: w.need.Namespace, Kind: kindExternalSecret, Name: name,
		UID: string(e.Metadata.UID), Generation: e.Metadata.Generation, Entry: entry,
	}}
	return d
}

// pullfixSynced is when pullfix asked for it last; zero when it never did.
func pullfixSynced(e *externalSecret) time.Time {
	stamp, verb, _ := strings.Cut(e.Metadata.Annotations[annotationChange], " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil || verb != runbook.VerbSync {
		return time.Time{}
	}
	return at
}
