package message

import "github.com/pullfix/pullfix/runbook/cause"

// Meaning says in one plain sentence what a cause means.
func Meaning(c cause.Cause) string {
	if text := imageMeaning(c); text != "" {
		return text
	}
	if text := accessMeaning(c); text != "" {
		return text
	}
	if text := networkMeaning(c); text != "" {
		return text
	}
	switch c {
	case cause.DiskFull:
		return "The node has no disk space left for the image."
	case cause.RuntimeUnavailable:
		return "The kubelet cannot reach the container runtime on its node."
	case cause.SandboxImage:
		return "The pause image, which every pod on the node needs first, cannot be pulled."
	case cause.PullQPSExceeded:
		return "The kubelet held the pull back because it had started too many at once; no registry was asked."
	case cause.PullCancelled:
		return "The pull was given up before it ended, usually for want of progress or because the runtime restarted."
	case cause.BackOffOnly:
		return "The last attempt failed, and the kubelet tries again by itself; the text does not say why it failed."
	case cause.NotPullFailure:
		return "This is not an image pull failure."
	case cause.None:
		return "Nothing is wrong with the image pull."
	}
	return "No known cause fits this text."
}

func imageMeaning(c cause.Cause) string {
	switch c {
	case cause.TagNotFound:
		return "The registry has no image with this tag or digest."
	case cause.RepositoryNotFound:
		return "The registry has no repository of this name."
	case cause.NotFoundOrDenied:
		return "The repository does not exist, or the credentials may not see it: this registry gives the same answer for both."
	case cause.PlatformMismatch:
		return "The image exists, but not for this node's operating system and architecture."
	case cause.InvalidReference:
		return "The image name is not valid, so no registry was asked."
	case cause.ShortNameUnresolved:
		return "The image name has no registry, and the node has no rule which one to use."
	case cause.UnsupportedManifest:
		return "What the registry holds under this name is in a format that the node's runtime cannot run."
	case cause.CorruptContent:
		return "The image's content is incomplete or damaged, or could not be unpacked on the node."
	case cause.NeverPull:
		return "The image is not on the node, or this pod may not use it, and the pull policy Never forbids to pull it."
	case cause.SignaturePolicy:
		return "A policy of the node, the cluster or the registry refuses this image, for instance because it is not signed."
	}
	return ""
}

func accessMeaning(c cause.Cause) string {
	switch c {
	case cause.AuthMissing:
		return "The registry wants a login, and the node sent no credential that it took."
	case cause.AuthRejected:
		return "The registry refused the credential that the node sent."
	case cause.AuthExpired:
		return "The credential that the node sent has expired."
	case cause.PermissionDenied:
		return "The registry refuses access to this image, for this credential or for this sender."
	case cause.RateLimited:
		return "The registry refuses further pulls for now, because there were too many."
	case cause.PullSecretMissing:
		return "The pod names a pull secret that does not exist in its namespace."
	case cause.PullSecretMalformed:
		return "A pull secret of the pod cannot be decoded, which blocks every image of the pod."
	case cause.PullSecretWrongType:
		return "The pull secret has a type that the kubelet does not read."
	case cause.PullSecretWrongHost:
		return "The pull secret is readable, but none of its entries is for this image's registry."
	case cause.PullSecretNotAttached:
		return "A fitting pull secret exists, but this pod does not use it."
	case cause.CredentialProviderFailed:
		return "The node's helper that fetches registry credentials failed."
	}
	return ""
}

func networkMeaning(c cause.Cause) string {
	switch c {
	case cause.DNSFailure:
		return "The node cannot resolve the host name of the registry, or of a host that the registry sends it to."
	case cause.ConnectionRefused:
		return "Nothing accepts connections at the registry's address and port, as seen from the node."
	case cause.Timeout:
		return "The registry did not answer the node in time."
	case cause.NetworkUnreachable:
		return "The network between node and registry has no route or breaks the connection."
	case cause.ProxyFailure:
		return "The proxy between node and registry failed or refused."
	case cause.TLSUntrusted:
		return "The node does not accept the registry's certificate, or the two cannot agree on TLS."
	case cause.HTTPSMismatch:
		return "One side speaks HTTPS and the other plain HTTP."
	case cause.RegistryServerError:
		return "The registry answered with an error of its own."
	case cause.UnexpectedRegistryResponse:
		return "What answered does not behave like a registry: a web page, a redirect or an unexpected status."
	}
	return ""
}
