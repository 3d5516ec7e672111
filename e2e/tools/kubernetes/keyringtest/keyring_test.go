// Package keyringtest compares pullfix's port of the kubelet's keyring with the
// kubelet's own, on generated pull secrets and images. It is a module of its
// own: run "go test ./..." in this folder.
package keyringtest

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	v1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
	"k8s.io/kubernetes/pkg/util/parsers"

	"github.com/pullfix/pullfix/runbook/keyring"
)

const cases = 50_000

// TestKubeletAgrees is the proof of the port: for every generated pod the same
// credentials in the same order, the same refusal in the same words.
func TestKubeletAgrees(t *testing.T) {
	seed := seed(t)
	t.Logf("seed %d: KEYRING_SEED=%d repeats this run", seed, seed)
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0))}
	klog.SetSlogLogger(slog.New(slog.DiscardHandler)) // the kubelet logs every key that it skips
	var seen tally
	for i := range cases {
		w := g.world()
		image, pod := g.image(w), g.secrets(w)
		real := ask(t, image, pod)
		ported := keyring.Find(image, ours(pod))
		if diff := difference(real, ported); diff != "" {
			t.Errorf("case %d, image %q: %s\n%s", i, image, diff, show(pod))
		}
		if bad := badSuggestion(t, image, ported); bad != "" {
			t.Errorf("case %d, image %q: %s", i, image, bad)
		}
		if t.Failed() && i > 100 {
			t.FailNow() // a few differences say as much as thousands
		}
		seen.count(real, ported)
	}
	t.Logf("%+v", seen)
	seen.check(t)
}

// seed is random unless KEYRING_SEED names one.
func seed(t *testing.T) uint64 {
	t.Helper()
	given := os.Getenv("KEYRING_SEED")
	if given == "" {
		return rand.Uint64()
	}
	seed, err := strconv.ParseUint(given, 10, 64)
	if err != nil {
		t.Fatalf("reading KEYRING_SEED: %v", err)
	}
	return seed
}

// answer is what the real kubelet's code says.
type answer struct {
	imageErr, secretErr error
	tried               []sent
}

// sent is one credential that the kubelet would send.
type sent struct{ source, user, password string }

// ask runs the kubelet's own code, as its image manager does.
func ask(t *testing.T, image string, pod []v1.Secret) answer {
	t.Helper()
	name, _, _, err := parsers.ParseImageName(image)
	if err != nil {
		_, secretErr := secrets.MakeDockerKeyring(pod, &credentialprovider.BasicDockerKeyring{})
		return answer{imageErr: err, secretErr: secretErr}
	}
	ring, err := secrets.MakeDockerKeyring(pod, &credentialprovider.BasicDockerKeyring{})
	if err != nil {
		return answer{secretErr: err}
	}
	found, _ := ring.Lookup(name)
	var tried []sent
	for _, c := range found {
		if c.Source == nil || c.Source.Secret == nil {
			t.Fatal("the kubelet does not say which secret a credential comes from: its feature gate has changed")
		}
		tried = append(tried, sent{source: "secret/" + c.Source.Secret.Name, user: c.Username, password: c.Password})
	}
	return answer{tried: tried}
}

func ours(pod []v1.Secret) []keyring.PullSecret {
	var all []keyring.PullSecret
	for _, s := range pod {
		p := keyring.PullSecret{Namespace: s.Namespace, Name: s.Name, Type: string(s.Type), Data: map[string]keyring.Secret{}}
		for name, content := range s.Data {
			p.Data[name] = keyring.NewSecret(string(content))
		}
		all = append(all, p)
	}
	return all
}

// difference returns "" when both agree.
func difference(real answer, ported keyring.Lookup) string {
	if (real.imageErr != nil) != (ported.Err != nil) || real.imageErr != nil && real.imageErr.Error() != ported.Err.Error() {
		return fmt.Sprintf("image error: kubelet %v, port %v", real.imageErr, ported.Err)
	}
	if real.secretErr != nil || len(ported.Malformed) > 0 {
		if real.secretErr == nil || len(ported.Malformed) == 0 || real.secretErr.Error() != ported.Malformed[0].Text {
			return fmt.Sprintf("malformed: kubelet %v, port %+v", real.secretErr, ported.Malformed)
		}
		if len(ported.Used) > 0 {
			return "the port uses credentials although the lookup fails"
		}
		return ""
	}
	if len(real.tried) != len(ported.Used) {
		return fmt.Sprintf("kubelet tries %d credentials %v, port %d", len(real.tried), real.tried, len(ported.Used))
	}
	for start := 0; start < len(ported.Used); {
		end := sameKey(ported, start)
		want, got := slices.Clone(real.tried[start:end]), portSent(ported, start, end)
		slices.SortFunc(want, compare)
		slices.SortFunc(got, compare)
		if !slices.Equal(want, got) {
			return fmt.Sprintf("credentials %d to %d: kubelet %q, port %q", start, end-1, want, got)
		}
		start = end
	}
	return badEntries(ported)
}

// sameKey returns where the run of entries ends that one secret files under one
// key: the kubelet's own order among them is random.
func sameKey(l keyring.Lookup, start int) int {
	first := l.Entries[l.Used[start]]
	end := start + 1
	for end < len(l.Used) && l.Entries[l.Used[end]].Source == first.Source && l.Entries[l.Used[end]].Host == first.Host {
		end++
	}
	return end
}

func portSent(l keyring.Lookup, start, end int) []sent {
	var all []sent
	for _, i := range l.Used[start:end] {
		e := l.Entries[i]
		all = append(all, sent{source: e.Source, user: e.Credential.User, password: e.Credential.Password.Reveal()})
	}
	return all
}

func compare(a, b sent) int {
	return slices.Compare([]string{a.source, a.user, a.password}, []string{b.source, b.user, b.password})
}

// badEntries checks that the port's account of its entries is consistent.
func badEntries(l keyring.Lookup) string {
	for _, e := range l.Entries {
		if e.Used != (e.Reason == "") || e.Used != (e.Order >= 0) {
			return fmt.Sprintf("entry %q: used %v, order %d, reason %q", e.Key, e.Used, e.Order, e.Reason)
		}
	}
	return ""
}

// badSuggestion tries every key that the port would have matched on the kubelet.
func badSuggestion(t *testing.T, image string, l keyring.Lookup) string {
	t.Helper()
	for _, e := range l.Entries {
		if e.Suggestion == "" {
			continue
		}
		s := v1.Secret{Type: v1.SecretTypeDockerConfigJson, Data: map[string][]byte{
			v1.DockerConfigJsonKey: fmt.Appendf(nil, `{"auths":{%q:{"username":"u","password":"p"}}}`, e.Suggestion),
		}}
		if got := ask(t, image, []v1.Secret{s}); len(got.tried) != 1 {
			return fmt.Sprintf("suggests %q instead of %q, which does not match either", e.Suggestion, e.Key)
		}
	}
	return ""
}

// show prints the generated secrets, whose passwords are made up.
func show(pod []v1.Secret) string {
	text := ""
	for _, s := range pod {
		for name, content := range s.Data {
			text += fmt.Sprintf("%s (%s) %s: %s\n", s.Name, s.Type, name, content)
		}
	}
	return text
}

// tally counts what the generator produced.
type tally struct{ Cases, Matched, Several, Malformed, BadImages, Unused, Suggested int }

func (c *tally) count(real answer, ported keyring.Lookup) {
	c.Cases++
	if len(real.tried) > 0 {
		c.Matched++
	}
	if len(real.tried) > 1 {
		c.Several++
	}
	if real.secretErr != nil {
		c.Malformed++
	}
	if real.imageErr != nil {
		c.BadImages++
	}
	for _, e := range ported.Entries {
		if !e.Used {
			c.Unused++
		}
		if e.Suggestion != "" {
			c.Suggested++
		}
	}
}

// check fails when the generator has drifted into cases that prove little.
func (c *tally) check(t *testing.T) {
	t.Helper()
	for _, least := range []struct {
		what    string
		have    int
		percent int
	}{
		{"a match", c.Matched, 25},
		{"several matches", c.Several, 10},
		{"a malformed secret", c.Malformed, 3},
		{"a bad image", c.BadImages, 1},
	} {
		if least.have*100 < least.percent*c.Cases {
			t.Errorf("only %d of %d cases have %s, want %d %%", least.have, c.Cases, least.what, least.percent)
		}
	}
}
