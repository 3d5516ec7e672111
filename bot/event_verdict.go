package bot

import (
	"fmt"
	"slices"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// Opening is how an incident begins: somebody asks, or pullfix notices.
type Opening struct {
	ID     string
	Ask    Ask
	After  time.Duration // until it escalates
	Reason string        // for the timeline
	// Noticed is the key of what pullfix noticed by itself; "" when it was asked.
	Noticed string
	Digest  *Digest // it is told, and nothing else
}

// Begin opens an incident. Nothing is shown until the asker is admitted.
func Begin(o Opening, now time.Time) (Incident, []Effect) {
	if o.Digest != nil {
		i := beginDigest(*o.Digest, now)
		return i, i.Outbox
	}
	i := Incident{
		Version: DocumentVersion, ID: o.ID, Target: o.Ask.Target, Asked: o.Ask.Person, Place: o.Ask.Place,
		State: Diagnosing, Opened: now, Deadline: now.Add(o.After),
	}
	c := &change{Incident: &i, now: now}
	c.note(o.Ask.Person, o.Reason)
	if o.Noticed != "" {
		c.Keys = []string{o.Noticed}
		c.follow(Effect{Kind: DoDiagnose})
	} else {
		c.Seen = append(c.Seen, o.Ask.Key)
		c.follow(Effect{Kind: DoAdmit})
	}
	i.Outbox = append(i.Outbox, c.due...)
	return i, c.due
}

// Admitted says that the asker may ask this; the diagnosis begins, and shows.
type Admitted struct{ Effect string }

func (e Admitted) apply(c *change) error {
	c.show()
	c.follow(Effect{Kind: DoDiagnose})
	return Done(e).apply(c)
}

// TurnedAway answers an asker who may not ask this, and only them.
type TurnedAway struct {
	Effect string
	Answer string // what they are told
	Why    string // for the timeline
}

func (e TurnedAway) apply(c *change) error {
	c.end(c.Asked, "refused: "+e.Why)
	c.whisper(Press{Person: c.Asked, Place: c.Place}, e.Answer)
	return Done{Effect: e.Effect}.apply(c)
}

// DocumentVersion is the version of the stored form of an Incident.
const DocumentVersion = 1

// Diagnosed brings a verdict, with the plans that can be approved on it.
type Diagnosed struct {
	Effect  string
	Case    runbook.Case
	Verdict runbook.Verdict
	Plans   []runbook.Plan
	Keys    []string
	// Joins is the open incident that already stands for this root cause, with
	// a link to it; "" when there is none.
	Joins string
	// Place is where it is shown when nobody asked for it.
	Place Place
}

func (e Diagnosed) apply(c *change) error {
	if err := (Done{Effect: e.Effect}).apply(c); err != nil {
		return err
	}
	if c.State.Over() || c.State == Changing {
		return nil // what is being changed is looked at afterwards
	}
	before := c.Verdict
	if before != nil && before.Cause != cause.None && (e.tellsLess(*before) || c.awaitsTry(e.Verdict)) {
		c.keepVerdict(e)
		return nil
	}
	c.replaceVerdict(e)
	if e.Joins == "" && e.Verdict.Cause != cause.None {
		c.settleIn(e.Place)
	}
	switch {
	case e.Joins != "" && c.Compromised == nil:
		c.end(Person{}, joins+e.Joins)
	case e.Verdict.Cause == cause.None && before == nil:
		c.end(Person{}, e.Verdict.Summary)
	case before == nil:
		c.State = Open
		c.show() // the verdict stands there before its details do
		c.note(Person{}, "verdict: "+e.Verdict.Summary)
		c.follow(Effect{Kind: DoTell, Notice: &Notice{Key: c.ID + "-details", Text: e.Verdict.Summary, Details: true}})
		c.follow(Effect{Kind: DoWatch})
	default:
		c.again(*before, e.Verdict)
	}
	c.show()
	return nil
}

// tellsLess tells that the verdict says less than the one before it: that all
// is mended and has only to be tried, that nothing fails any more, or that the
// cause does not show at the moment. It is no new cause.
func (e Diagnosed) tellsLess(before runbook.Verdict) bool {
	switch e.Verdict.Cause {
	case cause.None:
		return true
	case cause.BackOffOnly, cause.Unknown:
		return before.Cause != e.Verdict.Cause
	}
	return e.Verdict.Mended() && !before.Mended()
}

// awaitsTry tells that a pull secret was just changed, and that only the node
// still complains: it may not have tried since.
func (c *change) awaitsTry(now runbook.Verdict) bool {
	return c.State == Watching && now.Vantage == runbook.VantageNode && c.Decision != nil && c.Decision.secret() &&
		c.now.Sub(c.watchingFrom()) <= kubeletRetries
}

// keepVerdict takes what is known now, and keeps the cause that is known.
func (c *change) keepVerdict(e Diagnosed) {
	c.Case, c.Plans, c.Progress = &e.Case, append(slices.Clone(e.Plans), c.undo(c.now)...), nil
	switch {
	case e.Verdict.Cause == cause.None:
		c.keepFault()
		c.toWatching("the pods no longer fail to pull")
	case e.Verdict.Mended():
		c.toWatching("mended: " + e.Verdict.Summary)
	}
	c.show()
}

// replaceVerdict keeps the one before in Earlier when the cause is another.
func (c *change) replaceVerdict(e Diagnosed) {
	if c.Verdict != nil && c.Verdict.Cause != e.Verdict.Cause {
		c.Earlier = append(c.Earlier, Earlier{Cause: c.Verdict.Cause, Summary: c.Verdict.Summary, At: c.Opened, Until: c.now})
	}
	verdict := c.sinceBefore(e.Verdict)
	switch {
	case c.Verdict == nil || !sameFault(*c.Verdict, e.Verdict):
		c.Fault = nil
	case c.settling():
		verdict = c.Verdict
	case c.Fault == nil && ofOldRevision(e.Case) && c.Case != nil && !ofOldRevision(*c.Case):
		c.keepFault() // somebody corrected the template meanwhile
	}
	c.Case, c.Verdict, c.Progress = &e.Case, verdict, nil
	c.Plans = append(slices.Clone(e.Plans), c.undo(c.now)...)
	if c.Compromised != nil {
		c.Plans = nil
	}
	c.sight(e.Case, e.Verdict)
	_ = c.addKeys(e.Keys) // none may be new
}

// joins is how an incident ends that has the root cause of another one.
const joins = "joins "

// settleIn gives an incident that nobody asked for its place, now that there is
// something to show.
func (c *change) settleIn(p Place) {
	if c.Place.Channel == "" {
		c.Place = p
	}
}

// addKeys adds root-cause keys; ErrSeen when all are there.
func (c *change) addKeys(keys []string) error {
	before := len(c.Keys)
	for _, key := range keys {
		if !slices.Contains(c.Keys, key) {
			c.Keys = append(c.Keys, key)
		}
	}
	if len(c.Keys) == before {
		return ErrSeen
	}
	return nil
}

// again is a verdict after an earlier one: the same cause is only refreshed, a
// new one needs people.
func (c *change) again(before, now runbook.Verdict) {
	var text string
	switch same := alike(before, now); {
	case same && (c.State != Watching || c.now.Sub(c.watchingFrom()) <= kubeletRetries):
		return
	case same:
		text = fmt.Sprintf("%s did not help: %s", c.changed("The change"), now.Summary)
	default:
		text = fmt.Sprintf("Still failing, for another reason: %s (before: %s%s)", now.Summary, before.Summary, c.changed(""))
	}
	if c.Canary() {
		c.Decision.Halted = "the first namespace did not recover"
		text += fmt.Sprintf(". The other %d are not carried out.", len(c.Decision.Plan.Actions)-c.Decision.Begun)
	}
	c.State = Open
	c.note(Person{}, text)
	c.tell(text, true)
}

// changed names the change that is being watched, for a sentence that begins
// with it or ends with it.
func (c *change) changed(otherwise string) string {
	d := c.Decision
	if d == nil || d.Started == nil || d.Refused != "" || len(d.Granted) == 0 {
		return otherwise
	}
	if otherwise != "" {
		return d.Title
	}
	return fmt.Sprintf("; then %s by %s at %s", d.Title, mention(d.Granted[0].Person), d.Started.UTC().Format("15:04 UTC"))
}

// kubeletRetries is within when a waiting pod has surely tried again: 300 s of
// back-off and at most 90 s until the kubelet looks.
const kubeletRetries = 390 * time.Second

// watchingFrom is when the newest change was made.
func (c *change) watchingFrom() time.Time {
	d := c.Decision
	if d == nil || d.Started == nil {
		return c.Opened
	}
	from := *d.Started
	for _, r := range d.Receipts {
		if r.At.After(from) {
			from = r.At
		}
	}
	return from
}

func (c *change) toWatching(why string) {
	if c.State == Open {
		c.State = Watching
		c.note(Person{}, why)
		c.follow(Effect{Kind: DoWatch})
	}
}

func (c *change) end(by Person, resolution string) {
	c.State = Closed
	c.Plans = nil
	c.Ending = &Ending{At: c.now, By: by, Resolution: resolution, Elsewhere: -1}
	c.note(by, resolution)
	c.hangUp()
}
