package k8s

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
)

const goldenPath = "/api/v1/namespaces/platform/secrets/ghcr-pull"

// goldenDocument is a pull secret of entries "key user".
func goldenDocument(entries ...string) string {
	var auths []string
	for _, e := range entries {
		key, user, _ := strings.Cut(e, " ")
		auths = append(auths, fmt.Sprintf("%q:{\"auth\":%q}", key, base64.StdEncoding.EncodeToString([]byte(user+":"+markerPassword))))
	}
	return `{"auths":{` + strings.Join(auths, ",") + `}}`
}

const markerPassword = "mArKeR-s3cret"

func goldenSecret(kind corev1.SecretType, document string) corev1.Secret {
	return corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, ObjectMeta: metav1.ObjectMeta{Namespace: "platform", Name: "ghcr-pull"},
		Type: kind, Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte(document), "other": []byte("of no business")},
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	const json = corev1.SecretTypeDockerConfigJson
	tests := map[string]struct {
		secret       corev1.Secret
		repositories string
		user, err    string
	}{
		"host":            {goldenSecret(json, goldenDocument("ghcr.io ann", "quay.io bob")), "acme/app", "ann", ""},
		"longest key":     {goldenSecret(json, goldenDocument("ghcr.io ann", "ghcr.io/acme eve")), "acme/app acme/other", "eve", ""},
		"of one mind":     {goldenSecret(json, goldenDocument("ghcr.io ann", "ghcr.io/acme ann")), "acme/app base/os", "ann", ""},
		"of two minds":    {goldenSecret(json, goldenDocument("ghcr.io ann", "ghcr.io/acme eve")), "acme/app base/os", "", "different entries for the repositories"},
		"another host":    {goldenSecret(json, goldenDocument("quay.io bob")), "acme/app", "", "no entry that a kubelet would use for it: ghcr.io/acme/app"},
		"another path":    {goldenSecret(json, goldenDocument("ghcr.io/base bob")), "acme/app", "", "no entry that a kubelet would use"},
		"another type":    {goldenSecret(corev1.SecretTypeOpaque, goldenDocument("ghcr.io ann")), "acme/app", "", "type"},
		"cannot be read":  {goldenSecret(json, `{"auths":{"ghcr.io":{"auth":"`+markerPassword+`"}}}`), "acme/app", "", "cannot be decoded"},
		"no repositories": {goldenSecret(json, goldenDocument("ghcr.io ann")), "", "", "no entry"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := scripted(t, map[string]reply{goldenPath: {protobuf: &test.secret}})
			n := runbook.Need{Host: "ghcr.io", Repositories: strings.Fields(test.repositories)}
			s, err := c.Golden("platform", "ghcr-pull").Supply(t.Context(), n)
			if s.Credential.User != test.user || (err == nil) != (test.err == "") {
				t.Fatalf("user %q, error %v", s.Credential.User, err)
			}
			if err != nil && (!strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), markerPassword)) {
				t.Errorf("error %v", err)
			}
			if err == nil && (s.Credential.Password.Reveal() != markerPassword || !s.Steady) {
				t.Errorf("supply %+v", s)
			}
		})
	}
}

// TestGoldenNamesTheRight: whoever set it up learns what to grant.
func TestGoldenNamesTheRight(t *testing.T) {
	t.Parallel()
	tests := map[int]string{
		http.StatusForbidden:          "reading secret platform/ghcr-pull: forbidden; pullfix needs the right to get secret ghcr-pull in namespace platform",
		http.StatusNotFound:           "reading secret platform/ghcr-pull: not found",
		http.StatusServiceUnavailable: "reading secret platform/ghcr-pull: the API server does not answer",
	}
	for status, want := range tests {
		c := served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != goldenPath {
				t.Errorf("asked %s %s", r.Method, r.URL.Path)
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			reason := metav1.StatusReason(strings.ReplaceAll(http.StatusText(status), " ", ""))
			_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d}`, reason, status)
		}))
		_, err := c.Golden("platform", "ghcr-pull").Supply(t.Context(), runbook.Need{Host: "ghcr.io", Repositories: []string{"acme/app"}})
		if err == nil || err.Error() != want {
			t.Errorf("%d: %v", status, err)
		}
	}
}
