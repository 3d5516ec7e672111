package vendor_test

import (
	"strings"
	"testing"

	"github.com/pullfix/pullfix/runbook/vendor"
)

func TestCommands(t *testing.T) {
	const ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	for _, r := range []struct {
		host, repository string
		vendor           vendor.Vendor
		verify, login    string
	}{
		{"docker.io", "library/nginx", vendor.DockerHub, "docker manifest inspect docker.io/library/nginx:v1", "docker login"},
		{ecr, "app", vendor.ECR, "aws ecr describe-images --repository-name app --image-ids imageTag=v1 --region eu-west-1", "aws ecr get-login-password --region eu-west-1 | docker login --username AWS --password-stdin " + ecr},
		{"europe-docker.pkg.dev", "p/r/app", vendor.ArtifactRegistry, "gcloud artifacts docker tags list europe-docker.pkg.dev/p/r/app", "docker login --username _json_key --password-stdin https://europe-docker.pkg.dev < key.json"},
		{"acme.azurecr.io", "app", vendor.ACR, "az acr repository show-tags --name acme --repository app --output table", "az acr login --name acme"},
		{"ghcr.io", "acme/app", vendor.GHCR, "docker manifest inspect ghcr.io/acme/app:v1", `printf %s "$GITHUB_TOKEN" | docker login --username "$GITHUB_USER" --password-stdin ghcr.io`},
		{"127.0.0.1:5000", "app", vendor.Generic, "docker manifest inspect 127.0.0.1:5000/app:v1", "docker login 127.0.0.1:5000"},
	} {
		i := vendor.Image{Host: r.host, Repository: r.repository, Tag: "v1"}
		if got := vendor.Of(r.host); got != r.vendor {
			t.Errorf("%s: vendor %s, want %s", r.host, got, r.vendor)
		}
		if got := vendor.Verify(i); got != r.verify {
			t.Errorf("%s: verify %q, want %q", r.host, got, r.verify)
		}
		if got := vendor.Login(r.host); got != r.login {
			t.Errorf("%s: login %q, want %q", r.host, got, r.login)
		}
	}
}

// TestNoPasswordInACommand: a password comes from a command, a file or the
// environment, never from the line.
func TestNoPasswordInACommand(t *testing.T) {
	for _, host := range []string{"docker.io", "ghcr.io", "acme.azurecr.io", "europe-docker.pkg.dev", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "reg:5000"} {
		s := vendor.Secret{Namespace: "shop", Name: "regcred", Host: host}
		if command := vendor.CreateSecret(s); !strings.Contains(command, `--docker-password="$`) {
			t.Errorf("%s: %s", host, command)
		}
		if command := vendor.MergeSecret(s); !strings.Contains(command, ` "$REGISTRY_PASSWORD" | base64`) && !strings.Contains(command, ` "$(`) {
			t.Errorf("%s: %s", host, command)
		}
	}
}
