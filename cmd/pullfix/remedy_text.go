package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/shell"
)

// remedies lay out what to do, the recommended first. The others are shown as
// pullfix carries them out, where it can.
func (p *page) remedies(remedies []runbook.Remedy, fix string, verbose bool) {
	for i, r := range remedies {
		if i > 0 && fix != "" && !verbose && byItself(r) {
			r.Command = fix + " --yes " + r.ID
		}
		l := label{"Do this", bold}
		if i > 0 {
			l = label{"or", plain}
		}
		if i == 0 || verbose {
			p.line("")
		}
		p.remedy(l, r, verbose)
	}
}

// byItself tells whether pullfix can carry a remedy out without being given
// anything more.
func byItself(r runbook.Remedy) bool {
	return r.Approvable && r.Kind != runbook.UpdateSecret && r.Kind != runbook.CreateSecret
}

// fixOf begins the command that carries out a remedy of the verdict.
func fixOf(v runbook.Verdict) string {
	where := v.Namespace
	if v.Cluster != "" {
		where = v.Cluster + "/" + where
	}
	return shell.Join("pullfix", "fix", where, v.Pod)
}

// remedy lays out one: the command, what it does and what it risks.
func (p *page) remedy(l label, r runbook.Remedy, verbose bool) {
	title := oneLine(r.Title)
	if r.Command == "" {
		p.row(l, title)
	} else if beside, ok := p.beside(r.Command, title); ok && !verbose {
		p.lines(l, []string{beside})
	} else {
		p.command(l, "", r.Command)
		p.row(label{}, title)
	}
	if !verbose {
		return
	}
	if r.Why != "" {
		p.row(label{}, "why: "+oneLine(r.Why))
	}
	if r.Risk != "" {
		p.row(label{}, "risk: "+oneLine(r.Risk))
	}
	for _, condition := range r.Preconditions {
		p.row(label{}, "only if: "+oneLine(condition))
	}
}

// beside puts the title behind a short command.
func (p *page) beside(command, title string) (string, bool) {
	const gap = "      "
	if strings.Contains(command, "\n") || p.indent()+columns(command)+len(gap)+columns(title) > p.width {
		return "", false
	}
	return p.paint.as(bold, visible(command)) + gap + title, true
}

// failure lays out a further image that fails.
func (p *page) failure(d runbook.Diagnosis, view view) {
	p.line("")
	where := "container " + d.Container
	if d.Container == "" {
		where = "image " + d.Image
	}
	p.row(label{"✗ also", bad}, oneLine(d.Summary+" ("+where+", "+string(d.Certainty)+")"))
	if len(d.Suggestions) > 0 {
		p.row(label{}, "suggested: "+oneLine(strings.Join(d.Suggestions, ", ")))
	}
	if view.verbose {
		p.proof(d.Details)
		p.credentials(d.Credentials, view.now)
	}
	p.remedies(d.Remedies, "", view.verbose)
}

// credentials lay out the table of all entries that were looked at.
func (p *page) credentials(rows []runbook.Credential, now time.Time) {
	if len(rows) == 0 {
		return
	}
	p.line("")
	t := table{head: []string{"SECRET", "KEY", "USER", "USED", "TEST", "EXPIRES"}}
	for _, c := range rows {
		used, test, expires := "no", c.Test, "-"
		if c.Used {
			used = "yes"
		}
		if c.HTTPStatus != 0 {
			test += " (" + strconv.Itoa(c.HTTPStatus) + ")"
		}
		if c.ExpiresAt != nil {
			expires = clock(*c.ExpiresAt, now)
		}
		user := c.User
		if user == "" {
			user = "-"
		}
		t.add(secretName(c.Source), runbook.ShownKey(c.Key), user, used, test, expires)
		if c.Reason != "" {
			t.below("not used: " + c.Reason)
		}
		for _, hint := range c.Hints {
			t.below(hint)
		}
	}
	p.table(t)
}
