package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// socketMode lets only the owner connect; who connects is checked once more.
const socketMode = 0o600

// Socket waits for people in a terminal.
type Socket struct {
	listener *net.UnixListener
	file     string
	owner    int           // the user that pullfix runs as
	patience time.Duration // with a caller who says or takes nothing
	log      *slog.Logger
}

// Listen takes the socket in the directory. Whoever calls it must be the only
// one to use the directory: a socket that is there is of a process that ended.
func Listen(directory string, log *slog.Logger) (*Socket, error) {
	s := &Socket{file: filepath.Join(directory, socketName), owner: os.Geteuid(), patience: lineTime, log: log}
	if err := s.listen(); err != nil {
		return nil, fmt.Errorf("listening for the terminal: %w", err)
	}
	return s, nil
}

// listen makes the socket under another name first: under its own nobody ever
// finds it open to others.
func (s *Socket) listen() error {
	if !peersKnown {
		return fmt.Errorf("who calls is not known on this operating system: %w", errors.ErrUnsupported)
	}
	fresh := s.file + ".new"
	for _, file := range []string{s.file, fresh} {
		if err := onlySocket(file); err != nil {
			return err
		}
	}
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: fresh, Net: "unix"})
	if err != nil {
		return err
	}
	listener.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(fresh, socketMode), os.Rename(fresh, s.file)); err != nil {
		return errors.Join(err, listener.Close(), os.Remove(fresh))
	}
	s.listener = listener
	return nil
}

// onlySocket refuses to replace what is no socket.
func onlySocket(file string) error {
	found, err := os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if found.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is no socket", file)
	}
	return nil
}

// Serve answers callers until ctx ends; then it takes the socket away and waits
// for those it is answering.
func (s *Socket) Serve(ctx context.Context, desk Desk) error {
	stop := context.AfterFunc(ctx, func() { _ = s.Close() }) // what is wrong with it shows below
	defer stop()
	var calls sync.WaitGroup
	defer calls.Wait()
	slots := make(chan struct{}, mostCallers)
	for {
		slots <- struct{}{}
		conn, err := s.listener.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			<-slots
			s.log.Warn("accepting a call from the terminal", "err", err)
			pause(ctx)
			continue
		}
		calls.Go(func() {
			defer func() { <-slots }()
			s.answer(ctx, conn, desk)
		})
	}
}

// pause keeps a lack of files from becoming a busy loop.
func pause(ctx context.Context) {
	timer := time.NewTimer(200 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Close takes the socket away.
func (s *Socket) Close() error {
	err := os.Remove(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if closed := s.listener.Close(); !errors.Is(closed, net.ErrClosed) {
		err = errors.Join(err, closed)
	}
	if err != nil {
		return fmt.Errorf("closing the socket for the terminal: %w", err)
	}
	return nil
}

func (s *Socket) answer(ctx context.Context, conn *net.UnixConn, desk Desk) {
	defer func() { _ = conn.Close() }() // the answer is written, or nobody waits for it
	// What is asked is carried out even when pullfix is told to stop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	defer cancel()
	_ = conn.SetDeadline(time.Now().Add(s.patience)) // fails only when it is closed
	said := s.said(ctx, conn, desk)
	line, err := json.Marshal(said)
	if err != nil {
		s.log.Error("answering the terminal", "err", err)
		return
	}
	_ = conn.SetDeadline(time.Now().Add(s.patience))
	if _, err := conn.Write(append(line, '\n')); err != nil {
		s.log.Info("the caller in the terminal is gone", "by", said.By, "err", err)
	}
}

func (s *Socket) said(ctx context.Context, conn *net.UnixConn, desk Desk) Outcome {
	uid, err := peer(conn)
	if err != nil {
		s.log.Warn("asking who calls from the terminal", "err", err)
		return Outcome{Fault: Refused, Why: "the operating system does not say who you are"}
	}
	by := NameOf(uid, "")
	if uid != s.owner && uid != 0 {
		s.log.Warn("a call from the terminal was refused", "by", by)
		return Outcome{By: by, Fault: Refused, Why: fmt.Sprintf("only %s and root may steer incidents here", NameOf(s.owner, ""))}
	}
	line, err := bufio.NewReaderSize(conn, mostLine).ReadSlice('\n')
	if err != nil {
		return Outcome{By: by, Fault: Trouble, Why: "no request arrived: " + err.Error()}
	}
	var r Request
	words := json.NewDecoder(bytes.NewReader(line))
	words.DisallowUnknownFields()
	if err := words.Decode(&r); err != nil || r.Key == "" {
		return Outcome{By: by, Fault: Trouble, Why: "the request cannot be read: pullfix in the terminal and pullfix serve are of different versions"}
	}
	said := Carry(ctx, desk, r, NameOf(uid, r.For))
	s.log.Info("steered from the terminal", "incident", r.Incident, "by", said.By, "do", string(r.Do), "fault", string(said.Fault), "why", said.Why)
	return said
}
