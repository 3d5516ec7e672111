package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/vendor"
)

// manifestTypes is containerd's Accept header for manifests.
func manifestTypes() string {
	return strings.Join([]string{
		string(types.DockerManifestSchema2), string(types.DockerManifestList),
		string(types.OCIManifestSchema1), string(types.OCIImageIndex), "*/*",
	}, ", ")
}

// notChecked is said where looking would cost the asker a pull.
const notChecked = "the platform was not checked: Docker Hub counts reading a manifest as a pull"

// found reads a good answer: the credential can pull something, and it remains
// to see whether that is an image for this platform.
func (s *session) found(ctx context.Context, r reply) {
	s.noteLimit(r)
	s.answer.Result, s.answer.Status = cause.None, r.status
	s.answer.Digest = s.digestOf(r)
	if s.sentCredential() && (s.realm == nil || s.provenByToken() || s.claims == nil) {
		s.answer.Login = runbook.TestAccepted
	}
	if !s.knowsType(r) {
		if r.method == http.MethodHead && s.target.vendor != vendor.DockerHub {
			s.judgeReason(ctx, r)
			return
		}
		if r.method == http.MethodGet && !s.sniff(&r) {
			return
		}
	}
	s.judgeType(ctx, r)
}

// knowsType tells whether the answer says which kind of manifest it is.
func (s *session) knowsType(r reply) bool {
	t := mediaType(r)
	return t.IsIndex() || t.IsImage() || t.IsSchema1()
}

func mediaType(r reply) types.MediaType {
	media, _, _ := mime.ParseMediaType(r.header.Get("Content-Type"))
	return types.MediaType(media)
}

// sniff takes the kind from the document itself, where the header has none.
func (s *session) sniff(r *reply) bool {
	var document struct {
		SchemaVersion int             `json:"schemaVersion"`
		MediaType     types.MediaType `json:"mediaType"`
		Manifests     json.RawMessage `json:"manifests"`
		Config        json.RawMessage `json:"config"`
	}
	err := json.Unmarshal(r.body, &document)
	kind := document.MediaType
	switch {
	case err != nil || document.SchemaVersion == 0:
		s.say(cause.UnexpectedRegistryResponse, *r)
		s.answer.Detail = s.quote("not a manifest: " + read(*r).describe(r.status))
		return false
	case kind != "":
	case document.SchemaVersion == 1:
		kind = types.DockerManifestSchema1
	case document.Manifests != nil:
		kind = types.OCIImageIndex
	case document.Config != nil:
		kind = types.OCIManifestSchema1
	}
	r.header = r.header.Clone()
	r.header.Set("Content-Type", string(kind))
	return true
}

func (s *session) judgeType(ctx context.Context, r reply) {
	switch t := mediaType(r); {
	case t.IsIndex(), t.IsImage():
		s.checkPlatform(ctx, r)
	case t == "" && s.target.vendor == vendor.DockerHub:
		s.answer.Detail = notChecked
	default:
		s.answer.Result = cause.UnsupportedManifest
		s.answer.Detail = s.quote("media type " + string(t))
	}
}

// digestOf is what the registry says the digest is, when it looks like one.
func (s *session) digestOf(r reply) string {
	digest := r.header.Get("Docker-Content-Digest")
	if _, err := v1.NewHash(digest); err != nil || !s.safe(digest) {
		return s.target.digest
	}
	return digest
}

// checkPlatform compares what the image is made for with what the node is. It
// costs a GET, and at Docker Hub a GET is a pull, which pullfix does not take
// from anybody's allowance.
func (s *session) checkPlatform(ctx context.Context, r reply) {
	want := s.question.Platform
	if want.OS == "" || want.Arch == "" {
		return
	}
	if s.target.vendor == vendor.DockerHub && r.method == http.MethodHead {
		s.answer.Detail = notChecked
		return
	}
	if r.method == http.MethodHead {
		get, err := s.manifest(ctx, http.MethodGet, s.target.reference())
		switch {
		case errors.Is(err, errBudget):
			return
		case err != nil:
			s.failed(err)
			return
		case !get.ok():
			s.refused(ctx, get)
			return
		}
		r.body = get.body
	}
	if mediaType(r).IsIndex() {
		s.compareIndex(r)
		return
	}
	s.compareConfig(ctx, r)
}

func (s *session) compareIndex(r reply) {
	index, err := v1.ParseIndexManifest(bytes.NewReader(r.body))
	if err != nil {
		s.nonsense("the image index does not parse")
		return
	}
	var platforms []v1.Platform
	for _, m := range index.Manifests {
		if m.Platform == nil {
			// The runtime would look into its configuration; it may fit.
			return
		}
		platforms = append(platforms, *m.Platform)
	}
	s.compare(platforms)
}

// compareConfig reads the platform of a single image from its configuration, as
// containerd does.
func (s *session) compareConfig(ctx context.Context, r reply) {
	manifest, err := v1.ParseManifest(bytes.NewReader(r.body))
	if err != nil {
		s.nonsense("the manifest does not parse")
		return
	}
	config := manifest.Config
	if !config.MediaType.IsConfig() || config.Digest.Hex == "" || config.Size > mostConfig {
		return
	}
	blob, err := s.send(ctx, request{
		method: http.MethodGet, url: s.at("/v2/" + s.target.repository + "/blobs/" + config.Digest.String()),
		accept: string(config.MediaType) + ", */*", authorization: s.authorization, limit: mostConfig,
	})
	if err != nil || !blob.ok() {
		// The manifest can be had; that its platform is not known is no verdict.
		s.answer.Detail = "the platform was not checked: the image's configuration could not be read"
		return
	}
	var platform v1.Platform
	if json.Unmarshal(blob.body, &platform) != nil {
		return
	}
	s.compare([]v1.Platform{platform})
}

func (s *session) nonsense(text string) {
	s.answer.Result, s.answer.Detail = cause.UnexpectedRegistryResponse, text
}

// mostPlatforms bounds what is listed of an image's platforms.
const mostPlatforms = 20

// compare finds whether one of the image's platforms runs on the node. One that
// is not fully named may.
func (s *session) compare(platforms []v1.Platform) {
	var names []string
	for _, p := range platforms {
		if p.OS == "" || p.Architecture == "" || runsOn(p, s.question.Platform) {
			return
		}
		if p.OS == "unknown" {
			continue // an attestation, no image
		}
		name := v1.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant}.String()
		if len(names) < mostPlatforms && len(name) <= longestPlatform && s.safe(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	s.answer.Result, s.answer.Platforms = cause.PlatformMismatch, names
	s.answer.Detail = "the image has no " + s.question.Platform.String()
}

const longestPlatform = 64

// runsOn compares as leniently as containerd's platforms.Only: a variant the
// node does not tell may fit, amd64 nodes take 386 and arm64 nodes arm.
func runsOn(image v1.Platform, node runbook.Platform) bool {
	if osName(image.OS) != osName(node.OS) {
		return false
	}
	has, want := arch(image.Architecture), arch(node.Arch)
	return has == want || (want == "amd64" && has == "386") || (want == "arm64" && has == "arm")
}

func osName(name string) string {
	if name = strings.ToLower(name); name == "macos" {
		return "darwin"
	}
	return name
}

// arch spells an architecture as Go does (containerd's platforms.Normalize).
func arch(name string) string {
	switch name = strings.ToLower(name); name {
	case "x86_64", "x86-64":
		return "amd64"
	case "aarch64":
		return "arm64"
	case "i386":
		return "386"
	case "armhf", "armel":
		return "arm"
	}
	return name
}
