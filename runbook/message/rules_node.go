package message

import (
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
)

// diskRules know a full disk, in the words of Linux, Windows and devicemapper.
func diskRules() []rule {
	return []rule{
		{cause: cause.DiskFull, any: []string{
			"no space left on", "disk quota exceeded", "not enough space on the disk", "not enough free space",
			"insufficient disk space", "out of disk space", "free data blocks which is less than minimum",
			"free metadata blocks which is less than minimum", "enospc", "disk is full", "disk full", "磁盘空间不足",
			"out of storage space",
		}, none: []string{
			"failed to create shim", "oci runtime create failed", "inotify", "/sys/fs/cgroup", "create containerd task",
			"cannot start container",
		}},
	}
}

// runtimeRules know a container runtime that does not answer the kubelet.
func runtimeRules() []rule {
	return []rule{
		{cause: cause.RuntimeUnavailable, any: []string{
			"cannot connect to the docker daemon", "is the docker daemon running", "transport is closing",
			"all subconns are in transientfailure", "latest connection error", "connection error: desc", "error while dialing",
			"error reading from server", "docker.sock", "containerd.sock", "crio.sock", "dockershim.sock", "cri-dockerd.sock",
			"podman.sock", "//./pipe/", "client connection is closing", "container runtime is down",
			"container runtime is not running", "validate service connection", "unknown service runtime.v1",
			"server is not initialized yet", "containerd is not running", "failed to connect to containerd",
			"no unpack platforms defined", "snapshotter not loaded", "docker daemon is not running", "docker endpoint for",
			"grpc: the connection is", "failed to get docker version", "pleg is not healthy", "runtime is not up",
			"error during connect:", "failed to get writer: ref", "unknown snapshotter", "make sure you are running as root",
			"received message larger than max", "containerd-stargz-grpc.sock", "nydus.sock", "dial unix",
		}, none: []string{
			"csi.sock", "calico", "cilium.sock", "cni", "device-plugin", "kubelet.sock", "plugins_registry", "etcd", "shim",
			"unexpected status", "konnectivity",
		}},
		{cause: cause.RuntimeUnavailable, all: []string{"locked for", "unavailable"}},
		// Neither asks a registry: the kubelet looks at its images and keeps its
		// records on the node.
		{cause: cause.RuntimeUnavailable, any: []string{
			"failed to inspect image", "imageinspecterror",
		}},
		{cause: cause.RuntimeUnavailable, test: recordsFail},
	}
}

// recordsFail recognises a kubelet that cannot write down its pulls (1.35 on):
// what follows says why not.
func recordsFail(c clue) (from, to int) {
	at := strings.Index(c.low, "failed to record image pull intent")
	return at, len(c.low)
}

// imageRules know images that reached the node but cannot be used there: wrong
// platform, or no container image at all. They come before the rules for "not
// found", since containerd ends these errors with that word.
func imageRules() []rule {
	return []rule{
		{cause: cause.PlatformMismatch, any: []string{
			"no matching manifest for", "no match for platform", "cannot be used on this platform",
			"no image found in manifest list", "no image found in image index", "choosing image instance",
			"does not match the specified platform", "does not provide the specified platform",
			"does not match the detected host platform", "does not match the expected platform", "image is incompatible with",
			"based image is incompatible", "no child with platform", "not supported on this platform",
			"no suitable image for platform", "image platform", "operating system is not supported", "unsupported platform",
			"platform mismatch", "for the current platform", "architecture mismatch", "does not match host architecture",
			"no suitable manifest", "unpacker does not support platform", "no manifest for platform",
			"does not match requested platform", "expected platform", "does not match the host operating system",
			"no supported platform found", "descriptor matching platform",
		}},
		{cause: cause.UnexpectedRegistryResponse, any: []string{
			"media type text/", "media type \"text/", "mime type text/", "mimetype: text/",
		}},
		{cause: cause.UnexpectedRegistryResponse, all: []string{"could not fetch content descriptor", "(text/"}},
		{cause: cause.UnsupportedManifest, any: []string{
			"is no longer supported since containerd", "unsupported manifest", "unsupported media type", "unsupported mime type",
			"unsupported mimetype", "unexpected media type", "unknown media type", "unrecognized media type",
			"invalid media type", "unhandled media type", "unrecognized manifest media type", "unimplemented manifest mime type",
			"mediatype in manifest should be", "unsupported schema version", "unrecognized manifest schema",
			"manifest schema version", "schema version 1", "schema 1 manifest", "schema1", "schema 1 image",
			"manifest.v1+prettyjws\" is", "image format v1", "image manifest version 2, schema 1", "missing signature key",
			"accept header does not support", "encountered remote", "unsupported image-specific operation",
			"invalid mixed oci image", "mismatched image rootfs", "config media type", "unsupported config", "layer media type",
			"unsupported layer", "unknown image manifest type", "unknown manifest", "unknown type", "manifest invalid",
			"manifest_invalid", "manifest type", "not a container image", "not an image", "unsupported artifact",
			"unsupported compression", "unknown compression", "vnd.cncf.helm", "vnd.in-toto", "does not contain rootfs",
			"has no rootfs section", "attestation manifest", "unexpected mediatype", "unsupported descriptor",
			"unable to convert manifest", "converting manifest", "converting image manifest", "manifest format",
		}, none: []string{"415 unsupported", "406 not"}},
		{cause: cause.UnsupportedManifest, all: []string{"could not fetch content descriptor", "prettyjws"}},
		{cause: cause.UnsupportedManifest, any: []string{"415 unsupported media type", "406 not acceptable"}},
	}
}

// digestRules know content that is not what its digest or size promises, or that
// is missing on either side.
func digestRules() []rule {
	return []rule{
		{cause: cause.CorruptContent, all: []string{"not found"}, test: missingContent, lost: true},
		{cause: cause.CorruptContent, lost: true, any: []string{
			"blob unknown", "unknown blob", "blob_unknown", "blob not found",
		}},
		{cause: cause.CorruptContent, any: []string{
			"unexpected commit digest", "unexpected commit size", "failed size validation", "layer verification failed",
			"verification failed for digest", "digest mismatch", "digest did not match", "digests did not match",
			"does not match digest", "digest verification", "wrong diff id", "diffid", "diff id mismatch", "diff_id",
			"layers from manifest don't match", "invalid checksum", "checksum mismatch", "invalid tar header", "archive/tar:",
			"gzip: ", "flate: ", "zstd: ", "magic number mismatch", "corrupt input", "manifest verification failed",
			"content digest", "digest_invalid", "digest invalid", "size_invalid",
			"corrupted", "mismatched content", "short read", "invalid block type", "unpigz: ", "not in gzip format",
			"unexpected size", "size mismatch", "does not match expected digest", "expected digest", "unexpected digest",
			"hash mismatch", "calculated digest", "layer does not exist", "layer not known", "unknown parent image id",
			"parent snapshot", "missing parent \"", "snapshot does not exist", "target snapshot", "lease does not exist", "getimageblob",
			"bad digest", "content size of zero", "manifest unverified",
		}},
		{cause: cause.CorruptContent, all: []string{"snapshot", "does not exist: not found"}},
	}
}

// missingContent recognises a registry that lists content it does not hold: a
// layer, a configuration, or the manifest behind a tag or an index.
func missingContent(c clue) (from, to int) {
	at, word := firstOf(c.low, []string{"could not fetch content descriptor", "content at "})
	if at < 0 || !strings.Contains(c.low[at:], "not found") {
		return -1, -1
	}
	rest := c.low[at+len(word):]
	_, digest, isManifest := strings.Cut(rest, "/manifests/")
	switch {
	case isManifest && !c.behind(digest):
		return -1, -1
	case strings.Contains(rest, "manifest.v"), strings.Contains(rest, "manifest.list"), strings.Contains(rest, "image.index"):
		return -1, -1
	}
	return at, at + len(word)
}

// behind tells whether a manifest that was asked for by its digest is content:
// the registry gave the digest for the tag, or lists it in the index. It is the
// image itself where that is named by the digest; and what a mirror does not have
// ("?ns=") may be whole in the registry.
func (c clue) behind(digest string) bool {
	if end := strings.IndexAny(digest, " ?\"'"); end >= 0 {
		if digest[end] == '?' {
			return false
		}
		digest = digest[:end]
	}
	return strings.Contains(digest, ":") && !strings.Contains(c.low, "@"+digest)
}

// unpackRules know failures while layers are written on the node. They come
// after those for the connection, which may break in the middle.
func unpackRules() []rule {
	return []rule{
		{cause: cause.CorruptContent, any: []string{
			"failed to extract layer", "failed to register layer", "error processing tar", "applylayer", "apply layer",
			"applying layer", "untar", "overlay mount", "lchown", "potentially insufficient uids", "insufficient uids or gids",
			"failed to apply", "failed to unpack", "error unpacking", "extraction snapshot", "failed to commit snapshot",
			"failed precondition", "importlayer", "reexec", "re-exec error", "error creating layer", "creating layer",
			"storing blob", "committing the finished image", "error committing", "failed to mount", "mount callback failed",
			"failed to prepare snapshot", "failed to stat snapshot", "stat snapshot", "read-only file system",
			"input/output error", "adding layer", "failed to download layer", "failed to write layer", "structure needs cleaning",
			"devmapper", "devicemapper", "readlink /var/lib", "/var/lib/docker/tmp", "/var/lib/docker/overlay2",
			"/var/lib/docker/image", "/var/lib/containerd/", "operation not supported", "file exists", "failed to open writer",
			"failed to rename", "getting image id", "failed to create image rootfs", "layer already exists", "metadata.db",
		}},
	}
}
