package runbook

import (
	"time"

	"github.com/pullfix/pullfix/runbook/keyring"
)

// Use is a workload as the inventory needs it: which images its pods pull, and
// which pull secrets they name, in their order.
type Use struct {
	Namespace string
	Workload  string // KIND/NAME
	Images    []string
	Secrets   []string
}

// Held is a pull secret that workloads name. It holds credentials, and lives as
// long as the making of the inventory.
type Held struct {
	keyring.PullSecret
	Owner      *Ownership
	Unreadable bool
}

// Inventory says from which registries a cluster pulls, by which pull secrets.
// It holds no credential. What nodes send of their own is not in it.
type Inventory struct {
	Cluster    string          `json:"cluster"`
	Namespace  string          `json:"namespace"` // "" for all
	TakenAt    time.Time       `json:"takenAt"`
	Pods       int             `json:"pods"` // that were counted
	Workloads  int             `json:"workloads"`
	Registries []RegistryUse   `json:"registries"`
	Unused     []UnusedEntries `json:"unused"`
	Complete   bool            `json:"complete"`
	Gaps       []Gap           `json:"gaps"`
}

// RegistryUse is one registry, with those who pull from it.
type RegistryUse struct {
	Host         string      `json:"host"`
	Vendor       string      `json:"vendor"`
	Repositories int         `json:"repositories"`
	Workloads    int         `json:"workloads"`
	Namespaces   []string    `json:"namespaces"`
	Secrets      []SecretUse `json:"secrets"`
	// WithoutSecret counts the workloads of which no pull secret has a credential
	// for this registry: they pull anonymously, or as their node.
	WithoutSecret int `json:"withoutSecret"`
}

// SecretUse is one pull secret that has, or may have, a credential for a
// registry.
type SecretUse struct {
	Namespace string     `json:"namespace"`
	Name      string     `json:"name"`
	State     string     `json:"state"`
	Keys      []string   `json:"keys"`  // the entries that match, as written
	Kinds     []string   `json:"kinds"` // "ECR token", as far as the credentials tell
	Owner     string     `json:"owner"` // what keeps the secret; "" when nothing shows
	Expires   *time.Time `json:"expires"`
	Workloads int        `json:"workloads"`
}

// The states of a pull secret in an inventory.
const (
	SecretMatches    = "matches"
	SecretMissing    = "missing"
	SecretUnreadable = "unreadable"
	SecretMalformed  = "malformed" // it stops every pull of its pods
)

// UnusedEntries is a pull secret that workloads name and of which no entry
// matches any image of theirs.
type UnusedEntries struct {
	Namespace string   `json:"namespace"`
	Name      string   `json:"name"`
	Keys      []string `json:"keys"`
	Why       string   `json:"why"`
	Workloads int      `json:"workloads"`
}

// TakeInventory folds what was read into an inventory.
func TakeInventory(uses []Use, held []Held) Inventory {
	f := newFold(held)
	for _, u := range uses {
		f.add(u)
	}
	return Inventory{Workloads: len(uses), Registries: f.registries(), Unused: f.unused(), Complete: true, Gaps: []Gap{}}
}
