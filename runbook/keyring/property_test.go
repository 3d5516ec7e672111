package keyring

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pod makes a random image and pull secrets that nearly fit it.
func pod(r *rand.Rand) (string, []PullSecret) {
	pick := func(choices ...string) string { return choices[r.IntN(len(choices))] }
	host := pick("docker.io", "ghcr.io", "reg.example.com:5000", "localhost", "eu.gcr.io")
	image := host + "/" + pick("a", "a/b", "library/nginx", "org/app")
	var secrets []PullSecret
	for n := range 1 + r.IntN(3) {
		var keys []string
		for range r.IntN(5) {
			at := pick(host, host, host, "*.io", "*", "index.docker.io", "quay.io", strings.ToUpper(host), host+":443", " "+host, "%zz")
			keys = append(keys, pick("", "https://", "http://")+at+pick("", "", "/", "/v1/", "/v2", "/a", "/o", "/org/app", "/library", "/x", "/*"))
		}
		secret := pullSecret(fmt.Sprintf("pull-%d", n), keys...)
		if r.IntN(8) == 0 {
			secret.Type = "Opaque"
		}
		secrets = append(secrets, secret)
	}
	return image, secrets
}

// each runs check on many random pods.
func each(t *testing.T, check func(t *testing.T, image string, secrets []PullSecret)) {
	t.Helper()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 1000 {
		image, secrets := pod(r)
		check(t, image, secrets)
		if t.Failed() {
			t.Fatalf("seed %d, image %s", seed, image)
		}
	}
}

// TestUnrelatedEntryChangesNothing: an entry for another registry never changes
// what is used, nor its order.
func TestUnrelatedEntryChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, image string, secrets []PullSecret) {
		before := usedKeys(Find(image, secrets))
		for at := range len(secrets) + 1 {
			more := slices.Insert(slices.Clone(secrets), at, pullSecret("unrelated", "unrelated.example.org", "zzz.example.org/a"))
			if diff := cmp.Diff(before, usedKeys(Find(image, more))); diff != "" {
				t.Errorf("with an unrelated secret at %d: %s", at, diff)
			}
		}
	})
}

// TestUsedIsInOrder: the keys go down from each used entry to the next.
func TestUsedIsInOrder(t *testing.T) {
	matched := 0
	each(t, func(t *testing.T, image string, secrets []PullSecret) {
		l := Find(image, secrets)
		for n := 1; n < len(l.Used); n++ {
			if a, b := l.Entries[l.Used[n-1]].Host, l.Entries[l.Used[n]].Host; a < b {
				t.Errorf("%q is tried before %q", a, b)
			}
			matched++
		}
	})
	if matched < 100 {
		t.Errorf("only %d pairs of used entries were seen", matched)
	}
}

// TestEveryEntryIsAccountedFor: used ones have a place, all others a reason.
func TestEveryEntryIsAccountedFor(t *testing.T) {
	each(t, func(t *testing.T, image string, secrets []PullSecret) {
		l := Find(image, secrets)
		for i, e := range l.Entries {
			order := slices.Index(l.Used, i)
			if e.Order != order || e.Used != (order >= 0) || e.Used == (e.Reason != "") || e.Used && e.Suggestion != "" {
				t.Errorf("entry %q: used %v, order %d, reason %q, place %d", e.Key, e.Used, e.Order, e.Reason, order)
			}
			if e.Suggestion != "" && !Find(image, []PullSecret{pullSecret("pull", e.Suggestion)}).Entries[0].Used {
				t.Errorf("instead of %q it suggests %q, which does not match either", e.Key, e.Suggestion)
			}
		}
	})
}

// TestSameAnswerTwice: no map decides anything.
func TestSameAnswerTwice(t *testing.T) {
	each(t, func(t *testing.T, image string, secrets []PullSecret) {
		if diff := cmp.Diff(Find(image, secrets), Find(image, secrets)); diff != "" {
			t.Error(diff)
		}
	})
}

// hugeSecret is as large as Kubernetes lets a Secret be, in the worst shape.
func hugeSecret() PullSecret {
	var entries []string
	for n := range 1 << 16 {
		entries = append(entries, fmt.Sprintf(`"a?%d":{}`, n/2)) // each key twice, all the same to the kubelet
	}
	return configSecret("huge", `{"auths":{`+strings.Join(entries, ",")+`}}`)
}

// TestHugeSecret must not take time that grows with the square of its entries,
// which would be hours.
func TestHugeSecret(t *testing.T) {
	start := time.Now()
	if l := Find("ghcr.io/a", []PullSecret{hugeSecret()}); len(l.Entries) != 1<<16 {
		t.Errorf("got %d entries", len(l.Entries))
	}
	t.Logf("65536 entries took %v", time.Since(start))
}

// FuzzFind must not panic on any document; what the kubelet refuses has a name,
// and what it accepts is accounted for.
func FuzzFind(f *testing.F) {
	for _, document := range []string{
		`{"auths":{"ghcr.io":{"auth":"YTpi"}}}`, `{"auths":{"ghcr.io":{"auth":"!"}}}`, `{"auths":null,"AUTHS":{"":null}}`,
		`{"auths":{"%zz":{},"[::1":{},"a@b":{"auth":"="}}}`, `[]`, "\ufeff", `{"auths":{"a":{"auth":"`, `{"HttpHeaders":{"a":1}}`, `{"a":{"b"`,
	} {
		f.Add("ghcr.io/a/b", document, true)
		f.Add("nginx", document, false)
	}
	f.Fuzz(func(t *testing.T, image, document string, wrapped bool) {
		format := legacyConfig()
		if wrapped {
			format = configJSON()
		}
		secret := PullSecret{Name: "pull", Type: format.secretType, Data: map[string]Secret{format.dataKey: NewSecret(document)}}
		l := Find(image, []PullSecret{secret})
		refused := document != "" && format.decode([]byte(document)) != nil
		if refused != (len(l.Malformed) > 0) {
			t.Errorf("refused %v, malformed %v", refused, l.Malformed)
		}
		for _, m := range l.Malformed {
			if m.Source != "secret/pull" || m.Text == "" {
				t.Errorf("malformed without a name: %+v", m)
			}
		}
		for _, e := range l.Entries {
			if e.Used != (e.Reason == "") {
				t.Errorf("entry %q: used %v, reason %q", e.Key, e.Used, e.Reason)
			}
		}
	})
}

// FuzzCredential must not panic on any user and password.
func FuzzCredential(f *testing.F) {
	f.Add("AWS", encode(`{"payload":"x","expiration":1e400}`))
	f.Add("robot", jwt(`{"exp":1}`))
	f.Fuzz(func(t *testing.T, user, password string) {
		c := Credential{User: user, Password: NewSecret(password)}
		if Kind(c) == "" {
			t.Error("no kind")
		}
		if at := Expires(c); at != nil && (at.Year() < 1970 || at.Year() > 9999) {
			t.Errorf("expires %v", at)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	secrets := []PullSecret{pullSecret("pull", "ghcr.io", "quay.io", "https://index.docker.io/v1/", ecr)}
	for b.Loop() {
		Find("ghcr.io/a/b", secrets)
	}
}
