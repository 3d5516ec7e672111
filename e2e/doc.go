// Package e2e holds the tests on a real cluster: a real API server, kubelet and
// containerd pull from registries on loopback, fail for real, and pullfix is
// judged by what it says about that. The tests have the build tag e2e and need
// root; e2e/cluster starts what they need.
package e2e
