package keyring

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestRepeats(t *testing.T) {
	t.Parallel()
	c := Credential{User: "bot", Password: NewSecret("mArKeR-s3cret")}
	for before := range 7 {
		for after := range 7 {
			around := strings.Repeat("<", before) + "mArKeR-s3cret" + strings.Repeat(">", after)
			if !c.Repeats("denied: "+around) || !c.Repeats("denied: "+base64.StdEncoding.EncodeToString([]byte(around))) {
				t.Errorf("overlooked %q", around)
			}
		}
	}
	for _, text := range []string{"", "denied", "denied: mArKeR", base64.StdEncoding.EncodeToString([]byte("another-password"))} {
		if c.Repeats(text) {
			t.Errorf("saw it in %q", text)
		}
	}
	if (Credential{User: "bot"}).Repeats("anything") {
		t.Error("nothing cannot be repeated")
	}
}
