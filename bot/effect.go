package bot

import "time"

// Effect is something that has to be done because a change was recorded. It
// pends in the saved document until it is done, so a crash loses none; doing
// it twice must be harmless, except for a change, which Decision.Started guards.
type Effect struct {
	ID      string     `json:"id"`
	Kind    EffectKind `json:"kind"`
	Made    time.Time  `json:"made"`
	Notice  *Notice    `json:"notice,omitempty"`
	Whisper *Whisper   `json:"whisper,omitempty"`
	Press   *Press     `json:"press,omitempty"`  // to be checked
	Target  string     `json:"target,omitempty"` // that is told of an escalation
	Step    int        `json:"step,omitempty"`   // which escalation, from 1; 0 and below: that it is over
}

// EffectKind is what an effect does.
type EffectKind string

// The kinds of effect.
const (
	DoAdmit    EffectKind = "admit" // may the asker ask this
	DoShow     EffectKind = "show"
	DoTell     EffectKind = "tell"
	DoWhisper  EffectKind = "whisper"
	DoDiagnose EffectKind = "diagnose"
	DoCheck    EffectKind = "check" // is this click allowed
	DoCarry    EffectKind = "carry"
	DoWatch    EffectKind = "watch"
	DoPage     EffectKind = "page"
	DoResolve  EffectKind = "resolve" // the page
	DoForget   EffectKind = "forget"  // undo copies
	DoShare    EffectKind = "share"   // where a credential stands, with security
	DoAlarm    EffectKind = "alarm"   // security: the glass was broken
)

// calls tells what goes to a target of an escalation.
func (e Effect) calls() bool { return e.Kind == DoPage || e.Kind == DoResolve }
