package k8s

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// Changer is the only way to change a cluster. It is a type apart from Cluster,
// so that what diagnoses has nothing to write with.
type Changer struct {
	api     api
	cluster string
	key     []byte // for fingerprints
	log     *slog.Logger
	// registry tests what External Secrets fetches; nil does not.
	registry runbook.Registry
}

// NewChanger makes what may write to the cluster that the reader reads. It
// compares credentials by their fingerprints under the key. Each write is one
// line of the log; a nil log is silent.
func NewChanger(cluster *Cluster, fingerprintKey []byte, log *slog.Logger) *Changer {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Changer{api: cluster.api, cluster: cluster.name, key: fingerprintKey, log: log}
}

// Bounds of one action.
const (
	fieldManager = "pullfix"
	// conflictsMost is how often a write is tried again that met a newer version
	// of its object: statuses flip all the time.
	conflictsMost = 5
	readWithin    = 15 * time.Second
	writeWithin   = 30 * time.Second
)

// Carry carries one action out. What the action is bound to is read again
// first; a *runbook.OvertakenError says what of it has moved, and nothing was
// changed then. The write carries the version just read; a conflict is read
// again, and only counts when a bound field moved.
//
// A write whose answer was lost is read again, never repeated: the receipt says
// Done, or Unsure when reading did not tell; an error says that it is not done.
// The error is a *WriteError where the API server refused. The credential is
// what a pull secret gets; nil for an action that writes none.
func (c *Changer) Carry(ctx context.Context, a runbook.Action, by runbook.Actor, credential *keyring.Credential) (runbook.Receipt, error) {
	receipt := runbook.Receipt{Action: a}
	if a.Cluster != c.cluster {
		return receipt, fmt.Errorf("changing cluster %q on cluster %q: not the same", a.Cluster, c.cluster)
	}
	j := job{api: c.api, key: c.key, action: a, by: by, credential: credential}
	w, err := j.write()
	if err != nil {
		return receipt, err
	}
	note := ""
	if j.keeps() {
		if receipt.Undo, note, err = c.keep(ctx, j); err != nil {
			c.record(ctx, j, outcome{}, err)
			return receipt, err
		}
	}
	did, err := w.carry(ctx)
	err = j.withheld(err)
	c.record(ctx, j, did, err)
	if did.done && a.Verb == runbook.VerbSync {
		note = c.synced(ctx, j)
	}
	receipt.Done, receipt.Unsure, receipt.Detail, receipt.At = did.done, did.unsure, did.detail+note, time.Now()
	c.tidy(ctx, j, &receipt)
	return receipt, err
}

// keeps tells whether the former entry is kept for an undo.
func (j job) keeps() bool {
	return j.action.Verb == runbook.VerbUpdateSecret && j.action.Entry.KeepUndo
}

// tidy deletes the copy that is of no use any more: of a change that was not
// made, or that was undone.
func (c *Changer) tidy(ctx context.Context, j job, receipt *runbook.Receipt) {
	switch {
	case receipt.Undo != nil && !receipt.Done && !receipt.Unsure:
		c.forget(ctx, j, receipt.Undo.Name)
		receipt.Undo = nil
	case j.action.Verb == runbook.VerbUndo && receipt.Done:
		c.forget(ctx, j, j.action.Copy)
	}
}

// write is the change that the action's verb names.
func (j job) write() (write, error) {
	switch j.action.Verb {
	case runbook.VerbDeletePod:
		return j.podDeletion(), nil
	case runbook.VerbRestart:
		return j.restart(), nil
	case runbook.VerbRollBack:
		return j.rollBack(), nil
	case runbook.VerbAttachSecret:
		return j.attach(), nil
	}
	if j.action.Entry == nil {
		return write{}, fmt.Errorf("carrying out %q: not a verb that pullfix knows", j.action.Verb)
	}
	switch j.action.Verb {
	case runbook.VerbUndo:
		return j.undo(), nil
	case runbook.VerbSync:
		return j.sync(), nil
	}
	if j.credential == nil {
		return write{}, fmt.Errorf("changing %s: the new credential is missing", j.what())
	}
	switch j.action.Verb {
	case runbook.VerbUpdateSecret:
		return j.secretUpdate(), nil
	case runbook.VerbCreateSecret:
		return j.secretCreation(), nil
	}
	return write{}, fmt.Errorf("carrying out %q: not a verb that pullfix knows", j.action.Verb)
}

// WriteError is a write that the API server refused, or that is known not to
// have happened. It is ErrForbidden, ErrUnauthorized or ErrUnreachable where it
// is one of them.
type WriteError struct {
	What  string // "deleting pod shop/web-1"
	Grant string // the right that it needs
	Err   error
}

func (e *WriteError) Error() string {
	if errors.Is(e, ErrForbidden) && !byPolicy(e.Err) {
		return e.What + ": forbidden; it needs the right to " + e.Grant
	}
	return e.What + ": " + e.Err.Error()
}

// byPolicy tells a write that admission refused, with its own reason, from one
// that no rule allows: both are "forbidden".
func byPolicy(err error) bool {
	text := err.Error()
	return slices.ContainsFunc([]string{"denied request:", "denied the request", "exceeded quota", "violates PodSecurity"}, func(word string) bool {
		return strings.Contains(text, word)
	})
}

func (e *WriteError) Unwrap() error { return e.Err }

// Is tells which sentinel the error stands for.
func (e *WriteError) Is(target error) bool { return (&RequestError{Err: e.Err}).Is(target) }

// job is one action in somebody's name.
type job struct {
	api    api
	key    []byte // for fingerprints
	action runbook.Action
	by     runbook.Actor
	// credential is what a pull secret gets; nil for an action that writes none.
	credential *keyring.Credential
}

// what names the object: "pod shop/web-1".
func (j job) what() string {
	return strings.ToLower(j.action.Kind) + " " + j.action.Namespace + "/" + j.action.Name
}

// addressed is a request about the object, under a User-Agent that names the
// incident. It is sent once: client-go repeats nothing.
func (j job) addressed(request *rest.Request, r resource) *rest.Request {
	return request.AbsPath(r.group()).Namespace(j.action.Namespace).Resource(r.plural()).
		MaxRetries(0).SetHeader("User-Agent", userAgentFor(j.by.Incident)).SetHeader("Content-Type", "application/json")
}

// userAgentFor shows the incident in the API server's audit log.
func userAgentFor(incident string) string {
	const longest = 64
	id := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return -1
	}, incident)
	return "pullfix (incident " + id[:min(len(id), longest)] + ")"
}

// overtaken is the refusal of an action whose state is gone.
func overtaken(format string, values ...any) error {
	return &runbook.OvertakenError{What: fmt.Sprintf(format, values...)}
}

// conflicted tells that the object has a newer version than the write.
func conflicted(err error) bool { return apierrors.IsConflict(err) }
