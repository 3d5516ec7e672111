package cluster

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// The cases were run through the real kubelet's keyring, v1.36.3.
func TestKeyMatches(t *testing.T) {
	for _, tc := range []struct {
		key, image string
		want       bool
	}{
		{"https://index.docker.io/v1/", "nginx", true},
		{"index.docker.io", "nginx", true},
		{"https://index.docker.io/v1", "nginx", false},
		{"docker.io", "nginx", true},
		{"docker.io/library", "nginx", true},
		{"docker.io/acme", "acme2/app", true},
		{"registry-1.docker.io", "nginx", false},
		{"*.docker.io", "nginx", false},
		{"index.docker.io/library", "nginx", false},
		{"https://ghcr.io/v2/", "ghcr.io/a/b", true},
		{"ghcr.io/a/", "ghcr.io/a/b", true},
		{"ghcr.io/a", "ghcr.io/abc/x", true},
		{"GHCR.IO", "ghcr.io/a/b", false},
		{"ghcr.io/a/b:1", "ghcr.io/a/b:1", false},
		{"ghcr.io ", "ghcr.io/a/b", false},
		{"reg.test:443", "reg.test/a", false},
		{"reg.test", "reg.test:5000/a", false},
		{"*.dkr.ecr.*.amazonaws.com", "123456789012.dkr.ecr.us-east-1.amazonaws.com/x", true},
		{"*.amazonaws.com", "123456789012.dkr.ecr.us-east-1.amazonaws.com/x", false},
		{"*", "reg.test/a", false},
		{"%zz", "reg.test/a", false},
	} {
		full, err := fullName(tc.image)
		if err != nil {
			t.Fatal(err)
		}
		r, err := newRing([]*corev1.Secret{dockerSecret("s", map[string]string{tc.key: "dTpw"})})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(r.lookup(repository(full))) > 0; got != tc.want {
			t.Errorf("%s for %s: %v, want %v", tc.key, tc.image, got, tc.want)
		}
	}
}

func dockerSecret(name string, auths map[string]string) *corev1.Secret {
	entries := map[string]any{}
	for location, auth := range auths {
		entries[location] = map[string]string{"auth": auth}
	}
	text, _ := json.Marshal(map[string]any{"auths": entries}) //nolint:errchkjson // strings
	s := &corev1.Secret{Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{corev1.DockerConfigJsonKey: text}}
	s.Name = name
	return s
}

func TestOrderOfCredentials(t *testing.T) {
	r, err := newRing([]*corev1.Secret{
		dockerSecret("a", map[string]string{"*.io": "YTph", "quay.io/org/app": "Yjpi", "quay.io": "YzpjOmM"}),
		dockerSecret("b", map[string]string{"quay.io/org": "ZDpk", "https://quay.io/v2/": "ZTpl"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range r.lookup("quay.io/org/app") {
		got = append(got, fmt.Sprintf("%s/%s", c.Username, c.Reveal()))
	}
	if diff := cmp.Diff([]string{"b/b", "d/d", "c/c:c", "e/e", "a/a"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestUndecodableEntrySpoilsAll(t *testing.T) {
	_, err := newRing([]*corev1.Secret{dockerSecret("a", map[string]string{"reg.test": "dTpw", "other.test": "bm9jb2xvbg=="})})
	if err == nil || err.Error() != "unable to parse auth field, must be formatted as base64(username:password)" {
		t.Errorf("got %v", err)
	}
}
