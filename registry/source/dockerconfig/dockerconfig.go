// Package dockerconfig gives the credentials of a docker configuration file:
// those that stand in it, and those of the credential helpers that it names.
// The file is part of pullfix's own configuration; a helper is a program, and
// one that a Secret names is never run.
package dockerconfig

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// Source reads one docker configuration file, at each time anew.
type Source struct {
	Path string
	// Environ is what helpers find in their environment.
	Environ []string
}

// file is what is read of a docker configuration.
type file struct {
	Auths map[string]struct {
		Auth          keyring.Secret `json:"auth"`
		Username      string         `json:"username"`
		Password      keyring.Secret `json:"password"`
		IdentityToken keyring.Secret `json:"identitytoken"`
	} `json:"auths"`
	CredHelpers map[string]string `json:"credHelpers"`
	CredsStore  string            `json:"credsStore"`
}

// What a docker configuration can be short of.
var (
	errTooLong  = errors.New("it is longer than a docker configuration can be")
	errNotJSON  = errors.New("it is no docker configuration in JSON")
	errIdentity = errors.New("the entry is an identity token, which a kubelet cannot use: use a user and a password")
	errAuth     = errors.New("the entry's auth is not base64 of user:password")
)

const mostFile = 1 << 20

// Supply looks the registry up as docker does: the helper for it, else the
// helper for all, else what stands in the file. Hosts have to be the same; no
// pattern and no path matches.
func (s Source) Supply(ctx context.Context, n runbook.Need) (runbook.Supply, error) {
	f, err := s.read()
	if err != nil {
		return runbook.Supply{}, fmt.Errorf("reading the docker configuration %s: %w", s.Path, err)
	}
	name := f.CredHelpers[n.Host]
	if name == "" {
		name = f.CredsStore
	}
	if name != "" {
		return helper{name: name, environ: s.Environ}.ask(ctx, n.Host)
	}
	c, err := f.entry(n.Host)
	if err != nil {
		return runbook.Supply{}, fmt.Errorf("the docker configuration %s: %w", s.Path, err)
	}
	return runbook.Supply{Credential: c, Expires: keyring.Expires(c), Wide: keyring.Minted(c), Steady: true}, nil
}

func (s Source) read() (file, error) {
	in, err := os.Open(s.Path)
	if err != nil {
		return file{}, err
	}
	text, err := io.ReadAll(io.LimitReader(in, mostFile+1))
	if err := errors.Join(err, in.Close()); err != nil {
		return file{}, err
	}
	if len(text) > mostFile {
		return file{}, errTooLong
	}
	var f file
	// The decoder's own error could quote a piece of a password.
	if json.NewDecoder(bytes.NewReader(text)).Decode(&f) != nil {
		return file{}, errNotJSON
	}
	return f, nil
}

// entry is the credential that stands in the file for a host.
func (f file) entry(host string) (keyring.Credential, error) {
	for key, e := range f.Auths {
		if hostOf(key) != host {
			continue
		}
		if !e.IdentityToken.Empty() {
			return keyring.Credential{}, errIdentity
		}
		if e.Auth.Empty() {
			return keyring.Credential{User: e.Username, Password: e.Password}, nil
		}
		decoded, err := base64.StdEncoding.DecodeString(e.Auth.Reveal())
		user, password, found := strings.Cut(string(decoded), ":")
		if err != nil || !found {
			return keyring.Credential{}, errAuth
		}
		return keyring.Credential{User: user, Password: keyring.NewSecret(strings.TrimRight(password, "\x00"))}, nil
	}
	return keyring.Credential{}, fmt.Errorf("no entry and no credential helper for %s", host)
}

// hubKey is what docker calls Docker Hub.
const hubKey = "https://index.docker.io/v1/"

// hostOf is the registry that a key of auths is for, as images name it; "" for
// a key with a path, which docker does not use either.
func hostOf(key string) string {
	if key == hubKey {
		return "docker.io"
	}
	_, rest, found := strings.Cut(key, "://")
	if !found {
		rest = key
	}
	host, path, _ := strings.Cut(rest, "/")
	if host == "index.docker.io" {
		host = "docker.io"
	}
	switch strings.Trim(path, "/") {
	case "", "v1", "v2":
		return strings.ToLower(host)
	}
	return ""
}
