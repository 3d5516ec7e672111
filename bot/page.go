package bot

import (
	"context"
	"time"
)

// Pager reaches people: one target, one method. A nil error means that the
// target confirmed it.
type Pager interface {
	Page(ctx context.Context, p Page) error
}

// PageRefusedError says that a target refuses this page for good: trying the same
// again is useless, and the next repetition tries anew.
type PageRefusedError struct{ Err error }

func (e *PageRefusedError) Error() string { return e.Err.Error() }

// Unwrap returns what the target said.
func (e *PageRefusedError) Unwrap() error { return e.Err }

// PageAction is what a page asks of a target.
type PageAction string

// The actions.
const (
	PageTrigger PageAction = "trigger" // or repeat, or update: the key is the same
	PageResolve PageAction = "resolve" // nothing is to be done any more
)

// Page is one escalation to one target. It holds no credential.
type Page struct {
	Action    PageAction
	Key       string    // dedup key, the same for every repetition of one root cause
	Incident  string    // id
	Condition Condition // which row of the escalation table
	Level     int       // of escalation, from 1
	Severity  string
	Cluster   string
	Namespace string
	Cause     string
	Registry  string
	Text      string // the row's sentence, filled in; at the end how it ended
	Details   []string
	Link      string // to the thread, "" when there is none
	At        time.Time
}

// PageKey is the dedup key of an incident: it is made of the id alone, so that a
// pullfix that lost its memory, or its store, still finds the same page.
func PageKey(incident string) string { return "pullfix-" + incident }

// Caller calls people in the chat, where a redraw notifies nobody. Saying the
// same call twice is safe.
type Caller interface {
	// Call says it in the incident's thread, for the whole channel to see, or in
	// the channel that the call names, and returns where it stands.
	Call(ctx context.Context, i Incident, c Call) (Place, error)
}

// Call is a page in the chat.
type Call struct {
	Key     string // against saying it twice
	Mention string // the id of a user group, "" for nobody
	Channel string // "" means the incident's own
	Text    string
	Details []string
	Buttons bool // to acknowledge, snooze and close with
}
