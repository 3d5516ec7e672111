package message

import (
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
)

// lookalikeRules know texts that hold the words of a pull failure but come from
// elsewhere. They yield where the text itself speaks of a pull.
func lookalikeRules() []rule {
	return []rule{
		{cause: cause.NotPullFailure, any: []string{
			"successfully pulled image", "already present on machine", "image is up to date", "back-off restarting failed",
			"restarting failed container", "nodes are available:", "probe failed", "probe errored", "liveness probe",
			"readiness probe", "startup probe", "mountvolume.", "unmountvolume.", "unable to attach or mount volumes",
		}, none: []string{"failed to pull", "errimagepull"}},
		{cause: cause.NotPullFailure, notPull: true, any: []string{
			"attachvolume.", "mapvolume.", "oci runtime create failed", "oci runtime exec failed", "oci runtime error",
			"failed to create containerd task", "failed to start containerd task", "failed to create shim",
			"cannot start container", "failed to start container", "exec format error", "executable file not found",
			"networkplugin", "failed to setup network for sandbox", "failed to set up sandbox", "failed to set up pod",
			"cni plugin not initialized", "cni config uninitialized", "plugin type=", "network is not ready",
			"network plugin is not ready", "runtime network not ready", "locating image with id", "garbage collect",
			"image garbage collection", "node was low on resource", "the push refers to", "failed to push", "fatal: ",
			"unable to connect to the server", "logged in to the server", "poststarthook", "prestophook", "oomkilled",
			"runasnonroot", "image will run as root", "non-numeric user", "couldn't find key", "client-side throttling",
			"client rate limiter", "exceeded quota:", "createcontainerconfigerror", "createcontainererror", "runcontainererror",
			"crashloopbackoff", "insufficient cpu", "insufficient memory", "untolerated taint", "failedscheduling", "preemption",
			"deadline for pod", "deadlineexceeded: pod", "failed to reserve container name", "cannot allocate memory",
			"failed calling webhook", "failed to call webhook", "sync configmap cache", "sync secret cache",
			"failed to generate container", "failed to generate spec", "failed to apply apparmor", "failed to reserve sandbox",
			"lifecycle hook", "timed out waiting for the condition", "persistentvolumeclaim", "killpodsandbox",
			"stopping container", "killing container", "createcontainer in sandbox", "startcontainer \"",
			"failed to exec in container", "waiting to start: containercreating", "waiting to start: podinitializing", "hcs::",
			"failed to create subpath", "minimum availability", "progress deadline", "successfully assigned", "googleapi: ",
			"load balancer", "loadbalancer", "update endpoint", "status is now:", "sandbox changed", "unable to clone",
			"failed to clone", "installation failed", "upgrade failed", "created container", "started container", "imagevolumemountfailed", "failed to mount image volume",
			"container created", "container started", "failed to get image from containerd", "does not resolve to an image id",
		}},
		{cause: cause.NotPullFailure, notPull: true, any: []string{
			"failed to create containerd container",
		}, none: []string{"unpacking image", "missing parent"}},
	}
}

// otherTroubleRules know programs and objects beside the image pull whose errors
// have the same shapes: API servers, webhooks, git, Helm, package managers.
func otherTroubleRules() []rule {
	return []rule{
		{cause: cause.NotPullFailure, notPull: true, any: []string{
			"create pod sandbox", "createpodsandbox", "creating pod sandbox", "podsandbox", "admission webhook", "webhook \"",
			"/api/v1/", "/apis/", "/healthz", "/livez", "/readyz", "index.yaml", "helm chart", "helmchart", "chart \"",
			"chart repository", "helm repo", "helm install failed", "git fetch", "git clone", "git ls-remote", "git-upload-pack",
			".git/", ".git'", ".git\"", "git repository", "repository at '", "failed to checkout", "failed to list *",
			"reflector.go", "etcdserver", "etcd cluster", "leader election", "leaderelection", "failed to renew lease",
			"node lease", "error dialing backend", "containerlogs", "unable to register node", "error updating node status",
			"error getting node", "eviction manager", "is forbidden: user ", "has asked for the client to provide credentials",
			"oauth2: ", "oidc: ", "npm err", "error from server (forbidden)", "error from server (notfound)",
			"error from server (unauthorized)", "unmounted volumes", "mount.nfs", "mounting command", "mount failed:",
			"csi driver", "csidrivers", "csi.sock", "unable to fetch metrics", "failed to get api group",
			"unable to retrieve the complete list of server apis", "unable to authenticate the request", "serviceaccounts/",
			"failed to get cpu utilization", "failedgetresourcemetric", "failed to fetch token for serviceaccount",
			"error creating: ", "error looking up service account", "failed to download openapi", "error validating data",
			"job has reached", "error: unknown command", "metrics.k8s.io", "failed to provision volume",
			"e: failed to fetch http", "pip install", "marked for removal", "cannot be started", "could not find a version",
			"failed to fetch https://dl-cdn",
		}, none: []string{"/v2/", "daemon: get ", "daemon: head ", "manifest for ", "manifest unknown"}},
		{cause: cause.NotPullFailure, any: []string{
			"oci://", "chart pull", "pull chart", "pulling chart", "pull the chart",
		}, none: []string{"pull image", "pulling image", "pull and unpack"}},
		{cause: cause.NotPullFailure, notPull: true, test: foreignTarget, none: []string{"error response from daemon"}},
		{cause: cause.NotPullFailure, notPull: true, all: []string{`secret "`, `" not found`}},
		{cause: cause.NotPullFailure, notPull: true, all: []string{`configmap "`, `" not found`}},
		{cause: cause.NotPullFailure, notPull: true, all: []string{`serviceaccount "`, `" not found`}},
		{cause: cause.NotPullFailure, notPull: true, test: otherSubject},
	}
}

// foreignTarget recognises a request that went to a path where no registry,
// token server or layer storage answers.
func foreignTarget(c clue) (from, to int) {
	where := c.table.addressOf(c.raw, c.seen)
	path := strings.Trim(where.path, "/")
	if where.host == "" || path == "" {
		return -1, -1
	}
	if at, _ := firstOf("/"+where.host+"/"+path+"/", []string{
		"s3", "storage", "bucket", "cdn", "cloudfront", "quay", "ghcr", "gcr.io", "pkg.dev", "/v2/", "/v0/", "/v1/_ping",
		"/v1/repositories", "/v1/images", "/v1/search", "token", "auth", "blob", "sha256", "/registry", "layer", "docker",
		"registry", "image", "/service/", "increase-rate-limit",
	}); at >= 0 {
		return -1, -1
	}
	at := strings.Index(c.raw, where.host)
	return at, at + len(where.host)
}

// otherSubject recognises a text about other objects of a cluster or a node,
// without a word of what pulls are about.
func otherSubject(c clue) (from, to int) {
	if at, _ := firstOf(c.low, []string{
		"pull", "image", "manifest", "registry", "layer", "blob", "repository", "/v2/", "docker", "containerd", "reference",
		"denied:", "unauthorized:", "token", "snapshot", "credential", "daemon", "archive/", "application/vnd",
	}); at >= 0 {
		return -1, -1
	}
	at, word := firstOf(c.low, []string{
		"volume", "container", "pod ", "pod\"", "pods", "node", "probe", "cgroup", "cni", "namespace", "error from server",
		"helm ", "chart", "git ", "git@", "deployment", "replica", "schedul", "webhook", "configmap", "endpoint", "ingress",
		"serviceaccount", "service account", "user process", "killed", "network plugin", "sandbox", "evict", "cluster", "kubectl",
		"upgrade connection", "lease", "port-forward", "database", "vault",
	})
	return at, at + len(word)
}
