package registry

import (
	"net/http"
	"time"
)

// dockerHub hides missing repositories behind a 401, gives tokens that open
// nothing, and refuses a wrong login even for public images.
func dockerHub() manners {
	m := distribution()
	m.hides = hidesRepositories
	m.service = "registry.docker.io"
	m.limitHeaders = true
	m.limit = PullLimit{Anonymous: 100, Account: 200, Window: 6 * time.Hour}
	rejected := answer{status: http.StatusUnauthorized, form: formDetails, message: "incorrect username or password"}
	m.token[wrongCredential], m.token[expiredCredential] = rejected, rejected
	m.registry[rateLimited] = answer{
		status: http.StatusTooManyRequests, code: "TOOMANYREQUESTS",
		message: "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit",
	}
	return m
}

// quay gives tokens cut down to what is allowed, answers 401 without an error
// parameter, and remembers deleted tags. Source: quay endpoints/v2.
func quay() manners {
	m := distribution()
	denied := answer{status: http.StatusUnauthorized, code: "UNAUTHORIZED", message: "access to the requested resource is not authorized"}
	login := answer{
		status: http.StatusUnauthorized, code: "UNAUTHORIZED",
		message: "Could not find robot with username: {user} and supplied password.",
	}
	m.hides, m.missingIsTag, m.pageSize = hidesRepositories, false, 100
	m.registry[missingRepository] = answer{status: http.StatusNotFound, code: "NAME_UNKNOWN", message: "repository not found"}
	m.registry[deletedTag] = answer{
		status: http.StatusNotFound, code: "TAG_EXPIRED",
		message: "Tag {tag} was deleted or has expired. To pull, revive via time machine",
	}
	for _, s := range []situation{noCredential, noPermission} {
		m.registry[s] = denied
	}
	for _, s := range []situation{wrongCredential, expiredCredential} {
		m.registry[s], m.token[s] = login, login
	}
	m.basicRealm, m.service = "quay", "quay"
	return m
}

// harbor names projects in its refusals, challenges with Basic once anything
// was sent, and its token server forgives a wrong password when a scope is
// asked for. Source: harbor src/server/middleware and src/core/service/token.
func harbor() manners {
	m := distribution()
	m.hides, m.missingIsTag = hidesProjects, false
	m.basicToo, m.forgivesLogin = true, true
	m.basicRealm, m.service = "harbor", "harbor-registry"
	denied := answer{
		status: http.StatusUnauthorized, code: "UNAUTHORIZED", basic: true,
		message: "unauthorized to access repository: {repo}, action: {action}: unauthorized to access repository: {repo}, action: {action}",
	}
	artifact := answer{status: http.StatusNotFound, code: "NOT_FOUND", message: "artifact {repo}:{tag} not found"}
	m.registry[missingTag], m.registry[deletedTag] = artifact, artifact
	m.registry[missingRepository] = answer{status: http.StatusNotFound, code: "NOT_FOUND", message: "repository {repo} not found"}
	m.registry[missingProject] = answer{
		status: http.StatusUnauthorized, code: "UNAUTHORIZED", basic: true, message: "project {project} not found",
	}
	for _, s := range []situation{noCredential, wrongCredential, expiredCredential, noPermission} {
		m.registry[s] = denied
	}
	for _, s := range []situation{noCredential, wrongCredential, expiredCredential} {
		m.token[s] = answer{status: http.StatusUnauthorized, code: "UNAUTHORIZED", message: "unauthorized"}
	}
	return m
}
