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
	Key       string // dedup key, the same for every repetition of one root cause
	Incident  string // id
	Condition string // which row of the escalation table: overdue, registry-down, security, expanding, asked
	Severity  string
	Cluster   string
	Namespace string
	Cause     string
	Registry  string
	Text      string // the row's sentence, filled in
	Details   []string
	Link      string // to the thread, "" when there is none
	At        time.Time
}
