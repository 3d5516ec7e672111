//go:build linux

package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Env lists what scripts need to use the cluster, as KEY=value lines that sh
// can source.
func (c *Cluster) Env() string {
	pairs := [][2]string{{"KUBECONFIG", c.Kubeconfig}, {"KUBECTL", c.bin.Path("kubectl")}}
	if c.Public != nil {
		pairs = append(pairs,
			[2]string{"NODE", c.Node},
			[2]string{"REGISTRY_PUBLIC", c.Public.Host},
			[2]string{"REGISTRY_PRIVATE", c.Private.Host},
			[2]string{"REGISTRY_TOKEN", c.Token.Host},
			[2]string{"REGISTRY_USER", c.User},
			[2]string{"REGISTRY_PASSWORD", c.Password},
			[2]string{"CONTAINERD_CERTS_D", c.CertsD},
		)
	}
	var text strings.Builder
	for _, pair := range pairs {
		fmt.Fprintf(&text, "%s=%s\n", pair[0], shellQuote(pair[1]))
	}
	return text.String()
}

// WriteEnv writes Env to a file in one step: who sees it sees all of it.
func (c *Cluster) WriteEnv(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the folder of %s: %w", path, err)
	}
	if err := os.WriteFile(path+".new", []byte(c.Env()), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,-]+$`)

// shellQuote quotes what sh would not take as one plain word.
func shellQuote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
