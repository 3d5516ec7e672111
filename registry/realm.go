package registry

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// mayReceive tells whether a token server may be sent the login for a registry.
// Nodes send it to any realm; pullfix sends it only where the registry's own
// people are: the same host, a host of the same registrable domain, a known
// pair, or a configured realm. It is never sent over http to a realm of a
// registry that speaks https.
func (p *Prober) mayReceive(registry *url.URL, realm *url.URL) bool {
	if realm.Scheme != "https" && (realm.Scheme != "http" || registry.Scheme != "http") {
		return false
	}
	settings := p.hosts[address(registry.Host, portOf(registry.Scheme))]
	if slices.Contains(settings.realms, strings.ToLower(realm.Host)) {
		return true
	}
	own, other := strings.ToLower(registry.Hostname()), strings.ToLower(realm.Hostname())
	switch {
	case own == "" || other == "":
		return false
	case own == other, isLoopback(own) && isLoopback(other):
		return true
	}
	return realm.Scheme == "https" && (isPair(own, other) || isParent(own, other) || sameOwner(own, other))
}

// pinned tells whether a token server may be sent a login that pullfix was
// configured with (S2): the registry's own host and port, a realm that is
// configured for it, or one of the exact hosts that a known registry has as its
// token server. That two hosts have one owner is not enough.
func (p *Prober) pinned(registry *url.URL, realm *url.URL) bool {
	if !p.private(realm) {
		return false
	}
	own, other := address(registry.Host, portOf(registry.Scheme)), address(realm.Host, portOf(realm.Scheme))
	if own == other {
		return true
	}
	for _, configured := range p.hosts[own].realms {
		if address(configured, portOf(realm.Scheme)) == other {
			return true
		}
	}
	return realm.Scheme == "https" && realm.Port() == "" && (isPair(registry.Host, strings.ToLower(realm.Host)) || isGitLab(registry.Host, realm.Host))
}

// private tells whether nobody on the way to a host can read along: verified
// TLS, or no way at all because the host is this machine.
func (*Prober) private(to *url.URL) bool {
	return to.Scheme == "https" || isLoopback(to.Host)
}

// isGitLab knows the token server of gitlab.com.
func isGitLab(registry, realm string) bool {
	return registry == "registry.gitlab.com" && strings.EqualFold(realm, "gitlab.com")
}

func portOf(scheme string) string {
	if scheme == "http" {
		return portHTTP
	}
	return portHTTPS
}

// isPair knows the registries whose token server is of another domain than
// their own, from the vendors' public challenges.
func isPair(registry, realm string) bool {
	switch {
	case registry == hubEndpoint:
		return realm == "auth.docker.io"
	case registry == "registry.connect.redhat.com" || registry == "registry.redhat.io":
		return realm == "sso.redhat.com"
	case strings.HasPrefix(registry, "rg.") && strings.HasSuffix(registry, ".scw.cloud"):
		return realm == "api.scaleway.com"
	case registry == "nvcr.io":
		return realm == "authn.nvidia.com"
	}
	return false
}

// isParent allows registry.gitlab.corp to name gitlab.corp: GitLab's layout,
// also where the domain is private.
func isParent(registry, realm string) bool {
	_, parent, found := strings.Cut(registry, ".")
	return found && parent == realm && strings.Contains(parent, ".")
}

// sameOwner compares registrable domains. Names below a domain that the Public
// Suffix List does not know, such as cluster.local, may belong to anybody, and
// so may the hosts of registries that are rented out.
func sameOwner(registry, realm string) bool {
	suffix, icann := publicsuffix.PublicSuffix(registry)
	if !icann && !strings.Contains(suffix, ".") {
		return false
	}
	own, err := publicsuffix.EffectiveTLDPlusOne(registry)
	if err != nil || slices.Contains(rentedDomains(), own) {
		return false
	}
	other, err := publicsuffix.EffectiveTLDPlusOne(realm)
	return err == nil && own == other
}

// rentedDomains are the domains where each customer has a host of their own.
func rentedDomains() []string {
	return []string{
		"azurecr.io", "azurecr.cn", "azurecr.us", "amazonaws.com", "amazonaws.com.cn", "on.aws", "pkg.dev", "gcr.io",
		"jfrog.io", "cloudsmith.io", "aliyuncs.com", "myhuaweicloud.com", "tencentcloudcr.com", "scw.cloud", "ocir.io",
	}
}
