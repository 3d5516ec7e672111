package journal

import (
	"errors"
	"fmt"
)

// ErrID says that an id cannot name a document: an id has 1 to 64 letters,
// digits, hyphens and underscores, and begins with a letter or a digit.
var ErrID = errors.New("not the id of an incident")

// ErrClosed says that the journal was closed.
var ErrClosed = errors.New("the journal is closed")

// The errors of a keeper.
var (
	errAbsent = errors.New("no such document")
	errMoved  = errors.New("the document was changed meanwhile")
)

// LockedError says that another process uses the directory.
type LockedError struct {
	Directory string
	PID       int // as that process wrote it; 0 when it is not known
}

func (e *LockedError) Error() string {
	text := "another pullfix uses this journal"
	if e.PID > 0 {
		text += fmt.Sprintf(" (pid %d)", e.PID)
	}
	return text + ": " + e.Directory
}

// CorruptError says that what is recorded of an incident makes no sense. The
// document was set aside: nothing deletes it, and it stops no other incident.
type CorruptError struct {
	ID   string
	Kept string // where it was set aside, inside the journal; "" when it could not be moved
	Err  error  // what is wrong with it; nil when an earlier process found out
}

func (e *CorruptError) Error() string {
	text := fmt.Sprintf("the record of incident %s is corrupt", e.ID)
	if e.Kept != "" {
		text += ", and set aside as " + e.Kept
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *CorruptError) Unwrap() error { return e.Err }

// FormError says that a document has a form that this pullfix does not know. It
// is left as it is.
type FormError struct {
	ID    string
	Form  int // of the document
	Known int // the newest that is known
}

func (e *FormError) Error() string {
	text := fmt.Sprintf("the record of incident %s has version %d; this pullfix reads version %d", e.ID, e.Form, e.Known)
	if e.Form > e.Known {
		text += ": a newer pullfix wrote it"
	}
	return text
}

// TooLargeError says that an incident does not fit into a document.
type TooLargeError struct {
	ID    string
	Bytes int // its size
	Most  int // the bound
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the record of incident %s would have %d bytes; the journal takes %d", e.ID, e.Bytes, e.Most)
}
