//go:build linux

package cluster

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"
)

const testIdent ident = "pfx-1234567890"

// The lengths are limits of the kernel (IFNAMSIZ, sun_path) and of containerd
// (socket_dir).
func TestIdentFitsTheLimits(t *testing.T) {
	for what, c := range map[string]struct{ length, limit int }{
		"interface name":    {len(testIdent.bridge()), 15},
		"containerd socket": {len(testIdent.socket() + ".ttrpc"), 107},
		"shim sockets":      {len(testIdent.path("s")), 42},
	} {
		if c.length > c.limit {
			t.Errorf("%s has %d characters, the limit is %d", what, c.length, c.limit)
		}
	}
}

func TestKubeletConfigIsYAML(t *testing.T) {
	var config struct {
		Port         int
		CgroupRoot   string
		EvictionHard map[string]string
	}
	if err := yaml.Unmarshal([]byte(kubeletConfig(testIdent, 4711)), &config); err != nil {
		t.Fatal(err)
	}
	if config.Port != 4711 || config.CgroupRoot != "/pfx-1234567890" || config.EvictionHard["nodefs.available"] != "1%" {
		t.Errorf("read back: %+v", config)
	}
}

func TestCNIConfigIsJSON(t *testing.T) {
	var config struct {
		Plugins []struct{ Bridge string }
	}
	if err := json.Unmarshal([]byte(cniConfig(testIdent, "10.200.1.0/24")), &config); err != nil {
		t.Fatal(err)
	}
	if len(config.Plugins) != 1 || config.Plugins[0].Bridge != testIdent.bridge() {
		t.Errorf("read back: %+v", config)
	}
}

func TestWriteHosts(t *testing.T) {
	for scheme, want := range map[string]string{"": `server = "http://127.0.0.1:5000"`, "https": `[host."https://127.0.0.1:5000"]`} {
		dir := t.TempDir()
		if err := writeHosts(dir, scheme, "127.0.0.1:5000"); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "127.0.0.1:5000", "hosts.toml"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("scheme %q: %q lacks %q", scheme, text, want)
		}
	}
}

func TestKubeconfigBearsTheToken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	if err := writeKubeconfig(path, "https://127.0.0.1:6443", []byte("ca"), "secret"); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	if config.BearerToken != "secret" || config.Host != "https://127.0.0.1:6443" || string(config.CAData) != "ca" {
		t.Errorf("read back: host %s, authority %q", config.Host, config.CAData)
	}
	stat, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if stat.Mode().Perm() != 0o600 {
		t.Errorf("the administrator's kubeconfig has mode %v", stat.Mode())
	}
}

func TestOverlaps(t *testing.T) {
	_, subnet, err := net.ParseCIDR("10.200.1.0/24")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"10.200.1.7/32": true, "10.0.0.1/8": true, "10.200.2.1/24": false, "127.0.0.1/8": false} {
		ip, other, err := net.ParseCIDR(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := overlaps(subnet, []net.Addr{&net.IPNet{IP: ip, Mask: other.Mask}}); got != want {
			t.Errorf("overlaps with %s: %v", text, got)
		}
	}
}

func TestFreePortsDiffer(t *testing.T) {
	ports, err := FreePorts(20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, port := range ports {
		if seen[port] {
			t.Errorf("port %d comes twice in %v", port, ports)
		}
		seen[port] = true
	}
}

func TestShellQuote(t *testing.T) {
	for word, want := range map[string]string{
		"/tmp/x": "/tmp/x", "127.0.0.1:5000": "127.0.0.1:5000", "": "''", "/home/a b": "'/home/a b'", "it's": `'it'\''s'`, "$(id)": "'$(id)'",
	} {
		if got := shellQuote(word); got != want {
			t.Errorf("shellQuote(%q) = %s, want %s", word, got, want)
		}
	}
}
