package keyring

import (
	"encoding/base64"
	"strings"
)

// Repeats reports whether a text shows the password: as it is, or within
// something that is encoded in base64, wherever it begins there.
func (c Credential) Repeats(text string) bool {
	password := c.Password.text()
	if password == "" {
		return false
	}
	if strings.Contains(text, password) {
		return true
	}
	for shift := range 3 {
		if piece := encodedAt(shift, password); piece != "" && strings.Contains(text, piece) {
			return true
		}
	}
	return false
}

// encodedAt is what base64 makes of a text that begins some bytes behind a
// group, without the letters that depend on what stands around it.
func encodedAt(shift int, text string) string {
	const bits = 6 // of a letter
	encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + text))
	from := (shift*8 + bits - 1) / bits
	to := (shift + len(text)) * 8 / bits
	if from >= to {
		return ""
	}
	return encoded[from:to]
}
