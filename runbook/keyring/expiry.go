package keyring

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"time"
)

// Expires reads from a credential when it ends: from the JSON inside an ECR
// token, or from the "exp" claim of a JSON web token (whose signature is not
// checked). It returns nil when the credential does not say, which is the rule
// for opaque tokens and passwords. Neither format is promised by its vendor.
func Expires(c Credential) *time.Time {
	password := strings.TrimSpace(c.Password.text())
	if token, ok := ecrToken(password); ok {
		return unixTime(token.Expiration)
	}
	if claims, ok := jwtClaims(password); ok {
		return unixTime(claims.Exp)
	}
	return nil
}

// unixTime returns the moment seconds after 1970, or nil when the number cannot
// be meant as one: nothing given, or past the year 9999.
func unixTime(seconds float64) *time.Time {
	const year9999 = 253402300799
	if seconds <= 0 || seconds > year9999 {
		return nil
	}
	whole, fraction := math.Modf(seconds)
	at := time.Unix(int64(whole), int64(fraction*1e9)).UTC()
	return &at
}

// ecrFields are what pullfix reads of the JSON inside an ECR token.
type ecrFields struct {
	Type       string  `json:"type"`
	Expiration float64 `json:"expiration"`
}

// ecrToken decodes an ECR password: base64 of a JSON object with an encrypted
// payload. Tokens of 2016 and 2017 had no expiration in it.
func ecrToken(password string) (ecrFields, bool) {
	var fields struct {
		ecrFields
		Payload string `json:"payload"`
	}
	decoded, err := base64.StdEncoding.DecodeString(password)
	if err != nil {
		decoded, err = base64.RawStdEncoding.DecodeString(password)
	}
	if err != nil || json.Unmarshal(decoded, &fields) != nil || fields.Payload == "" {
		return ecrFields{}, false
	}
	return fields.ecrFields, true
}

// jwtFields are what pullfix reads of the claims of a JSON web token.
type jwtFields struct {
	Exp float64 `json:"exp"`
}

// jwtClaims decodes the middle of a JSON web token.
func jwtClaims(password string) (jwtFields, bool) {
	parts := strings.Split(password, ".")
	if len(parts) != 3 {
		return jwtFields{}, false
	}
	var claims jwtFields
	for i, into := range []any{&struct{}{}, &claims} {
		decoded, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[i], "="))
		if err != nil || json.Unmarshal(decoded, into) != nil {
			return jwtFields{}, false
		}
	}
	return claims, true
}
