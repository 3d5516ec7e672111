package bot

import "github.com/pullfix/pullfix/runbook"

// Ask is a command to diagnose.
type Ask struct {
	Key    string // business key, against double delivery
	Person Person
	Place  Place // where it was asked
	Target runbook.Target
}

// Press is a press of a button, or the submission of the modal it opened.
type Press struct {
	Key      string `json:"key"` // business key, against double delivery
	Person   Person `json:"person"`
	Place    Place  `json:"place"`    // the message that was clicked; it counts only if it is the incident's own
	Incident string `json:"incident"` // id
	Button   Button `json:"button"`
	Remedy   string `json:"remedy,omitempty"`   // its id, for Approve and Reject
	PlanHash string `json:"planHash,omitempty"` // what the person was shown, for Approve
	Reason   string `json:"reason,omitempty"`   // for Reject, Snooze and Close
}

// Button is what can be pressed on an incident.
type Button string

// The buttons.
const (
	Approve     Button = "approve"
	Reject      Button = "reject"
	Again       Button = "again" // diagnose again
	EscalateNow Button = "escalate"
	Acknowledge Button = "acknowledge"
	Snooze      Button = "snooze"
	CloseIt     Button = "close"
	Reopen      Button = "reopen"
	WriteReport Button = "report"
	Compromise  Button = "compromise" // credentials may be in other hands; with a reason
	// After the end: were the steps right, and who writes the postmortem.
	Helpful        Button = "helpful"
	Unhelpful      Button = "unhelpful" // with a reason: what was wrong or missing
	TakePostmortem Button = "take-postmortem"
)
