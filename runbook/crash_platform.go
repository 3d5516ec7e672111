package runbook

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
)

// wrongFormat is the kernel's word for a file that it cannot execute: mostly a
// binary for another architecture. The runtime pulls an image of one platform
// whatever the node is; only an index makes it choose.
const wrongFormat = "exec format error"

// endsWithin is how long a container that cannot execute its file may seem to run.
const endsWithin = 3 * time.Second

// endsAtOnce tells that the container ends as one does whose file cannot be
// executed: at once, with the exit code of runc, of Docker or of a shell.
func (c Container) endsAtOnce() bool {
	return (c.ExitCode == 1 || c.ExitCode == 126 || c.ExitCode == 255) && c.Lasted <= endsWithin
}

// formatWord is where the runtime or the container itself says that its file
// cannot be executed.
func (c Container) formatWord() string { return formatLine(c.Message + "\n" + c.LastMessage) }

// formatLine is the line of a text that says so, with a little of what stands
// before the words. The rest of a container's last words is nobody's business.
func formatLine(text string) string {
	const before = 100
	for line := range strings.Lines(text) {
		at := strings.Index(strings.ToLower(line), wrongFormat)
		if at < 0 || at+len(wrongFormat) > len(line) {
			continue
		}
		return strings.TrimSpace(strings.ToValidUTF8(line[max(at-before, 0):at+len(wrongFormat)], ""))
	}
	return ""
}

// arch is the architecture of the pod's node.
func (f Facts) arch() string {
	if f.Node == nil {
		return ""
	}
	return f.Node.Arch
}

// crashedPull is the image of a container that has it and ends at once, which
// may be one for another platform.
func crashedPull(f Facts, now time.Time) (Pull, bool) {
	c := crashing(f.Pod, now)
	if c == nil || f.Pod.Deleting || (c.formatWord() == "" && (c.neverStarted() || !c.endsAtOnce())) {
		return Pull{}, false
	}
	return Pull{Container: c.Name, Kind: c.Kind, Image: c.Image, PullPolicy: c.PullPolicy, Reason: c.Reason, Since: waitingSince(f, c.Name)}, true
}

// askCrashed asks one question about the image of a container that crashes: is
// it for this node. It goes with the first credential that the kubelet would
// send.
func (s Sources) askCrashed(ctx context.Context, f Facts, seen Observation, progress Progress) (*Pull, error) {
	p, ok := crashedPull(f, s.now())
	if !ok {
		return nil, nil
	}
	crashed := inspect(p, seen, s.FingerprintKey)
	if f.platform() == (Platform{}) || !askable(crashed.pull) {
		return &crashed.pull, nil
	}
	q := &errand{
		question: Question{Image: f.pulledAs(p), Platform: f.platform()}, step: StepImage,
		deliver: func(a Answer) { crashed.pull.Anonymous = &a },
	}
	for i := range crashed.pull.Candidates {
		if c := &crashed.pull.Candidates[i]; c.Listed && c.Used && !c.Empty {
			q.question.Credential, q.deliver = &crashed.credentials[i], func(a Answer) { c.Answer = &a }
			break
		}
	}
	return &crashed.pull, s.askAll(ctx, []*errand{q}, progress)
}

// pulledAs is the image by the digest that the node has, where it says so: the
// tag may be another image by now.
func (f Facts) pulledAs(p Pull) string {
	ref := ParseReference(p.Image)
	for _, c := range f.Pod.Containers {
		_, digest, ok := strings.Cut(c.ImageID, "@")
		if has := ref.name() + "@" + digest; ok && c.Name == p.Container && sameRepository(c.ImageID, ref) && ParseReference(has).Problem == "" {
			return has
		}
	}
	return p.Image
}

func sameRepository(imageID string, ref Reference) bool {
	_, after, schemed := strings.Cut(imageID, "://") // docker-pullable://
	if schemed {
		imageID = after
	}
	has := ParseReference(imageID)
	return has.Host == ref.Host && has.Repository == ref.Repository
}

// judgeCrash finds a crash that is the image's fault after all.
func judgeCrash(c Case, now time.Time) (judgement, bool) {
	if c.Crashed == nil {
		return judgement{}, false
	}
	e := newEvidence(c.Facts, *c.Crashed, now)
	crashed := c.Facts.container(c.Crashed.Container)
	shows, says := e.registry().Result == cause.PlatformMismatch, crashed.formatWord() != ""
	f := finding{cause: cause.PlatformMismatch, certainty: cause.Likely, vantage: VantageImage}
	switch {
	case !shows && !says:
		return judgement{evidence: e}, false
	case shows && says:
		f.certainty = cause.Certain
	}
	d := diagnose(e, f)
	d.Summary = e.crashPlatform(crashed) + e.unretried()
	d.Details = e.crashDetails(crashed)
	for i := range d.Remedies {
		d.Remedies[i].Approvable = false // whether a crash is over does not show in a pull
	}
	return judgement{evidence: e, finding: f, diagnosis: d}, true
}

func (f Facts) container(name string) Container {
	for _, c := range f.Pod.Containers {
		if c.Name == name {
			return c
		}
	}
	return Container{}
}

func (e evidence) crashPlatform(c Container) string {
	if e.registry().Result == cause.PlatformMismatch {
		return fmt.Sprintf("%s: the pull went well, but container %s cannot run it", platformSummary(e), c.Name)
	}
	return fmt.Sprintf("Container %s has its image, but %s cannot execute it (%s): it seems to be built for another architecture%s",
		c.Name, e.nodeName(), wrongFormat, e.than())
}

func (e evidence) than() string {
	if p := e.facts.platform(); p.Arch != "" {
		return " than " + p.String()
	}
	return ""
}

func (e evidence) crashDetails(c Container) []string {
	var says []string
	a := e.registry()
	switch a.Result {
	case cause.PlatformMismatch:
		says = append(says, fmt.Sprintf("%s has it only for %s, and a node pulls an image of one platform whatever it is itself.", a.Host, orWord(list(a.Platforms), "other platforms")))
	case cause.None:
		if a.Detail == "" {
			says = append(says, fmt.Sprintf("%s has it for %s, so either a binary in it is for another architecture, or its entrypoint is a script without a #! line.", a.Host, e.facts.platform()))
		}
	}
	if word := c.formatWord(); word != "" {
		says = append(says, "The container ended with "+quote(word, 200)+".")
	} else {
		says = append(says, fmt.Sprintf("It ends at once, with exit code %d; its log should say %q.", c.ExitCode, wrongFormat))
	}
	if e.facts.Node.down() {
		says = append(says, e.nodeSilent())
	}
	return says
}
