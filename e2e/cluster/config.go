//go:build linux

package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// containerdConfig is the configuration of containerd. What a kubelet's node
// normally shares with the machine (sockets of shims and NRI, /opt, /run/netns)
// is moved into the cluster's folder, so that two clusters don't meet there.
func containerdConfig(id ident, b Binaries, pause string) (string, error) {
	plugins, err := cniPlugins()
	if err != nil {
		return "", err
	}
	runtime, err := runc()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`version = 3
root = %q
state = %q
temp = %q

[grpc]
  address = %q

[plugins.'io.containerd.shim.v1.manager']
  socket_dir = %q
[plugins.'io.containerd.nri.v1.nri']
  disable = true
[plugins.'io.containerd.internal.v1.opt']
  path = %q

[plugins.'io.containerd.cri.v1.images']
  snapshotter = "native"
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = %q
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = %q
# Pulls go through the transfer service; without this it says "no unpack platforms defined".
[[plugins.'io.containerd.transfer.v1.local'.unpack_config]]
  platform = "linux/%s"
  snapshotter = "native"

[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE runc may not lower the score.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  cdi_spec_dirs = []
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = [%q]
    conf_dir = %q
    # The plugin would leave a result file of each pod outside the folder.
    use_internal_loopback = true
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    runtime_path = %q
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = %q
      Root = %q
[plugins.'io.containerd.grpc.v1.cri']
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
`, id.path("containerd"), id.path("state"), id.path("tmp"), id.socket(), id.path("s"), id.path("opt"),
		id.path("certs.d"), pause, goruntime.GOARCH, plugins, id.path("cni"),
		b.Path("containerd-shim-runc-v2"), runtime, id.path("state", "runc")), nil
}

// cniConfig is a bridge without gateway and masquerade: pods get an address,
// which is what makes the node Ready, and reach nobody.
func cniConfig(id ident, subnet string) string {
	return fmt.Sprintf(`{"cniVersion": "0.4.0", "name": %q, "plugins": [{
  "type": "bridge", "bridge": %q, "isGateway": false, "ipMasq": false,
  "ipam": {"type": "host-local", "dataDir": %q, "ranges": [[{"subnet": %q}]]}}]}
`, id, id.bridge(), id.path("ipam"), subnet)
}

// kubeletConfig is the configuration of the kubelet: no control groups of its
// own, nothing evicted, image pulls side by side and not throttled.
func kubeletConfig(id ident, port int) string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: %d
readOnlyPort: 0
healthzPort: 0
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
clusterDNS: [10.96.0.10] # nobody answers there; without it the kubelet complains at every pod
clusterDomain: cluster.local
containerRuntimeEndpoint: unix://%s
podLogsDir: %s
volumePluginDir: %s
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupsPerQOS: false
cgroupRoot: %s
enforceNodeAllocatable: []
makeIPTablesUtilChains: false
failSwapOn: false
maxPods: 250
registryPullQPS: 0
serializeImagePulls: false
maxParallelImagePulls: 16
eventRecordQPS: 500 # 0 is documented as no limit, and gives the client's own 5 a second
eventBurst: 1000
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 10Mi, nodefs.available: 1%%, nodefs.inodesFree: 1%%, imagefs.available: 1%%}
`, port, id.socket(), id.path("pods"), id.path("plugins"), id.cgroup())
}

// hostsConfig tells containerd how to reach a registry. Without it containerd
// is lenient with hosts on loopback: it skips verification and falls back to
// plain http, and so would never say what a real node says.
func hostsConfig(scheme, host string) string {
	url := scheme + "://" + host
	return fmt.Sprintf("server = %q\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", url, url)
}

// writeHosts writes the hosts.toml of a registry; no scheme means http.
func writeHosts(certsD, scheme, host string) error {
	if scheme == "" {
		scheme = "http"
	}
	dir := filepath.Join(certsD, host)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder of registry %s: %w", host, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "hosts.toml"), []byte(hostsConfig(scheme, host)), 0o644); err != nil {
		return fmt.Errorf("writing hosts.toml of registry %s: %w", host, err)
	}
	return nil
}

// writeKubeconfig writes a kubeconfig for one user of the API server.
func writeKubeconfig(path, server string, ca []byte, token string) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["e2e"] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca}
	config.AuthInfos["user"] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts["e2e"] = &clientcmdapi.Context{Cluster: "e2e", AuthInfo: "user"}
	config.CurrentContext = "e2e"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("writing kubeconfig %s: %w", path, err)
	}
	return nil
}

// user is an identity the API server knows by its token.
type user struct{ name, group string }

// controlUsers maps the name of a kubeconfig to the user it stands for.
func controlUsers(node string) map[string]user {
	return map[string]user{
		"admin":      {"admin", "system:masters"},
		"controller": {"system:kube-controller-manager", ""},
		"scheduler":  {"system:kube-scheduler", ""},
		"kubelet":    {"system:node:" + node, "system:nodes"},
	}
}
