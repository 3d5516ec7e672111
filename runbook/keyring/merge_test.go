package keyring

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var fresh = Credential{User: "fresh", Password: NewSecret("new:pass")}

const freshText = `{"username":"fresh","password":"new:pass","auth":"ZnJlc2g6bmV3OnBhc3M="}`

func TestMerge(t *testing.T) {
	for _, tc := range []struct {
		name, document, image, key string
		want                       string // N stands for the new entry
		old                        string
		dropped                    []string
	}{
		{
			name: "one entry, the rest to the byte", image: "ghcr.io/a/b",
			document: "{ \"HttpHeaders\": {\"X\":\"1\"},\n \"auths\": {\n\t\"quay.io\" : {\"auth\":\"YTpi\", \"x\": [1,2]} ,\n\t\"ghcr.io\": {\"auth\":\"b2xkOm9sZA==\"}\n }, \"credHelpers\":{}}\n",
			want:     "{ \"HttpHeaders\": {\"X\":\"1\"},\n \"auths\": {\n\t\"quay.io\" : {\"auth\":\"YTpi\", \"x\": [1,2]} ,\n\t\"ghcr.io\": N\n }, \"credHelpers\":{}}\n",
			old:      `{"auth":"b2xkOm9sZA=="}`,
		},
		{
			name: "the key stays as it is written", image: "ghcr.io/a/b",
			document: `{"auths":{"https://ghcr.io/v2/":{}}}`, want: `{"auths":{"https://ghcr.io/v2/":N}}`, old: `{}`,
		},
		{
			name: "other keys that mean the same go", image: "ghcr.io/a/b",
			document: `{"auths":{"https://ghcr.io":{}, "a.io":{}, "ghcr.io/":{} , "z.io":{}, "http://ghcr.io":{}}}`,
			want:     `{"auths":{"https://ghcr.io":N, "a.io":{}, "z.io":{}}}`, old: `{}`, dropped: []string{"ghcr.io/", "http://ghcr.io"},
		},
		{
			name: "the last ones go", image: "ghcr.io/a/b", key: "ghcr.io",
			document: `{"auths":{"ghcr.io":{},"https://ghcr.io":{}}}`, want: `{"auths":{"ghcr.io":N}}`, old: `{}`, dropped: []string{"https://ghcr.io"},
		},
		{
			name: "the same name twice: the last counts", image: "ghcr.io/a/b", key: "ghcr.io",
			document: `{"auths":{"ghcr.io":{"auth":"YTpi"},"ghcr.io":{}}}`, want: `{"auths":{"ghcr.io":N}}`, old: `{}`, dropped: []string{"ghcr.io"},
		},
		{name: "a new entry, spaced as the others", image: "ghcr.io/a/b", document: "{\"auths\":{\n  \"quay.io\":{}\n}}", want: "{\"auths\":{\n  \"quay.io\":{},\n  \"ghcr.io\":N\n}}"},
		{name: "no entries yet", image: "nginx", document: `{"auths":{}}`, want: `{"auths":{"https://index.docker.io/v1/":N}}`},
		{name: "no list yet", image: "nginx", document: `{"HttpHeaders":{}}`, want: `{"HttpHeaders":{},"auths":{"https://index.docker.io/v1/":N}}`},
		{name: "an empty list", image: "nginx", document: `{"auths":null}`, want: `{"auths":{"https://index.docker.io/v1/":N}}`},
		{name: "an entry that cannot be decoded", image: "ghcr.io/a/b", document: `{"auths":{"ghcr.io":{"auth":"!"},"a":{}}}`, want: `{"auths":{"ghcr.io":N,"a":{}}}`, old: `{"auth":"!"}`},
		{name: "an entry that is no object", image: "ghcr.io/a/b", document: `{"auths":{"ghcr.io":"x"}}`, want: `{"auths":{"ghcr.io":N}}`, old: `"x"`},
		{
			name: "the one that is tried first", image: "quay.io/org/app", document: `{"auths":{"quay.io":{},"quay.io/org":{},"*.io":{}}}`,
			want: `{"auths":{"quay.io":{},"quay.io/org":N,"*.io":{}}}`, old: `{}`,
		},
		{
			name: "Docker Hub's own key only without another", image: "nginx", document: `{"auths":{"index.docker.io":{},"docker.io":{}}}`,
			want: `{"auths":{"index.docker.io":{},"docker.io":N}}`, old: `{}`,
		},
		{name: "a key with a user in it", image: "ghcr.io/a/b", key: "…@ghcr.io", document: `{"auths":{"bob:pw@ghcr.io":{}}}`, want: `{"auths":{"bob:pw@ghcr.io":N}}`, old: `{}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Merge(NewSecret(tc.document), Edit{Type: configJSON().secretType, Image: tc.image, Key: tc.key, New: fresh})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.ReplaceAll(tc.want, "N", freshText), got.Document.Reveal()); diff != "" {
				t.Error(diff)
			}
			if got.Old.Reveal() != tc.old || !slices.Equal(got.Dropped, tc.dropped) {
				t.Errorf("old %q, dropped %q", got.Old.Reveal(), got.Dropped)
			}
		})
	}
}

func TestMergeRefuses(t *testing.T) {
	for _, tc := range []struct {
		document string
		kind     string
		want     error
	}{
		{document: `not json`, want: ErrNoDocument},
		{document: ``, want: ErrNoDocument},
		{document: `{"auths":{}} x`, want: ErrNoDocument},
		{document: `[]`, want: ErrNoDocument},
		{document: `{"auths":[]}`, want: ErrNoDocument},
		{document: `{"auths":{},"AUTHS":{}}`},
		{document: `{"auths":{"quay.io":{"auth":"!"}}}`, want: ErrNotUsed},
		{document: `{"auths":{},"HttpHeaders":{"a":1}}`, want: ErrNotUsed},
		{document: `{"auths":{"a":"` + strings.Repeat("x", MostBytes) + `"}}`, want: ErrTooLarge},
		{document: `{"auths":{"a":"` + strings.Repeat("x", MostBytes-30) + `"}}`, want: ErrTooLarge},
		{document: `{"auths":{}}`, kind: "Opaque"},
	} {
		kind := configJSON().secretType
		if tc.kind != "" {
			kind = tc.kind
		}
		_, err := Merge(NewSecret(tc.document), Edit{Type: kind, Image: "ghcr.io/a/b", New: fresh})
		if err == nil || (tc.want != nil && !errors.Is(err, tc.want)) {
			t.Errorf("%.40s: %v, want %v", tc.document, err, tc.want)
		}
	}
	got, err := Merge(NewSecret(`not json`), Edit{Type: legacyConfig().secretType, Image: "ghcr.io/a/b", New: fresh, Anew: true})
	if err != nil || got.Document.Reveal() != `{"ghcr.io":`+freshText+`}` {
		t.Errorf("anew: %s, %v", got.Document.Reveal(), err)
	}
}

// TestMergeKeepsOddCredentials: what one form of an entry cannot hold stands in
// the other.
func TestMergeKeepsOddCredentials(t *testing.T) {
	for _, c := range []Credential{
		{User: "a:b", Password: NewSecret("p")}, {User: "u", Password: NewSecret("\xff\xfe")}, {User: "u", Password: NewSecret(`<&>"\` + "\n")},
	} {
		got, err := Merge(NewSecret(`{"auths":{}}`), Edit{Type: configJSON().secretType, Image: "ghcr.io/a", New: c})
		if err != nil {
			t.Fatal(err)
		}
		if sent := Find("ghcr.io/a", []PullSecret{configSecret("s", got.Document.Reveal())}).Credentials(); len(sent) != 1 || !sent[0].Equal(c) {
			t.Errorf("%q: %v", got.Document.Reveal(), sent)
		}
	}
}

// TestMergeThenUndo: the former value back gives the former document.
func TestMergeThenUndo(t *testing.T) {
	const document = "{\"auths\":{ \"ghcr.io\" : { \"auth\" : \"YTpi\" } , \"b\":{}}}"
	edit := Edit{Type: configJSON().secretType, Image: "ghcr.io/a", New: fresh}
	done, err := Merge(NewSecret(document), edit)
	if err != nil {
		t.Fatal(err)
	}
	edit.Key, edit.Raw = done.Key, done.Old
	back, err := Merge(done.Document, edit)
	if err != nil || back.Document.Reveal() != document || !back.Was.Equal(fresh) {
		t.Errorf("%s, %v", back.Document.Reveal(), err)
	}
}

// TestMergeProperties: the kubelet tries the new credential first, and every
// other entry has the bytes it had.
func TestMergeProperties(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	for range 3000 {
		image, secrets := pod(r)
		secret := secrets[0]
		if secret.Type == "Opaque" {
			continue
		}
		checkMerge(t, image, secret.Type, secret.Data[DataKey(secret.Type)].Reveal())
		if t.Failed() {
			t.Fatalf("seed %d, image %s", seed, image)
		}
	}
}

// checkMerge merges a new credential and compares what is left.
func checkMerge(t *testing.T, image, kind, document string) {
	t.Helper()
	got, err := Merge(NewSecret(document), Edit{Type: kind, Image: image, New: fresh})
	if err != nil {
		return
	}
	secret := PullSecret{Name: "s", Type: kind, Data: map[string]Secret{DataKey(kind): got.Document}}
	before := Find(image, []PullSecret{{Name: "s", Type: kind, Data: map[string]Secret{DataKey(kind): NewSecret(document)}}})
	l := Find(image, []PullSecret{secret})
	if sent := l.Credentials(); len(before.Malformed) == 0 && !sent[0].Equal(fresh) {
		t.Errorf("the new credential is not the first of %v in %s", sent, got.Document.Reveal())
	}
	f, _ := formatOf(kind)
	old, err := f.entries([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	now, err := f.entries([]byte(got.Document.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	var want, have []string
	for _, m := range old.members {
		if slices.Contains(got.Kept, shownKey(m.name)) && shownKey(m.name) != got.Key {
			want = append(want, m.name+string(old.raw(m)))
		}
	}
	for _, m := range now.members {
		if shownKey(m.name) != got.Key {
			have = append(have, m.name+string(now.raw(m)))
		}
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("other entries: %s", diff)
	}
	if string(old.text) == document && !strings.HasPrefix(got.Document.Reveal(), document[:old.from]) {
		t.Errorf("before the entries: %q, %q", document, got.Document.Reveal())
	}
}

// FuzzMerge must not panic on any document, nor lose an entry.
func FuzzMerge(f *testing.F) {
	for _, document := range []string{
		`{"auths":{"ghcr.io":{"auth":"YTpi"}}}`, `{"auths":{"ghcr.io":{"auth":"!"},"x":1}}`, `{"auths":null}`, `{}`, `{"a":{"b":2},"\u0061":{}}`,
		`{"auths":{"a":{},"a":{},"https://ghcr.io":{},"ghcr.io/":{}}}`, "{\"auths\":{\n\"x\" :\t1e5 ,\"y\":\"\\\"}\"}}", `{"auths":{"a`,
	} {
		f.Add("ghcr.io/a/b", document, true)
		f.Add("nginx", document, false)
	}
	f.Fuzz(func(t *testing.T, image, document string, wrapped bool) {
		kind := legacyConfig().secretType
		if wrapped {
			kind = configJSON().secretType
		}
		checkMerge(t, image, kind, document)
		MergeApplied(NewSecret(document), Edit{Type: kind, Image: image, New: fresh})
	})
}

func TestMergeApplied(t *testing.T) {
	const document, after = `{"auths":{"ghcr.io":{"auth":"b2xkOm9sZA=="},"q":{}}}`, `{"auths":{"ghcr.io":` + freshText + `,"q":{}}}`
	encode64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	quote := func(s string) string {
		quoted, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(quoted)
	}
	for _, tc := range []struct {
		manifest, want string
		found          bool
	}{
		{`{"kind":"Secret", "data":{"x":"1", ".dockerconfigjson":"` + encode64(document) + `"} }`, `{"kind":"Secret", "data":{"x":"1", ".dockerconfigjson":"` + encode64(after) + `"} }`, true},
		{`{"stringData":{".dockerconfigjson":` + quote(document) + `}}`, `{"stringData":{".dockerconfigjson":` + quote(after) + `}}`, true},
		{`{"data":{".dockerconfigjson":"!"}}`, `{"data":{".dockerconfigjson":"` + encode64(`{"auths":{"ghcr.io":`+freshText+`}}`) + `"}}`, true},
		{`{"data":{"other":"1"}}`, `{"data":{"other":"1"}}`, false},
		{`{"data":{".dockerconfigjson":1}}`, `{"data":{".dockerconfigjson":1}}`, false},
		{`broken`, `broken`, false},
	} {
		got, _, found := MergeApplied(NewSecret(tc.manifest), Edit{Type: configJSON().secretType, Image: "ghcr.io/a", New: fresh})
		if got.Reveal() != tc.want || found != tc.found {
			t.Errorf("%s became %s, %v", tc.manifest, got.Reveal(), found)
		}
	}
}

// TestMergeManyEntries must not take time that grows with the square of them.
func TestMergeManyEntries(t *testing.T) {
	huge := hugeSecret()
	got, err := Merge(huge.Data[DataKey(huge.Type)], Edit{Type: huge.Type, Image: "a/x", Key: "a?1", New: fresh})
	if !errors.Is(err, ErrNotUsed) && err != nil {
		t.Fatal(err)
	}
	if err == nil && len(got.Dropped) != 1<<16-1 {
		t.Errorf("%d dropped", len(got.Dropped))
	}
}
