package message

import (
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
)

// credentialRules know the helpers that fetch credentials: kubelet plugins,
// the in-tree providers before them, docker's helpers. They come first, since
// their errors hold every kind of network error.
func credentialRules() []rule {
	return []rule{
		{cause: cause.CredentialProviderFailed, any: []string{
			"credential provider plugin", "registry credential provider", "external credential provider", "credential provider config",
			"credentialprovider plugin", "failed to get credentials from plugin", "ecr-credential-provider",
			"acr-credential-provider", "auth-provider-gcp", "gcp-credential-provider", "ecr-credential-helper",
			"error getting credentials - err", "error getting credentials", "docker-credential-", "credential helper",
			"getauthorizationtoken", "getting ecr credentials", "get ecr credentials", "ecr authorization token",
			"unable to retrieve ecr registry auth", "retrieve ecr registry auth", "registry auth: execution resource",
			"nocredentialproviders", "no valid providers in chain", "ec2rolerequesterror", "no ec2 imds role", "google-dockercfg",
			"metadata.google.internal", "computemetadata/v1", "azure_credentials.go", "aws_credentials.go", "gcp_credentials.go",
			"failed to refresh cached credentials", "get credentials for registry", "retrieving credentials from provider",
			"credentialproviderresponse", "credentialproviderrequest", "managed identity token", "metadata/identity/oauth2/token",
			"failed to retrieve credentials", "error retrieving credentials", "service account token for credential provider",
			"unable to get credentials", "failed to get ecr", "failed to get acr", "acr access token from",
		}, none: []string{"docker-credential-helpers/releases"}},
		{cause: cause.CredentialProviderFailed, all: []string{"api.ecr.", "send request failed"}},
		{cause: cause.CredentialProviderFailed, all: []string{"aadsts", "acr"}, any: []string{
			"refresh token", "exchange", "msi", "identity",
		}},
	}
}

// kubeletRules know what the kubelet says on its own, before any runtime or
// registry is asked.
func kubeletRules() []rule {
	return []rule{
		{cause: cause.PullQPSExceeded, any: []string{"pull qps exceeded", "qps limit exceeded"}},
		{cause: cause.NeverPull, any: []string{
			"with pull policy of never", "errimageneverpull", "imagepullpolicy of never", "pull policy is never",
			"pull policy \"never\"",
		}},
		{cause: cause.PullSecretMissing, any: []string{
			"unable to retrieve some image pull secrets", "unable to retrieve pull secret", "the image pull may not succeed",
			"failedtoretrieveimagepullsecret", "couldn't find image pull secret", "failed to get image pull secret",
			"unable to retrieve image pull secret", "attempting to pull the image may not succeed",
		}},
		{cause: cause.PullSecretMissing, any: []string{
			"imagepullsecret", "image pull secret", "pull secret",
		}, all: []string{"not found"}},
		{cause: cause.PullSecretMalformed, any: []string{
			"unable to parse auth field", "must be formatted as base64", "illegal base64 data", ".dockerconfigjson",
			"dockerconfigjson", "dockerconfigentry", ".dockercfg", "docker config json", "invalid auth configuration",
			"while parsing docker config", "failed to parse pull secret", "decoding pull secret", "invalid registry auth",
		}, none: []string{"401 unauthorized"}},
		{cause: cause.PullSecretMalformed, any: []string{
			"invalid character", "json: ", "end of json", "yaml: ",
		}, test: bareJSONError},
		{cause: cause.ShortNameUnresolved, any: []string{
			"did not resolve to an alias", "unqualified-search registries", "short-name resolution", "short name mode",
			"returns ambiguous list", "unqualified search registries", "short-name \"", "no search registries",
			"unqualified image name", "shortname resolution",
		}, none: []string{"errors occurred while pulling"}},
		{cause: cause.InvalidReference, any: []string{
			"invalid reference format", "couldn't parse image", "could not parse image", "cannot parse image", "invalidimagename",
			"invalid tag format", "failed to parse image name", "failed to parse image reference", "failed to parse reference",
			"unable to parse image", "could not parse reference", "failed to apply default image tag",
			"is not a valid repository/tag", "must be lowercase", "repository name must ", "repository name component",
			"invalid repository name", "invalid namespace name", "illegal tag name", "name_invalid", "name invalid:",
			"invalid image name", "invalid image reference", "invalid checksum digest", "invalid digest format",
			"unsupported digest algorithm", "cannot specify 64-byte", "reference name must not be",
			"repository name not canonical", "object required", "invalid repository", "invalid hostname for image",
			"in host name", "invalid port", "must not have leading or trailing whitespace", "tag invalid",
			"invalid character in tag", "manifest tag did not match", "docker references with both a tag and digest",
			"invalid reference: ", "invalid url escape", "first path segment in url",
		}},
		{cause: cause.InvalidReference, any: []string{"parsing image name", "parsing reference"}, none: []string{
			"reading manifest", "initializing source", "pinging ",
		}},
		{cause: cause.InvalidReference, all: []string{".image: "}, any: []string{"required value", "invalid value"}},
	}
}

// bareJSONError recognises a Go decoding error that stands alone: kubelets since
// 1.33 give it as reason and message when a pull secret cannot be read, older
// ones inside ErrImagePull.
func bareJSONError(c clue) (from, to int) {
	text := c.low
	for _, wrap := range [...]string{"desc =", "errimagepull:", "failed to pull image", "err="} {
		if at := strings.LastIndex(text, wrap); at >= 0 {
			text = text[at+len(wrap):]
			if wrap == "failed to pull image" {
				text = afterName(text)
			}
		}
	}
	text = strings.TrimLeft(text, ` :"`)
	for _, start := range [...]string{"invalid character", "json: cannot unmarshal", "unexpected end of json input", "yaml: "} {
		if strings.HasPrefix(text, start) && !strings.Contains(text, "'<'") {
			at := strings.LastIndex(c.low, start)
			return at, at + len(start)
		}
	}
	return -1, -1
}

// blocked is what containers/image says of a registry that the node may not
// ask, as OpenShift sets it where only mirrors are to be used.
const blocked = "is blocked in /"

// signatureRules know policies that refuse an image: containers/image, Docker
// Content Trust, registry policies, admission by signature.
func signatureRules() []rule {
	return []rule{
		{cause: cause.SignaturePolicy, any: []string{
			"source image rejected", "signaturevalidationfailed", "signature validation failed", "a signature was required",
			"no matching signatures", "no signatures found", "signature verification failed", "invalid gpg signature",
			"policy.json", "is rejected by policy", "rejected by policy", "no matching attestations", "no attestations found",
			"does not have trust data", "trust data", "content trust", "not signed by cosign", "not signed by notation",
			"is not signed", "image is unsigned", "unsigned image", "due to configured policy", "projectpolicyviolation",
			"configured policy in", "policy violation", "prevented by policy", "image policy webhook", "imagepolicywebhook",
			"denied by default admission rule", "denied by attestor", "binary authorization", "cosign: ", "no signature exists",
			"signature made by unknown entity", "signature keyless validation", "failed policy: ", "signature not found",
			"signature mismatch", "signature verification", "signatures verification", "failed to verify signature",
			"image signature", "image policy", "vulnerabilit", "notation verification", "cannot be pulled due to",
		}, none: []string{"x509:"}},
		{cause: cause.SignaturePolicy, any: []string{blocked}},
		{cause: cause.SignaturePolicy, all: []string{"registries \"", "\" not allowed"}},
		{cause: cause.SignaturePolicy, any: []string{
			"image verification failed", "failed to verify image", "unverified image",
		}, none: []string{"for digest", "x509:", "dial tcp"}},
	}
}
