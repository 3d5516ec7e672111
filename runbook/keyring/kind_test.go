package keyring

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func jwt(claims string) string {
	raw := base64.RawURLEncoding
	return raw.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + raw.EncodeToString([]byte(claims)) + ".c2ln"
}

func TestExpires(t *testing.T) {
	const at = 1757147299
	moment := time.Unix(at, 0).UTC()
	ecrToken := `{"payload":"cGF5","datakey":"a2V5","version":"2","type":"DATA_KEY","expiration":1757147299}`
	for _, test := range []struct {
		name, password string
		want           *time.Time
	}{
		{"ECR", encode(ecrToken), &moment},
		{"ECR without padding", base64.RawStdEncoding.EncodeToString([]byte(ecrToken)), &moment},
		{"ECR with a newline", encode(ecrToken) + "\n", &moment},
		{"old ECR", encode(`{"payload":"cGF5","datakey":"a2V5"}`), nil},
		{"other JSON", encode(`{"expiration":1757147299}`), nil},
		{"JWT", jwt(`{"exp":1757147299}`), &moment},
		{"JWT with a fraction", jwt(`{"exp":1757147299.0}`), &moment},
		{"JWT without exp", jwt(`{"sub":"x"}`), nil},
		{"JWT of text", jwt(`{"exp":"soon"}`), nil},
		{"JWT of long ago", jwt(`{"exp":-5}`), nil},
		{"JWT beyond all years", jwt(`{"exp":1e300}`), nil},
		{"three parts", "a.b.c", nil},
		{"opaque", "word", nil},
		{"nothing", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Expires(Credential{User: "u", Password: NewSecret(test.password)})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEntryShowsExpiryAndKind(t *testing.T) {
	e := only(t, `{"auths":{"ghcr.io":{"username":"AWS","password":"`+encode(`{"payload":"cA==","expiration":1757147299}`)+`"}}}`)
	if e.Kind != "ECR token" || e.Expires == nil || e.Expires.Unix() != 1757147299 {
		t.Errorf("kind %q, expires %v", e.Kind, e.Expires)
	}
}

func TestKind(t *testing.T) {
	fine := []string{"ghcr.io does not support fine-grained personal access tokens: use a classic one with read:packages"}
	hour := []string{"a GCP access token ends within about an hour, and does not say when"}
	lost := []string{"the service-account key is not the JSON it has to be (line breaks or quotes lost?)"}
	for _, test := range []struct {
		user, password, host, kind string
		hints                      []string
	}{
		{"", "", "ghcr.io", "no credential", nil},
		{"bot", "word", "ghcr.io", "user and password", nil},
		{"AWS", "opaque", ecr, "ECR token", nil},
		{"bot", encode(`{"payload":"cA=="}`), ecr, "ECR token", []string{"an ECR token needs the user AWS"}},
		{"AWS", encode("AWS:" + encode(`{"payload":"cA=="}`)), ecr, "ECR authorization token, still encoded", []string{
			"this is ECR's whole authorization token: decode it (base64) and use the part after AWS: as the password",
		}},
		{"oauth2accesstoken", "x", "eu.gcr.io", "GCP access token", hour},
		{"_token", "x", "eu.gcr.io", "GCP access token", hour},
		{"anyone", "ya29.x", "eu.gcr.io", "GCP access token", hour},
		{"_json_key", `{"private_key_id":"x"}`, "eu.gcr.io", "GCP service-account key", nil},
		{"_json_key", `{private_key_id:x}`, "eu.gcr.io", "GCP service-account key", lost},
		{"_json_key_base64", encode(`{"private_key_id":"x"}`), "eu.gcr.io", "GCP service-account key", nil},
		{"_json_key_base64", `{"private_key_id":"x"}`, "eu.gcr.io", "GCP service-account key", lost},
		{"00000000-0000-0000-0000-000000000000", jwt(`{"exp":1}`), "x.azurecr.io", "ACR refresh token", nil},
		{"bot", "ghp_x", "ghcr.io/acme", "GitHub classic personal access token", nil},
		{"bot", "github_pat_x", "ghcr.io/acme", "GitHub fine-grained personal access token", fine},
		{"bot", "github_pat_x", "docker.pkg.github.com", "GitHub fine-grained personal access token", nil},
		{"bot", "ghs_x", "ghcr.io", "GitHub Actions or app token", []string{"a GitHub Actions token ends with its job"}},
		{"bot", "gho_x", "ghcr.io", "GitHub OAuth token", nil},
		{"bot", "glpat-x", "registry.gitlab.com", "GitLab access token", nil},
		{"bot", "gldt-x", "registry.gitlab.com", "GitLab deploy token", nil},
		{"gitlab+deploy-token-7", "x", "registry.gitlab.com", "GitLab deploy token", nil},
		{"gitlab-ci-token", "x", "registry.gitlab.com", "GitLab CI job token", []string{"a GitLab CI job token ends with its job"}},
		{"acme+puller", "x", "quay.io", "Quay robot account", nil},
		{"$oauthtoken", "x", "nvcr.io", "OAuth or API token", nil},
		{"$app", "x", "quay.io", "Quay application token", nil},
		{"robot$shop+puller", "x", "harbor.example.com", "Harbor robot account", nil},
		{"robot", "x", "harbor.example.com", "user and password", []string{
			"the user is just robot: if this is Harbor, a shell ate the $name of robot$name (write it in single quotes)",
		}},
		{"bot", "dckr_pat_x", "index.docker.io", "Docker Hub personal access token", nil},
		{"acme", "dckr_oat_x", "docker.io", "Docker Hub organization access token", nil},
		{"bot@example.com", "x", "index.docker.io", "user and password", []string{"Docker Hub wants the Docker ID as user, not an e-mail address"}},
		{"bot@example.com", "x", "quay.io", "user and password", nil},
		{"bot", jwt(`{"exp":1}`), "reg.example.com", "JSON web token", nil},
	} {
		c := Credential{User: test.user, Password: NewSecret(test.password)}
		if got := Kind(c); got != test.kind {
			t.Errorf("Kind of user %q = %q, want %q", test.user, got, test.kind)
		}
		if diff := cmp.Diff(test.hints, KindHints(c, test.host)); diff != "" {
			t.Errorf("hints for user %q: %s", test.user, diff)
		}
	}
}
