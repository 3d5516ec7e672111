// Package written gives credentials that stand somewhere in plain text: in
// variables of the environment, in a file, or in what a person typed.
package written

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// mostText bounds what is read of a login: a service account's key has about
// 2.5 kB.
const mostText = 64 << 10

// Environment reads user and password from two variables, at each time anew.
type Environment struct {
	Getenv         func(string) string
	User, Password string // the names of the variables
}

// Supply reads the variables.
func (e Environment) Supply(context.Context, runbook.Need) (runbook.Supply, error) {
	user, password := e.Getenv(e.User), e.Getenv(e.Password)
	switch {
	case user == "":
		return runbook.Supply{}, fmt.Errorf("the environment variable %s is empty", e.User)
	case password == "":
		return runbook.Supply{}, fmt.Errorf("the environment variable %s is empty", e.Password)
	}
	return steady(keyring.Credential{User: user, Password: keyring.NewSecret(password)}), nil
}

// File reads a login from a file, at each time anew: whoever renews the file
// renews the credential.
type File struct {
	Path string
	// User is whose password the file holds; "" means that it holds a login as
	// ParseLogin reads it.
	User string
}

// Supply reads the file.
func (f File) Supply(context.Context, runbook.Need) (runbook.Supply, error) {
	in, err := os.Open(f.Path)
	if err != nil {
		return runbook.Supply{}, fmt.Errorf("reading the login: %w", err)
	}
	text, err := readText(in)
	if err := errors.Join(err, in.Close()); err != nil {
		return runbook.Supply{}, fmt.Errorf("reading the login in %s: %w", f.Path, err)
	}
	if f.User != "" {
		text = trimLineEnd(text)
		if text == "" {
			return runbook.Supply{}, fmt.Errorf("reading the password in %s: %w", f.Path, errEmpty)
		}
		return steady(keyring.Credential{User: f.User, Password: keyring.NewSecret(text)}), nil
	}
	login, err := ParseLogin(text)
	if err != nil {
		return runbook.Supply{}, fmt.Errorf("reading the login in %s: %w", f.Path, err)
	}
	return steady(login), nil
}

// Given is a credential that a person gave.
type Given struct{ Credential keyring.Credential }

// Supply gives it.
func (g Given) Supply(context.Context, runbook.Need) (runbook.Supply, error) {
	return steady(g.Credential), nil
}

// ReadLogin reads one login to the end of the stream.
func ReadLogin(in io.Reader) (keyring.Credential, error) {
	text, err := readText(in)
	if err != nil {
		return keyring.Credential{}, fmt.Errorf("reading the login: %w", err)
	}
	return ParseLogin(text)
}

func steady(c keyring.Credential) runbook.Supply {
	return runbook.Supply{Credential: c, Expires: keyring.Expires(c), Wide: keyring.Minted(c), Steady: true}
}

var errLong = fmt.Errorf("it has more than %d bytes, which is no login", mostText)

func readText(in io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(in, mostText+1))
	if err != nil {
		return "", err
	}
	if len(text) > mostText {
		return "", errLong
	}
	return string(text), nil
}
