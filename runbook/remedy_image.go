package runbook

import (
	"fmt"
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
)

// fixImage corrects the image where it is written: in the workload's template,
// or on a bare pod in place, which the kubelet then tries at once.
func (e evidence) fixImage(f finding) Remedy {
	target := e.corrections()
	r := Remedy{
		Kind: FixImage, Title: "Set the image to one that exists", Object: e.object(),
		Why: "The name is wrong, or the image was never pushed." + e.servingStill(),
	}
	image := e.ref.name() + ":TAG"
	if len(target) > 0 {
		image = target[0]
		r.Title = "Set the image to " + image
		r.Why = "It exists in the registry, and looks like what was meant." + e.servingStill()
	}
	r.Command, r.Risk = e.setImage(image), e.rolloutRisk()
	switch f.cause {
	case cause.NeverPull:
		e.allowPull(&r)
	case cause.PlatformMismatch:
		r.Title = "Use an image built for " + e.facts.platform().String()
		r.Why = "The node cannot run the platforms that this image has."
	case cause.InvalidReference:
		r.Why = "Nothing can be pulled under this name: " + e.problem() + "."
	}
	return r
}

// rolloutRisk is what changing the template costs; a bare pod is changed in
// place.
func (e evidence) rolloutRisk() string {
	if e.facts.Workload == nil {
		return "none for the other containers: the pod is changed in place"
	}
	return "a rollout of " + e.object() + e.reverted(e.owner())
}

func (e evidence) owner() *Ownership {
	if e.facts.Workload == nil {
		return nil
	}
	return e.facts.Workload.Owner
}

func (e evidence) setImage(image string) string {
	switch {
	case e.pull.Volume != "" || e.pull.Container == "":
		return e.kubectl("edit", e.object())
	case e.facts.Workload != nil && e.facts.Workload.Kind == "Job":
		return e.kubectl("get", e.object(), "-o", "yaml") + " > job.yaml  # correct the image, then: " + e.kubectl("replace", "--force", "-f", "job.yaml")
	}
	return e.kubectl("set", "image", e.object(), e.pull.Container+"="+image)
}

// allowPull: with the policy Never the image must be on the node beforehand.
func (e evidence) allowPull(r *Remedy) {
	r.Title = "Let the node pull the image, or use one that it has"
	r.Why = "With imagePullPolicy Never the kubelet uses only images that are on the node. " +
		"From Kubernetes 1.35 on that also means: only those that this pod may use."
	if e.facts.Workload == nil || e.pull.Volume != "" {
		r.Command = e.kubectl("edit", e.object())
		return
	}
	r.Command = e.kubectl("patch", e.object(), "--patch",
		fmt.Sprintf(`{"spec":{"template":{"spec":{"%s":[{"name":%q,"imagePullPolicy":"IfNotPresent"}]}}}}`, e.listField(), e.pull.Container))
}

func (e evidence) listField() string {
	if e.pull.Kind == KindInit {
		return "initContainers"
	}
	return "containers"
}

// corrections are whole references that would work, best first: existing tags
// that look alike, or the name with its slip corrected.
func (e evidence) corrections() []string {
	if e.ref.Problem != "" {
		return repaired(e.pull.Image)
	}
	var images []string
	for _, tag := range e.nearTags() {
		images = append(images, e.spelling(tag))
	}
	return images
}

// spelling is the image with another tag, written as its owner writes it.
func (e evidence) spelling(tag string) string {
	name, _, _ := strings.Cut(e.pull.Image, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	return name + ":" + tag
}

func (e evidence) nearTags() []string {
	for _, a := range append(e.sent(), e.otherAnswers()...) {
		if len(a.Tags) > 0 {
			return a.Tags
		}
	}
	return nil
}

func (e evidence) otherAnswers() []Answer {
	var answers []Answer
	if e.pull.Anonymous != nil {
		answers = append(answers, *e.pull.Anonymous)
	}
	return answers
}

// repaired is the reference without the usual slips, if that makes it valid.
func repaired(image string) []string {
	fixed := strings.TrimSpace(image)
	if _, rest, ok := strings.Cut(fixed, "://"); ok {
		fixed = rest
	}
	fixed = strings.TrimRight(fixed, ":@")
	if host, path, ok := strings.Cut(fixed, "/"); ok && strings.ContainsAny(host, ".:") {
		repository, tag, tagged := strings.Cut(path, ":")
		fixed = host + "/" + strings.ToLower(repository)
		if tagged {
			fixed += ":" + tag
		}
	} else if repository, tag, tagged := strings.Cut(fixed, ":"); tagged {
		fixed = strings.ToLower(repository) + ":" + tag
	} else {
		fixed = strings.ToLower(fixed)
	}
	if fixed == image || ParseReference(fixed).Problem != "" {
		return nil
	}
	return []string{fixed}
}

// chooseNodes keeps the workload on nodes that the image is built for.
func (e evidence) chooseNodes() []Remedy {
	has := e.registry().Platforms
	if len(has) == 0 || e.facts.Workload == nil {
		return nil
	}
	_, arch, _ := strings.Cut(has[0], "/")
	arch, _, _ = strings.Cut(arch, "/")
	patch := fmt.Sprintf(`{"spec":{"template":{"spec":{"nodeSelector":{"kubernetes.io/arch":%q}}}}}`, arch)
	return []Remedy{{
		Kind: FixImage, Title: "Run it only on " + arch + " nodes", Why: "The image is built for them.",
		Command: e.kubectl("patch", e.object(), "--patch", patch), Object: e.object(),
		Risk: "the pods wait when there is no such node" + e.reverted(e.owner()),
	}}
}
