package message

import (
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
)

// webPageRules know answers that no registry gives.
func webPageRules() []rule {
	return []rule{
		{cause: cause.UnexpectedRegistryResponse, any: []string{
			"invalid character '<'", "<html", "<!doctype", "<head>", "<title>", "text/html", "text/plain", "missing or empty content-type",
			"unexpected content-type", "unexpected content type", "malformed http response", "stopped after 10 redirects",
			"too many redirects", "did not include a token", "no token in response", "invalid character 'p'",
			"unable to decode token response", "malformed http status", "is not a v2 registry", "not a docker registry",
			"unsupported protocol version", "registry does not support", "not a registry", "unsupported auth",
			"no supported auth", "unexpected http response", "<?xml", "malformed header", "malformed mime",
			"missing www-authenticate", "www-authenticate header", "invalid response", "unexpected response",
			"missing docker-content-digest", "can't talk to a v1", "missing realm", "unsupported: ",
			"the operation is unsupported", "no digest in response", "unsupported docker v1 repository request",
		}},
	}
}

// notFoundRules know a registry's own word that something does not exist.
func notFoundRules() []rule {
	return []rule{
		// Kubelets up to 1.3 and registries of version 1: without credentials
		// the registry hid private images.
		{cause: cause.NotFoundOrDenied, all: []string{"no credentials on this request", "not found"}, none: []string{"tag "}},
		{cause: cause.TagNotFound, any: []string{
			"manifest unknown", "manifest_unknown", "tag_expired", "was deleted or has expired", "requested image not found",
			"manifest not found", "manifest tagged by", "manifest is unknown", "named manifest is not known", "no manifest found",
			"no such manifest", "manifest is not found", "tag not found", "no such tag", "unknown tag", "tag does not exist",
			"could not find tag", "unknown manifest", "image tag not found", "failed to find tag", "manifestunknown",
			"no such image", "manifest does not exist",
		}},
		{cause: cause.TagNotFound, test: namedNotFound("manifest for ", "artifact ", "tag ", "manifests ", "manifest ")},
		{cause: cause.TagNotFound, all: []string{"resource not found: repo", "tag"}},
		{cause: cause.NotFoundOrDenied, any: []string{
			"does not exist or no pull access", "not found or access denied", "not found or not authorized",
			"does not exist or you", "not found or you",
		}},
		{cause: cause.NotFoundOrDenied, all: []string{"unauthorized"}, test: namedNotFound("project ")},
		{cause: cause.RepositoryNotFound, any: []string{
			"name unknown", "name_unknown", "repository name not known", "repository not found", "unknown repository",
			"no such repository", "repository is not found", "repo not found", "repository_not_found", "repositorynotfound",
			"project not found", "repository unknown", "name is unknown",
		}},
		{cause: cause.RepositoryNotFound, all: []string{"repository with name", "does not exist"}},
		{cause: cause.RepositoryNotFound, test: namedNotFound("repository ", "project ")},
		{cause: cause.TagNotFound, test: namedNotFound("image ")},
	}
}

// namedNotFound recognises "KIND NAME not found", where the name may be quoted.
func namedNotFound(kinds ...string) func(clue) (int, int) {
	return func(c clue) (int, int) {
		for _, kind := range kinds {
			for from := 0; ; {
				at := strings.Index(c.low[from:], kind)
				if at < 0 {
					break
				}
				from += at + len(kind)
				name, rest, _ := strings.Cut(c.low[from:], " ")
				if strings.HasSuffix(name, ":") {
					continue
				}
				for _, end := range [...]string{"not found", "does not exist", "was not found", "is not found", "could not be found", "not known"} {
					if strings.HasPrefix(rest, end) {
						return from, from + len(name) + 1 + len(end)
					}
				}
			}
		}
		return -1, -1
	}
}

// authRules know refusals. A precise word beats the wrapper around it: docker
// and containerd put "pull access denied" before most of them.
func authRules() []rule {
	return []rule{
		{cause: cause.AuthExpired, any: []string{
			"authorization token has expired", "token has expired", "token is expired", "token expired", "expired token",
			"credentials have expired", "credentials expired", "credential has expired", "reauthenticate and try again",
			"jwt expired", "expiredtoken", "token was expired", "session has expired", "secret keys are expired",
			"password has expired", "account has expired", "is expired", "has been expired", "are expired", "login has expired",
			"client secret expired",
		}},
		{cause: cause.AuthMissing, any: []string{
			"no basic auth credentials", "unauthenticated request", "anonymous caller", "no credentials on this request",
			"authorization header is missing", "need to be authenticated", "anonymous access", "must be authenticated",
			"must be logged in", "not logged in", "unauthenticated user", "login required",
			"please login to the red hat registry", "please login to ",
		}},
		{cause: cause.PermissionDenied, any: []string{"have the needed permissions", "have the required permission"}},
		{cause: cause.AuthMissing, all: []string{"failed to fetch anonymous token"}, statuses: [2]int{400, 403}},
		{cause: cause.AuthRejected, any: []string{
			"incorrect username or password", "invalid username/password", "invalid username or password",
			"wrong username or password", "bad username or password", "username or password", "bad credential",
			"invalid credential", "authentication failed", "failed authentication", "authentication failure",
			"could not find robot", "http basic: access denied", "invalid token", "invalid_token", "invalid login",
			"invalid password", "wrong password", "invalid_grant", "invalid clientid", "invalid client", "invalid_client",
			"account is disabled", "user is disabled", "malformed token", "token is invalid", "incorrect username",
			"wrong credential", "incorrect credential", "token signature", "failed to verify token", "invalid access token",
			"login attempt failed", "invalid user", "authorization header missing or invalid", "is missing or invalid",
			"invalid authorization", "token is not valid", "could not be authenticated", "not a valid token",
			"credentials are invalid", "username and password", "oauthtoken revoked", "revoked", "no longer valid",
			"personal access token",
		}},
		{cause: cause.AuthRejected, all: []string{"failed to fetch oauth token"}, statuses: [2]int{400, 401}},
	}
}

// refusalRules know refusals that do not say what is wrong with the credential.
func refusalRules() []rule {
	return []rule{
		{cause: cause.NotFoundOrDenied, any: []string{"or it may not exist"}},
		{cause: cause.PermissionDenied, any: []string{
			"is not authorized to perform", "access forbidden", "permission_denied", "does not have permission",
			"do not have permission", "not have permission", "insufficient permission", "doesn't have permission",
			"match expected scopes", "not allowed access", "acr/firewall", "is forbidden for user", "have been suspended",
			"has been suspended", "not permitted", "no permission", "permission 'art", `permission "art`, `permission "stor`,
			"permission 'stor", "token exchange failed", "insufficient privileges", "insufficient scope", "access is forbidden",
			"access to this resource is denied", "billing", "access blocked", "not allowed to pull", "required scope",
			"permission denied for", "accessdenied", "repository is disabled", "resource protected by organization saml",
			"payment required", "legal reasons", "rejected the request",
		}},
		{cause: cause.NotFoundOrDenied, any: []string{
			"insufficient_scope", "requested access to the resource is denied", "pull access denied", "may require authorization",
			"may require 'docker login'", "may require docker login", "unauthorized to access repository",
			"unauthorized to access", "requested resource is not authorized", "verify that it exists and you have permission",
			"please check that you have permission", "or it may not exist", "not found or denied",
			"unable to access the repository", "authorization failed",
		}},
		{cause: cause.AuthMissing, any: []string{
			"authentication required", "authentication is required", "requires authentication", "no credentials", "please log in",
			"please login", "docker login", "no auth", "credentials required", "authorization required",
			"authentication credentials", "authentication needed",
		}, none: []string{"403 forbidden"}},
		{cause: cause.PermissionDenied, statuses: [2]int{402, 403}},
		{cause: cause.PermissionDenied, statuses: [2]int{451, 451}},
		{cause: cause.AuthRejected, statuses: [2]int{401, 401}, any: []string{
			"from head request", "from get request", "status code", "failed with status", "head http", "get http", "[manifests",
		}},
		{cause: cause.AuthMissing, statuses: [2]int{401, 401}},
		{cause: cause.AuthMissing, any: []string{"unauthorized", "unauthenticated", "not authenticated"}},
		{cause: cause.PermissionDenied, any: []string{
			"forbidden", "denied:", "access denied", "access is denied", "permission denied", "not authorized", ": denied",
			"request denied",
		}},
	}
}

// statusRules judge by the bare HTTP status: 404 for a manifest is a missing
// tag, elsewhere it is an answer that does not belong there.
func statusRules() []rule {
	return []rule{
		{cause: cause.RepositoryNotFound, any: []string{"status 404 trying to pull repository"}},
		{cause: cause.TagNotFound, statuses: [2]int{404, 404}, any: []string{
			"/manifests/", "reading manifest", "[manifests",
		}, none: []string{"error parsing http"}},
		{cause: cause.CorruptContent, statuses: [2]int{404, 404}, lost: true, any: []string{"/blobs/", "reading blob", "fetching blob"}},
		{cause: cause.UnexpectedRegistryResponse, statuses: [2]int{300, 499}},
		{cause: cause.UnexpectedRegistryResponse, any: []string{
			"received unexpected http status", "unexpected http status", "error parsing http", "method not allowed",
			"precondition failed", "page not found", "invalid character", "unexpected end of json",
			"invalid status code from registry", "bad request", "cannot unmarshal", "unexpected status", "json: ",
		}},
	}
}

// lastRules are the vague ones.
func lastRules() []rule {
	return []rule{
		// A store of signatures that answers with a web page: it begins with '<'.
		{cause: cause.UnexpectedRegistryResponse, all: []string{"unrecognized signature format", "0x3c"}},
		{cause: cause.SignaturePolicy, any: []string{"reading signatures:", "parsing signature", "unrecognized signature format"}},
		{cause: cause.TagNotFound, any: []string{"not found"}, test: endsNotFound},
		{cause: cause.ConnectionRefused, any: []string{"registry is unavailable", "registryunavailable"}},
		{cause: cause.HTTPSMismatch, any: []string{"--insecure-registry"}},
		{cause: cause.PermissionDenied, any: []string{"denied"}},
		{cause: cause.NotPullFailure, any: []string{"pulling image \"", "pulling image '"}, none: []string{
			"back-off", "fail", "error", "errimage",
		}},
	}
}

// endsNotFound recognises containerd's answer to a 404 for the manifest: the
// error ends with the words, before what loggers and clients add.
func endsNotFound(c clue) (from, to int) {
	const word = "not found"
	at := strings.LastIndex(c.low, word)
	if at < 0 {
		return -1, -1
	}
	if !ends(strings.TrimPrefix(c.low[at+len(word):], ": unknown")) {
		return -1, -1
	}
	return at, at + len(word)
}

// ends tells that nothing follows but what loggers and clients add.
func ends(rest string) bool {
	rest = strings.TrimLeft(rest, ` "')]}.,;:`)
	for _, tail := range [...]string{"image=", "pod=", "error: exit", "see 'docker", "error="} {
		if strings.HasPrefix(rest, tail) {
			return true
		}
	}
	return rest == ""
}
