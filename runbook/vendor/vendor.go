// Package vendor knows how the registry products differ: how to recognise
// them, how they say no, and the commands that a person would type for each.
package vendor

import (
	"regexp"
	"strings"
)

// Vendor is a registry product or service.
type Vendor string

// The vendors whose ways are known.
const (
	DockerHub        Vendor = "Docker Hub"
	ECR              Vendor = "Amazon ECR"
	ECRPublic        Vendor = "Amazon ECR Public"
	ArtifactRegistry Vendor = "Google Artifact Registry"
	ACR              Vendor = "Azure Container Registry"
	GHCR             Vendor = "GitHub Container Registry"
	Quay             Vendor = "Quay"
	GitLab           Vendor = "GitLab"
	Harbor           Vendor = "Harbor"
	Generic          Vendor = "OCI registry"
)

var ecrHost = regexp.MustCompile(`^\d{12}\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|on\.aws|sc2s\.sgov\.gov|c2s\.ic\.gov)$`)

// Of recognises the vendor by the registry's host. Self-hosted products are
// recognised only where their name stands in the host; otherwise Generic.
func Of(host string) Vendor {
	h := strings.ToLower(host)
	switch {
	case h == "docker.io", h == "index.docker.io", h == "registry-1.docker.io":
		return DockerHub
	case ecrHost.MatchString(h):
		return ECR
	case h == "public.ecr.aws", h == "ecr-public.aws.com":
		return ECRPublic
	case h == "gcr.io", strings.HasSuffix(h, ".gcr.io"), strings.HasSuffix(h, "-docker.pkg.dev"):
		return ArtifactRegistry
	case strings.HasSuffix(h, ".azurecr.io"), strings.HasSuffix(h, ".azurecr.cn"), strings.HasSuffix(h, ".azurecr.us"):
		return ACR
	case h == "ghcr.io":
		return GHCR
	case h == "quay.io", strings.HasPrefix(h, "quay."):
		return Quay
	case strings.HasPrefix(h, "registry.gitlab."), strings.HasPrefix(h, "gitlab."):
		return GitLab
	case strings.HasPrefix(h, "harbor."), strings.Contains(h, ".harbor."):
		return Harbor
	}
	return Generic
}

// HidesMissing says that the vendor answers alike for a repository that does
// not exist and for one that the asker may not see.
func (v Vendor) HidesMissing() bool {
	switch v {
	case DockerHub, ArtifactRegistry, GHCR, Quay, GitLab, Harbor:
		return true
	}
	return false
}

// TokenLifetime says how long the vendor's usual login token lives, for people;
// "" when its credentials do not expire by themselves.
func (v Vendor) TokenLifetime() string {
	switch v {
	case ECR, ECRPublic:
		return "12 hours"
	case ArtifactRegistry:
		return "1 hour"
	case ACR:
		return "3 hours"
	}
	return ""
}

// ecrRegion returns the region of an ECR host.
func ecrRegion(host string) string {
	m := ecrHost.FindStringSubmatch(strings.ToLower(host))
	if m == nil {
		return ""
	}
	return m[1]
}
