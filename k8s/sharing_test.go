package k8s

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"github.com/pullfix/pullfix/runbook/keyring"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

// as opens the cluster as a user who may do this much.
func (s *shop) as(name string, allow ...cluster.Rule) *Cluster {
	s.Helper()
	s.stand.AddUser(cluster.User{Name: name, Token: name + "-token", Allow: allow})
	c, err := New(&rest.Config{Host: "http://stand-in", Transport: s.stand.RoundTripper(), BearerToken: name + "-token", QPS: -1}, Options{})
	if err != nil {
		s.Fatal(err)
	}
	return c
}

// TestS11SharingFindsTheCredential in every namespace that may be read, by its
// fingerprint alone, and says what could not be read.
func TestS11SharingFindsTheCredential(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.docker("regcred", two(stale))
		s.team("team-a", two(stale))
		s.team("team-b", two("another"))
		s.team("team-c", two(stale))
		in := func(namespace string) cluster.Rule {
			return cluster.Rule{Verb: "list", Resource: "secrets", Namespace: namespace}
		}
		key := []byte("k")
		held := keyring.Fingerprint(key, keyring.Credential{User: "bot", Password: keyring.NewSecret(stale)})
		for _, r := range []struct {
			name    string
			who     *Cluster
			print   string
			want    []string
			problem string
		}{
			{"all", s.reader, held, []string{"default/regcred", "team-a/pull", "team-c/pull"}, ""},
			{"another credential", s.reader, "none", nil, ""},
			{"some namespaces", s.as("some", cluster.Rule{Verb: "list", Resource: "namespaces"}, in("default"), in("team-a")), held, []string{"default/regcred", "team-a/pull"}, "may not be read"},
			{"known namespaces", s.as("known", in("default")), held, []string{"default/regcred"}, ""},
			{"nothing", s.as("nobody", in("elsewhere")), held, nil, "may not be read"},
		} {
			got, err := r.who.Sharing(t.Context(), SharingQuestion{Key: key, Fingerprints: []string{r.print}, Known: []string{"default"}})
			if diff := cmp.Diff(r.want, got); diff != "" {
				t.Errorf("%s: %s", r.name, diff)
			}
			if (err == nil) != (r.problem == "") || (err != nil && !strings.Contains(err.Error(), r.problem)) {
				t.Errorf("%s: %v, want %q", r.name, err, r.problem)
			}
			s.unmarked(got, err)
		}
	})
}
