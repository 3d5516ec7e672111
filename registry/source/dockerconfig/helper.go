package dockerconfig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"time"

	"github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// Bounds of a helper.
const (
	helperWithin = 15 * time.Second
	helperLinger = time.Second // for its children, after it was ended
	mostOutput   = 64 << 10
)

// helperName keeps a name from being a path.
var helperName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// tokenUser is what helpers say in place of a user for an identity token.
const tokenUser = "<token>"

// helper is a docker credential helper.
type helper struct {
	name    string
	environ []string
}

// ask runs the helper for one registry. What it prints is never quoted: it may
// be a credential.
func (h helper) ask(ctx context.Context, host string) (runbook.Supply, error) {
	program := "docker-credential-" + h.name
	if !helperName.MatchString(h.name) {
		return runbook.Supply{}, fmt.Errorf("the credential helper %q has a name that is none", h.name)
	}
	ctx, cancel := context.WithTimeout(ctx, helperWithin)
	defer cancel()
	server := host
	if host == "docker.io" {
		server = hubKey
	}
	var failed error
	found, err := client.Get(func(args ...string) client.Program {
		return run{command: h.command(ctx, program, args), end: cancel, failed: &failed}
	}, server)
	switch {
	case credentials.IsErrCredentialsNotFound(err):
		return runbook.Supply{}, fmt.Errorf("%s has no credential for %s", program, host)
	case ctx.Err() != nil && !errors.Is(failed, errMuch):
		return runbook.Supply{}, fmt.Errorf("running %s: %w", program, ctx.Err())
	case failed != nil:
		return runbook.Supply{}, fmt.Errorf("running %s: %w", program, failed)
	case err != nil:
		return runbook.Supply{}, fmt.Errorf("running %s: its answer is no credential in JSON", program)
	case found.Username == tokenUser:
		return runbook.Supply{}, fmt.Errorf("running %s: %w", program, errIdentity)
	}
	c := keyring.Credential{User: found.Username, Password: keyring.NewSecret(found.Secret)}
	return runbook.Supply{Credential: c, Expires: keyring.Expires(c), Wide: keyring.Minted(c), Opens: "It is what " + program + " gives."}, nil
}

// run is one run of a helper's program, bounded in time and output.
type run struct {
	command *exec.Cmd
	end     func()
	failed  *error
}

func (h helper) command(ctx context.Context, program string, args []string) *exec.Cmd {
	command := exec.CommandContext(ctx, program, args...)
	command.Env = append([]string{}, h.environ...) // never nil, which would mean all of ours
	command.WaitDelay = helperLinger
	return command
}

// Input sets what the program reads.
func (r run) Input(in io.Reader) { r.command.Stdin = in }

var errMuch = errors.New("it prints without end")

// Output runs the program and returns what it prints, as far as that is short.
func (r run) Output() ([]byte, error) {
	out := &bounded{end: r.end}
	r.command.Stdout = out
	err := r.command.Run()
	if out.over {
		err = errMuch
	}
	*r.failed = err
	return out.taken.Bytes(), err
}

// bounded takes in the first bytes, and ends the program that writes more. The
// buffer is not embedded: it would be filled past Write.
type bounded struct {
	taken bytes.Buffer
	end   func()
	over  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.taken.Len()+len(p) > mostOutput {
		b.over = true
		b.end() // a shell goes on after a write that failed
		return 0, errMuch
	}
	return b.taken.Write(p)
}
