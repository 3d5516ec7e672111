package registry

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/distribution/reference"

	"github.com/pullfix/pullfix/runbook/scrub"
	"github.com/pullfix/pullfix/runbook/vendor"
)

// hubEndpoint is where images of docker.io are asked for.
const hubEndpoint = "registry-1.docker.io"

// target is the image a question is about, taken apart as the kubelet and
// containerd do it.
type target struct {
	host       string // of the registry's API, with its port unless usual
	repository string
	tag        string // "" when pulled by digest
	digest     string
	beside     string // the tag beside a digest, which nobody pulls
	vendor     vendor.Vendor
}

const longestReference = 200

// parseTarget reads an image as the pod spells it. Without tag and digest it is
// :latest; with both the digest decides (containerd's ParseDockerRef).
func parseTarget(image string) (target, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return target{}, fmt.Errorf("parsing image %q: %w", scrub.Limit(scrub.Text(image), longestReference), err)
	}
	host, repository := reference.Domain(named), reference.Path(named)
	if host == "" { // it holds "_": no name of a host, but the node asks there
		host, repository, _ = strings.Cut(repository, "/")
	}
	t := target{host: endpoint(host), repository: repository}
	t.vendor = vendor.Of(t.host)
	tag := ""
	if tagged, ok := named.(reference.Tagged); ok {
		tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		t.digest, t.beside = digested.Digest().String(), tag
		return t, nil
	}
	t.tag = cmp.Or(tag, "latest")
	return t, nil
}

// endpoint is the host that serves the images of a registry.
func endpoint(host string) string {
	host = strings.ToLower(host)
	switch host {
	case "docker.io", "index.docker.io":
		return hubEndpoint
	}
	return host
}

// reference is what stands at the end of the manifest's path.
func (t target) reference() string {
	if t.digest != "" {
		return t.digest
	}
	return t.tag
}

func (t target) String() string { return t.host + "/" + t.repository + "@" + t.reference() }

func (t target) manifestPath(reference string) string {
	return "/v2/" + t.repository + "/manifests/" + reference
}

// scope is what a token is asked for.
func (t target) scope() string { return "repository:" + t.repository + ":pull" }
