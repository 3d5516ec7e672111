package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/distribution/reference"
)

// Containerd is a Puller that really pulls, over HTTP, and says what containerd
// 2.4 says when it can't. It keeps nothing.
type Containerd struct {
	// Client makes the requests; nil is http.DefaultClient.
	Client *http.Client
	// Endpoint is where a registry is reached, "http://127.0.0.1:5000" for
	// "docker.io"; nil and "" mean https and the host itself.
	Endpoint func(host string) string
}

const (
	maxManifest = 4 << 20
	maxLayer    = 64 << 20
)

// The media types that are asked for, in containerd's order.
const manifestTypes = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, " +
	"application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*"

// descriptor and manifest are the fields of OCI's that a pull needs.
type descriptor struct {
	MediaType string
	Digest    string
	Size      int64
	Platform  *struct{ OS, Architecture string }
}

type manifest struct {
	Manifests []descriptor
	Config    descriptor
	Layers    []descriptor
}

// runtimeError is an error with a gRPC code, as the kubelet prints it.
type runtimeError struct {
	code string // "" is Unknown, which the kubelet leaves out
	text string
}

func (e *runtimeError) Error() string {
	if e.code == "" {
		return e.text
	}
	return "rpc error: code = " + e.code + " desc = " + e.text
}

// Pull fetches manifest, configuration and layers.
func (c *Containerd) Pull(ctx context.Context, p Pull) (Image, error) {
	named, err := reference.ParseNormalizedNamed(p.Image)
	if err != nil {
		return Image{}, &runtimeError{code: "InvalidArgument", text: err.Error()}
	}
	s := c.session(named, p)
	digest, err := s.resolve(ctx)
	if err != nil {
		code := ""
		if s.missing {
			code = "NotFound"
		}
		return Image{}, &runtimeError{code, fmt.Sprintf("failed to pull and unpack image %q: failed to resolve image: %v", p.Image, err)}
	}
	size, err := s.fetch(ctx, digest, p)
	if err != nil {
		return Image{}, err
	}
	return Image{Digest: digest, Size: size}, nil
}

// session is one pull from one repository.
type session struct {
	client     *http.Client
	base       string // URL of the repository
	tag        string // or digest
	image      string
	scope      string
	credential *Credential
	header     string // Authorization, once known
	missing    bool   // the registry says that it is not there
}

func (c *Containerd) session(named reference.Named, p Pull) *session {
	s := &session{client: c.Client, image: p.Image, credential: p.Credential, tag: "latest"}
	if s.client == nil {
		s.client = http.DefaultClient
	}
	switch r := named.(type) {
	case reference.Digested:
		s.tag = r.Digest().String()
	case reference.Tagged:
		s.tag = r.Tag()
	}
	host, repository := reference.Domain(named), reference.Path(named)
	endpoint := ""
	if c.Endpoint != nil {
		endpoint = c.Endpoint(host)
	}
	if host == "docker.io" {
		host = "registry-1.docker.io"
	}
	if endpoint == "" {
		endpoint = "https://" + host
	}
	s.base = endpoint + "/v2/" + repository
	s.scope = "repository:" + repository + ":pull"
	if s.credential != nil && s.credential.Reveal() == "" {
		s.credential = nil // an empty password is none to containerd
	}
	return s
}

// resolve asks for the digest of the tag.
func (s *session) resolve(ctx context.Context) (string, error) {
	url := s.base + "/manifests/" + s.tag
	answer, err := s.ask(ctx, http.MethodHead, url)
	if err != nil {
		return "", err
	}
	if answer.StatusCode == http.StatusUnauthorized {
		if err := s.authorize(ctx, answer.Header.Values("WWW-Authenticate")); err != nil {
			return "", err
		}
		if answer, err = s.ask(ctx, http.MethodHead, url); err != nil {
			return "", err
		}
		if strings.Contains(answer.Header.Get("WWW-Authenticate"), `error="insufficient_scope"`) {
			return "", fmt.Errorf("%s: server message: insufficient_scope: authorization failed", accessDenied)
		}
	}
	switch {
	case answer.StatusCode == http.StatusNotFound:
		s.missing = true
		return "", fmt.Errorf("%s: not found", s.image)
	case answer.StatusCode == http.StatusForbidden:
		return "", fmt.Errorf("%w%s", unexpected(http.MethodHead, url, answer), s.why(ctx, url))
	case answer.StatusCode != http.StatusOK:
		return "", unexpected(http.MethodHead, url, answer)
	}
	return answer.Header.Get("Docker-Content-Digest"), nil
}

const accessDenied = "pull access denied, repository does not exist or may require authorization"

func unexpected(method, url string, answer *http.Response) error {
	return fmt.Errorf("unexpected status from %s request to %s: %d %s", method, url, answer.StatusCode, http.StatusText(answer.StatusCode))
}

// ask sends a request without a body and drops the answer's.
func (s *session) ask(ctx context.Context, method, url string) (*http.Response, error) {
	answer, err := s.send(ctx, method, url)
	if err == nil {
		_ = answer.Body.Close() // nothing of it is wanted
	}
	return answer, err
}

func (s *session) send(ctx context.Context, method, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", manifestTypes)
	request.Header.Set("User-Agent", "containerd/v2.4.2")
	if s.header != "" {
		request.Header.Set("Authorization", s.header)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("failed to do request: %w", err)
	}
	return answer, nil
}

// why asks again by GET for the registry's own words, since HEAD has none.
func (s *session) why(ctx context.Context, url string) string {
	answer, err := s.send(ctx, http.MethodGet, url)
	if err != nil {
		return ""
	}
	defer func() { _ = answer.Body.Close() }()
	var body struct {
		Errors []struct{ Code, Message string }
	}
	if json.NewDecoder(io.LimitReader(answer.Body, maxManifest)).Decode(&body) != nil || len(body.Errors) == 0 {
		return ""
	}
	e := body.Errors[0]
	return "\n" + strings.ToLower(strings.ReplaceAll(e.Code, "_", " ")) + ": " + e.Message
}

// fetch gets the manifest for the platform and everything that it names, and
// returns its size.
func (s *session) fetch(ctx context.Context, digest string, p Pull) (int64, error) {
	var m manifest
	if err := s.document(ctx, "manifests/"+digest, &m); err != nil {
		return 0, s.unpack(err)
	}
	for _, d := range m.Manifests {
		if d.Platform != nil && d.Platform.OS == p.OS && d.Platform.Architecture == p.Arch {
			return s.fetch(ctx, d.Digest, p)
		}
	}
	var config struct{ OS, Architecture string }
	if len(m.Manifests) == 0 {
		if err := s.document(ctx, "blobs/"+m.Config.Digest, &config); err != nil {
			return 0, s.unpack(err)
		}
	}
	if config.OS != p.OS || config.Architecture != p.Arch {
		return 0, &runtimeError{"NotFound", "get image config descriptor: no match for platform in manifest " + digest + ": not found"}
	}
	size := m.Config.Size
	for _, layer := range m.Layers {
		n, err := s.layer(ctx, layer)
		if err != nil {
			return 0, s.unpack(err)
		}
		size += n
	}
	return size, nil
}

func (s *session) unpack(err error) error {
	return &runtimeError{text: fmt.Sprintf("failed to pull and unpack image %q: failed to copy: httpReadSeeker: failed open: %v", s.image, err)}
}

func (s *session) document(ctx context.Context, path string, into any) error {
	answer, err := s.send(ctx, http.MethodGet, s.base+"/"+path)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return unexpected(http.MethodGet, s.base+"/"+path, answer)
	}
	return json.NewDecoder(io.LimitReader(answer.Body, maxManifest)).Decode(into)
}

func (s *session) layer(ctx context.Context, d descriptor) (int64, error) {
	url := s.base + "/blobs/" + d.Digest
	answer, err := s.send(ctx, http.MethodGet, url)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return 0, unexpected(http.MethodGet, url, answer)
	}
	return io.Copy(io.Discard, io.LimitReader(answer.Body, maxLayer))
}
