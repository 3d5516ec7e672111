package keyring

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestProblems shows what is said of whole secrets that the kubelet passes over.
func TestProblems(t *testing.T) {
	typed := func(secretType, name, document string) PullSecret {
		return PullSecret{Namespace: "shop", Name: "pull", Type: secretType, Data: map[string]Secret{name: NewSecret(document)}}
	}
	const config, legacy = "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"
	const onlyReads = ": the kubelet reads only kubernetes.io/dockerconfigjson and kubernetes.io/dockercfg, and ignores it silently"
	for _, test := range []struct {
		name   string
		secret PullSecret
		kind   ProblemKind
		text   string
	}{
		{
			"missing",
			PullSecret{Namespace: "shop", Name: "pull", Missing: true},
			SecretMissing,
			"the pod names secret/pull, but namespace shop has no such secret: the kubelet goes on without it",
		},
		{"Opaque", typed("Opaque", ".dockerconfigjson", `{"auths":{"ghcr.io":{}}}`), WrongType, "secret/pull has type Opaque" + onlyReads},
		{"no type", typed("", "x", "y"), WrongType, "secret/pull has type Opaque" + onlyReads},
		{"case of the type", typed("kubernetes.io/DockerConfigJson", "x", "y"), WrongType, "secret/pull has type kubernetes.io/DockerConfigJson" + onlyReads},
		{"other key", typed(config, "config.json", `{}`), NoContent, "secret/pull has no .dockerconfigjson (it has config.json): the kubelet ignores it"},
		{"empty", typed(config, ".dockerconfigjson", ``), NoContent, "secret/pull has no .dockerconfigjson: the kubelet ignores it"},
		{"old key", typed(legacy, ".dockerconfigjson", `{}`), NoContent, "secret/pull has no .dockercfg (it has .dockerconfigjson): the kubelet ignores it"},
		{"no auths", typed(config, ".dockerconfigjson", `{"a":1}`), NoEntries, "secret/pull has no entries"},
		{"auths null", typed(config, ".dockerconfigjson", `{"auths":null}`), NoEntries, "secret/pull has no entries"},
		{"null", typed(legacy, ".dockercfg", `null`), NoEntries, "secret/pull has no entries"},
		{
			"legacy format", typed(config, ".dockerconfigjson", `{"ghcr.io":{"auth":"YTpi"}}`), LegacyFormat,
			`the entries of secret/pull are not below "auths": the kubelet reads none of them. Wrap them: {"auths": {…}}`,
		},
		{
			"auths in a legacy secret", typed(legacy, ".dockercfg", `{"auths":{"ghcr.io":{"auth":"YTpi"}}}`), WrappedInLegacy,
			`secret/pull has the old type kubernetes.io/dockercfg, whose entries stand at the top, but they are below "auths": the kubelet takes auths for a host. Make the type kubernetes.io/dockerconfigjson`,
		},
		{
			"credential store", typed(config, ".dockerconfigjson", `{"auths":{"ghcr.io":{}},"credsStore":"desktop"}`), CredentialHelpers,
			"secret/pull names a credential helper (credsStore): the kubelet ignores it, a pull secret must hold the password itself",
		},
		{
			"bad key", typed(config, ".dockerconfigjson", `{"auths":{"%zz":{}}}`), BadKey,
			`entry "%zz" of secret/pull: the key is not a URL (invalid URL escape "%zz"), and the kubelet skips it`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := Find("ghcr.io/a/b", []PullSecret{test.secret})
			want := []Problem{{Source: "secret/pull", Kind: test.kind, Text: test.text}}
			if diff := cmp.Diff(want, l.Problems); diff != "" {
				t.Error(diff)
			}
			if test.kind != CredentialHelpers && len(l.Used) > 0 {
				t.Errorf("%d entries are used", len(l.Used))
			}
		})
	}
}

// TestWrongTypeShowsItsEntries lets people see that only the type is wrong. What
// cannot be decoded there does not stop the kubelet.
func TestWrongTypeShowsItsEntries(t *testing.T) {
	secret := configSecret("pull", `{"auths":{"ghcr.io":{"auth":"YTpi"},"quay.io":{"auth":"!"}}}`)
	secret.Type = "Opaque"
	l := Find("ghcr.io/a/b", []PullSecret{secret, pullSecret("good", "ghcr.io")})
	if len(l.Malformed) > 0 || len(l.Used) != 1 || l.Entries[l.Used[0]].Source != "secret/good" {
		t.Fatalf("malformed %v, used %v", l.Malformed, usedKeys(l))
	}
	reason := "secret/pull has type Opaque, and the kubelet reads only kubernetes.io/dockerconfigjson and kubernetes.io/dockercfg"
	for i, want := range []struct {
		matches bool
		hints   []string
	}{
		{true, nil},
		{false, []string{
			"auth is not base64, or a piece of it is missing", "it cannot be decoded: illegal base64 data at input byte 0",
			"its key would not match either: the key is for quay.io, the image is on ghcr.io",
		}},
	} {
		e := l.Entries[i]
		if e.Reason != reason || e.KeyMatches != want.matches {
			t.Errorf("%s: key matches %v, reason %q", e.Key, e.KeyMatches, e.Reason)
		}
		if diff := cmp.Diff(want.hints, e.Hints); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSecretsThatTheKubeletSkips(t *testing.T) {
	nameless := pullSecret("", "ghcr.io")
	l := Find("ghcr.io/a/b", []PullSecret{nameless, pullSecret("good", "ghcr.io")})
	if len(l.Entries) != 1 || len(l.Used) != 1 || len(l.Problems) > 0 {
		t.Errorf("entries %v, used %v, problems %v", l.Entries, l.Used, l.Problems)
	}
}

func TestRepeatedKeys(t *testing.T) {
	l := Find("ghcr.io/a/b", []PullSecret{configSecret("pull",
		`{"auths":{"ghcr.io":{"auth":"YTox"},"quay.io":{}},"auths":null,"Auths":{"ghcr.io":{"auth":"YToy"},"https://ghcr.io/v1/":{"auth":"YTo0"},"ghcr.io":{"auth":"YToz"}}}`)})
	reasons := []string{
		`a later "auths": null empties the list`,
		`a later "auths": null empties the list`,
		`the key "ghcr.io" is written again further down, and the last one counts`,
		"", "",
	}
	for i, e := range l.Entries {
		if e.Reason != reasons[i] {
			t.Errorf("entry %d, %s: reason %q, want %q", i, e.Key, e.Reason, reasons[i])
		}
	}
	var passwords []string
	for _, c := range l.Credentials() {
		passwords = append(passwords, c.Password.Reveal())
	}
	if diff := cmp.Diff([]string{"4", "3"}, passwords); diff != "" {
		t.Error(diff)
	}
	want := []string{`duplicate: the key "ghcr.io" means the same to the kubelet, and the order in which they are tried is random at each lookup`}
	if diff := cmp.Diff(want, l.Entries[3].Hints); diff != "" {
		t.Error(diff)
	}
}

func TestHintsOfMatching(t *testing.T) {
	for _, test := range []struct{ key, image, hint string }{
		{"ghcr.io/a", "ghcr.io/abc/x", "paths are compared as plain text: /a ends in the middle of a name of /abc/x"},
		{"index.docker.io", "localhost/x", "the host localhost has no dot and no port, so the kubelet takes it for Docker Hub and sends it this Docker Hub credential"},
		{"https://user:word@ghcr.io", "ghcr.io/a", "the key has a user or password before an @, which the kubelet ignores"},
	} {
		e := Find(test.image, []PullSecret{pullSecret("pull", test.key)}).Entries[0]
		if !e.Used || len(e.Hints) != 1 || e.Hints[0] != test.hint {
			t.Errorf("%s for %s: used %v, hints %q", test.key, test.image, e.Used, e.Hints)
		}
	}
}
