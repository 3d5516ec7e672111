package registry

import "net/http"

// ecr speaks Basic, tells a missing repository only to whom it lets in, and
// calls an expired password by its name. The body of a wrong login and of a
// missing tag are not known from a source.
func ecr() manners {
	m := distribution()
	m.missingIsTag, m.pageSize, m.refusesLongPages = false, 1000, true
	m.basicRealm, m.service = "https://sandbox.ecr/", "ecr.amazonaws.com"
	unknown := answer{status: http.StatusNotFound, code: "MANIFEST_UNKNOWN", message: "Requested image not found"}
	m.registry[missingTag], m.registry[deletedTag] = unknown, unknown
	name := answer{
		status: http.StatusNotFound, code: "NAME_UNKNOWN",
		message: "The repository with name '{repo}' does not exist in the registry with id '123456789012'",
	}
	m.registry[missingRepository], m.registry[missingProject] = name, name
	rejected := answer{status: http.StatusUnauthorized, form: formText, message: "Not Authorized\n"}
	stale := answer{
		status: http.StatusForbidden, code: "DENIED",
		message: "Your authorization token has expired. Reauthenticate and try again.",
	}
	m.registry[noCredential], m.registry[wrongCredential], m.registry[expiredCredential] = rejected, rejected, stale
	m.registry[noPermission] = answer{
		status: http.StatusForbidden, code: "DENIED",
		message: "User: arn:aws:iam::123456789012:user/{user} is not authorized to perform: ecr:BatchGetImage on resource: " +
			"arn:aws:ecr:eu-west-1:123456789012:repository/{repo} because no identity-based policy allows the ecr:BatchGetImage action",
	}
	// ECR Public has a token server, and refuses there.
	m.token[wrongCredential] = answer{status: http.StatusForbidden, code: "DENIED", message: "Not Authorized"}
	m.token[expiredCredential] = stale
	m.registry[rateLimited] = answer{status: http.StatusTooManyRequests, code: "TOOMANYREQUESTS", message: "Rate exceeded"}
	return m
}

// acr is open about missing repositories and points to its documentation in
// each 401. The wording of a missing tag is not known from a source.
func acr() manners {
	m := distribution()
	m.missingIsTag, m.basicToo = false, true
	m.basicRealm, m.service = "sandbox.azurecr.io", "sandbox.azurecr.io"
	unknown := answer{status: http.StatusNotFound, code: "MANIFEST_UNKNOWN", message: `manifest tagged by "{tag}" is not found`, detail: true}
	m.registry[missingTag], m.registry[deletedTag] = unknown, unknown
	denied := answer{
		status: http.StatusUnauthorized, code: "UNAUTHORIZED", detail: true,
		message: "authentication required, visit https://aka.ms/acr/authorization for more information.",
	}
	for _, s := range []situation{noCredential, wrongCredential, expiredCredential, noPermission} {
		m.registry[s] = denied
	}
	m.token[wrongCredential], m.token[expiredCredential] = denied, denied
	return m
}

// artifactRegistry refuses at the token server, and says itself that it does
// not tell missing from forbidden. Wrong and expired logins are not known from
// a source.
func artifactRegistry() manners {
	m := distribution()
	m.hides, m.missingIsTag = hidesRepositories, false
	m.basicRealm, m.service = "artifact-registry", "europe-docker.pkg.dev"
	denied := answer{
		status: http.StatusForbidden, code: "DENIED",
		message: `Permission "artifactregistry.repositories.downloadArtifacts" denied on resource ` +
			`"projects/sandbox/locations/europe/repositories/{project}" (or it may not exist)`,
	}
	nobody := answer{
		status: http.StatusForbidden, code: "DENIED",
		message: `Unauthenticated request. Unauthenticated requests do not have permission ` +
			`"artifactregistry.repositories.downloadArtifacts" on resource ` +
			`"projects/sandbox/locations/europe/repositories/{project}" (or it may not exist)`,
	}
	rejected := answer{status: http.StatusUnauthorized, code: "UNAUTHORIZED", message: "authentication failed"}
	m.registry[noPermission], m.token[noPermission], m.token[noCredential] = denied, denied, nobody
	for _, s := range []situation{wrongCredential, expiredCredential} {
		m.registry[s], m.token[s] = rejected, rejected
	}
	return m
}
