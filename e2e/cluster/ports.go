//go:build linux

package cluster

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// The kernel gives no port of these out by itself (net.ipv4.ip_local_port_range
// begins at 32768), so that one which is free stays so until its server starts.
const (
	firstPort = 20000
	pastPorts = 32768
)

// FreePorts returns n ports of 127.0.0.1 on which nobody listens.
func FreePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for tries := 0; len(ports) < n; tries++ {
		port := firstPort + rand.IntN(pastPorts-firstPort)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			// All are held until all are found, so that none comes twice.
			defer func() { _ = l.Close() }()
			ports = append(ports, port)
		} else if tries >= 100*n {
			return nil, fmt.Errorf("looking for a free port from %d to %d: %w", firstPort, pastPorts-1, err)
		}
	}
	return ports, nil
}
