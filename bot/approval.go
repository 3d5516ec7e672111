package bot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// warrant is an approval rule that covers a part of a plan.
type warrant struct {
	ApprovalRule
	number  int
	grounds []Ground
}

// warrants are the rules that cover a plan: for each place the first that
// matches. Open are the places that no rule covers.
func (r Rules) warrants(grounds []Ground, remedy string) (warrants []warrant, open []Ground) {
	for _, g := range grounds {
		rule, number, found := r.approval(g.Cluster, g.Namespace, remedy)
		if !found {
			open = append(open, g)
			continue
		}
		n := slices.IndexFunc(warrants, func(w warrant) bool { return w.number == number })
		if n < 0 {
			warrants = append(warrants, warrant{ApprovalRule: rule, number: number})
			n = len(warrants) - 1
		}
		warrants[n].grounds = append(warrants[n].grounds, g)
	}
	return warrants, open
}

// countsFor is how long an approval counts under all of the rules.
func countsFor(warrants []warrant) time.Duration {
	least := time.Duration(math.MaxInt64)
	for _, w := range warrants {
		if w.Expires > 0 {
			least = min(least, w.Expires)
		}
	}
	return least
}

// places names grounds for a refusal; the cluster only where it is not the
// incident's own.
func (i Incident) places(grounds []Ground) string {
	const most = 5
	var names []string
	for _, g := range grounds {
		name := g.Namespace
		if g.Cluster != i.Target.Cluster {
			name += " on " + g.Cluster
		}
		names = append(names, name)
	}
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// checkApproval checks a press of Approve: every place that the plan changes
// something in needs a rule that allows this person, and the strictest of them
// says how many it takes. Of a plan that is not there any more only the
// incident's own place is known; then nothing is approved.
func (d *Desk) checkApproval(ctx context.Context, e Effect, i Incident) Event {
	p := *e.Press
	deny := func(why string) Event { return Denied{Effect: e.ID, Press: p, Why: why} }
	if holder := d.frost.over(i); holder != "" {
		return deny(frozenAnswer(holder))
	}
	if d.Rules.ReadOnly || d.Changer == nil {
		return deny("pullfix is read-only here; the command stands in the thread.")
	}
	plan, found := i.plan(p.Remedy, p.PlanHash)
	grounds := i.grounds(plan.Actions)
	if len(grounds) == 0 {
		grounds = []Ground{{Cluster: i.Target.Cluster, Namespace: i.Target.Namespace}}
	}
	warrants, open := d.Rules.warrants(grounds, family(p.Remedy))
	if len(open) > 0 {
		return deny(fmt.Sprintf("Nobody may approve this in %s: no rule covers it.", i.places(open)))
	}
	if why := d.strange(ctx, i, p.Person, warrants); why != "" {
		return deny(why)
	}
	needed, why := requiredByAll(warrants, i, p)
	if why != "" {
		return deny(why)
	}
	if !found {
		return Granted{Effect: e.ID, Press: p}
	}
	if holder := d.frost.onActions(plan.Actions); holder != "" {
		return deny(frozenAnswer(holder))
	}
	if late := time.Since(e.Made); late > min(countsFor(warrants), pressCounts) {
		return deny(fmt.Sprintf("You pressed this %s ago, and nothing came of it in between. Look at the message, and press again.", roundly(late)))
	}
	approval := Approval{Person: p.Person, At: e.Made, Remedy: p.Remedy, PlanHash: p.PlanHash, Rule: ruleNames(warrants), Enough: needed}
	if slices.ContainsFunc(warrants, func(w warrant) bool { return breaksGlass(w.ApprovalRule, i, p) }) {
		approval.BrokeGlass = strings.TrimSpace(p.Reason)
	}
	return Granted{Effect: e.ID, Press: p, Needed: needed, Expires: countsFor(warrants), Approval: d.Seal.Approve(i.ID, approval)}
}

// pressCounts is how long a recorded press of Approve means that somebody wants it
// now: pullfix may have been stopped in between.
const pressCounts = 10 * time.Minute

// strange says where the rules do not name the person; "" when they do
// everywhere.
func (d *Desk) strange(ctx context.Context, i Incident, p Person, warrants []warrant) string {
	var refusals []string
	for _, w := range warrants {
		if ok, why := d.among(ctx, p, w.People, w.SelfServiceGroups); !ok {
			refusals = append(refusals, refusal(fmt.Sprintf("You may not approve changes in %s: approvers are %s", i.places(w.grounds), d.names(w.People)), why))
		}
	}
	return strings.Join(refusals, " ")
}

func ruleNames(warrants []warrant) string {
	return strings.Join(each(warrants, func(w warrant) string { return fmt.Sprintf("approvals[%d]", w.number) }), ",")
}

// requiredByAll is what the strictest of the rules asks for.
func requiredByAll(warrants []warrant, i Incident, p Press) (needed int, why string) {
	for _, w := range warrants {
		n, why := required(w.ApprovalRule, i, p)
		if why != "" {
			return 0, why
		}
		needed = max(needed, n)
	}
	return needed, ""
}

// required is how many approvals it takes. Four eyes means two humans: the one
// who asked does not count, and what nobody asked for needs two approvers.
// Breaking the glass on a P1 takes one, with a reason.
func required(rule ApprovalRule, i Incident, p Press) (int, string) {
	if breaksGlass(rule, i, p) {
		return 1, ""
	}
	return ordinarily(rule, i, p)
}

// breaksGlass tells that a person approves a P1 alone, with a reason, where that
// takes more otherwise.
func breaksGlass(rule ApprovalRule, i Incident, p Press) bool {
	if !rule.BreakGlass || i.Verdict == nil || i.Verdict.Severity != runbook.P1 || strings.TrimSpace(p.Reason) == "" {
		return false
	}
	needed, why := ordinarily(rule, i, p)
	return needed > 1 || why != ""
}

func ordinarily(rule ApprovalRule, i Incident, p Press) (int, string) {
	needed := max(rule.Needed, 1)
	if !rule.FourEyes {
		return needed, ""
	}
	if i.Asked == p.Person {
		return 0, "You asked for this, so somebody else has to approve it (four eyes)."
	}
	if i.Asked == (Person{}) {
		return max(needed, 2), ""
	}
	return needed, ""
}

// verified checks, from the sealed records alone, that this plan may be carried
// out now, everywhere: an edited journal approves nothing, and neither do people
// whom no rule names any more. What the document says of itself (how many are
// needed, until when, what the plan does) is worked out anew.
func (d *Desk) verified(ctx context.Context, i Incident, plan runbook.Plan) ([]string, error) {
	warrants, open := d.Rules.warrants(i.grounds(plan.Actions), family(plan.Remedy.ID))
	if len(open) > 0 || len(warrants) == 0 {
		return nil, fmt.Errorf("no rule allows it any more in %s", i.places(open))
	}
	hash, life := runbook.PlanHash(plan.Actions), countsFor(warrants)
	people, needed, broke := []string{}, 1, false
	for _, a := range i.Decision.Granted {
		if err := d.Seal.Verify(i.ID, a); err != nil {
			d.Log.Error("an approval does not verify", "incident", i.ID, "person", a.Person.ID, "err", err)
			return nil, errors.New("the record of an approval does not verify")
		}
		switch {
		case a.PlanHash != hash || a.Remedy != plan.Remedy.ID:
			return nil, errors.New("an approval is for another plan")
		case time.Since(a.At) > life:
			return nil, errors.New("an approval has expired")
		case d.standing(ctx, a.Person) != "" || d.strange(ctx, i, a.Person, warrants) != "":
			return nil, fmt.Errorf("%s may not approve it any more", mention(a.Person))
		}
		needed, broke = max(needed, a.Enough), broke || a.BrokeGlass != ""
		if !slices.Contains(people, a.Person.ID) {
			people = append(people, a.Person.ID)
		}
	}
	if broke && !slices.ContainsFunc(warrants, func(w warrant) bool { return !w.BreakGlass }) {
		needed = 1
	}
	if len(people) < needed {
		return nil, errors.New("approvals are missing")
	}
	return people, nil
}
