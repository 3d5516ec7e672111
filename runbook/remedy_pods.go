package runbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullfix/pullfix/runbook/shell"
)

func (e evidence) namespace() string { return e.facts.Target.Namespace }

// kubectl is a command in the pod's namespace.
func (e evidence) kubectl(words ...string) string {
	return shell.Join(append([]string{"kubectl", "-n", e.namespace()}, words...)...)
}

// object is the workload, or the pod itself, as kubectl takes it.
func (e evidence) object() string {
	if w := e.facts.Workload; w != nil {
		return kindWord(w.Kind) + "/" + w.Name
	}
	return "pod/" + e.facts.Pod.Name
}

func (e evidence) wait(why string) Remedy {
	title := "Wait: the kubelet tries again by itself within " + e.within()
	switch asked := e.registry().RetryAfter; {
	case e.facts.Node.down():
		title = "Wait: the kubelet tries again by itself when " + e.nodeName() + " is Ready again"
	case asked > mostBackOff:
		title = fmt.Sprintf("Wait for %s: so long %s asks to be left alone, and the kubelet's attempts until then may fail", span(asked), e.registry().Host)
	}
	return Remedy{
		Kind: Wait, Title: title, Why: why,
		Command: e.kubectl("get", "pod", e.facts.Pod.Name, "--watch"), Risk: "none",
	}
}

// deletePods names the failing pods only: healthy ones are left alone.
func (e evidence) deletePods(why string) Remedy {
	pods := e.failingPods()
	r := Remedy{
		Kind: DeletePods, Title: "Delete " + waitingPods(pods), Why: why,
		Command: e.kubectl(append([]string{"delete", "pod"}, pods...)...),
		Risk:    "none for pods that run nothing yet; the controller makes new ones", Object: "pod/" + pods[0],
		Preconditions: []string{"the pods still wait for the image"},
	}
	switch {
	case e.facts.Workload == nil:
		r.Title, r.Risk = "Make pod "+pods[0]+" anew", e.remakeRisk()
		r.Command = e.remake("pod/"+pods[0], bareFilter(""))
	case e.othersRun():
		r.Risk = "other containers of these pods are running and would be stopped"
	}
	return r
}

func waitingPods(pods []string) string {
	if len(pods) == 1 {
		return "the waiting pod " + pods[0]
	}
	return fmt.Sprintf("the %d waiting pods", len(pods))
}

func (e evidence) failingPods() []string {
	if w := e.facts.Workload; w != nil && slices.Contains(w.FailingPods, e.facts.Pod.Name) {
		return w.FailingPods
	}
	return []string{e.facts.Pod.Name}
}

func (e evidence) othersRun() bool {
	return slices.ContainsFunc(e.facts.Pod.Containers, func(c Container) bool { return c.State == StateRunning })
}

// rolloutRestart makes every pod of the workload anew: the big hammer, for when
// deleting the waiting ones is not enough. kubectl knows it for three kinds; an
// ordered StatefulSet stops at the pod that waits.
func (e evidence) rolloutRestart() []Remedy {
	w := e.facts.Workload
	if w == nil || w.Paused || w.Ordered || w.Strategy == "OnDelete" || !slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, w.Kind) {
		return nil
	}
	return []Remedy{{
		Kind: RolloutRestart, Title: "Restart " + e.object(), Object: e.object(),
		Why:     "All its pods are made anew, the healthy ones, too.",
		Command: e.kubectl("rollout", "restart", e.object()),
		Risk:    "every new pod has to pull its image; deleting the waiting pods is the smaller step" + e.reverted(w.Owner),
	}}
}

// rollBack goes to the newest revision that ran with another image: after a
// restart, the one before the last has the same broken image.
func (e evidence) rollBack() []Remedy {
	w := e.facts.Workload
	if w == nil || w.Paused || e.corrected() {
		return nil
	}
	for _, rev := range w.Revisions {
		image, ok := rev.Images[e.templateKey()]
		if !ok || !rev.Ran || sameImage(image, e.pull.Image) {
			continue
		}
		return []Remedy{{
			Kind: RollBack, Title: fmt.Sprintf("Roll back to revision %d (%s)", rev.Number, ParseReference(image).version()),
			Why:     "That revision ran." + e.servingStill(),
			Command: e.kubectl("rollout", "undo", e.object(), fmt.Sprintf("--to-revision=%d", rev.Number)),
			Risk:    "everything else that changed since goes back, too" + e.reverted(w.Owner), Object: e.object(),
		}}
	}
	return nil
}

func (e evidence) servingStill() string {
	if w := e.facts.Workload; w != nil && w.Available > 0 {
		return " The old pods still serve, so there is no hurry."
	}
	return ""
}

// reverted warns that a controller has the last word on the object.
func (e evidence) reverted(o *Ownership) string {
	if o == nil {
		return ""
	}
	s := "; " + o.By
	if o.Name != "" {
		s += " (" + o.Name + ")"
	}
	if o.Effect == "" {
		return s + " manages it"
	}
	return s + " manages it: a change by hand is " + strings.TrimPrefix(o.Effect, "a change by hand is ")
}

func (e evidence) freeDisk() Remedy {
	node := e.nodeWord()
	steps := []string{
		shell.Join("kubectl", "cordon", node), shell.Join("ssh", node, "sudo", "crictl", "rmi", "--prune"), shell.Join("kubectl", "uncordon", node),
	}
	return Remedy{
		Kind: FreeDisk, Title: "Free the disk of " + e.nodeName(),
		Why:     "The image does not fit on the node's disk. By ssh or on its console: a debug pod would have to be pulled onto the same disk.",
		Command: strings.Join(steps, " && "),
		Risk:    "no pod is placed on the node meanwhile; images that nothing uses are pulled again when they are needed",
		Object:  "node/" + node,
	}
}

// onNode is a command in the node's own file system.
func (e evidence) onNode(words ...string) string {
	return shell.Join(append([]string{"kubectl", "debug", "node/" + e.nodeWord(), "-it", "--profile=sysadmin", "--image=busybox", "--", "chroot", "/host"}, words...)...)
}

func (e evidence) nodeWord() string {
	if e.facts.Node == nil || e.facts.Node.Name == "" {
		return "NODE"
	}
	return e.facts.Node.Name
}

// probeFromNode pulls the image on that very node by a pod that runs nothing:
// its command does not exist, so the pull is all that happens.
func (e evidence) probeFromNode() Remedy {
	return Remedy{
		Kind: ProbeFromNode, Title: "Test the pull from " + e.nodeName(),
		Why:     "Only a pull on the node itself shows what its network, mirror, proxy and certificates do.",
		Command: e.kubectl("run", "pullfix-probe", "--restart=Never", "--image="+e.pull.Image, "--overrides="+e.probeOverrides(), "--command", "--", "/pullfix-probe-does-not-exist"),
		Risk:    "a short-lived pod; it uses the namespace's pull secrets, and is yours to delete",
		Object:  "node/" + e.nodeWord(),
	}
}

func (e evidence) probeOverrides() string {
	var secrets []string
	for _, name := range e.facts.Pod.PullSecrets {
		secrets = append(secrets, fmt.Sprintf(`{"name":%q}`, name))
	}
	return fmt.Sprintf(`{"spec":{"nodeName":%q,"tolerations":[{"operator":"Exists"}],"automountServiceAccountToken":false,"imagePullSecrets":[%s]}}`,
		e.nodeWord(), strings.Join(secrets, ","))
}

// escalate hands over to people, with the check that shows them the fault.
func (e evidence) escalate(why string) Remedy {
	return Remedy{
		Kind: Escalate, Title: "Escalate to those who run " + e.operators(), Why: why,
		Command: shell.Join("curl", "-v", e.checkURL()), Risk: "none",
	}
}

// checkURL is what the node asked, without its path where no registry is asked.
func (e evidence) checkURL() string {
	host, path := e.atFault(), "/v2/"
	switch {
	case host == "":
		host = "HOST"
	case host == "docker.io":
		host = "registry-1.docker.io"
	case host == e.sentTo():
		path = "/"
	}
	return e.checkScheme() + "://" + host + path
}

// checkScheme is http where that is what was spoken: by the registry to pullfix,
// by the node to another host, or to the registry where nothing else is known.
func (e evidence) checkScheme() string {
	host := e.atFault()
	own := e.registry().PlainHTTP || (e.spokeHTTP() && !e.heardTLS())
	if (host == e.ref.Host && own) || (host != e.ref.Host && strings.Contains(e.pull.Message, "http://"+host)) {
		return "http"
	}
	return "https"
}

func (e evidence) operators() string {
	switch {
	case e.word.Mirror != "":
		return "the mirror " + e.word.Mirror
	case isNetwork(e.word.Cause) || e.ref.Host == "":
		return "the network, the nodes and " + orRegistry(e.atFault())
	}
	return orRegistry(e.atFault())
}

func orRegistry(host string) string {
	if host == "" {
		return "the registry"
	}
	return host
}
