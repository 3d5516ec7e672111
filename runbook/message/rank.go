package message

import "github.com/pullfix/pullfix/runbook/cause"

// mostTelling chooses the element of an aggregate that names the cause: the
// kubelet tries one credential after the other, so what a registry says beyond
// authentication outweighs what it says to a credential it refused. The first of
// equals wins.
func mostTelling(found []finding) int {
	best := 0
	for i := range found {
		if weight(found[i].cause) > weight(found[best].cause) {
			best = i
		}
	}
	return best
}

func weight(c cause.Cause) int {
	switch c {
	case cause.NotPullFailure:
		return 0
	case cause.Unknown:
		return 1
	case cause.BackOffOnly:
		return 2
	case cause.PullCancelled:
		return 3
	case cause.NotFoundOrDenied:
		return 5
	case cause.AuthMissing:
		return 6
	case cause.PermissionDenied:
		return 7
	case cause.AuthRejected:
		return 8
	case cause.AuthExpired:
		return 9
	case cause.RegistryServerError, cause.RateLimited:
		return 10
	case cause.RepositoryNotFound:
		return 11
	case cause.TagNotFound, cause.PlatformMismatch, cause.UnsupportedManifest, cause.CorruptContent, cause.DiskFull,
		cause.SignaturePolicy:
		return 12
	}
	return 4 // the network and the node
}
