package written

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/pullfix/pullfix/runbook/keyring"
)

// What may be wrong with a login. The texts never quote it.
var (
	errEmpty    = errors.New("it is empty")
	errNoColon  = errors.New("it is neither user:password nor a JSON object with username and password")
	errLines    = errors.New("it has several lines; a password of several lines goes into JSON: {\"username\": …, \"password\": …}")
	errJSON     = errors.New("it begins like JSON and is none with exactly the members username and password, both texts")
	errNoUser   = errors.New("the user is empty")
	errNoSecret = errors.New("the password is empty")
	errSpace    = errors.New("the user has a space, a colon or a control character in it")
	errEncoding = errors.New("it is not UTF-8 text")
)

// ParseLogin reads a login: user:password in one line, or a JSON object with
// the members username and password. One line break at the end is not part of
// it.
func ParseLogin(text string) (keyring.Credential, error) {
	text = trimLineEnd(text)
	var user, password string
	var err error
	switch {
	case text == "":
		return keyring.Credential{}, errEmpty
	case !utf8.ValidString(text):
		return keyring.Credential{}, errEncoding
	case strings.HasPrefix(strings.TrimSpace(text), "{"):
		user, password, err = parseJSON(text)
	default:
		user, password, err = parseLine(text)
	}
	switch {
	case err != nil:
		return keyring.Credential{}, err
	case user == "":
		return keyring.Credential{}, errNoUser
	case password == "":
		return keyring.Credential{}, errNoSecret
	case strings.ContainsFunc(user, func(r rune) bool { return r <= ' ' || r == ':' || r == 0x7f }):
		return keyring.Credential{}, errSpace
	}
	return keyring.Credential{User: user, Password: keyring.NewSecret(password)}, nil
}

func parseLine(text string) (user, password string, err error) {
	if strings.ContainsAny(text, "\r\n") {
		return "", "", errLines
	}
	user, password, found := strings.Cut(text, ":")
	if !found {
		return "", "", errNoColon
	}
	return user, password, nil
}

func parseJSON(text string) (user, password string, err error) {
	var login struct {
		Username *string `json:"username"`
		Password *string `json:"password"`
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	// The decoder's own error could quote a piece of the password.
	if dec.Decode(&login) != nil || dec.More() || login.Username == nil || login.Password == nil {
		return "", "", errJSON
	}
	return *login.Username, *login.Password, nil
}

func trimLineEnd(text string) string {
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
}
