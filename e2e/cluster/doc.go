// Package cluster runs a real Kubernetes cluster of one node on a plain Linux
// machine, without Docker: etcd, the control plane, the kubelet and containerd
// built from Go modules, and OCI registries in this process. Tests get the
// verdicts of a real kubelet from it. Everything listens on loopback, lives in
// one folder below the temporary directory, and is gone after Stop. It runs on
// Linux only, as root.
package cluster
