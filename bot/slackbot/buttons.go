package slackbot

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// The ids of what can be pressed. What a button does is said by its action id
// and nothing else; its value holds ids only, and what will be done is read
// from the store.
const (
	actionsBlock = "pullfix"
	actionMore   = "pullfix.more" // the menu; its options say which button they are
	actionPrefix = "pullfix."
)

// pressed is what a click says.
type pressed struct {
	button   bot.Button
	incident string
	remedy   string
}

// value is what a button carries, for parsePressed.
func (p pressed) value() string {
	return strings.TrimSuffix(string(p.button)+":"+p.incident+":"+p.remedy, ":")
}

// numbered is how action ids of the same button differ within a block.
var numbered = regexp.MustCompile(`^-[2-9]$`)

var plainID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$`)

// parsePressed reads the action id and the value of a click; false when they
// are not of pullfix's making.
func parsePressed(action, value string) (pressed, bool) {
	word, ids, _ := strings.Cut(value, ":")
	incident, remedy, _ := strings.Cut(ids, ":")
	p := pressed{button: bot.Button(word), incident: incident, remedy: remedy}
	if !known(p.button) || !plainID.MatchString(incident) || (remedy != "" && !plainID.MatchString(remedy)) {
		return pressed{}, false
	}
	if number := strings.TrimPrefix(action, actionPrefix+word); action != actionMore && number != "" && !numbered.MatchString(number) {
		return pressed{}, false
	}
	return p, (p.button == bot.Approve) == (remedy != "")
}

func known(b bot.Button) bool {
	switch b {
	case bot.Approve, bot.Reject, bot.Again, bot.EscalateNow, bot.Acknowledge, bot.Snooze, bot.CloseIt, bot.Reopen, bot.WriteReport,
		bot.Compromise, bot.Helpful, bot.Unhelpful, bot.TakePostmortem:
		return true
	}
	return false
}

// opensModal tells whether a press asks for more before it counts.
func opensModal(b bot.Button) bool {
	switch b {
	case bot.Approve, bot.Reject, bot.CloseIt, bot.Snooze, bot.Compromise, bot.Unhelpful:
		return true
	}
	return false
}

func button(p pressed, label string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(actionPrefix+string(p.button), p.value(), plainText(plain(label, roomButton)))
}

func option(p pressed, label string) *slack.OptionBlockObject {
	return slack.NewOptionBlockObject(p.value(), plainText(plain(label, roomButton)), nil)
}

func confirm(title, text, yes string) *slack.ConfirmationBlockObject {
	return slack.NewConfirmationBlockObject(plainText(plain(title, mostConfirmTitle)), plainText(plain(text, mostConfirmText)), plainText(yes), plainText("Cancel"))
}

// objected names the action and where it acts: "Delete the 12 waiting pods in
// shop on prod-eu".
func objected(p runbook.Plan, t runbook.Target, room int) string {
	where := " in " + plain(t.Namespace, 40)
	title := strings.TrimSuffix(p.Remedy.Title, where)
	if wide := bot.TitleOf(p); wide != p.Remedy.Title {
		title, where = wide, ""
	}
	if t.Cluster != "" {
		where += " on " + plain(t.Cluster, 20)
	}
	return plain(title, room-len([]rune(where))) + where
}

// buttons are what can be pressed in the incident's state; what is decided is
// no longer there.
func buttons(i bot.Incident) []slack.BlockElement {
	id := func(b bot.Button) pressed { return pressed{button: b, incident: i.ID} }
	list, rest := offerButtons(i)
	if i.State.Over() {
		return overButtons(i, id, rest)
	}
	if i.State != bot.Changing {
		list = append(list, button(id(bot.Again), "Diagnose again"))
	}
	list = append(list, pagingButtons(i, id)...)
	if options := menu(i, rest); len(options) > 0 {
		list = append(list, slack.NewOverflowBlockElement(actionMore, options...))
	}
	return list
}

// overButtons are about what remains to be done when it is over: for a while
// there may be a way back.
func overButtons(i bot.Incident, id func(bot.Button) pressed, back []offer) []slack.BlockElement {
	list := []slack.BlockElement{button(id(bot.WriteReport), "Report")}
	for _, o := range back[:min(len(back), 1)] {
		list = append(list, button(pressed{button: bot.Approve, incident: i.ID, remedy: o.remedy.ID}, objected(o.plans[0], i.Target, roomButton)))
	}
	if v := i.Cured(); i.PostmortemOwner == nil && v != nil && v.Severity != "" {
		list = append(list, button(id(bot.TakePostmortem), "Take the postmortem"))
	}
	return append(list, button(id(bot.Reopen), "Reopen").
		WithConfirm(confirm("Reopen?", "pullfix diagnoses "+i.Target.Namespace+"/"+i.Target.Name+" again, and the deadline starts anew.", "Reopen")))
}

// feedbackButtons ask whether the runbook helped.
func feedbackButtons(i bot.Incident) []slack.BlockElement {
	id := func(b bot.Button) pressed { return pressed{button: b, incident: i.ID} }
	return []slack.BlockElement{button(id(bot.Helpful), "Yes"), button(id(bot.Unhelpful), "No, something was wrong")}
}

// Of the remedies besides the one that stands out, some are in the menu, and
// what has no room there are buttons of their own.
const (
	offersInMenu  = 2
	offersOutside = 6
)

// offerButtons are the remedies that have buttons, and those that are left for
// the menu.
func offerButtons(i bot.Incident) (list []slack.BlockElement, rest []offer) {
	rest = offers(i)
	approve := func(o offer, label string) *slack.ButtonBlockElement {
		b := button(pressed{button: bot.Approve, incident: i.ID, remedy: o.remedy.ID}, label)
		if n := len(list) + 1; n > 1 {
			b.ActionID += fmt.Sprintf("-%d", n)
		}
		return b
	}
	if first := primary(i, rest); first >= 0 {
		o := rest[first]
		list = append(list, approve(o, objected(o.plans[0], i.Target, roomButton)).WithStyle(slack.StylePrimary))
		rest = slices.Delete(rest, first, first+1)
	}
	for len(rest) > offersInMenu && len(list) <= offersOutside {
		list = append(list, approve(rest[0], objected(rest[0].plans[0], i.Target, roomButton)))
		rest = rest[1:]
	}
	return list, rest[:min(len(rest), offersInMenu)]
}

// primary is which remedy gets the button that stands out, -1 for none: the one
// that waits for another approval, else the first, but no roll back while the
// old pods still serve, since then there is no hurry, and never the way back.
func primary(i bot.Incident, list []offer) int {
	if i.State == bot.Asking && i.Decision != nil {
		return slices.IndexFunc(list, func(o offer) bool { _, there := o.plan(i.Decision.PlanHash); return there })
	}
	serving := i.Case != nil && i.Case.Facts.Workload != nil && i.Case.Facts.Workload.Available > 0
	return slices.IndexFunc(list, func(o offer) bool {
		return o.remedy.Kind != runbook.UndoSecret && (o.remedy.Kind != runbook.RollBack || !serving)
	})
}

// pagingButtons are about who is called: before it escalates, and after.
func pagingButtons(i bot.Incident, id func(bot.Button) pressed) []slack.BlockElement {
	if len(i.Escalated) == 0 {
		ask := confirm("Escalate now?", "The people on call for "+i.Target.Namespace+" are told at once.", "Escalate")
		return []slack.BlockElement{button(id(bot.EscalateNow), "Escalate now").WithConfirm(ask.WithStyle(slack.StyleDanger))}
	}
	var list []slack.BlockElement
	if i.Acknowledged == nil { // then nobody is called anyway
		list = append(list, button(id(bot.Acknowledge), "Acknowledge"), button(id(bot.Snooze), "Snooze 10 min"))
	}
	return list
}

// rejectable is what a rejection is called in the incident's state; "" when there
// is nothing to reject.
func rejectable(i bot.Incident) string {
	switch {
	case i.Canary():
		return "Stop the rest"
	case (i.State == bot.Open || i.State == bot.Asking) && len(offers(i)) > 0:
		return "Reject the proposal"
	}
	return ""
}

// menu is what is needed less often.
func menu(i bot.Incident, rest []offer) []*slack.OptionBlockObject {
	var options []*slack.OptionBlockObject
	for _, o := range rest {
		options = append(options, option(pressed{button: bot.Approve, incident: i.ID, remedy: o.remedy.ID}, objected(o.plans[0], i.Target, roomButton)))
	}
	if words := rejectable(i); words != "" {
		options = append(options, option(pressed{button: bot.Reject, incident: i.ID}, words))
	}
	if i.Compromised == nil {
		options = append(options, option(pressed{button: bot.Compromise, incident: i.ID}, "Security incident"))
	}
	if i.State != bot.Changing && i.State != bot.Diagnosing {
		options = append(options, option(pressed{button: bot.CloseIt, incident: i.ID}, "Close"))
	}
	return options
}
