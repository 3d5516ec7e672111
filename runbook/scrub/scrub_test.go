package scrub

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestTextHidesCredentials(t *testing.T) {
	t.Parallel()
	const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtYXJrZXIifQ.c2lnbmF0dXJl"
	tests := map[string]struct{ text, want string }{
		"user part":          {"Get https://bot:hunter2@reg.example.com/v2/", "Get https://[hidden]@reg.example.com/v2/"},
		"user alone":         {"https://hunter2@reg.example.com/", "https://[hidden]@reg.example.com/"},
		"unescaped slash":    {"https://bot:hunter2/x@reg.example.com/v2/", "https://[hidden]@reg.example.com/v2/"},
		"unescaped question": {"https://bot:hunter?2@reg.example.com/v2/", "https://[hidden]@reg.example.com/v2/"},
		"without a scheme":   {"invalid image bot:hunter2@reg.example.com/app", "invalid image [hidden]@reg.example.com/app"},
		"kept parameters": {
			`"https://auth.docker.io/token?scope=repository%3Aa%2Fb%3Apull&service=registry.docker.io&account=hunter2"`,
			`"https://auth.docker.io/token?scope=repository%3Aa%2Fb%3Apull&service=registry.docker.io&account=[hidden]"`,
		},
		"mirror":          {"https://mirror/v2/a/manifests/1?ns=docker.io: 404", "https://mirror/v2/a/manifests/1?ns=docker.io: 404"},
		"presigned":       {"https://s3/x?X-Amz-Credential=a&X-Amz-Signature=hunter2 no", "https://s3/x?X-Amz-Credential=[hidden]&X-Amz-Signature=[hidden] no"},
		"escaped html":    {"/x?ns=a&amp;sig=hunter2", "/x?ns=a&sig=[hidden]"},
		"nameless query":  {"https://s3/x?hunter2hunter2", "https://s3/x?[hidden]"},
		"fragment":        {"https://s3/x#access_token=hunter2", "https://s3/x#[hidden]"},
		"web token":       {"token " + jwt + " expired", "token [hidden] expired"},
		"web token split": {"token eyJhbGci\u200bOiJSUzI1NiJ9.eyJz\x1b[0mdWIiOiJtYXJrZXIifQ.c2ln x", "token [hidden] x"},
		"header":          {"sent Authorization: Basic YTpi, got 401", "sent Authorization: Basic [hidden], got 401"},
		"scheme":          {"Basic Ym90Omh1bnRlcjJodW50ZXIy== refused", "Basic [hidden] refused"},
		"json":            {`{"username":"bot","password":"hunt\"er2"}`, `{"username":"bot","password":"[hidden]"}`},
		"assignment":      {"password=hunter2 refused", "password=[hidden] refused"},
		"no reference":    {`password="$hunter2" password=$HUNTER2 password="$HUNTER-2"`, `password="[hidden]" password=[hidden] password="[hidden]"`},
		"vendor token":    {"login with ghp_hunter2hunter2 failed", "login with [hidden] failed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Text(test.text); got != test.want {
				t.Errorf("Text(%q)\n got %q\nwant %q", test.text, got, test.want)
			}
		})
	}
}

func TestTextKeepsWhatTellsTheCause(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`failed to pull and unpack image "docker.io/library/nginx:1.99": docker.io/library/nginx:1.99: not found`,
		"failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://auth.docker.io/token?scope=repository%3Aa%2Fb%3Apull&service=registry.docker.io: 401 Unauthorized",
		"reg.example.com:5000/app:1.2@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"https://reg.example.com:5000/app@sha256:0123456789abcdef",
		"no basic auth credentials", "Basic authentication required", `Bearer realm="https://auth.example.com/token"`,
		"pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials",
		"may require authorization: server message: insufficient_scope: authorization failed",
		"failed to fetch anonymous token: unexpected status", "Your authorization token has expired. Reauthenticate and try again.",
		`kubectl create secret --docker-password="$REGISTRY_PASSWORD"`, `--docker-password="$(aws ecr get-login-password --region eu-west-1)"`,
		"100;w=21600", "Größe überschritten – naïve 日本", "did you mean x? yes",
	} {
		if got := Text(text); got != text {
			t.Errorf("Text changed\n     %q\nto   %q", text, got)
		}
	}
}

func TestTextIsPlain(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"colours":        {"a\x1b[31mred\x1b[0m b", "ared b"},
		"window title":   {"a\x1b]0;owned\x07b", "ab"},
		"link":           {"\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\", "text"},
		"8-bit sequence": {"a\u009b31mb", "ab"},
		"lone escape":    {"a\x1b", "a"},
		"controls":       {"a\x00\x08\x7fb", "ab"},
		"lines":          {"403 Forbidden\r\n\tdenied: no", "403 Forbidden denied: no"},
		"line separator": {"a\u2028b", "a b"},
		"bidi":           {"a\u202egnp.exe\u2066\u200f", "agnp.exe"},
		"zero width":     {"a\u200b\ufeff\u00adb", "ab"},
		"broken letters": {"a\xff\xfeb", "a\uFFFDb"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Text(test.text); got != test.want {
				t.Errorf("Text(%q) = %q, want %q", test.text, got, test.want)
			}
		})
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		n    int
		want string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"äöüß", 3, "äö…"},
		{"äöü", 3, "äöü"},
		{"abc", 1, "…"},
		{"abc", 0, ""},
		{"abc", -1, ""},
		{"", 5, ""},
	}
	for _, test := range tests {
		if got := Limit(test.text, test.n); got != test.want {
			t.Errorf("Limit(%q, %d) = %q, want %q", test.text, test.n, got, test.want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{
		"", "\x1b[31m", "https://a:b@c/d?e=f#g", "a\u202eb", "Authorization: Basic x", "?a&b=c", "eyJhbGciOiJSUzI1NiJ9.e.s", "\xff",
	} {
		f.Add(seed)
	}
	const marker = "m4rk3rm4rk3r"
	f.Fuzz(func(t *testing.T, text string) {
		got := Text(text)
		if !utf8.ValidString(got) {
			t.Errorf("not text: %q", got)
		}
		if at := strings.IndexFunc(got, func(r rune) bool { return r != ' ' && (!unicode.IsGraphic(r) || unicode.IsSpace(r)) }); at >= 0 {
			t.Errorf("invisible character at %d of %q", at, got)
		}
		if limited := Limit(got, 10); utf8.RuneCountInString(limited) > 10 {
			t.Errorf("too long: %q", limited)
		}
		if strings.Contains(text, marker) {
			return
		}
		// Whatever stands before, what follows a blank is recognised.
		for _, secret := range []string{"https://u:" + marker + "@h/", "Authorization: Basic " + marker, "/x?ns=a&sig=" + marker} {
			if leaked := Text(text + " " + secret); strings.Contains(leaked, marker) {
				t.Errorf("%q leaks as %q", secret, leaked)
			}
		}
	})
}
