package main

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// masterKey is the secret of this installation. What is used is derived from it,
// one key for each purpose. It is a string behind a pointer, which no printer
// follows.
type masterKey struct{ v *string }

func newMasterKey(key []byte) masterKey {
	held := string(key)
	return masterKey{v: &held}
}

// Format writes "[hidden]", whatever the verb.
func (masterKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[hidden]") }

// MarshalText refuses: nothing that is encoded may hold the key.
func (masterKey) MarshalText() ([]byte, error) { return nil, errHiddenKey }

var errHiddenKey = errors.New("the key is not for writing")

// keyBytes is the length of the master key and of every key that is derived.
const keyBytes = 32

// derive returns the key for a purpose.
func (k masterKey) derive(purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, []byte(*k.v), nil, "pullfix "+purpose+" 1", keyBytes)
	if err != nil {
		return nil, fmt.Errorf("deriving the key for %s: %w", purpose, err)
	}
	return key, nil
}

// errOpenKey says that others can read or replace the key.
var errOpenKey = errors.New("others than its owner can read it or write to it")

// openKey reads the key file, and makes one where there is none; made tells
// which.
func openKey(file string) (key masterKey, made bool, err error) {
	key, err = readKey(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	err = makeKey(file)
	if errors.Is(err, fs.ErrExist) { // somebody else made it meanwhile
		err = nil
	}
	if err != nil {
		return masterKey{}, false, err
	}
	key, err = readKey(file)
	return key, true, err
}

func readKey(file string) (masterKey, error) {
	in, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return masterKey{}, err
	}
	info, err := in.Stat()
	if err != nil {
		return masterKey{}, errors.Join(err, in.Close())
	}
	text, err := io.ReadAll(io.LimitReader(in, 4*keyBytes))
	if err := errors.Join(err, in.Close()); err != nil {
		return masterKey{}, err
	}
	switch {
	case !info.Mode().IsRegular():
		return masterKey{}, errors.New("it is no file")
	case info.Mode().Perm()&0o077 != 0:
		return masterKey{}, fmt.Errorf("%w (mode %04o)", errOpenKey, info.Mode().Perm())
	}
	key, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(key) != keyBytes {
		return masterKey{}, fmt.Errorf("it does not hold %d bytes in base64", keyBytes)
	}
	return newMasterKey(key), nil
}

// makeKey writes a random key beside its place and links it there whole: a
// reader never sees half of it, and a key that is there is never replaced.
func makeKey(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails
	out, err := os.CreateTemp(filepath.Dir(file), ".pullfix-key-*")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, base64.StdEncoding.EncodeToString(key))
	err = errors.Join(err, out.Sync(), out.Close())
	if err == nil {
		err = os.Link(out.Name(), file)
	}
	return errors.Join(err, os.Remove(out.Name()))
}

// key opens the key of the store, with what a person can do where that fails.
func (t *tool) key(file string) (masterKey, error) {
	key, made, err := openKey(file)
	switch {
	case errors.Is(err, errOpenKey):
		return key, usage(fmt.Errorf("the key %s: %w", file, err), "chmod 600 "+file+"; if somebody else may have read it, delete it: what is waiting for its approval must then be approved again")
	case err != nil:
		return key, usage(fmt.Errorf("the key %s: %w", file, err), "store.keyFile names the file; pullfix makes it when there is none")
	case made:
		t.say("notice: made the key " + file + ", which seals approvals; keep it out of backups of the incidents")
	}
	return key, nil
}
