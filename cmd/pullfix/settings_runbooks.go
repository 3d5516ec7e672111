package main

import (
	"net/url"
	"slices"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// runbookSettings are links to the runbooks for what is not a failed pull.
type runbookSettings struct {
	CrashLoop  string `mapstructure:"crashLoop"`  // pods that have their image and crash
	ImageBuild string `mapstructure:"imageBuild"` // an image that was never built or pushed
	Kubernetes string `mapstructure:"kubernetes"` // pods that are not scheduled, nodes, everything else
}

func (r runbookSettings) check(complain complainer) {
	for _, l := range []struct{ key, link string }{{"crashLoop", r.CrashLoop}, {"imageBuild", r.ImageBuild}, {"kubernetes", r.Kubernetes}} {
		u, err := url.Parse(l.link)
		switch {
		case l.link == "":
		case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
			complain("runbooks."+l.key, "no link", "write the address of a page, as https://runbooks.example.com/crash-loop")
		case u.User != nil:
			complain("runbooks."+l.key, "a login stands in the link", "everybody in the channel reads it: leave the login out")
		}
	}
}

// notes point to the runbook that goes on where this one ends.
func (r runbookSettings) notes(c runbook.Case, v runbook.Verdict) []string {
	var said []string
	switch v.Cause {
	case cause.TagNotFound, cause.RepositoryNotFound:
		if r.ImageBuild != "" {
			said = append(said, "If it was never built or pushed: "+r.ImageBuild)
		}
	case cause.None:
		if len(v.Remedies) == 0 || v.Remedies[0].Kind != runbook.SeeOtherRunbook {
			break
		}
		if link := r.beyond(c); link != "" {
			said = append(said, "The runbook for that: "+link)
		}
	}
	return said
}

// beyond is the runbook for a pod whose pulls are fine.
func (r runbookSettings) beyond(c runbook.Case) string {
	crashes := slices.ContainsFunc(c.Facts.Pod.Containers, func(c runbook.Container) bool { return c.Reason == "CrashLoopBackOff" })
	if crashes && r.CrashLoop != "" {
		return r.CrashLoop
	}
	return r.Kubernetes
}
