package message

import "github.com/pullfix/pullfix/runbook/cause"

// Next says what to check or do next, with the runbook's commands. Words in
// capitals stand for names.
func Next(c cause.Cause) []string {
	if steps := imageNext(c); steps != nil {
		return steps
	}
	if steps := accessNext(c); steps != nil {
		return steps
	}
	if steps := networkNext(c); steps != nil {
		return steps
	}
	switch c {
	case cause.DiskFull:
		return []string{"Look at the node's disk: kubectl describe node NODE.", "Free space on the node: crictl rmi --prune."}
	case cause.RuntimeUnavailable:
		return []string{"Look at the node: kubectl describe node NODE.", "Restart the runtime on the node: systemctl restart containerd (or crio, docker)."}
	case cause.SandboxImage:
		return []string{"Check which pause image the node's runtime is set to: crictl info.", "Pull it there by hand: crictl pull IMAGE."}
	case cause.PullQPSExceeded:
		return []string{"Wait: the kubelet tries again by itself.", "If it happens often, raise registryPullQPS and registryBurst in the kubelet's configuration."}
	case cause.PullCancelled:
		return []string{"Wait for the next attempt and watch it: kubectl get pod POD -n NAMESPACE -w.", "If it repeats, check the size of the image and the node's link to the registry."}
	case cause.BackOffOnly:
		return []string{"Find the reason of the last attempt: kubectl describe pod POD -n NAMESPACE.", "Or let pullfix find it: pullfix diagnose NAMESPACE POD."}
	case cause.NotPullFailure:
		return []string{"Look at the pod's events and logs: kubectl describe pod POD -n NAMESPACE, kubectl logs POD -n NAMESPACE --previous."}
	case cause.None:
		return []string{"Nothing to do for the image pull."}
	}
	return []string{"Diagnose the pod itself: pullfix diagnose NAMESPACE POD.", "Read its events: kubectl describe pod POD -n NAMESPACE."}
}

func imageNext(c cause.Cause) []string {
	inspect := "See what the registry holds: docker manifest inspect IMAGE."
	setImage := "Correct the image: kubectl set image deployment/NAME CONTAINER=IMAGE -n NAMESPACE."
	switch c {
	case cause.TagNotFound:
		return []string{inspect, setImage}
	case cause.RepositoryNotFound:
		return []string{"Check registry host and path of the image name; without a host it means Docker Hub.", inspect, setImage}
	case cause.NotFoundOrDenied:
		return []string{"Check the spelling of the image name; without a host it means Docker Hub.", "Ask the registry with the pod's own credentials: pullfix diagnose NAMESPACE POD."}
	case cause.PlatformMismatch:
		return []string{inspect, "Compare with the node: kubectl get node NODE -o wide -L kubernetes.io/arch,kubernetes.io/os.", "Build the image for that platform, or keep the pod on fitting nodes with a node affinity for kubernetes.io/arch."}
	case cause.InvalidReference:
		return []string{"Check the image name for capitals, blanks, https:// and unset variables.", setImage}
	case cause.ShortNameUnresolved:
		return []string{"Write the image with its registry, for example docker.io/library/NAME:TAG.", setImage}
	case cause.UnsupportedManifest:
		return []string{inspect, "Push the image again with a current build tool, or name the image itself in place of a chart, signature or attestation."}
	case cause.CorruptContent:
		return []string{inspect, "Pull it by hand on the node: crictl pull IMAGE.", "If it fails on every node, push the image again; if on one only, look at that node's disk and runtime."}
	case cause.NeverPull:
		return []string{"Set imagePullPolicy to IfNotPresent, or load the image on the node.", "Check which images the node has: crictl images."}
	case cause.SignaturePolicy:
		return []string{"Find the policy that refuses it: /etc/containers/policy.json on the node, the registry's project, or the cluster's admission policy.", "Sign or rescan the image, or ask the owner of the policy."}
	}
	return nil
}

func accessNext(c cause.Cause) []string {
	show := "Look at the pull secret: kubectl get secret NAME -n NAMESPACE -o yaml."
	create := "Create it: kubectl create secret docker-registry NAME --docker-server=HOST --docker-username=USER --docker-password=PASSWORD -n NAMESPACE."
	which := "See which secrets the pod uses: kubectl get pod POD -n NAMESPACE -o jsonpath='{.spec.imagePullSecrets}'."
	switch c {
	case cause.AuthMissing:
		return []string{which, "Check that an entry is for the image's registry: pullfix secret check --image IMAGE -f FILE.", create}
	case cause.AuthRejected:
		return []string{"Test the credential before changing it: docker login HOST.", "Update the pull secret; pods pick it up by themselves within minutes."}
	case cause.AuthExpired:
		return []string{"Fetch a fresh credential (ECR: aws ecr get-login-password; it lasts 12 hours).", "Update the pull secret, and automate its rotation."}
	case cause.PermissionDenied:
		return []string{"Check that the account behind the credential may read this repository; GHCR and GitLab say the same to a credential that is wrong or has expired.", "Check the registry's firewall and the address the node comes from.", "Test from here: pullfix diagnose NAMESPACE POD."}
	case cause.RateLimited:
		return []string{"Wait: the limit passes by itself, and restarting pods makes it worse.", "Pull with a credential or through a mirror, so that the limit is higher."}
	case cause.PullSecretMissing:
		return []string{"Check whether it exists: kubectl get secret NAME -n NAMESPACE.", create}
	case cause.PullSecretMalformed:
		return []string{show, "Check it offline: pullfix secret check --image IMAGE -f FILE.", "Write it again with kubectl create secret docker-registry."}
	case cause.PullSecretWrongType:
		return []string{show, "Create it again with the type kubernetes.io/dockerconfigjson."}
	case cause.PullSecretWrongHost:
		return []string{"See why no entry fits: pullfix secret check --image IMAGE -f FILE.", "Add an entry for the image's registry host."}
	case cause.PullSecretNotAttached:
		return []string{which, "Name the secret in the pod template's or the ServiceAccount's imagePullSecrets."}
	case cause.CredentialProviderFailed:
		return []string{"Read the kubelet's log on the node: journalctl -u kubelet.", "Check the plugin's configuration and the node's cloud role."}
	}
	return nil
}

func networkNext(c cause.Cause) []string {
	fromNode := "Try from the node: kubectl debug node/NODE -it --image=IMAGE, then curl -v https://HOST/v2/."
	switch c {
	case cause.DNSFailure:
		return []string{"Check the host: the one in the image name, or one that the registry sends nodes to.", "Resolve it on the node: nslookup HOST. Cluster-internal names do not resolve there."}
	case cause.ConnectionRefused:
		return []string{"Check host and port in the image name; localhost means the node itself.", fromNode}
	case cause.Timeout, cause.NetworkUnreachable:
		return []string{fromNode, "Check the node's firewall, NAT and route to the registry."}
	case cause.ProxyFailure:
		return []string{"Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the runtime on the node.", fromNode}
	case cause.TLSUntrusted:
		return []string{"Look at the certificate: openssl s_client -connect HOST:443 -showcerts.", "Give the node the registry's CA, or renew the certificate; check the node's clock."}
	case cause.HTTPSMismatch:
		return []string{"Check the port and whether the registry speaks TLS.", "For a plain HTTP registry, configure the node's runtime for it (hosts.toml, insecure-registries)."}
	case cause.RegistryServerError:
		return []string{"Check the registry's status page or its logs.", "Wait: the kubelet tries again by itself."}
	case cause.UnexpectedRegistryResponse:
		return []string{"Check the registry host and path in the image name.", "See what answers: curl -i https://HOST/v2/."}
	}
	return nil
}
