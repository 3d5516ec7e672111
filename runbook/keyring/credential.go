package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"unicode"
	"unicode/utf8"
)

// Credential is one user and password as the kubelet would send it. It prints
// as a masked user and "[hidden]".
type Credential struct {
	User     string `json:"user"`
	Password Secret `json:"password"`
}

// Anonymous reports whether the container runtime asks the registry without
// logging in although the kubelet handed this credential over: containerd drops
// a credential without a user (CRI ParseAuth), and fetches an anonymous token
// for one without a password.
func (c Credential) Anonymous() bool { return c.User == "" || c.Password.Empty() }

// Equal reports whether both are the same user and password.
func (c Credential) Equal(other Credential) bool {
	return c.User == other.User && c.Password.Equal(other.Password)
}

// String returns the masked user and "[hidden]".
func (c Credential) String() string {
	return MaskUser(c.User) + ":" + c.Password.String()
}

// GoString returns what String returns.
func (c Credential) GoString() string { return c.String() }

// Format writes what String returns, whatever the verb and flags.
func (c Credential) Format(f fmt.State, _ rune) {
	// A printer has nowhere to report a failed write to.
	_, _ = io.WriteString(f, c.String())
}

// MarshalJSON returns an object of the masked user and the hidden password.
func (c Credential) MarshalJSON() ([]byte, error) {
	type masked Credential
	c.User = MaskUser(c.User)
	return json.Marshal(masked(c))
}

// LogValue returns a group of the masked user and the hidden password.
func (c Credential) LogValue() slog.Value {
	return slog.GroupValue(slog.String("user", MaskUser(c.User)), slog.Any("password", c.Password))
}

// Fingerprint returns 8 hexadecimal digits that tell credentials apart without
// showing them: the start of an HMAC-SHA256 of user and password under key, so
// that nobody without the key can try passwords against it.
func Fingerprint(key []byte, c Credential) string {
	mac := hmac.New(sha256.New, key)
	for _, part := range []string{c.User, c.Password.text()} {
		// The length keeps "a"+"bc" and "ab"+"c" apart. A Hash never fails.
		_ = binary.Write(mac, binary.BigEndian, uint64(len(part)))
		_, _ = io.WriteString(mac, part)
	}
	return hex.EncodeToString(mac.Sum(nil))[:8]
}

// User names that registries prescribe: they say what kind a credential is, and
// nothing about whose it is.
const (
	userECR            = "AWS"
	userGCPToken       = "oauth2accesstoken"
	userGCPTokenShort  = "_token"
	userGCPKey         = "_json_key"
	userGCPKeyBase64   = "_json_key_base64"
	userACRToken       = "00000000-0000-0000-0000-000000000000"
	userOAuthToken     = "$oauthtoken"
	userQuayApp        = "$app"
	userQuayToken      = "$token"
	userGitLabJob      = "gitlab-ci-token"
	userGitHubApp      = "x-access-token"
	userIBM            = "iamapikey"
	userAzureShort     = "<token>"
	userHarborUnquoted = "robot"
)

// MaskUser shows the first and the last letter of user at most ("b…t"), and the
// whole of a name that a registry prescribes to everybody ("AWS").
func MaskUser(user string) string {
	switch user {
	case "", userECR, userGCPToken, userGCPTokenShort, userGCPKey, userGCPKeyBase64, userACRToken,
		userOAuthToken, userQuayApp, userQuayToken, userGitLabJob, userGitHubApp, userIBM,
		userAzureShort, userHarborUnquoted:
		return user
	}
	if utf8.RuneCountInString(user) < 3 {
		return "…"
	}
	first, _ := utf8.DecodeRuneInString(user)
	last, _ := utf8.DecodeLastRuneInString(user)
	return visible(first) + "…" + visible(last)
}

// visible returns r, or "?" for a control character or half a letter.
func visible(r rune) string {
	if r == utf8.RuneError || !unicode.IsGraphic(r) {
		return "?"
	}
	return string(r)
}
