package runbook

// forStatic fits remedies to a static pod, which the kubelet makes from a file
// on its node: what the API server shows is a copy, and a change of it changes
// nothing but the copy
// (https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/).
func (e evidence) forStatic(list []Remedy) []Remedy {
	var fit []Remedy
	for _, r := range list {
		switch r.Kind {
		case FixImage:
			fit = append(fit, e.editManifest(r))
		case DeletePods, RolloutRestart, RollBack, CreateSecret, AttachSecret, UpdateSecret, SyncExternalSecret:
		default:
			fit = append(fit, r)
		}
	}
	if len(fit) == 0 {
		fit = append(fit, e.escalate("A static pod uses no pull secret: its node's credential provider, or the configuration of its container runtime, has to give the login."))
	}
	return fit
}

// editManifest says where the image of a static pod is written.
func (e evidence) editManifest(r Remedy) Remedy {
	r.Object = "node/" + e.nodeWord()
	r.Why = "The kubelet makes this static pod from a file on " + e.nodeName() + ", usually in /etc/kubernetes/manifests: correct the image there. " + r.Why
	r.Command = e.onNode("grep", "-rlF", e.pull.Image, "/etc/kubernetes/manifests") + "  # the file to correct"
	r.Risk = "none: it only finds the file; the kubelet makes the pod anew once that is saved"
	return r
}
