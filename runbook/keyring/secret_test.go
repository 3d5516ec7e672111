package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const marker = "m4rker-pa55word"

// leaks returns the forms in which text gives the marker away.
func leaks(text string) []string {
	var found []string
	for _, form := range []string{
		marker, hex.EncodeToString([]byte(marker)), fmt.Sprintf("% x", marker), fmt.Sprint(string([]byte(marker))),
		base64.StdEncoding.EncodeToString([]byte("bot:" + marker)),
		base64.StdEncoding.EncodeToString([]byte(marker)), base64.RawURLEncoding.EncodeToString([]byte(marker)),
	} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
			found = append(found, form)
		}
	}
	return found
}

// printers are all ways in which this program turns values into text.
func printers() map[string]func(any) string {
	ways := map[string]func(any) string{
		"json": func(v any) string {
			text, err := json.Marshal(v)
			return string(text) + fmt.Sprint(err)
		},
		"error":  func(v any) string { return fmt.Errorf("reading: %w", fmt.Errorf("at %v", v)).Error() },
		"joined": func(v any) string { return errors.Join(fmt.Errorf("%+v", v), errors.New("x")).Error() },
		"print":  func(v any) string { return fmt.Sprint(v) + fmt.Sprintln(v) },
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "% x", "%#x", "%q", "%d", "%t", "%p", "%T", "%e", "%c", "%U", "%b", "%o", "%20s", "%.3s", "%w", "%z", "%!", "%-+#v"} {
		ways[verb] = func(v any) string { return fmt.Sprintf(verb, v) }
	}
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		ways[name] = func(v any) string {
			var b bytes.Buffer
			slog.New(handler(&b)).With("first", v).Info("x", "second", v, slog.Group("g", "third", v))
			return b.String()
		}
	}
	return ways
}

// markedLookup drives the marker through every path of Find.
func markedLookup() []Lookup {
	auth := base64.StdEncoding.EncodeToString([]byte("bot:" + marker))
	secrets := []PullSecret{
		configSecret("used", `{"auths":{"ghcr.io":{"auth":"`+auth+`"},"https://ghcr.io":{"username":"u","password":"`+marker+`\n"}}}`),
		configSecret("token", `{"auths":{"ghcr.io":{"username":"u","password":"x","auth":"`+auth+`","identitytoken":"`+marker+`"}}}`),
		configSecret("key", `{"auths":{"https://bot:`+marker+`@ghcr.io/a":{},"bot:`+marker+`@ghcr.io:x":{},"http://%zz:`+marker+`@quay.io":{}}}`),
		configSecret("legacy", `{"ghcr.io":{"auth":"`+auth+`"}}`),
	}
	opaque := configSecret("opaque", `{"auths":{"ghcr.io":{"auth":"`+marker+`"}}}`)
	opaque.Type = "Opaque"
	secrets = append(secrets, opaque)
	all := []Lookup{Find("ghcr.io/a/b", secrets), Find("ghcr.io/A", secrets)}
	for _, document := range []string{
		`{"auths":{"ghcr.io":{"auth":"` + marker + `"}}}`,
		`{"auths":{"ghcr.io":{"auth":"bot:` + marker + `"}}}`,
		`{"auths":{"ghcr.io":{"auth":"` + base64.StdEncoding.EncodeToString([]byte(marker)) + `"}}}`,
		`{"auths":{"ghcr.io":"` + marker + `"}}`,
		`{"auths":{"ghcr.io":{"username":["` + marker + `"]}}}`,
		`{"auths":{"ghcr.io":{"auth":"` + auth + `}}}`,
		`{"auths":"` + marker + `"}`, marker, `"` + marker, base64.StdEncoding.EncodeToString([]byte(`{"auths":{"x":{"auth":"` + auth + `"}}}`)),
	} {
		all = append(all, Find("ghcr.io/a/b", append(secrets, configSecret("bad", document))))
	}
	return all
}

// TestNothingPrintsTheSecret prints every exported value in every way.
func TestNothingPrintsTheSecret(t *testing.T) {
	secret := NewSecret(marker)
	credential := Credential{User: "bot", Password: secret}
	values := []any{
		secret, &secret, credential, &credential,
		[]Secret{secret},
		map[string]Secret{"a": secret},
		map[Secret]int{secret: 1},
		[]any{secret, credential},
		configSecret("a", marker),
		[]PullSecret{configSecret("a", marker)},
		struct{ Secret }{secret},
		struct{ S *Secret }{&secret},
		struct{ C Credential }{credential},
		struct{ hidden Secret }{secret},
		struct{ hidden *Secret }{&secret},
		struct{ hidden Credential }{credential},
		struct{ hidden *Credential }{&credential},
		struct{ hidden []Credential }{[]Credential{credential}},
		struct{ hidden map[string]Secret }{map[string]Secret{"a": secret}},
		struct{ hidden any }{secret},
		struct{ hidden PullSecret }{configSecret("a", marker)},
		Fingerprint([]byte("key"), credential), Kind(credential), KindHints(credential, "ghcr.io"), MaskUser(marker), Expires(credential),
	}
	for _, l := range markedLookup() {
		values = append(values, l, &l, struct{ hidden Lookup }{l})
		for _, e := range l.Entries {
			values = append(values, e, struct{ hidden *Entry }{&e})
		}
	}
	for name, show := range printers() {
		for _, v := range values {
			text := show(v)
			if found := leaks(text); len(found) > 0 {
				t.Errorf("%s of %T shows %q: %s", name, v, found, text)
			}
		}
	}
}

// TestMarkerWouldBeSeen guards the test above: the same search finds the marker
// in a value that hides nothing.
func TestMarkerWouldBeSeen(t *testing.T) {
	naked := struct{ Password string }{marker}
	for name, show := range printers() {
		switch name {
		case "%T", "%p", "%t", "%d", "%e", "%c", "%U", "%b", "%o", "%.3s":
			continue // these print the type or a part only
		}
		if text := show(naked); len(leaks(text)) == 0 {
			t.Errorf("%s hides the marker by itself: %s", name, text)
		}
	}
}

func TestSecretText(t *testing.T) {
	for _, test := range []struct {
		secret Secret
		text   string
		empty  bool
	}{
		{Secret{}, "", true},
		{NewSecret(""), "", true},
		{NewSecret(marker), "[hidden]", false},
	} {
		if got := fmt.Sprintf("%s|%v|%#v|%x", test.secret, test.secret, test.secret, test.secret); got != strings.Repeat("|"+test.text, 4)[1:] {
			t.Errorf("got %q", got)
		}
		if test.secret.Empty() != test.empty {
			t.Errorf("empty %v, want %v", test.secret.Empty(), test.empty)
		}
	}
	if got := NewSecret(marker).Reveal(); got != marker {
		t.Errorf("revealed %q", got)
	}
}

// TestStoredCredential comes back masked, and still not empty.
func TestStoredCredential(t *testing.T) {
	text, err := json.Marshal(Credential{User: "builder", Password: NewSecret(marker)})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"user":"b…r","password":"[hidden]"}`; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
	var back Credential
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if back.User != "b…r" || back.Password.Empty() || back.Anonymous() {
		t.Errorf("came back as %v", back)
	}
}

func TestMaskUser(t *testing.T) {
	for user, want := range map[string]string{
		"": "", "a": "…", "ab": "…", "bot": "b…t", "öçé": "ö…é", "AWS": "AWS", "oauth2accesstoken": "oauth2accesstoken",
		"_json_key": "_json_key", "00000000-0000-0000-0000-000000000000": "00000000-0000-0000-0000-000000000000",
		"bot\n": "b…?", "robot$shop": "r…p", "\xff\xfe\xfd": "?…?",
	} {
		if got := MaskUser(user); got != want {
			t.Errorf("MaskUser(%q) = %q, want %q", user, got, want)
		}
	}
}

func TestFingerprint(t *testing.T) {
	key := []byte("installation")
	base := Fingerprint(key, Credential{User: "bot", Password: NewSecret("word")})
	if len(base) != 8 || strings.Trim(base, "0123456789abcdef") != "" {
		t.Errorf("fingerprint %q", base)
	}
	if again := Fingerprint(key, Credential{User: "bot", Password: NewSecret("word")}); again != base {
		t.Errorf("%q, then %q", base, again)
	}
	for name, other := range map[string]string{
		"password": Fingerprint(key, Credential{User: "bot", Password: NewSecret("Word")}),
		"user":     Fingerprint(key, Credential{User: "Bot", Password: NewSecret("word")}),
		"border":   Fingerprint(key, Credential{User: "botw", Password: NewSecret("ord")}),
		"key":      Fingerprint([]byte("other"), Credential{User: "bot", Password: NewSecret("word")}),
	} {
		if other == base {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
}
