package bot

import (
	"context"
	"errors"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// Store keeps incidents. Every method works on whole documents.
type Store interface {
	// Load returns the incident and its version; ErrNoIncident when there is
	// none.
	Load(ctx context.Context, id string) (Incident, Version, error)
	// Save writes the incident if the stored version is still the expected one
	// ("" for a new one), else ErrConflict. When it returns, the document is safe.
	Save(ctx context.Context, i Incident, expected Version) (Version, error)
	// Unfinished returns the ids of all incidents that are not over, or for which
	// something has still to be done or said.
	Unfinished(ctx context.Context) ([]string, error)
}

// Version names one stored state of a document.
type Version string

// The errors of a Store.
var (
	ErrNoIncident = errors.New("no such incident")
	ErrConflict   = errors.New("the incident was changed meanwhile")
)

// Archive remembers incidents that are over.
type Archive interface {
	// EndedSince returns those that ended at that moment or later.
	EndedSince(ctx context.Context, moment time.Time) ([]Incident, error)
}

// Rooms chooses where an incident is shown that nobody asked for, by what was
// found; a place without a channel shows it nowhere.
type Rooms interface {
	Room(t runbook.Target, v runbook.Verdict) Place
}

// Announcer draws incidents where people are. Everything it is told may be told
// twice; it must be safe to repeat.
type Announcer interface {
	// Show draws the incident's root message, posting it when it has no place
	// yet, and returns where it stands.
	Show(ctx context.Context, i Incident) (Place, error)
	// Tell says something in the incident's thread; what needs people is
	// broadcast to the channel.
	Tell(ctx context.Context, i Incident, n Notice) error
	// Whisper answers one person where they clicked or asked.
	Whisper(ctx context.Context, to Whisper) error
}

// Notice is something that is said in the thread.
type Notice struct {
	Key       string `json:"key"` // against saying it twice
	Text      string `json:"text"`
	Broadcast bool   `json:"broadcast,omitempty"`
	Details   bool   `json:"details,omitempty"`  // the evidence of the verdict
	Report    bool   `json:"report,omitempty"`   // the report as a file
	Timeline  bool   `json:"timeline,omitempty"` // what happened, from the first sign to the end
}

// Whisper is an answer that only one person sees.
type Whisper struct {
	To    Person `json:"to"`
	Place Place  `json:"place"`
	Text  string `json:"text"`
}

// Engine is the runbook, as the desk asks it: it diagnoses, says what a remedy
// would do, and looks whether an incident's pods have recovered. It only reads.
type Engine interface {
	Diagnose(ctx context.Context, target runbook.Target, progress runbook.Progress) (runbook.Case, runbook.Verdict, error)
	// Plan says exactly what each approvable remedy of the verdict would do now.
	Plan(ctx context.Context, c runbook.Case, v runbook.Verdict) ([]runbook.Plan, error)
	// Recovery looks at the incident's pods; over says that recovery is proven.
	// While an incident is a canary, only those of its own target count; else
	// those of all its grounds.
	Recovery(ctx context.Context, i Incident) (r runbook.Recovery, over bool, err error)
}

// Lookout looks at the whole cluster.
type Lookout interface {
	// Elsewhere counts the pods beside the incident's own that wait for an image.
	// What saw only a part of the cluster is an error.
	Elsewhere(ctx context.Context, i Incident) (int, error)
}

// Freezer is what a declared compromise asks for besides silence: it looks where
// the credential stands, and takes away what an undo would bring back.
type Freezer interface {
	// Sharing lists the Secrets that hold a credential of the incident, as
	// CLUSTER/NAMESPACE/NAME, as far as pullfix may read them; the error says what
	// it could not read, and the list is then what it could.
	Sharing(ctx context.Context, i Incident) ([]string, error)
	// Forget removes the undo copies that hold a credential of the incident: those
	// that any of the remembered incidents knows of, and whatever else is found.
	Forget(ctx context.Context, i Incident, remembered []Incident) error
}

// Changer carries out one action. It re-reads what the action is bound to, and
// refuses with a *runbook.OvertakenError when that has moved.
type Changer interface {
	Carry(ctx context.Context, a runbook.Action, by runbook.Actor) (runbook.Receipt, error)
}

// Directory knows the people of the chat. Its answers may be up to 60 s old;
// an error means that nothing is known, and then nothing is allowed.
type Directory interface {
	Standing(ctx context.Context, p Person) (Standing, error)
	// Members returns who is in a user group, and whether its members could have
	// put themselves there.
	Members(ctx context.Context, group string) (members []string, selfService bool, err error)
}

// Standing is what a person is in the team.
type Standing struct {
	Known    bool
	SameTeam bool
	Guest    bool
	Bot      bool
	Deleted  bool
}

// Uncounted says why a person does not count at all; "" when they do.
func (s Standing) Uncounted() string {
	switch {
	case !s.Known:
		return "not known in this workspace"
	case s.Deleted:
		return "the account is deactivated"
	case s.Bot:
		return "not a human"
	case s.Guest:
		return "guests do not count"
	case !s.SameTeam:
		return "from another workspace"
	}
	return ""
}
