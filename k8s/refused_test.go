package k8s

import (
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A write that a policy refuses lacks no right: its reason is what counts.
func TestWriteErrorSaysWhoRefused(t *testing.T) {
	secrets := schema.GroupResource{Resource: "secrets"}
	for reason, right := range map[string]bool{
		`User "pullfix" cannot patch resource "secrets" in API group "" in the namespace "shop"`: true,
		`ValidatingAdmissionPolicy 'pullfix' with binding 'pullfix' denied request: one entry`:   false,
		`admission webhook "guard.example" denied the request: no changes on Fridays`:            false,
		`exceeded quota: secrets, requested: secrets=1`:                                          false,
	} {
		text := (&WriteError{What: "updating secret shop/s", Grant: "patch secret s", Err: apierrors.NewForbidden(secrets, "s", errors.New(reason))}).Error()
		if strings.Contains(text, "it needs the right to patch secret s") != right || strings.Contains(text, reason) == right {
			t.Errorf("%s: %s", reason, text)
		}
	}
}
