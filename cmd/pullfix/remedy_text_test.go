package main

import (
	"strings"
	"testing"

	"github.com/pullfix/pullfix/runbook"
)

// TestOtherRemediesAreShownAsPullfixCarriesThemOut: the recommended one as the
// command that people know, the others as the one that proves what it did.
func TestOtherRemediesAreShownAsPullfixCarriesThemOut(t *testing.T) {
	t.Parallel()
	undo := runbook.Remedy{ID: "rollback", Kind: runbook.RollBack, Title: "Roll back to revision 41", Command: "kubectl rollout undo", Approvable: true}
	secret := runbook.Remedy{ID: "update-secret", Kind: runbook.UpdateSecret, Title: "Update secret regcred", Command: "kubectl create secret", Approvable: true}
	fix := runbook.Remedy{ID: "fix-image", Kind: runbook.FixImage, Title: "Set the image", Command: "kubectl set image"}
	v := runbook.Verdict{Cluster: "prod-eu", Namespace: "shop", Pod: "web-1"}
	for _, c := range []struct {
		name string
		list []runbook.Remedy
		want string
	}{
		{"the other one", []runbook.Remedy{fix, undo}, "or             pullfix fix prod-eu/shop web-1 --yes rollback      Roll back"},
		{"the recommended one", []runbook.Remedy{undo, fix}, "Do this        kubectl rollout undo      Roll back"},
		{"what needs a credential", []runbook.Remedy{fix, secret}, "or             kubectl create secret      Update"},
		{"what people do", []runbook.Remedy{undo, fix}, "or             kubectl set image      Set"},
	} {
		p := &page{width: 120}
		p.remedies(c.list, fixOf(v), false)
		if !strings.Contains(p.text.String(), c.want) {
			t.Errorf("%s: %q is not in\n%s", c.name, c.want, p.text.String())
		}
	}
}
