package registry

import "net/http"

// ghcr refuses anonymous callers with 401 and wrong logins with 403, both at
// the token server, and makes missing and forbidden look alike.
func ghcr() manners {
	m := distribution()
	m.hides, m.missingIsTag = hidesRepositories, false
	m.basicRealm, m.service = "GitHub Package Registry", "ghcr.io"
	denied := answer{status: http.StatusForbidden, code: "DENIED", message: "denied"}
	m.registry[noPermission] = answer{status: http.StatusForbidden, code: "DENIED", message: "permission_denied: read_package"}
	for _, s := range []situation{wrongCredential, expiredCredential} {
		m.registry[s], m.token[s] = denied, denied
	}
	m.token[noCredential] = answer{status: http.StatusUnauthorized, code: "UNAUTHORIZED", message: "authentication required"}
	return m
}

// gitLab refuses everything with 403 at the token server.
func gitLab() manners {
	m := distribution()
	m.hides = hidesRepositories
	m.basicRealm, m.service = "GitLab", "container_registry"
	denied := answer{status: http.StatusForbidden, code: "DENIED", message: "access forbidden"}
	rejected := answer{status: http.StatusForbidden, code: "DENIED", message: "HTTP Basic: Access denied"}
	m.registry[noPermission], m.token[noPermission], m.token[noCredential] = denied, denied, denied
	for _, s := range []situation{wrongCredential, expiredCredential} {
		m.registry[s], m.token[s] = rejected, rejected
	}
	return m
}
