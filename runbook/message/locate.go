package message

import (
	"net/url"
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
)

// dockerHub is the registry of names without a host.
const dockerHub = "docker.io"

// locate fills in what the text says about where: image, registry, host, and the
// mirror unless it is known.
func (r *Reading) locate(clean string, seen sighting, p parts) {
	t := rules()
	r.Image = t.imageOf(clean, seen)
	if r.Image != "" {
		r.Registry = registryOf(r.Image)
	}
	where := t.addressOf(clean, seen)
	if len(p.mirrors) > 0 {
		answer := strings.Join(p.elements, " ")
		where = t.addressOf(answer, t.lexicon.scan(lower(answer)))
	}
	r.Host, r.Asked = where.host, where.asked
	if where.mirrored(r.Registry) {
		r.Mirror = where.host
	}
	if r.Registry == "" {
		r.Registry = where.namespace
	}
	if r.Registry == "" && where.asked {
		r.Registry = canonical(r.Host)
	}
	switch r.Cause {
	case cause.ShortNameUnresolved:
		r.Registry = "" // that is what is wrong with it
	case cause.ProxyFailure, cause.NotPullFailure:
		if r.Image == "" && !strings.HasPrefix(where.path, "/v2/") {
			r.Registry = "" // the host is the proxy's, or of something else
		}
	}
}

// imageMarks are the words before the name of an image.
func imageMarks() []string {
	return []string{
		"failed to pull image ", "back-off pulling image ", "pulling image ", "pulled image ", "pull and unpack image ",
		"pull image ", "container image ", "default image tag ", "parse image name ", "parse image reference ", "pullimage ",
		"inspect image ", "image pull failed for ", "resolve reference ", "resolve image ", "pull access denied for ",
		"manifest for ", "docker://", "get sandbox image ", "unable to pull ", "short-name ",
	}
}

// imageOf returns the first image that the text names: the kubelet's own words
// stand first and name the image as the pod has it.
func (t *table) imageOf(text string, seen sighting) string {
	best, image := len(text), ""
	for _, id := range t.image {
		if seen[id] == 0 {
			continue
		}
		place := t.lexicon.place(seen, id)
		if place.from >= best || strings.HasSuffix(text[:place.from], "matching ") {
			continue // "no matching manifest for" is followed by a platform
		}
		if name := imageAt(text[place.to:]); name != "" {
			best, image = place.from, name
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
	if image == "" || strings.ContainsRune(":*<", rune(image[0])) {
		return "" // a name that was taken out, or never filled in
	}
	host, _, ok := strings.Cut(image, "/")
	host = host[strings.LastIndexByte(host, '@')+1:] // a login does not belong to the host
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
	asked     bool // it was asked as a registry, and is none that was only dialled
}

// requestMarks are the words before the target of a request, with the scheme
// that must follow: bodies hold links as well.
func requestMarks() []string {
	var marks []string
	for _, before := range [...]string{
		`get "`, "get ", `head "`, "head ", `post "`, "post ", `put "`, "request to ", "status code ", "content at ", "endpoint ",
		"response from ",
	} {
		marks = append(marks, before+"http://", before+"https://")
	}
	return marks
}

func dialMarks() []string {
	return []string{
		"pulling from host ", "pinging container registry ", "pinging docker registry ", "dial tcp: lookup ", dialled,
	}
}

// addressOf finds the host that answered or could not be reached.
func (t *table) addressOf(text string, seen sighting) address {
	best := len(text)
	var found address
	for _, id := range t.request {
		place := t.lexicon.place(seen, id)
		if seen[id] == 0 || place.from >= best {
			continue
		}
		scheme := strings.LastIndexByte(t.lexicon.words[id], 'h')
		if where := parseURL(text[place.from+scheme:]); where.host != "" {
			best, found = place.from, where
		}
	}
	if found.host != "" {
		return found
	}
	if id, ok := seen.first(t.dial); ok {
		name, _, _ := strings.Cut(text[t.lexicon.place(seen, id).to:], " ")
		return address{host: strings.TrimRight(name, ":,"), asked: t.lexicon.words[id] != dialled}
	}
	return found
}

// dialled stands before an address that may be anybody's: a proxy's, that of the
// storage behind a registry.
const dialled = "dial tcp "

func parseURL(text string) address {
	if end := strings.IndexAny(text, " \"'"); end >= 0 {
		text = text[:end]
	}
	text = strings.TrimRight(text, ":,.)")
	u, err := url.Parse(text)
	if err != nil {
		_, rest, _ := strings.Cut(text, "://")
		host, path, _ := strings.Cut(rest, "/")
		return address{host: strings.TrimRight(host, ":"), path: "/" + path, asked: true}
	}
	return address{host: u.Host, path: u.Path, namespace: u.Query().Get("ns"), asked: true}
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
