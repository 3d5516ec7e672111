package keyring

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// The kinds of credentials, in the words of their vendors.
const (
	kindNone            = "no credential"
	kindECR             = "ECR token"
	kindECRWhole        = "ECR authorization token, still encoded"
	kindGCPToken        = "GCP access token"
	kindGCPKey          = "GCP service-account key"
	kindACR             = "ACR refresh token"
	kindGitHubClassic   = "GitHub classic personal access token"
	kindGitHubFine      = "GitHub fine-grained personal access token"
	kindGitHubActions   = "GitHub Actions or app token"
	kindGitHubOAuth     = "GitHub OAuth token"
	kindGitLabPersonal  = "GitLab access token"
	kindGitLabDeploy    = "GitLab deploy token"
	kindGitLabJob       = "GitLab CI job token"
	kindHubPersonal     = "Docker Hub personal access token"
	kindHubOrganization = "Docker Hub organization access token"
	kindHarborRobot     = "Harbor robot account"
	kindQuayRobot       = "Quay robot account"
	kindQuayApp         = "Quay application token"
	kindOAuth           = "OAuth or API token"
	kindJWT             = "JSON web token"
	kindPassword        = "user and password"
)

// Kind names what kind of credential c is, for people, from the user names and
// prefixes that registries prescribe. It never shows a part of the password.
func Kind(c Credential) string {
	if c.User == "" && c.Password.Empty() {
		return kindNone
	}
	password := strings.TrimSpace(c.Password.text())
	if kind := kindOfPassword(password); kind != "" {
		return kind
	}
	if kind := kindOfUser(strings.TrimSpace(c.User)); kind != "" {
		return kind
	}
	if _, ok := jwtClaims(password); ok {
		return kindJWT
	}
	return kindPassword
}

// Minted reports whether c is a token that a cloud mints for a whole identity,
// and that opens more than any one repository: whoever may read it may use all
// of that.
func Minted(c Credential) bool {
	switch Kind(c) {
	case kindECR, kindECRWhole, kindGCPToken, kindACR:
		return true
	}
	return false
}

// kindOfPassword knows passwords that say what they are.
func kindOfPassword(password string) string {
	for _, known := range []struct{ prefix, kind string }{
		{"github_pat_", kindGitHubFine},
		{"ghp_", kindGitHubClassic},
		{"ghs_", kindGitHubActions},
		{"gho_", kindGitHubOAuth},
		{"glpat-", kindGitLabPersonal},
		{"gldt-", kindGitLabDeploy},
		{"glcbt-", kindGitLabJob},
		{"dckr_pat_", kindHubPersonal},
		{"dckr_oat_", kindHubOrganization},
		{"ya29.", kindGCPToken},
	} {
		if strings.HasPrefix(password, known.prefix) {
			return known.kind
		}
	}
	if _, ok := ecrToken(password); ok {
		return kindECR
	}
	if isWholeECR(password) {
		return kindECRWhole
	}
	return ""
}

// isWholeECR reports whether password is what GetAuthorizationToken returns,
// base64 of "AWS:" and the password, instead of the password in it.
func isWholeECR(password string) bool {
	decoded, err := base64.StdEncoding.DecodeString(password)
	return err == nil && strings.HasPrefix(string(decoded), userECR+":")
}

// kindOfUser knows user names that registries prescribe.
func kindOfUser(user string) string {
	switch user {
	case userECR:
		return kindECR
	case userGCPToken, userGCPTokenShort:
		return kindGCPToken
	case userGCPKey, userGCPKeyBase64:
		return kindGCPKey
	case userACRToken, userAzureShort:
		return kindACR
	case userGitLabJob:
		return kindGitLabJob
	case userOAuthToken:
		return kindOAuth
	case userQuayApp, userQuayToken:
		return kindQuayApp
	}
	switch {
	case strings.HasPrefix(user, "robot$"):
		return kindHarborRobot
	case strings.HasPrefix(user, "gitlab+deploy-token-"):
		return kindGitLabDeploy
	case isQuayRobot(user):
		return kindQuayRobot
	}
	return ""
}

// isQuayRobot reports whether user looks like org+robot.
func isQuayRobot(user string) bool {
	org, robot, found := strings.Cut(user, "+")
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r)
	}
	return found && org != "" && robot != "" && strings.TrimFunc(org, plain) == "" && strings.TrimFunc(robot, plain) == ""
}

// KindHints says what people get wrong with this kind of credential on host, an
// index key such as "ghcr.io/acme", and which kinds end soon without saying so.
func KindHints(c Credential, host string) []string {
	registry, _, _ := strings.Cut(host, "/")
	kind := Kind(c)
	var hints []string
	for _, hint := range []string{wrongUser(kind, c.User, registry), wrongPassword(kind, c, registry), shortLived(kind)} {
		if hint != "" {
			hints = append(hints, hint)
		}
	}
	return hints
}

func wrongUser(kind, user, registry string) string {
	switch {
	case kind == kindECR && user != userECR:
		return "an ECR token needs the user AWS"
	case user == userHarborUnquoted:
		return "the user is just robot: if this is Harbor, a shell ate the $name of robot$name (write it in single quotes)"
	case isHub(registry) && strings.Contains(user, "@"):
		return "Docker Hub wants the Docker ID as user, not an e-mail address"
	}
	return ""
}

func wrongPassword(kind string, c Credential, registry string) string {
	switch {
	case kind == kindECRWhole:
		return "this is ECR's whole authorization token: decode it (base64) and use the part after AWS: as the password"
	case kind == kindGitHubFine && registry == "ghcr.io":
		return "ghcr.io does not support fine-grained personal access tokens: use a classic one with read:packages"
	case kind == kindGCPKey && !isServiceAccountKey(c):
		return "the service-account key is not the JSON it has to be (line breaks or quotes lost?)"
	case kind == kindACR && c.Password.Empty():
		return "az acr login leaves the token in identitytoken, which the kubelet ignores: use a token or a service principal as user and password"
	}
	return ""
}

func shortLived(kind string) string {
	switch kind {
	case kindGitHubActions:
		return "a GitHub Actions token ends with its job"
	case kindGitLabJob:
		return "a GitLab CI job token ends with its job"
	case kindGCPToken:
		return "a GCP access token ends within about an hour, and does not say when"
	}
	return ""
}

// isHub reports whether an index key's host is one for Docker Hub.
func isHub(registry string) bool { return registry == hubHost || registry == "docker.io" }

// isServiceAccountKey reports whether the password is the JSON that the user
// announces.
func isServiceAccountKey(c Credential) bool {
	raw := []byte(c.Password.text())
	if c.User == userGCPKeyBase64 {
		decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(raw)))
		if err != nil {
			return false
		}
		raw = decoded
	}
	return json.Valid(raw)
}
