package k8s

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullfix/pullfix/runbook"
)

// eventReason is the reason of the Event that a change leaves on its object.
const eventReason = "PullfixChanged"

// recordOnly leaves one line in the log.
func (c *Changer) recordOnly(ctx context.Context, j job, did outcome, failed error) {
	a := j.action
	level, result := slog.LevelInfo, did.detail
	if failed != nil {
		level, result = slog.LevelWarn, failed.Error()
	}
	c.log.Log(ctx, level, "write", append([]any{
		"incident", j.by.Incident, "approved", strings.Join(j.by.Approved, ","), "verb", a.Verb,
		"cluster", a.Cluster, "namespace", a.Namespace, "kind", a.Kind, "name", a.Name, "uid", a.UID,
		"sent", did.sent, "done", did.done, "unsure", did.unsure, "result", result,
	}, entryFields(a)...)...)
}

// record leaves the trace of an action: one line in the log, and an Event on
// the object when something was changed, or may have been.
func (c *Changer) record(ctx context.Context, j job, did outcome, failed error) {
	c.recordOnly(ctx, j, did, failed)
	a := j.action
	if !did.done && !did.unsure {
		return
	}
	// The change is made; that nobody waits any more does not unmake it.
	if err := j.tell(context.WithoutCancel(ctx), did); err != nil {
		c.log.WarnContext(ctx, "writing the event of a change", "incident", j.by.Incident, "kind", a.Kind, "name", a.Name, "err", err)
	}
}

// entryFields name the entry of a pull secret and its credentials by their
// fingerprints.
func entryFields(a runbook.Action) []any {
	e := a.Entry
	if e == nil {
		return nil
	}
	return []any{"entry", e.Key, "was", e.Was, "becomes", e.Becomes, "source", e.Source}
}

func orNone(fingerprint string) string {
	if fingerprint == "" {
		return "none"
	}
	return fingerprint
}

// tellWithin bounds the writing of an Event, which nobody should wait for.
const tellWithin = 5 * time.Second

// tell writes the Event.
func (j job) tell(ctx context.Context, did outcome) error {
	ctx, cancel := context.WithTimeout(ctx, tellWithin)
	defer cancel()
	body, err := json.Marshal(j.event(did))
	if err != nil {
		return fmt.Errorf("writing an event on %s: %w", j.what(), err)
	}
	if err := send(ctx, j.addressed(j.api.client.Post(), events).Param("fieldManager", fieldManager).Body(body)); err != nil {
		return &WriteError{What: "writing an event on " + j.what(), Grant: "create events in namespace " + j.action.Namespace, Err: err}
	}
	return nil
}

func (j job) event(did outcome) corev1.Event {
	a, now := j.action, metav1.Now()
	e := corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: a.Namespace, Name: fmt.Sprintf("%s.%x", a.Name[:min(len(a.Name), 200)], now.UnixNano())},
		InvolvedObject: corev1.ObjectReference{
			Kind: a.Kind, APIVersion: strings.TrimPrefix(strings.TrimPrefix(resourceOrPods(a.Kind).group(), "/apis/"), "/api/"),
			Namespace: a.Namespace, Name: a.Name, UID: types.UID(a.UID),
		},
		Type: corev1.EventTypeNormal, Reason: eventReason, Message: j.sentence(did), Count: 1,
		FirstTimestamp: now, LastTimestamp: now,
		Source: corev1.EventSource{Component: fieldManager}, ReportingController: fieldManager, ReportingInstance: fieldManager,
	}
	e.APIVersion, e.Kind = "v1", "Event"
	return e
}

// kindSecret is the kind of pull secrets.
const kindSecret = "Secret"

func resourceOrPods(kind string) resource {
	switch r := resourceOf(kind); {
	case r != "":
		return r
	case kind == kindSecret:
		return secrets
	case kind == kindExternalSecret:
		return "/apis/" + externalGroup + "/v1/externalsecrets"
	}
	return pods
}

// sentence says what was done and in whose name.
func (j job) sentence(did outcome) string {
	said := "pullfix: " + j.action.Verb
	if j.action.Revision > 0 {
		said += fmt.Sprintf(" to revision %d", j.action.Revision)
	}
	if j.action.Image != "" {
		said += " (" + j.action.Container + ": " + j.action.Image + ")"
	}
	if e := j.action.Entry; e != nil {
		said += fmt.Sprintf(" (entry %s: %s → %s, from %s)", e.Key, orNone(e.Was), orNone(e.Becomes), e.Source)
	}
	if j.action.Attach != "" {
		said += " (" + j.action.Attach + ")"
	}
	said += fmt.Sprintf("; incident %s, approved by %s: %s", j.by.Incident, strings.Join(j.by.Approved, ", "), did.detail)
	const longest = 1024 // validation of Events
	if len(said) > longest {
		said = strings.ToValidUTF8(said[:longest], "")
	}
	return said
}
