package control

import (
	"net"
	"syscall"
)

// peersKnown tells that this operating system says who calls.
const peersKnown = true

// peer is the user at the other end, as the operating system says.
func peer(conn *net.UnixConn) (uid int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var known *syscall.Ucred
	var asked error
	err = raw.Control(func(fd uintptr) {
		known, asked = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err != nil {
		return 0, err
	}
	if asked != nil {
		return 0, asked
	}
	return int(known.Uid), nil
}
