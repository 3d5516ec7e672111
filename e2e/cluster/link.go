//go:build linux

package cluster

import (
	"encoding/binary"
	"fmt"
	"net"
	"syscall"
)

// deleteLink removes a network interface; one that does not exist is no error.
// The kernel is asked directly, since iproute2 may not be installed.
func deleteLink(name string) error {
	link, err := net.InterfaceByName(name)
	if err != nil {
		return nil //nolint:nilerr // there is no such interface
	}
	if err := deleteLinkByIndex(link.Index); err != nil {
		return fmt.Errorf("removing network interface %s: %w", name, err)
	}
	return nil
}

func deleteLinkByIndex(index int) error {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("opening a netlink socket: %w", err)
	}
	defer func() { _ = syscall.Close(fd) }()
	// A header (length, type, flags, sequence, port) and an interface message
	// (family, type, index, flags, change). netlink(7), rtnetlink(7).
	var request [syscall.SizeofNlMsghdr + syscall.SizeofIfInfomsg]byte
	order := binary.NativeEndian
	order.PutUint32(request[0:], uint32(len(request)))
	order.PutUint16(request[4:], syscall.RTM_DELLINK)
	order.PutUint16(request[6:], syscall.NLM_F_REQUEST|syscall.NLM_F_ACK)
	order.PutUint32(request[8:], 1)
	order.PutUint32(request[syscall.SizeofNlMsghdr+4:], uint32(index))
	if err := syscall.Sendto(fd, request[:], 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return fmt.Errorf("sending to the kernel: %w", err)
	}
	answer := make([]byte, 4096)
	n, _, err := syscall.Recvfrom(fd, answer, 0)
	if err != nil {
		return fmt.Errorf("reading the kernel's answer: %w", err)
	}
	if n < syscall.SizeofNlMsghdr+4 {
		return fmt.Errorf("the kernel's answer has %d bytes", n)
	}
	// The acknowledgement is an error number, negated; 0 is success.
	if code := int32(order.Uint32(answer[syscall.SizeofNlMsghdr:])); code != 0 {
		return syscall.Errno(-code)
	}
	return nil
}
