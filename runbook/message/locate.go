package message

import (
	"net/url"
	"strings"
)

// dockerHub is the registry of names without a host.
const dockerHub = "docker.io"

// locate fills in what the text says about where: image, registry, host, mirror.
func (r *Reading) locate(clean string, p parts) {
	r.Image = imageOf(clean)
	if r.Image != "" {
		r.Registry = registryOf(r.Image)
	}
	answer := strings.Join(p.elements, " ")
	where := addressOf(answer)
	if where.host == "" && len(p.mirrors) == 0 {
		where = addressOf(clean)
	}
	r.Host = where.host
	switch {
	case where.mirrored(r.Registry):
		r.Mirror = where.host
	case len(p.mirrors) > 0:
		r.Mirror = registryOf(p.mirrors[0])
	}
	if r.Registry == "" {
		r.Registry = where.namespace
	}
	if r.Registry == "" {
		r.Registry = canonical(r.Host)
	}
}

// imageOf returns the first image that the text names: the kubelet's own words
// stand first and name the image as the pod has it.
func imageOf(text string) string {
	low := lower(text)
	best, image := len(text), ""
	for _, before := range [...]string{
		"failed to pull image ", "back-off pulling image ", "pulling image ", "pulled image ", "pull and unpack image ", "pull image ", "container image ", "default image tag ",
		"parse image name ", "parse image reference ", "pullimage ", "inspect image ", "image pull failed for ", "resolve reference ",
		"resolve image ", "pull access denied for ", "manifest for ", "docker://", "get sandbox image ", "unable to pull ", "short-name ",
	} {
		at := strings.Index(low, before)
		if at < 0 || at >= best {
			continue
		}
		if name := imageAt(text[at+len(before):]); name != "" {
			best, image = at, name
		}
	}
	return image
}

// imageAt reads a name, quoted or not, and returns nothing where the word that
// stands there is none.
func imageAt(text string) string {
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		name, _, _ := strings.Cut(quoted, `"`)
		return name
	}
	text = strings.TrimPrefix(text, "docker://")
	end := strings.IndexAny(text, " ,\"'();")
	if end < 0 {
		end = len(text)
	}
	name := strings.TrimRight(text[:end], ":.")
	if !strings.ContainsAny(name, "/:") && (end == len(text) || text[end] != ',') {
		return ""
	}
	return name
}

// registryOf returns the registry host of an image: the first component when it
// looks like a host, else Docker Hub.
func registryOf(image string) string {
	image = strings.TrimPrefix(strings.TrimPrefix(image, "https://"), "http://")
	host, _, ok := strings.Cut(image, "/")
	if !ok || (host != "localhost" && !strings.ContainsAny(host, ".:") && host == lower(host)) {
		return dockerHub
	}
	return canonical(host)
}

// canonical names Docker Hub by one name.
func canonical(host string) string {
	switch host {
	case "index.docker.io", "registry-1.docker.io", "auth.docker.io", "registry.hub.docker.com", "production.cloudflare.docker.com":
		return dockerHub
	}
	return host
}

// address is where a request went.
type address struct {
	host      string
	namespace string // registry a mirror was asked for, from "?ns="
	path      string
}

// addressOf finds the host that answered or could not be reached. Only URLs that
// stand as the target of a request count: bodies hold links as well.
func addressOf(text string) address {
	low := lower(text)
	best := len(text)
	var found address
	for _, before := range [...]string{
		`get "`, "get ", `head "`, "head ", `post "`, "post ", "request to ", "status code ", `put "`,
		"content at ", "endpoint ", "response from ",
	} {
		if at := targetURL(low, before); at >= 0 && at < best {
			if where := parseURL(text[at:]); where.host != "" {
				best, found = at, where
			}
		}
	}
	if found.host != "" {
		return found
	}
	for _, before := range [...]string{"pulling from host ", "pinging container registry ", "pinging docker registry ", "dial tcp: lookup ", "dial tcp "} {
		if at := strings.Index(low, before); at >= 0 {
			name, _, _ := strings.Cut(text[at+len(before):], " ")
			return address{host: strings.TrimRight(name, ":,")}
		}
	}
	return found
}

// targetURL finds a URL right behind the words.
func targetURL(low, before string) int {
	for from := 0; ; {
		at := strings.Index(low[from:], before)
		if at < 0 {
			return -1
		}
		from += at + len(before)
		if strings.HasPrefix(low[from:], "http://") || strings.HasPrefix(low[from:], "https://") {
			return from
		}
	}
}

func parseURL(text string) address {
	if end := strings.IndexAny(text, " \"'"); end >= 0 {
		text = text[:end]
	}
	text = strings.TrimRight(text, ":,.)")
	u, err := url.Parse(text)
	if err != nil {
		_, rest, _ := strings.Cut(text, "://")
		host, path, _ := strings.Cut(rest, "/")
		return address{host: strings.TrimRight(host, ":"), path: "/" + path}
	}
	return address{host: u.Host, path: u.Path, namespace: u.Query().Get("ns")}
}

// mirrored says whether the host answered in place of the registry: it was asked
// with "?ns=", or is another host that speaks the registry protocol. Token
// servers and storage to which a registry redirects are not mirrors.
func (a address) mirrored(registry string) bool {
	if a.host == "" {
		return false
	}
	if a.namespace != "" {
		return canonical(a.host) != canonical(a.namespace)
	}
	if registry == "" || !strings.HasPrefix(a.path, "/v2/") || strings.HasSuffix(a.path, "/v2/token") || strings.HasSuffix(a.path, "/v2/auth") {
		return false
	}
	return canonical(a.host) != registry && !redirects(registry, a.host)
}

// redirects knows the public registry that answers by sending nodes to another
// one close to them.
func redirects(registry, host string) bool {
	switch registry {
	case "registry.k8s.io", "k8s.gcr.io":
		return host == "k8s.gcr.io" || host == "gcr.io" || strings.HasSuffix(host, ".pkg.dev") || strings.HasSuffix(host, ".gcr.io") || strings.HasSuffix(host, ".amazonaws.com")
	}
	return false
}
