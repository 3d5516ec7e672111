package message

import "github.com/pullfix/pullfix/runbook/cause"

// lookalikeRules know texts that hold the words of a pull failure but come from
// elsewhere. They yield where the text itself speaks of a pull.
func lookalikeRules() []rule {
	return []rule{
		{cause: cause.NotPullFailure, any: []string{
			"successfully pulled image", "already present on machine", "image is up to date", "back-off restarting failed",
			"restarting failed container", "nodes are available:", "probe failed", "probe errored", "liveness probe", "readiness probe",
			"startup probe", "mountvolume.", "unmountvolume.", "unable to attach or mount volumes",
		}, none: []string{"failed to pull", "errimagepull"}},
		{cause: cause.NotPullFailure, notPull: true, any: []string{
			"attachvolume.", "mapvolume.", "oci runtime create failed", "oci runtime exec failed", "oci runtime error", "failed to create containerd task",
			"failed to start containerd task", "failed to create shim", "cannot start container", "failed to start container",
			"exec format error", "executable file not found", "networkplugin", "failed to setup network for sandbox",
			"failed to set up sandbox", "failed to set up pod", "cni plugin not initialized", "cni config uninitialized", "plugin type=",
			"network is not ready", "network plugin is not ready", "runtime network not ready", "locating image with id", "garbage collect", "image garbage collection",
			"node was low on resource", "the push refers to", "failed to push", "fatal: ", "unable to connect to the server", "logged in to the server",
			"poststarthook", "prestophook", "oomkilled", "runasnonroot", "image will run as root", "non-numeric user",
			"couldn't find key", "client-side throttling", "client rate limiter", "exceeded quota:", "createcontainerconfigerror",
			"createcontainererror", "runcontainererror", "crashloopbackoff", "insufficient cpu", "insufficient memory", "untolerated taint",
			"failedscheduling", "preemption", "deadline for pod", "deadlineexceeded: pod", "failed to reserve container name", "cannot allocate memory",
			"failed calling webhook", "failed to call webhook", "sync configmap cache", "sync secret cache", "failed to generate container",
			"failed to generate spec", "failed to apply apparmor", "failed to reserve sandbox", "lifecycle hook",
			"timed out waiting for the condition", "persistentvolumeclaim", "killpodsandbox", "stopping container", "killing container",
			"createcontainer in sandbox", "startcontainer \"", "failed to exec in container", "waiting to start: containercreating",
			"waiting to start: podinitializing", "hcs::", "failed to create subpath", "minimum availability", "progress deadline",
			"successfully assigned", "created container", "started container", "container created", "container started",
		}},
		{cause: cause.NotPullFailure, notPull: true, any: []string{"failed to create containerd container"}, none: []string{"unpacking image"}},
	}
}

// otherTroubleRules know programs and objects beside the image pull whose errors
// have the same shapes: API servers, webhooks, git, Helm, package managers.
func otherTroubleRules() []rule {
	return []rule{
		{cause: cause.NotPullFailure, notPull: true, any: []string{
			"create pod sandbox", "createpodsandbox", "creating pod sandbox", "runpodsandbox", "admission webhook", "webhook \"", "/api/v1/", "/apis/", "/healthz", "/livez", "/readyz",
			"index.yaml", "helm chart", "helmchart", "chart \"", "chart repository", "helm repo", "helm install failed",
			"git fetch", "git clone", "git ls-remote", "git-upload-pack", ".git/", ".git'", ".git\"", "git repository", "repository at '", "failed to checkout", "failed to list *",
			"reflector.go", "etcdserver", "etcd cluster", "leader election", "leaderelection", "failed to renew lease", "node lease", "error dialing backend", "containerlogs",
			"unable to register node", "error updating node status", "error getting node", "eviction manager", "is forbidden: user ",
			"oauth2: ", "oidc: ", "npm err", "error from server (forbidden)", "error from server (notfound)", "error from server (unauthorized)",
			"unmounted volumes", "mount.nfs", "mounting command", "mount failed:", "csi driver", "csidrivers", "csi.sock", "unable to fetch metrics",
			"failed to get api group", "unable to retrieve the complete list of server apis", "unable to authenticate the request", "serviceaccounts/",
			"failed to get cpu utilization", "failedgetresourcemetric", "failed to fetch token for serviceaccount", "error creating: ", "error looking up service account",
			"failed to download openapi", "error validating data", "job has reached", "error: unknown command", "metrics.k8s.io",
			"failed to provision volume", "e: failed to fetch http", "pip install", "could not find a version", "failed to fetch https://dl-cdn",
		}, none: []string{"/v2/", "error response from daemon", "manifest for ", "manifest unknown"}},
		{cause: cause.NotPullFailure, notPull: true, any: []string{"oci://", "chart pull", "pull chart", "pulling chart"}},
		{cause: cause.NotPullFailure, notPull: true, all: []string{`secret "`, `" not found`}},
		{cause: cause.NotPullFailure, notPull: true, all: []string{`configmap "`, `" not found`}},
		{cause: cause.NotPullFailure, notPull: true, all: []string{`serviceaccount "`, `" not found`}},
		{cause: cause.NotPullFailure, notPull: true, all: []string{"failed to start", "container"}, none: []string{"errimage"}},
	}
}
