package slackbot

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
)

// The ids of the fields that a modal may have.
const (
	reasonBlock  = "reason"
	reasonAction = "reason"
	mostReason   = 500 // characters
	choiceBlock  = "choice"
	choiceAction = actionPrefix + "choice"
	mostChoices  = 100
)

// brought is what a modal brings back when it is submitted: ids, and which plan
// was shown. It is not shown to people, and no place for secrets.
type brought struct {
	Button   bot.Button `json:"button"`
	Incident string     `json:"incident"`
	Remedy   string     `json:"remedy,omitempty"`
	PlanHash string     `json:"planHash,omitempty"`
	Team     string     `json:"team"`
	Channel  string     `json:"channel"`
	Message  string     `json:"message"`
}

// field is the text field of a modal.
type field struct {
	label, placeholder string
	optional           bool
}

// sheet is a modal before it is one.
type sheet struct {
	title, submit string
	body          message
	field         *field
	brought       brought
}

func (s sheet) view() slack.ModalViewRequest {
	v := slack.ModalViewRequest{
		Type: slack.VTModal, Title: plainText(plain(s.title, mostTitle)), Submit: plainText(plain(s.submit, mostTitle)),
		Close: plainText("Cancel"), CallbackID: actionPrefix + string(s.brought.Button),
	}
	blocks := s.body.blocks
	if s.field != nil {
		e := slack.NewPlainTextInputBlockElement(plainText(s.field.placeholder), reasonAction)
		e.Multiline, e.MaxLength = true, mostReason
		blocks = append(blocks, slack.NewInputBlock(reasonBlock, plainText(s.field.label), nil, e).WithOptional(s.field.optional))
	}
	v.Blocks = slack.Blocks{BlockSet: blocks}
	// Strings alone always encode.
	raw, _ := json.Marshal(s.brought)
	v.PrivateMetadata = string(raw)
	return v
}

func (d drawing) bringing(b bot.Button) brought {
	p := d.incident.Place
	return brought{Button: b, Incident: d.incident.ID, Team: p.Team, Channel: p.Channel, Message: p.Message}
}

// Approvers is what a rule says about who may approve a remedy.
type Approvers struct {
	bot.People
	Needed     int
	FourEyes   bool
	BreakGlass bool

	unsaid bool // nothing is configured to tell it from
}

// approveSheet asks for the confirmation of one plan, sentence by sentence. It
// is drawn from the store; what is approved is the plan with this very hash.
// Where a remedy has several plans, one is shown and the others can be chosen.
func (d drawing) approveSheet(o offer, p runbook.Plan, who *Approvers) sheet {
	t := d.incident.Target
	s := sheet{title: "Approve", submit: "Approve", brought: d.bringing(bot.Approve)}
	s.brought.Remedy, s.brought.PlanHash = p.Remedy.ID, p.Hash
	s.body.section("*" + quote(objected(p, t, roomName), roomName) + "*\n" + quote(p.Remedy.Why, roomSentence))
	s.body.choose(o, p)
	s.body.section("*What changes*\n" + changes(p))
	s.body.section(ends(p))
	if p.Remedy.Command != "" {
		s.body.section(byHand(p) + "\n" + fence([]string{p.Remedy.Command}, roomCommand))
	}
	s.body.section("Risk: " + quote(orWord(p.Remedy.Risk, "not known"), roomSentence))
	s.body.small(conditions(p))
	s.body.small(d.mayApprove(who))
	if who != nil && who.BreakGlass && d.severity() == runbook.P1 {
		s.field = &field{label: "Reason, only to break the glass", placeholder: "One person approves alone; security is told", optional: true}
	}
	return s
}

// byHand is the heading of the command, which is for one namespace.
func byHand(p runbook.Plan) markup {
	if bot.TitleOf(p) == p.Remedy.Title {
		return "The same by hand"
	}
	return "The same by hand, in " + code(p.Actions[0].Namespace, roomName) + "; likewise in each of the others"
}

// choose offers the plans of the remedy, with the one that is shown chosen. The
// value of an option is the hash of its plan.
func (m *message) choose(o offer, shown runbook.Plan) {
	if len(o.plans) < 2 {
		return
	}
	var options []*slack.OptionBlockObject
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, choiceAction)
	for n, p := range o.plans[:min(len(o.plans), mostChoices)] {
		label := plain(orWord(p.Choice, fmt.Sprintf("Plan %d", n+1)), roomButton)
		options = append(options, slack.NewOptionBlockObject(p.Hash, plainText(label), nil))
		if p.Hash == shown.Hash {
			e.InitialOption = options[n]
		}
	}
	e.Options = options
	m.add(slack.NewInputBlock(choiceBlock, plainText("Choose one of "+fmt.Sprint(len(options))), nil, e).WithDispatchAction(true))
}

// barred is the modal for somebody who would be refused: it says so at once. The
// button stays, since the press is judged, and a refusal is on record.
func (s sheet) barred() sheet {
	var kept message
	kept.section("*You are not among those who may approve this;* they stand below. Ask one of them.")
	kept.blocks = append(kept.blocks, s.body.blocks...)
	s.body = kept
	return s
}

// shortLife is for which a new credential has to be warned of: put there by
// hand, it fails again before anybody thinks of it.
const shortLife = 48 * time.Hour

// ends warns of a new credential that does not live long.
func ends(p runbook.Plan) markup {
	if p.Expires == nil || p.Expires.Sub(p.Made) > shortLife {
		return ""
	}
	return "! *Short-lived:* the new credential ends " + clock(*p.Expires, p.Made) + ". Pulls fail again then, unless something renews it."
}

func (d drawing) severity() string {
	if d.incident.Verdict == nil {
		return ""
	}
	return d.incident.Verdict.Severity
}

// changes says what the plan does: in the plan's own sentences, else action by
// action.
func changes(p runbook.Plan) markup {
	lines := sentences(p.Shows, "• ")
	if len(lines) == 0 {
		for _, a := range p.Actions {
			lines = append(lines, "• "+act(a))
		}
	}
	if len(lines) == 0 {
		return "Nothing."
	}
	return join("\n", roomText-40, lines)
}

func act(a runbook.Action) markup {
	object := code(a.Namespace+"/"+a.Name, roomName)
	switch a.Verb {
	case runbook.VerbDeletePod:
		return "Deletes pod " + object + ", which waits for " + code(a.Image, roomName)
	case runbook.VerbRestart:
		return "Restarts " + quote(a.Kind, 40) + " " + object + " by a rollout"
	case runbook.VerbRollBack:
		return "Rolls " + quote(a.Kind, 40) + " " + object + markup(fmt.Sprintf(" back to revision %d", a.Revision))
	}
	return quote(a.Verb, 40) + " " + quote(a.Kind, 40) + " " + object
}

func conditions(p runbook.Plan) markup {
	lines := []markup{"Only if nothing of this has moved by then; it is looked at again at the click."}
	return join("\n", roomText, append(lines, sentences(p.Remedy.Preconditions, "• ")...))
}

// mayApprove says who may, so that nobody has to find out by being refused.
func (d drawing) mayApprove(who *Approvers) markup {
	switch {
	case who == nil:
		return "Nobody may approve this: no rule covers it."
	case who.unsaid:
		return ""
	}
	var names []markup
	for _, g := range who.Groups {
		names = append(names, mentionGroup(g))
	}
	for _, u := range who.Users {
		names = append(names, mention(bot.Person{ID: u}))
	}
	text := "Approvers: nobody"
	if len(names) > 0 {
		text = "Approvers: " + string(join(", ", roomSentence, names))
	}
	if who.Needed > 1 {
		text += fmt.Sprintf(" · %d are needed", who.Needed)
	}
	if who.FourEyes {
		text += " · four eyes: not the one who asked"
	}
	return markup(text)
}

// reasonSheet asks for the words that go into the record.
func (d drawing) reasonSheet(b bot.Button) sheet {
	s := sheet{brought: d.bringing(b)}
	switch b {
	case bot.Reject:
		s.title, s.submit = "Reject the proposal", "Reject"
		if d.incident.Canary() {
			s.title, s.submit = "Stop the rest", "Stop it"
		}
		s.field = &field{label: "Why?", placeholder: "What should be done instead"}
	case bot.Compromise:
		s.title, s.submit = "Security incident", "Declare it"
		s.field = &field{label: "What makes you think so?", placeholder: "Only security is told; it is not shown in this channel"}
	case bot.Unhelpful:
		s.title, s.submit = "The steps were wrong", "Send"
		s.field = &field{label: "What was wrong or missing?", placeholder: "It is kept for the report, and for the next version of the runbook"}
	case bot.Snooze:
		s.title, s.submit = "Snooze 10 min", "Snooze"
		s.field = &field{label: "Why may it wait?", placeholder: "Whoever reads this later has to understand why nobody was called"}
	default:
		s.title, s.submit = "Close the incident", "Close it"
		s.field = &field{label: "Resolution", placeholder: "What was wrong, and what was done"}
	}
	s.body.section(d.what())
	switch b {
	case bot.CloseIt:
		s.body.small("Closing ends the escalation. It changes nothing in the cluster.")
	case bot.Compromise:
		s.body.section("Declare this when a credential may be in other hands, or somebody pulls who may not. The people on call for security are told at once. " +
			"pullfix changes nothing about it any more, takes away the copies that an undo would bring back, and does not close it by itself.")
		s.body.small("It cannot be taken back by a button.")
	}
	return s
}

// troubleView is a modal that replaces one whose submission could not be recorded.
func troubleView(text markup) slack.ModalViewRequest {
	m := sentence(text)
	return slack.ModalViewRequest{Type: slack.VTModal, Title: plainText("Not recorded"), Close: plainText("Close"), Blocks: slack.Blocks{BlockSet: m.blocks}}
}
