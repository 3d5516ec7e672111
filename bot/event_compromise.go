package bot

import (
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// Compromised says that a person declared that credentials may be in other
// hands. From then on the incident is frozen: nothing is changed for it, and it
// does not close by itself.
type Compromised struct {
	At     time.Time `json:"at"`
	By     Person    `json:"by"`
	Reason string    `json:"reason"` // for security alone
	// Confided says that there is a security channel, which is told the details.
	Confided bool `json:"confided,omitempty"`
	// Credentials are the keyed fingerprints of those that it is about.
	Credentials []string `json:"credentials,omitempty"`
}

// compromise freezes the incident and calls security. The reason is not told in
// the channel: whoever reads there may be who took the credential.
func (c *change) compromise(p Press, policy *Policy) {
	reason := strings.TrimSpace(p.Reason)
	switch {
	case c.State.Over():
		c.whisper(p, "This incident is over. Reopen it first.")
		return
	case c.Compromised != nil:
		c.whisper(p, "A security incident is declared already, by "+mention(c.Compromised.By)+".")
		return
	case reason == "":
		c.whisper(p, "A security incident needs a reason.")
		return
	}
	c.Compromised = &Compromised{At: c.now, By: p.Person, Reason: reason, Credentials: c.fingerprints()}
	security, ok := policy.SecurityRoute(*c.Incident)
	c.Compromised.Confided = ok && security.Channel != ""
	c.Plans = nil
	switch {
	case c.State == Asking:
		c.withdraw()
	case c.Canary():
		c.halt("a security incident was declared")
	}
	c.note(p.Person, "declared a security incident")
	c.follow(Effect{Kind: DoForget})
	c.follow(Effect{Kind: DoShare})
	c.escalate(policy, WhenCompromised, p.Person)
	text := "Security incident, declared by " + mention(p.Person) + ". pullfix changes nothing about it any more, undoes nothing, and does not close it by itself."
	if c.Compromised.Confided {
		text += " Details go to the security channel only."
	}
	c.tell(text, true)
}

// confide adds the reason to a page that only security gets.
func (p Policy) confide(i Incident, target string, page Page) Page {
	security, ok := p.SecurityRoute(i)
	if !ok || page.Condition != WhenCompromised || page.Action != PageTrigger || i.Compromised == nil || !slices.Contains(security.Targets, target) {
		return page
	}
	page.Details = append(slices.Clone(page.Details), "What made them think so: "+i.Compromised.Reason)
	return page
}

// fingerprints are those of the credentials that the incident's pods send, or
// would, and of those that were put in place of each other for it. What was
// merely found beside them is not theirs.
func (i *Incident) fingerprints() []string {
	var prints []string
	if i.Case != nil {
		for _, pull := range i.Case.Pulls {
			for _, c := range pull.Candidates {
				if c.Listed || c.Used {
					prints = append(prints, c.Fingerprint)
				}
			}
		}
	}
	for _, r := range i.receipts() {
		if r.Action.Entry != nil {
			prints = append(prints, r.Action.Entry.Was, r.Action.Entry.Becomes)
		}
	}
	prints = slices.DeleteFunc(prints, func(p string) bool { return p == "" })
	slices.Sort(prints)
	return slices.Compact(prints)
}

// receipts are those of all that was changed for the incident.
func (i *Incident) receipts() []runbook.Receipt {
	var all []runbook.Receipt
	for _, d := range i.Past {
		all = append(all, d.Receipts...)
	}
	if i.Decision != nil {
		all = append(all, i.Decision.Receipts...)
	}
	return all
}

// Fingerprints are the keyed fingerprints of the incident's credentials: as they
// were when a compromise was declared, else as the newest diagnosis saw them.
func (i Incident) Fingerprints() []string {
	if i.Compromised != nil && len(i.Compromised.Credentials) > 0 {
		return i.Compromised.Credentials
	}
	return i.fingerprints()
}

// Forgotten says that no undo copy is left.
type Forgotten struct{ Effect string }

func (e Forgotten) apply(c *change) error {
	c.note(Person{}, "no undo copy of the credential is left")
	return Done(e).apply(c)
}

// Shared says that the security channel knows where else the credential stands.
// The list itself is not recorded.
type Shared struct {
	Effect string
	Told   bool
	Place  Place
}

func (e Shared) apply(c *change) error {
	if e.Place.Message != "" && !slices.Contains(c.Calls, e.Place) {
		c.Calls = append(c.Calls, e.Place)
	}
	if e.Told {
		c.note(Person{}, "the security channel was told where the credential stands")
	} else {
		c.note(Person{}, "nobody was told where else the credential stands")
		c.tell("No security channel is configured, so nobody was told where else the credential stands.", false)
	}
	return Done{Effect: e.Effect}.apply(c)
}

// frozenChanges is the changer of an incident: it refuses once a compromise is
// declared for it, or for another one with the same credential, also between two
// changes of one plan.
type frozenChanges struct {
	Changer
	frozen func(actions []runbook.Action) string
}

const overtakenByCompromise = "a security incident was declared about this credential"

func frozenError(incident string) error {
	return &runbook.OvertakenError{What: overtakenByCompromise + " (incident " + incident + ")"}
}
