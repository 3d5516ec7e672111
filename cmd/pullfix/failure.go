package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullfix/pullfix/runbook/scrub"
)

// The exit codes of every command; scripts depend on them.
const (
	exitFine    = 0 // nothing is wrong with image pulls
	exitFound   = 1 // a pull failure was found
	exitUsage   = 2 // usage, configuration, bad input, or no such object
	exitUnsure  = 3 // could not tell
	exitRefused = 4 // the rules, or how things stand, do not allow it
)

// errFound ends a command that did its work and found a failure. The answer is
// printed already, so nothing more is said.
var errFound = errors.New("a pull failure was found")

// failure is an error together with what the person can do about it.
type failure struct {
	err   error
	hints []string
	code  int
}

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

// usage says that the command line, a file or a name is wrong.
func usage(err error, hints ...string) error {
	return &failure{err: err, hints: hints, code: exitUsage}
}

// unsure says that the question could not be answered.
func unsure(err error, hints ...string) error {
	return &failure{err: err, hints: hints, code: exitUnsure}
}

// report prints err with its hints and returns the exit code.
func (e env) report(err error) int {
	if err == nil {
		return exitFine
	}
	if errors.Is(err, errFound) {
		return exitFound
	}
	f, ok := errors.AsType[*failure](err)
	if !ok {
		f = &failure{err: err, code: exitUnsure}
	}
	said := scrub.Text(err.Error())
	if errors.Is(err, context.Canceled) {
		said = "interrupted"
	}
	e.say("pullfix: " + said)
	for _, hint := range f.hints {
		e.say("hint: " + scrub.Text(hint))
	}
	return f.code
}

// say writes a line beside the answer, wrapped where a person reads it on a
// terminal. Where it cannot be written, there is nobody to tell.
func (e env) say(line string) {
	if width := e.columns(e.stderr); width > 0 && columns(line) > width {
		line = strings.Join((&page{}).wrap(line, width-1), "\n")
	}
	_, _ = fmt.Fprintln(e.stderr, line)
}

// nearHint proposes the names that look like a mistyped one.
func nearHint(near []string) []string {
	if len(near) == 0 {
		return nil
	}
	return []string{"did you mean " + orList(near) + "?"}
}

// orList joins names as a question does: a, b or c.
func orList(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// unknownCommand answers a word that is no subcommand of cmd.
func unknownCommand(cmd *cobra.Command, word string) error {
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	hints := nearHint(near(word, names))
	if hints == nil {
		hints = []string{fmt.Sprintf("%s --help lists the commands", cmd.CommandPath())}
	}
	return usage(fmt.Errorf("no command %q", strings.TrimPrefix(cmd.CommandPath()+" "+word, "pullfix ")), hints...)
}

// badFlag answers a flag that does not exist or a value that it cannot have.
func badFlag(cmd *cobra.Command, err error) error {
	help := cmd.CommandPath() + " --help lists the flags"
	word, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return usage(err, help)
	}
	if hints := nearHint(nearFlags(cmd, word)); hints != nil {
		return usage(err, hints...)
	}
	return usage(err, help)
}
