package k8s

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// TestAdmissionMayQuoteTheSecret: a webhook that denies the write repeats the
// object.
func TestAdmissionMayQuoteTheSecret(t *testing.T) {
	t.Parallel()
	for name, quoted := range map[string]string{
		"plain": markerPassword, "document": base64.StdEncoding.EncodeToString([]byte(`{"auths":{"ghcr.io":{"password":"` + markerPassword + `"}}}`)),
	} {
		denied := metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Reason: metav1.StatusReasonBadRequest,
			Code: http.StatusBadRequest, Message: `admission webhook "policy" denied the request: ` + quoted,
		}
		c := scripted(t, map[string]reply{"/api/v1/namespaces/shop/secrets": {status: http.StatusBadRequest, json: denied}})
		a := runbook.Action{
			Verb: runbook.VerbCreateSecret, Cluster: "test", Namespace: "shop", Kind: kindSecret, Name: "pull",
			Entry: &runbook.EntryChange{SecretType: string(corev1.SecretTypeDockerConfigJson), Key: "ghcr.io", Images: []string{"ghcr.io/acme/app"}},
		}
		credential := keyring.Credential{User: "bot", Password: keyring.NewSecret(markerPassword)}
		_, err := NewChanger(c, nil, nil).Carry(t.Context(), a, runbook.Actor{}, &credential)
		if err == nil || strings.Contains(err.Error(), quoted) || !strings.Contains(err.Error(), "withheld") {
			t.Errorf("%s: %v", name, err)
		}
		if _, ok := errors.AsType[*WriteError](err); !ok {
			t.Errorf("%s: %T", name, err)
		}
	}
}
