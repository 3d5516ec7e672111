package keyring

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// only returns the one entry of a document, looked up for an image on ghcr.io.
func only(t *testing.T, document string) Entry {
	t.Helper()
	l := Find("ghcr.io/a/b", []PullSecret{configSecret("pull", document)})
	if len(l.Entries) != 1 || len(l.Malformed) > 0 {
		t.Fatalf("got %d entries and malformed %v, want one sound entry", len(l.Entries), l.Malformed)
	}
	return l.Entries[0]
}

// entryCase is one entry, with the user and password that the kubelet reads.
type entryCase struct {
	name, entry, user, password string
	hints                       []string
}

// plainEntries are ways of writing a credential.
func plainEntries() []entryCase {
	return []entryCase{
		{"auth", `{"auth":"` + encode("bot:word") + `"}`, "bot", "word", nil},
		{"auth without padding", `{"auth":"` + strings.TrimRight(encode("bot:word"), "=") + `"}`, "bot", "word", nil},
		{"first colon", `{"auth":"` + encode("bot:a:b") + `"}`, "bot", "a:b", nil},
		{"line break within auth", `{"auth":"` + encode("bot:word")[:4] + `\n` + encode("bot:word")[4:] + `"}`, "bot", "word", nil},
		{"line break after the padding", `{"auth":"` + encode("bot:words") + `\n"}`, "bot", "words", nil},
		{"fields", `{"username":"bot","password":"word"}`, "bot", "word", nil},
		{"empty auth", `{"username":"bot","password":"word","auth":""}`, "bot", "word", nil},
		{"auth null", `{"username":"bot","password":"word","auth":null}`, "bot", "word", nil},
		{"auth, then null", `{"auth":"` + encode("bot:word") + `","auth":null}`, "bot", "word", nil},
		{"same twice", `{"username":"bot","password":"word","auth":"` + encode("bot:word") + `"}`, "bot", "word", nil},
		{
			"auth overrides", `{"username":"old","password":"old","auth":"` + encode("bot:word") + `"}`, "bot", "word",
			[]string{"auth overrides username and password, and says something else"},
		},
		{"names in capitals", `{"AUTH":"` + encode("bot:word") + `"}`, "bot", "word", nil},
	}
}

// oddEntries are read by the kubelet, but hardly as they were meant.
func oddEntries() []entryCase {
	return []entryCase{
		{
			"trailing newline", `{"auth":"` + encode("bot:word\n") + `"}`, "bot", "word\n",
			[]string{"trailing newline in the password (echo instead of echo -n?): the kubelet sends it along"},
		},
		{
			"space", `{"username":"bot","password":" word"}`, "bot", " word",
			[]string{"space before or after the password: the kubelet sends it along"},
		},
		{
			"user with newline", `{"username":"bot\n","password":"word"}`, "bot\n", "word",
			[]string{"space or line break before or after the user: the kubelet sends it along"},
		},
		{
			"byte order mark", `{"auth":"` + encode("\ufeffbot:word") + `"}`, "\ufeffbot", "word",
			[]string{"byte order mark before the user (a file saved as UTF-8 with BOM?): the kubelet sends it along"},
		},
		{
			"byte order mark before the password", `{"auth":"` + encode("bot:\ufeffword") + `"}`, "bot", "\ufeffword",
			[]string{"byte order mark before the password (a file saved as UTF-8 with BOM?): the kubelet sends it along"},
		},
		{
			"space without width", `{"username":"bot","password":"word\u200b"}`, "bot", "word\u200b",
			[]string{"invisible character in the password (copied from a page or a document?): the kubelet sends it along"},
		},
		{"nothing", `{}`, "", "", []string{"user and password are empty: it is tried as an anonymous pull"}},
		{"null", `null`, "", "", []string{"user and password are empty: it is tried as an anonymous pull"}},
		{
			"identity token", `{"identitytoken":"x"}`, "", "",
			[]string{"identitytoken is ignored by the kubelet", "user and password are empty: it is tried as an anonymous pull"},
		},
		{
			"az acr login", `{"auth":"` + encode("00000000-0000-0000-0000-000000000000:") + `","identitytoken":"x"}`,
			"00000000-0000-0000-0000-000000000000", "",
			[]string{
				"identitytoken is ignored by the kubelet", "the password is empty: the registry is asked anonymously",
				"az acr login leaves the token in identitytoken, which the kubelet ignores: use a token or a service principal as user and password",
			},
		},
		{
			"no user", `{"password":"word"}`, "", "word",
			[]string{"the user is empty: containerd drops the password and asks anonymously"},
		},
	}
}

func TestEntryValues(t *testing.T) {
	for _, test := range slices.Concat(plainEntries(), oddEntries()) {
		t.Run(test.name, func(t *testing.T) {
			e := only(t, `{"auths":{"ghcr.io":`+test.entry+`}}`)
			if !e.Used || e.Credential.User != test.user || e.Credential.Password.Reveal() != test.password {
				t.Errorf("used %v, user %q, password %q", e.Used, e.Credential.User, e.Credential.Password.Reveal())
			}
			if diff := cmp.Diff(test.hints, e.Hints); diff != "" {
				t.Error(diff)
			}
			if want := test.user == "" || test.password == ""; e.Credential.Anonymous() != want {
				t.Errorf("anonymous %v, want %v", e.Credential.Anonymous(), want)
			}
		})
	}
}

// malformedCase is a document that the kubelet refuses, and its words for it.
type malformedCase struct{ name, document, key, text, hint string }

// badEntries spoil a document by one entry.
func badEntries() []malformedCase {
	auths := func(entry string) string {
		return `{"auths":{"quay.io":{"auth":"` + encode("a:b") + `"},"ghcr.io":` + entry + `}}`
	}
	return []malformedCase{
		{
			"no colon", auths(`{"auth":"` + encode("word") + `"}`), "ghcr.io",
			"unable to parse auth field, must be formatted as base64(username:password)",
			"auth decodes to a text without a colon: it must be base64 of user:password, not of one of them",
		},
		{
			"encoded twice", auths(`{"auth":"` + encode(encode("bot:word")) + `"}`), "ghcr.io",
			"unable to parse auth field, must be formatted as base64(username:password)", "auth was encoded twice",
		},
		{
			"plain text", auths(`{"auth":"bot:word"}`), "ghcr.io", "illegal base64 data at input byte 3",
			"auth is not encoded: it must be base64 of user:password",
		},
		{
			"URL-safe", auths(`{"auth":"Ym90_j=="}`), "ghcr.io", "illegal base64 data at input byte 4",
			"auth uses the URL-safe base64 alphabet; the kubelet wants the standard one",
		},
		{"space", auths(`{"auth":"` + encode("bot:word") + ` "}`), "ghcr.io", "illegal base64 data at input byte 12", "auth has a space in it"},
		{
			"padding", auths(`{"auth":"Ym90Og="}`), "ghcr.io", "illegal base64 data at input byte 7",
			"the padding (=) at the end of auth is wrong, or a piece of it is missing",
		},
		{"cut off", auths(`{"auth":"Ym90O"}`), "ghcr.io", "illegal base64 data at input byte 4", "auth is not base64, or a piece of it is missing"},
		{
			"text for an entry", auths(`"word"`), "ghcr.io",
			"json: cannot unmarshal string into Go struct field DockerConfigJSON.auths of type credentialprovider.dockerConfigEntryWithAuth",
			`the fault is in the field "auths"`,
		},
		{
			"number for a user", auths(`{"username":5}`), "ghcr.io",
			"json: cannot unmarshal number into Go struct field DockerConfigJSON.auths.username of type string",
			`the fault is in the field "auths.username"`,
		},
	}
}

// badDocuments are spoilt elsewhere.
func badDocuments() []malformedCase {
	return []malformedCase{
		{
			"list of entries", `{"auths":[]}`, "",
			"json: cannot unmarshal array into Go struct field DockerConfigJSON.auths of type credentialprovider.DockerConfig",
			`the fault is in the field "auths"`,
		},
		{
			"header", `{"auths":{},"HttpHeaders":{"a":1}}`, "",
			"json: cannot unmarshal number into Go struct field DockerConfigJSON.HttpHeaders of type string",
			`the fault is in the field "HttpHeaders"`,
		},
		{
			"byte order mark", "\ufeff{}", "", "invalid character 'ï' looking for beginning of value",
			"the document starts with a byte order mark: save it as UTF-8 without one",
		},
		{
			"document encoded twice", encode(`{"auths":{}}`), "", "invalid character 'e' looking for beginning of value",
			"the document is base64-encoded twice: put the plain JSON under stringData, or encode it once under data",
		},
		{
			"quote in a password", "{\"auths\":{\"quay.io\":{},\n\"ghcr.io\":{\"password\":\"wo\"rd\"}}}", "ghcr.io",
			"invalid character 'r' after object key:value pair", "the JSON breaks in line 2, byte 51 of the document",
		},
		{"cut document", `{"auths":{"ghcr.io":{"auth":"`, "ghcr.io", "unexpected end of JSON input", "the JSON breaks in line 1, byte 29 of the document"},
	}
}

func TestMalformed(t *testing.T) {
	for _, test := range slices.Concat(badEntries(), badDocuments()) {
		t.Run(test.name, func(t *testing.T) {
			l := Find("ghcr.io/a/b", []PullSecret{pullSecret("good", "ghcr.io"), configSecret("bad", test.document)})
			want := []Malformed{{Source: "secret/bad", Key: test.key, Text: test.text, Hints: []string{test.hint}}}
			if diff := cmp.Diff(want, l.Malformed); diff != "" {
				t.Error(diff)
			}
			if len(l.Used) > 0 || l.Entries[0].Used || !strings.HasSuffix(l.Entries[0].Reason, "is malformed, and that fails every lookup of the pod") {
				t.Errorf("the good entry: used %v, reason %q", l.Entries[0].Used, l.Entries[0].Reason)
			}
		})
	}
}

// TestAllMalformedEntriesAreNamed lets people repair them in one go.
func TestAllMalformedEntriesAreNamed(t *testing.T) {
	l := Find("ghcr.io/a/b", []PullSecret{configSecret("bad", `{"auths":{"a":{"auth":"!"},"b":{},"c":{"auth":"YQ"}}}`)})
	var keys []string
	for _, m := range l.Malformed {
		keys = append(keys, m.Key)
	}
	if diff := cmp.Diff([]string{"a", "c"}, keys); diff != "" {
		t.Error(diff)
	}
	if got := l.Entries[0].Reason; got != "it cannot be decoded: illegal base64 data at input byte 0" {
		t.Errorf("reason %q", got)
	}
}

func TestLegacyTypeIsMalformedInItsOwnWords(t *testing.T) {
	secret := PullSecret{
		Name: "old", Type: "kubernetes.io/dockercfg",
		Data: map[string]Secret{".dockercfg": NewSecret(`{"ghcr.io":{"username":[]}}`)},
	}
	want := "json: cannot unmarshal array into Go struct field dockerConfigEntryWithAuth.username of type string"
	if l := Find("ghcr.io/a/b", []PullSecret{secret}); len(l.Malformed) != 1 || l.Malformed[0].Text != want || l.Malformed[0].Key != "ghcr.io" {
		t.Errorf("got %+v", l.Malformed)
	}
	secret.Data[".dockercfg"] = NewSecret(`[]`)
	want = "json: cannot unmarshal array into Go value of type credentialprovider.DockerConfig"
	if l := Find("ghcr.io/a/b", []PullSecret{secret}); len(l.Malformed) != 1 || l.Malformed[0].Text != want {
		t.Errorf("got %+v", l.Malformed)
	}
}
