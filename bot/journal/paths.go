package journal

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Where documents are, inside the journal: what is in use at the top, what is
// finished by the month, what is corrupt beside where it was in use.
//
//	ID.json
//	ID.json.new                              being written; of no use after a crash
//	ID.json.corrupt-1
//	finished/2026-03/20260302T150405Z-ID.json
const (
	top         = "."
	archive     = "finished"
	suffix      = ".json"
	suffixNew   = ".json.new"
	infixAside  = ".json.corrupt-"
	monthLayout = "2006-01"
	stampLayout = "20060102T150405Z"
)

var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// checkID keeps everything out of file names that is not plainly an id.
func checkID(id string) error {
	if !idForm.MatchString(id) {
		return fmt.Errorf("%q: %w", id, ErrID)
	}
	return nil
}

// pathOf is where a document is.
func pathOf(e entry) string {
	if !e.done() {
		return e.name + suffix
	}
	return path.Join(archive, e.finished.Format(monthLayout), e.finished.Format(stampLayout)+"-"+e.name+suffix)
}

func pathNew(name string) string { return name + suffixNew }

func pathAside(name string, n int) string { return name + infixAside + strconv.Itoa(n) }

// parseInUse returns the id of a document at the top.
func parseInUse(file string) (id string, ok bool) {
	id, ok = strings.CutSuffix(file, suffix)
	return id, ok && checkID(id) == nil
}

// parseNew tells whether a file is one that was being written.
func parseNew(file string) bool {
	id, ok := strings.CutSuffix(file, suffixNew)
	return ok && checkID(id) == nil
}

// parseAside returns the id of a corrupt document, and its number.
func parseAside(file string) (id string, n int, ok bool) {
	id, number, ok := strings.Cut(file, infixAside)
	n, err := strconv.Atoi(number)
	return id, n, ok && err == nil && n > 0 && checkID(id) == nil
}

// parseFinished returns what a finished document's path says, if it is the very
// path that the document would be given.
func parseFinished(month, file string) (entry, bool) {
	stamp, rest, _ := strings.Cut(file, "-")
	id, ok := parseInUse(rest)
	finished, err := time.Parse(stampLayout, stamp)
	e := entry{name: id, finished: finished}
	return e, ok && err == nil && e.done() && pathOf(e) == path.Join(archive, month, file)
}
