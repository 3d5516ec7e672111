package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// ErrNobody says that no pullfix serves the incidents of a directory.
var ErrNobody = errors.New("pullfix serve is not running")

// Call asks the pullfix that serves the incidents of a directory. The error is
// ErrNobody when none does.
func Call(ctx context.Context, directory string, r Request) (Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, lineTime+answerTime)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", filepath.Join(directory, socketName))
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
		return Outcome{}, ErrNobody
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("calling pullfix serve: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	said, err := converse(conn, r)
	if err := errors.Join(err, conn.Close()); err != nil {
		return Outcome{}, fmt.Errorf("talking to pullfix serve: %w", err)
	}
	return said, nil
}

func converse(conn net.Conn, r Request) (Outcome, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return Outcome{}, err
	}
	// Whoever is refused before they were heard finds the line closed, and the
	// answer in it.
	if _, err := conn.Write(append(line, '\n')); err != nil && !errors.Is(err, syscall.EPIPE) {
		return Outcome{}, err
	}
	if line, err = bufio.NewReaderSize(conn, mostLine).ReadSlice('\n'); err != nil {
		return Outcome{}, err
	}
	var said Outcome
	return said, json.Unmarshal(line, &said)
}

// plainName is what a name may look like that is shown to people elsewhere.
var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)

// NameOf is the name of a user as the operating system knows it. Root may say
// for whom it acts, as sudo does; nobody else is believed.
func NameOf(uid int, actingFor string) string {
	name := "uid " + strconv.Itoa(uid)
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil && plainName.MatchString(u.Username) {
		name = u.Username
	}
	if uid == 0 && plainName.MatchString(actingFor) && actingFor != name {
		name += " for " + actingFor
	}
	return name
}
