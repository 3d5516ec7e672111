// Package report is what is left of an incident when it is over: what happened,
// why, what was done about it and by whom, and what should follow, for people
// who were not there. It makes a value of an incident and draws it in Markdown;
// it asks nobody and holds no credential.
package report

import (
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// Report is the account of one incident; its JSON is a fixed surface. All text
// in it is scrubbed; it is not escaped for any markup.
type Report struct {
	Incident  string     `json:"incident"`
	Title     string     `json:"title"`
	State     string     `json:"state"`
	Severity  string     `json:"severity"`
	Cluster   string     `json:"cluster"`
	Namespace string     `json:"namespace"`
	Workload  string     `json:"workload"` // KIND/NAME
	Opened    time.Time  `json:"opened"`
	Ended     *time.Time `json:"ended"`   // nil while it is not over
	Summary   []string   `json:"summary"` // a sentence each
	Impact    Impact     `json:"impact"`
	Cause     RootCause  `json:"rootCause"`
	// Earlier are causes that were found and replaced before.
	Earlier     []Earlier    `json:"earlier"`
	Timeline    []Line       `json:"timeline"`
	Changes     []Change     `json:"changes"`
	Escalations []Escalation `json:"escalations"`
	FollowUps   []FollowUp   `json:"followUps"`
	Alert       []string     `json:"alertQuality"` // questions for those who tend the alerts
	Feedback    Feedback     `json:"feedback"`
	Postmortem  Postmortem   `json:"postmortem"`
	Links       []Link       `json:"links"`
}

// Impact is who was hit, and for how long.
type Impact struct {
	Pods       int       `json:"pods"`
	Namespaces int       `json:"namespaces"`
	Minutes    int       `json:"minutes"` // between From and Until as a clock shows them; at least one
	From       time.Time `json:"from"`    // since when pods waited, as far as is known
	Until      time.Time `json:"until"`   // the end, or the moment of the report
	Notes      []string  `json:"notes"`
}

// RootCause is why the pulls failed, with the evidence for it.
type RootCause struct {
	Cause     string     `json:"cause"`
	Certainty string     `json:"certainty"`
	Where     string     `json:"where"` // the fault sits in the image, the registry, the credential, the network, the node
	Meaning   string     `json:"meaning"`
	Summary   string     `json:"summary"`
	Image     string     `json:"image"`
	Registry  string     `json:"registry"`
	Proof     []string   `json:"proof"`
	Evidence  []Evidence `json:"evidence"`
	Further   []string   `json:"further"` // what else failed in the same pod
	Unread    []string   `json:"unread"`  // what could not be read, and the right for it
}

// Evidence is one row of the runbook with what it found.
type Evidence struct {
	Row     string   `json:"row"`
	Title   string   `json:"title"`
	Status  string   `json:"status"`
	Summary string   `json:"summary"`
	Quotes  []string `json:"quotes"`
	Command string   `json:"command"` // to check it by hand
}

// Earlier is a cause that another one replaced.
type Earlier struct {
	Cause   string    `json:"cause"`
	Summary string    `json:"summary"`
	Until   time.Time `json:"until"`
}

// Line is one entry of the timeline.
type Line struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"` // a person's id; "" is pullfix itself
	What string    `json:"what"`
}

// Change is a remedy that was carried out, or refused at the last moment.
type Change struct {
	At       *time.Time `json:"at"` // nil when it was never begun
	Title    string     `json:"title"`
	Approved []string   `json:"approved"` // ids
	Actions  []Action   `json:"actions"`
	Refused  string     `json:"refused"`
}

// Action is one write and what became of it.
type Action struct {
	Verb   string `json:"verb"`
	Object string `json:"object"` // KIND/NAME in NAMESPACE
	Result string `json:"result"` // done, not done, unsure
	Detail string `json:"detail"`
}

// Escalation is one call for people.
type Escalation struct {
	At     time.Time `json:"at"`
	Why    string    `json:"why"`
	By     string    `json:"by"`
	Told   []string  `json:"told"`
	Failed []string  `json:"failed"`
}

// FollowUp is something to do so that it does not happen again.
type FollowUp struct {
	Do  string `json:"do"`
	Why string `json:"why"`
}

// Feedback is what people said about the runbook's steps.
type Feedback struct {
	Helpful   int    `json:"helpful"`
	Unhelpful int    `json:"unhelpful"`
	Said      []Line `json:"said"`
}

// Postmortem says whether there should be one, and who writes it.
type Postmortem struct {
	Wanted bool   `json:"wanted"`
	Owner  string `json:"owner"` // a person's id
}

// Link leads to another document.
type Link struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// Options are what a report needs besides the incident.
type Options struct {
	Now   time.Time // for an incident that is not over
	Links []Link    // from the configuration
}

// Of makes the report of an incident.
func Of(i bot.Incident, o Options) Report {
	s := subjectOf(i, o.Now)
	r := Report{
		Incident: said(i.ID), State: string(i.State), Severity: said(s.verdict.Severity),
		Cluster: said(i.Target.Cluster), Namespace: said(i.Target.Namespace), Workload: s.workload(),
		Opened: i.Opened.UTC(), Impact: s.impact(), Cause: s.rootCause(),
		Earlier: s.earlier(), Timeline: timeline(i.Timeline), Changes: s.changes(), Escalations: escalations(i.Escalated),
		FollowUps: s.followUps(), Alert: s.alertQuality(), Feedback: feedback(i.Feedback), Links: links(o.Links),
	}
	if i.Ending != nil {
		ended := i.Ending.At.UTC()
		r.Ended = &ended
	}
	r.Title, r.Summary = s.title(), s.summary(r.Impact)
	r.Postmortem.Wanted = s.wrong() && (s.verdict.Severity == runbook.P1 || s.verdict.Severity == runbook.P2)
	if i.PostmortemOwner != nil {
		r.Postmortem.Owner = said(i.PostmortemOwner.ID)
	}
	return r
}
