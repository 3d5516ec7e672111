//go:build linux

package cluster

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// ident names one cluster on this machine. Every trace the cluster leaves
// outside its folder carries the name, so that two clusters don't meet and a
// dead one can be swept knowing nothing else.
type ident string

// prefix starts every ident.
const prefix = "pfx-"

// newIdent makes a name that no cluster on this machine bears, with its folder.
func newIdent() (ident, error) {
	dir, err := os.MkdirTemp("/tmp", prefix+"*")
	if err != nil {
		return "", fmt.Errorf("making the cluster's folder: %w", err)
	}
	// The random part is up to ten digits; an interface name holds fifteen
	// characters, prefix included.
	return ident(filepath.Base(dir)), nil
}

// dir is the folder of everything. It is short, since the path of a Unix socket
// holds 107 characters, and containerd's folder for the shims' sockets 42.
func (id ident) dir() string { return filepath.Join("/tmp", string(id)) }

// path is a file or folder of the cluster.
func (id ident) path(elem ...string) string {
	return filepath.Join(append([]string{id.dir()}, elem...)...)
}

// socket is where containerd listens; it also tells its shims from those of
// another containerd.
func (id ident) socket() string { return id.path("c.sock") }

// bridge is the network interface the pods hang on.
func (id ident) bridge() string { return string(id) }

// cgroup is the control group that the kubelet takes for the node's.
func (id ident) cgroup() string { return "/" + string(id) }

// freeSubnet returns a /24 of 10.0.0.0/8 that no interface of this machine
// uses.
func freeSubnet() (string, error) {
	taken, err := net.InterfaceAddrs()
	if err != nil {
		return "", fmt.Errorf("listing the machine's addresses: %w", err)
	}
	for range 64 {
		var b [2]byte
		_, _ = rand.Read(b[:]) // never fails, says its documentation
		subnet := &net.IPNet{IP: net.IPv4(10, 128+b[0]%126, b[1], 0).To4(), Mask: net.CIDRMask(24, 32)}
		if !overlaps(subnet, taken) {
			return subnet.String(), nil
		}
	}
	return "", fmt.Errorf("no subnet of 10.128.0.0/9 is free: %s", taken)
}

func overlaps(subnet *net.IPNet, taken []net.Addr) bool {
	for _, addr := range taken {
		other, ok := addr.(*net.IPNet)
		if ok && (subnet.Contains(other.IP) || other.Contains(subnet.IP)) {
			return true
		}
	}
	return false
}

// token makes a random bearer token or password.
func token() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, says its documentation
	return hex.EncodeToString(b[:])
}

// makeDirs makes the folders of a new cluster.
func (id ident) makeDirs() error {
	for name := range strings.FieldsSeq("log tmp pki conf certs.d cni s etcd kubelet pods containerd state opt ipam plugins") {
		if err := os.MkdirAll(id.path(name), 0o755); err != nil {
			return fmt.Errorf("making the cluster's folder: %w", err)
		}
	}
	return nil
}
