package runbook

import (
	"fmt"
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/vendor"
)

func verifyImage() Step {
	return Step{
		ID: StepImage, Row: "R2", Title: "Image",
		Does: "Asks the registry for the image, with the pod's own credentials and without: is the tag there, is it built for the node, " +
			"which tags are near. Says so where the registry does not tell a missing repository from a hidden one.",
		judge: judgeImage,
	}
}

func judgeImage(v view) Result {
	var e evidence
	switch {
	case v.pull != nil:
		e = v.pull.evidence
	case v.crashed != nil:
		e = *v.crashed
	default:
		return skipped("nothing to ask the registry")
	}
	if e.ref.Problem != "" {
		return Result{Status: StatusProblem, Summary: "not a valid name: " + e.ref.Problem, Evidence: []string{e.pull.Image}}
	}
	r := imageResult(e)
	r.Command = vendor.Verify(e.ref.Image)
	if page := vendor.Page(e.ref.Image); page != "" {
		r.Evidence = append(r.Evidence, "tags: "+page)
	}
	if e.ref.Warning != "" {
		r.Evidence = append(r.Evidence, e.ref.Warning)
	}
	for _, a := range e.sent() {
		r.Evidence = append(r.Evidence, answerLine(a))
	}
	if !e.ref.Given {
		r.Evidence = append(r.Evidence, "no registry in the name, so it means Docker Hub")
	}
	return r
}

func imageResult(e evidence) Result {
	a := e.registry()
	r := Result{Status: StatusProblem, Summary: fmt.Sprintf("%s: %s", e.ref.Host, answerWord(a))}
	switch a.Result {
	case cause.None:
		return imageThere(e, a)
	case cause.TagNotFound:
		r.Summary += "; " + nearSentence(a)
	case cause.PlatformMismatch:
		r.Summary = fmt.Sprintf("%s has it for %s; the node needs %s", e.ref.Host, list(a.Platforms), e.facts.platform())
	case cause.NotFoundOrDenied, cause.AuthMissing, cause.AuthRejected, cause.AuthExpired, cause.PermissionDenied:
		r.Status = StatusWarning
		r.Summary += ", so it does not show whether the image exists"
		if e.public() {
			r.Status, r.Summary = StatusOK, e.ref.Host+" has it, and gives it to anybody without a login"
		} else if good, ok := e.goodSpare(); ok && good.Answer.Result == cause.None {
			r.Status, r.Summary = StatusOK, e.ref.Host+" has it (asked with secret "+good.Secret()+")"
		}
	case cause.RepositoryNotFound, cause.UnsupportedManifest:
	case cause.Unknown:
		return notAsked(e, a)
	default:
		r.Status = StatusError
	}
	return r
}

func imageThere(e evidence, a Answer) Result {
	s := fmt.Sprintf("%s has %s", e.ref.Host, e.ref.version())
	if p := e.facts.platform(); p.OS != "" && a.Result == cause.None {
		s += " for " + p.String()
	}
	if a.Digest != "" {
		s += ", " + shortDigest(a.Digest)
	}
	r := ok(s)
	if l := a.RateLimit; l != nil && l.Remaining == 0 {
		r.Status, r.Summary = StatusWarning, s+"; no pulls are left for this address"
	}
	return r
}

func notAsked(e evidence, a Answer) Result {
	switch {
	case a.Refused != "":
		return Result{Status: StatusWarning, Summary: "not asked: " + a.Refused}
	case a.Detail != "":
		return Result{Status: StatusError, Summary: e.ref.Host + ": " + quote(a.Detail, 160)}
	}
	return skipped("the registry has no part in this")
}

func nearSentence(a Answer) string {
	if len(a.Tags) == 0 {
		return orWord(a.TagsNote, "no tag looks like it")
	}
	return "nearest tags: " + strings.Join(a.Tags, "  ")
}

func answerLine(a Answer) string {
	s := fmt.Sprintf("%s: %s (%s, %d requests, %d ms)", a.Host, a.Result, orWord(answerWord(a), "ok"), a.Trips, a.TookMs)
	if a.Detail != "" {
		s += ": " + a.Detail
	}
	return s
}
