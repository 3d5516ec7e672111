package report

import (
	"strings"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/vendor"
)

// lesson is what follow-ups are chosen by.
type lesson struct {
	runbook.Diagnosis
	namespace string
	vendor    vendor.Vendor
	gaps      []runbook.Gap
}

func (l lesson) host() string { return said(l.Registry) }

func (l lesson) ns() string { return said(l.namespace) }

// followUps are what fits the cause, so that it does not happen again.
func (s subject) followUps() []FollowUp {
	if !s.wrong() {
		return []FollowUp{}
	}
	l := lesson{Diagnosis: s.verdict.Diagnosis, namespace: s.Target.Namespace, vendor: vendor.Of(s.verdict.Registry), gaps: s.verdict.Gaps}
	list := l.followUps()
	if unhappy(s) {
		list = append(list, FollowUp{"Correct the runbook where people said that its steps were wrong.", "Their words are below."})
	}
	return list
}

func unhappy(s subject) bool {
	for _, f := range s.Feedback {
		if !f.Helpful {
			return true
		}
	}
	return false
}

func (l lesson) followUps() []FollowUp {
	for _, family := range []func(lesson) []FollowUp{ofImage, ofContent, ofCredential, ofSecret, ofRegistry, ofNetwork, ofNode} {
		if list := family(l); len(list) > 0 {
			return list
		}
	}
	return ofUnknown(l)
}

func ofImage(l lesson) []FollowUp {
	switch l.Cause {
	case cause.TagNotFound:
		return []FollowUp{
			{"Let the build pipeline deploy only what it has pushed: by digest, after the push has succeeded.", "The manifest asked for a tag that the registry does not have."},
			{"Add a gate before the deploy that asks the registry for every image of the change.", "pullfix diagnose, or a HEAD request, finds this before a rollout begins."},
			{"Check the registry's retention rules against what is deployed.", "A clean-up that deletes tags still in use looks the same."},
		}
	case cause.RepositoryNotFound:
		return []FollowUp{
			{"Create repositories before the first deploy, in the same pipeline that builds the image.", "The repository was not there."},
			{"Check image names when manifests change.", "A slip in a name looks the same as a repository that was never made."},
		}
	case cause.NotFoundOrDenied:
		return []FollowUp{
			{"Give the pull credential the right to list what it may pull, or ask the registry's owners which of the two it was.", l.host() + " gives the same answer for a missing repository and for one that may not be seen."},
			{"Add a gate before the deploy that pulls with the cluster's own credential.", "Only that credential shows what the nodes will see."},
		}
	case cause.PlatformMismatch:
		return []FollowUp{
			{"Build the image for all platforms of the cluster's nodes (multi-arch).", "The image exists, but not for the node's platform."},
			{"Until then, bind the workload to nodes of the right platform with a node affinity.", "The scheduler does not look into images."},
		}
	}
	return nil
}

func ofContent(l lesson) []FollowUp {
	switch l.Cause {
	case cause.InvalidReference:
		return []FollowUp{{"Check image names in continuous integration, before manifests are merged.", "A name that is not valid can be found without a cluster and without a registry."}}
	case cause.ShortNameUnresolved:
		return []FollowUp{{"Write image names with their registry, and let continuous integration refuse short ones.", "What a short name means depends on the node."}}
	case cause.UnsupportedManifest:
		return []FollowUp{{"Push the image again with a current build tool, in the OCI or Docker schema 2 format.", "The nodes' runtime cannot run what the registry holds."}}
	case cause.CorruptContent:
		return []FollowUp{
			{"Push the image again, and compare its digest with the build's.", "What arrived on the node was incomplete or damaged."},
			{"Ask the registry's owners whether its storage or a cache in between is at fault.", "A damaged layer comes back with every pull until it is replaced."},
		}
	case cause.NeverPull:
		return []FollowUp{{"Use the pull policy IfNotPresent, or load the image on every node before the pods come.", "The policy Never works only where the image already is."}}
	case cause.SignaturePolicy:
		return []FollowUp{{"Sign images in the build pipeline, and check the signature there against the cluster's policy.", "A policy refused the image; the pipeline should hear of it before the cluster does."}}
	}
	return nil
}

func ofCredential(l lesson) []FollowUp {
	switch l.Cause {
	case cause.AuthExpired:
		return l.rotation()
	case cause.AuthRejected:
		return []FollowUp{
			{"Change the registry's password and every pull secret with it in one step.", "The secret held a credential that " + l.host() + " no longer takes."},
			{"Test a credential against the registry before it is written anywhere.", "Replacing one broken secret by another helps nobody."},
			{"Note who owns this credential and when it is changed; pullfix registries lists where it is used.", "The next change should not be a surprise."},
		}
	case cause.AuthMissing:
		return []FollowUp{
			{"Give new namespaces the pull secret, or its ServiceAccount, when they are made.", "The nodes had nothing to send to " + l.host() + "."},
			{"Consider a credential provider on the nodes in place of pull secrets.", "Then no namespace can be forgotten."},
		}
	case cause.PermissionDenied:
		return []FollowUp{{"Give the pull credential read access to the repository, in the code that manages such rights.", "The credential is valid, but may not pull this image."}}
	case cause.CredentialProviderFailed:
		return []FollowUp{
			{"Watch the kubelets' credential provider: alarm on its errors in the kubelet's log.", "It gave no credential, so the pulls went out without one."},
			{"Check the nodes' identity and its right to read from " + l.host() + ".", "The provider can only pass on what the node may ask for."},
		}
	}
	return nil
}

// rotation is the vendor's own way of not letting a credential expire.
func (l lesson) rotation() []FollowUp {
	why := "The credential expired, and nothing replaced it in time."
	if life := l.vendor.TokenLifetime(); life != "" {
		why = "A login token of " + string(l.vendor) + " lives for " + life + ", so no secret that is written by hand lasts."
	}
	watch := FollowUp{"Alarm before a pull credential expires.", "pullfix registries shows until when each is valid, as far as it says so itself."}
	switch l.vendor {
	case vendor.ECR, vendor.ECRPublic:
		return []FollowUp{
			{"Rotate automatically: let the nodes' role pull (the kubelet's ecr-credential-provider), so that no secret is needed.", why},
			{"Where a secret must stay, let External Secrets make it (its ECRAuthorizationToken generator), and refresh it every 6 hours.", "Half of a token's life leaves room for one refresh that fails."},
			watch,
		}
	case vendor.ArtifactRegistry:
		return []FollowUp{
			{"Rotate automatically: give the nodes' service account the role Artifact Registry Reader, so that no secret is needed.", why},
			{"Where a secret must stay, let External Secrets make it (its GCRAccessToken generator), and refresh it every 30 minutes.", "Half of a token's life leaves room for one refresh that fails."},
			watch,
		}
	case vendor.ACR:
		return []FollowUp{
			{"Rotate automatically: attach the registry to the cluster (the kubelet identity with the role AcrPull), so that no secret is needed.", why},
			{"Where a secret must stay, let External Secrets make it (its ACRAccessToken generator), and refresh it every hour.", "A token's life leaves room for a refresh that fails."},
			watch,
		}
	}
	return []FollowUp{
		{"Rotate automatically: let External Secrets, or a job, write a fresh credential well before the old one ends.", why},
		watch,
	}
}

func ofSecret(l lesson) []FollowUp {
	switch l.Cause {
	case cause.PullSecretMissing:
		return []FollowUp{
			{"Make the pull secret part of what a new namespace gets: in the template, the chart or the replicator that makes namespaces.", "Namespace " + l.ns() + " had no such secret."},
			{"Let a policy or a check say when a workload names a pull secret that is not there.", "The kubelet only says so once pods already wait."},
		}
	case cause.PullSecretMalformed:
		return []FollowUp{
			{"Check pull secrets in continuous integration: pullfix secret check reads a manifest offline.", "One entry that cannot be decoded stops every pull of the pod."},
			{"Make the secret with kubectl create secret docker-registry, or with a tool, not by hand.", "Encoding twice, or a line break at the end, are the usual slips."},
		}
	case cause.PullSecretWrongType:
		return []FollowUp{{"Make the secret as kubernetes.io/dockerconfigjson, and check it in continuous integration with pullfix secret check.", "The kubelet does not read a pull secret of another type, and says nothing."}}
	case cause.PullSecretWrongHost:
		return []FollowUp{{"Write the registry in the secret as images spell it, with port and path, and check it with pullfix secret check --image.", "No entry of the secret matched the image, so nothing was sent."}}
	case cause.PullSecretNotAttached:
		return []FollowUp{
			{"Put the pull secret on the namespace's default ServiceAccount, where namespaces are made.", "A good secret was there, but the pods did not use it."},
			{"Do not list pull secrets in pods where the ServiceAccount has them.", "A pod that lists its own does not get those of its ServiceAccount."},
		}
	}
	return nil
}

func ofRegistry(l lesson) []FollowUp {
	switch l.Cause {
	case cause.RateLimited:
		return []FollowUp{
			{"Pull with a login: an account has a higher limit than an address, which all nodes share.", l.host() + " counts pulls, and the cluster made too many."},
			{"Put a pull-through cache or a mirror in front of " + l.host() + ".", "A rollout on many nodes then costs one pull."},
			{"Use the pull policy IfNotPresent and tags that do not move.", "The policy Always asks the registry at every start."},
		}
	case cause.RegistryServerError:
		return []FollowUp{
			{"Keep a mirror, or a copy of what is deployed, that the nodes can fall back to.", l.host() + " was down, and nothing could start without it."},
			{"Agree on an availability goal with those who run " + l.host() + ", and alarm on it.", "It should be known before pods wait."},
		}
	case cause.UnexpectedRegistryResponse:
		return []FollowUp{{"Find out what stands between the nodes and " + l.host() + " (proxy, load balancer, login page), and let it pass registry traffic unchanged.", "Something that is no registry answered in its place."}}
	}
	return nil
}

func ofNetwork(l lesson) []FollowUp {
	mirror := FollowUp{"Keep a mirror, or a copy of what is deployed, that the nodes can fall back to.", "Without " + l.host() + " nothing could start."}
	switch l.Cause {
	case cause.TLSUntrusted:
		return []FollowUp{
			{"Roll out the registry's certificate authority to all nodes, also to new ones: in the node image or with the container runtime's certs.d.", "The nodes do not trust the certificate of " + l.host() + "."},
			{"Alarm before the registry's certificate expires.", "An expired certificate looks the same from a node."},
		}
	case cause.HTTPSMismatch:
		return []FollowUp{{"Give the registry a certificate, or mark it as plain http in the container runtime of every node.", l.host() + " speaks http where the nodes ask over https."}}
	case cause.DNSFailure:
		return []FollowUp{
			{"Check the nodes' own resolver, and alarm when it does not answer.", "Nodes resolve " + l.host() + " by themselves, not through the cluster's DNS."},
			mirror,
		}
	case cause.ConnectionRefused, cause.Timeout, cause.NetworkUnreachable:
		return []FollowUp{
			{"Alarm on the path from the nodes to " + l.host() + ": firewall, routes, and whether the registry listens.", "The nodes could not reach it."},
			{"Agree on an availability goal with those who run " + l.host() + ".", "It should be known before pods wait."},
			mirror,
		}
	case cause.ProxyFailure:
		return []FollowUp{{"Watch the proxy that the nodes pull through, and keep its exceptions (NO_PROXY) with the node configuration.", "The pulls failed at the proxy, not at " + l.host() + "."}}
	}
	return nil
}

func ofNode(l lesson) []FollowUp {
	switch l.Cause {
	case cause.DiskFull:
		return []FollowUp{
			{"Set the kubelets' image garbage collection to begin earlier (imageGCHighThresholdPercent), and give image storage its own disk.", "The node had no room left for the image."},
			{"Alarm on the nodes' disks before the kubelet does.", "DiskPressure evicts pods."},
		}
	case cause.RuntimeUnavailable:
		return []FollowUp{{"Watch the container runtime on the nodes, and let node repair replace a node on which it does not come back.", "The kubelet could not reach it."}}
	case cause.SandboxImage:
		return []FollowUp{{"Keep the pause image on every node: in the node image, pinned against garbage collection.", "No pod starts without it."}}
	case cause.PullQPSExceeded:
		return []FollowUp{{"Raise the kubelets' registryPullQPS and registryBurst, or spread large rollouts.", "The kubelet held pulls back by itself."}}
	case cause.PullCancelled:
		return []FollowUp{{"Check the size of the image and the nodes' path to " + l.host() + "; raise the runtime's progress timeout where both are sound.", "Pulls were given up before they ended."}}
	}
	return nil
}

// ofUnknown is for causes that nobody could tell: the lesson is to be able to.
func ofUnknown(l lesson) []FollowUp {
	list := []FollowUp{{"Find out why it failed, and write it down here.", "pullfix could not tell the cause for sure."}}
	for _, g := range l.gaps {
		if g.Grant != "" {
			list = append(list, FollowUp{"Consider giving pullfix the right to " + strings.TrimSpace(said(g.Grant)) + ".", "It would have seen more."})
		}
	}
	return list
}
