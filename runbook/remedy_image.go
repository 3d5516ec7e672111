package runbook

import (
	"encoding/json"
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
	image := e.placeholder()
	if len(target) > 0 {
		image = target[0]
		r.Title = "Set the image to " + image
		r.Why = "It exists in the registry, and looks like what was meant." + e.servingStill()
	}
	r.Command, r.Risk = e.setImage(image), e.rolloutRisk()
	if near := e.nearTags(); len(target) == 0 && len(near) > 0 {
		r.Title = "Set the image to a tag that exists"
		r.Why = "No tag looks like " + e.ref.Tag + "; " + thereIs(near) + "." + e.servingStill()
	}
	if e.misnamed(f) || e.ref.Warning == hostTwice {
		r.Why = "The name is probably wrong: " + e.ref.Warning + "." + e.servingStill()
	}
	if e.pinned() != "" {
		r.Why = "The tag " + e.ref.Tag + " leads to that digest now; the one that was asked for is gone, or was never here." + e.servingStill()
	}
	switch f.cause {
	case cause.UnsupportedManifest:
		r.Title = "Build the image anew in a format that the node can run"
		r.Why = "What stands under this name is no image that today's nodes take." + e.servingStill()
	case cause.CorruptContent:
		r.Title = "Push the image again, or set it to one that is whole"
		r.Why = "The registry lacks a part of it, so that every attempt fails; once it is pushed, the kubelet pulls it by itself." + e.servingStill()
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

func thereIs(tags []string) string {
	if len(tags) == 1 {
		return "there is only " + tags[0]
	}
	return "there are " + list(tags)
}

// placeholder is the image with the part to fill in, where no better one is
// known.
func (e evidence) placeholder() string {
	if name, _, ok := strings.Cut(e.pull.Image, "@"); ok && e.ref.Problem != "" && ParseReference(name).Problem == "" {
		return name + ":TAG"
	}
	if e.ref.Problem != "" || e.ref.Warning != "" || e.ref.Repository == "" {
		return "REGISTRY/REPOSITORY:TAG"
	}
	return e.ref.name() + ":TAG"
}

// rolloutRisk is what changing the template costs; the image of a bare pod is
// changed in place.
func (e evidence) rolloutRisk() string {
	w := e.facts.Workload
	switch {
	case e.pull.Kind == KindEphemeral:
		return "none: the debug container that fails stays in the pod's list, and does no harm"
	case w == nil && e.pull.Volume == "":
		return "none for the other containers: the pod is changed in place"
	case w == nil:
		return e.remakeRisk()
	case w.Kind == "ReplicaSet" || w.Kind == "ReplicationController":
		return e.object() + " rolls nothing out: its healthy pods keep the old image until they are deleted, too" + e.reverted(e.owner())
	case w.Kind == "Job":
		return "the job is made anew: its finished pods are deleted, too" + e.reverted(e.owner())
	case w.Kind == "CronJob":
		return "the waiting job is given up; the next run comes on schedule" + e.reverted(e.owner())
	}
	return "a rollout of " + e.object() + e.reverted(e.owner())
}

// remakeRisk is what it costs to make a bare pod anew.
func (e evidence) remakeRisk() string {
	if e.othersRun() {
		return "the pod is deleted and made anew: its other containers are running and would be stopped"
	}
	return "the pod is deleted and made anew; nothing in it runs yet"
}

func (e evidence) owner() *Ownership {
	if e.facts.Workload == nil {
		return nil
	}
	return e.facts.Workload.Owner
}

func (e evidence) setImage(image string) string {
	w := e.facts.Workload
	switch {
	case e.pull.Kind == KindEphemeral:
		return e.kubectl("debug", e.facts.Pod.Name, "-it", "--image="+image)
	case e.pull.Volume != "":
		return e.amend(e.inVolume("reference", image))
	case e.pull.Container == "":
		return e.kubectl("edit", e.object())
	case w != nil && (w.Kind == "Job" || !hasTemplate(w.Kind)):
		return e.amend(e.inContainer("image", image))
	}
	return e.kubectl("set", "image", e.object(), e.pull.Container+"="+image) + e.thenReplace()
}

// allowPull: with the policy Never the image must be on the node beforehand.
func (e evidence) allowPull(r *Remedy) {
	r.Title = "Let the node pull the image, or use one that it has"
	r.Why = "With imagePullPolicy Never the kubelet uses only images that are on the node. " +
		"From Kubernetes 1.35 on that also means: only those that this pod may use."
	switch {
	case e.pull.Kind == KindEphemeral:
		r.Command = e.setImage(e.placeholder())
	case e.pull.Volume != "":
		r.Command = e.amend(e.inVolume("pullPolicy", "IfNotPresent"))
	default:
		r.Command = e.amend(e.inContainer("imagePullPolicy", "IfNotPresent"))
	}
	if e.facts.Workload == nil && e.pull.Kind != KindEphemeral {
		r.Risk = e.remakeRisk()
	}
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
	if once := undoubled(e.pull.Image); once != "" {
		images = append(images, once)
	}
	if meant := slipOf(e.ref.Host); meant != "" && !e.works() {
		images = append(images, meant+strings.TrimPrefix(e.pull.Image, e.ref.Host))
	}
	if pinned := e.pinned(); pinned != "" {
		images = append(images, pinned)
	}
	for _, a := range append(e.sent(), e.otherAnswers()...) {
		for _, tag := range a.Tags[:max(len(a.Tags)-a.Unlike, 0)] {
			images = append(images, e.spelling(tag))
		}
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
	fixed := strings.Trim(image, " \t\r\n\"'`")
	if _, rest, ok := strings.Cut(fixed, "://"); ok {
		fixed = rest
	}
	fixed = strings.TrimRight(fixed, ":@")
	if name, _, ok := strings.Cut(fixed, "@"); ok && badDigest(fixed) && strings.Contains(lastPart(name), ":") {
		fixed = name // the tag alone names it
	}
	if once := undoubled(fixed); once != "" {
		fixed = once
	}
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

func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// chooseNodes keeps the workload on nodes that the image is built for.
func (e evidence) chooseNodes() []Remedy {
	has := e.registry().Platforms
	if len(has) == 0 || e.pull.Kind == KindEphemeral {
		return nil
	}
	system, arch, _ := strings.Cut(has[0], "/")
	arch, _, _ = strings.Cut(arch, "/")
	name, selector := arch, map[string]string{"kubernetes.io/arch": arch}
	if system != e.facts.platform().OS {
		name, selector["kubernetes.io/os"] = system+" "+arch, system
	}
	labels, _ := json.Marshal(selector) // a map of strings always marshals
	return []Remedy{{
		Kind: FixImage, Title: "Run it only on " + name + " nodes", Why: "The image is built for them.",
		Command: e.amend(amendment{
			patch:  `{"nodeSelector":` + string(labels) + `}`,
			filter: ".nodeSelector += " + string(labels),
		}),
		Object: e.object(), Risk: "the pods wait when there is no such node" + e.reverted(e.owner()),
	}}
}
