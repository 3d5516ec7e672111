package keyring

import "testing"

func TestExact(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		key, registry string
		exact         bool
	}{
		{"ghcr.io", "ghcr.io", true},
		{"https://ghcr.io/v2/", "ghcr.io", true},
		{"ghcr.io/acme", "ghcr.io", true},
		{"registry.example.com:5000", "registry.example.com:5000", true},
		{"https://index.docker.io/v1/", "docker.io", true},
		{"docker.io", "docker.io", true},
		{"registry.example.com", "registry.example.com:5000", false},
		{"quay.io", "ghcr.io", false},
		{"*.io", "ghcr.io", false},
		{"acme.azurecr.i?", "acme.azurecr.io", false},
		{"[a-z]cme.azurecr.io", "acme.azurecr.io", false},
		{"user:secret@ghcr.io", "ghcr.io", true},
		{"", "ghcr.io", false},
		{"https://[", "ghcr.io", false},
	} {
		if Exact(test.key, test.registry) != test.exact {
			t.Errorf("key %q for %s: %t", test.key, test.registry, !test.exact)
		}
	}
}
