package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/control"
	"github.com/pullfix/pullfix/bot/journal"
)

// steering is one of the commands that steer an incident.
type steering struct {
	word, short string
	button      bot.Button
	why         string // what --reason says
	what        string // it does, in full
	reason      string // an example of one
}

func (t *tool) steerCommands() []*cobra.Command {
	var commands []*cobra.Command
	for _, s := range []steering{
		{
			"ack", "take an incident, so that its escalation is not repeated", bot.Acknowledge, "why, for the timeline",
			`Takes an incident: somebody looks after it, so the people on call are not called
again for it. The incident stays open, and news of it (a registry that is down, a
scope that expands, a security incident) are told all the same.`, "I am looking at it",
		},
		{
			"snooze", "let the escalation of an incident wait for ten minutes", bot.Snooze, "why it may wait",
			`Moves the next call for an incident by ten minutes. Nobody has taken it by that:
it escalates then, unless it is over or somebody has acknowledged it.`, "the vendor is at it",
		},
		{
			"close", "close an incident, which ends its escalation", bot.CloseIt, "what was wrong, and what was done",
			`Closes an incident by hand: it is over for pullfix, and nobody is called for it
any more. It stays closed until something new fails. An incident whose pods pull
again ends by itself, and needs no closing.`, "the namespace was a test and is deleted",
		},
	} {
		commands = append(commands, t.steerCommand(s))
	}
	return commands
}

func (t *tool) steerCommand(s steering) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   s.word + " INCIDENT --config FILE",
		Short: s.short,
		Long: s.what + `

For when Slack is down. It runs on the machine of pullfix serve, as the same user
or as root: the right to do it is the operating system's, and the timeline names
that user. While pullfix serve is not running, it is recorded all the same, and
told when that starts. Nothing in a cluster is changed.

Exit codes: 0 it is recorded, 2 wrong usage or no such incident, 3 it could not be
done, 4 refused, as for an incident that is over.`,
		Example: "  pullfix " + s.word + " k3x7q2mfna --config pullfix.yaml --reason '" + s.reason + "'\n" +
			"  kubectl exec -n pullfix deploy/pullfix -- /pullfix " + s.word + " k3x7q2mfna --config /etc/pullfix/pullfix.yaml",
		Annotations: map[string]string{annotationIdle: idleCluster},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(fmt.Errorf("%d arguments, where one incident belongs", len(args)), "usage: pullfix "+s.word+" INCIDENT --config FILE; its id stands in its message")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.steer(cmd.Context(), s, control.Request{Key: "terminal-" + rand.Text(), Do: s.button, Incident: args[0], Reason: reason, For: t.getenv("SUDO_USER")})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", s.why)
	return cmd
}

func (t *tool) steer(ctx context.Context, s steering, r control.Request) error {
	if t.config == "" {
		return usage(errors.New("no configuration named"), "usage: pullfix "+s.word+" INCIDENT --config FILE; name the file that pullfix serve has")
	}
	settings, err := loadSettings(t.config, t.getenv)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	said, serving, err := steerIn(ctx, settings.Store.Directory, r)
	if err != nil {
		return err
	}
	if err := fault(said, r.Incident); err != nil {
		return err
	}
	return t.steered(s, r, steeredAnswer{Incident: r.Incident, Done: string(s.button), By: said.By, State: said.State, Deadline: said.Deadline, Serving: serving})
}

// steerIn hands the request to the pullfix that serves the directory; when none
// does, it opens the journal itself. One that is just starting has taken the
// journal, but does not listen yet.
func steerIn(ctx context.Context, directory string, r control.Request) (said control.Outcome, serving bool, err error) {
	const tries, pause = 10, 300 * time.Millisecond
	for try := 1; ; try++ {
		said, err = control.Call(ctx, directory, r)
		if !errors.Is(err, control.ErrNobody) {
			return said, true, unreached(err)
		}
		said, err = steerStored(ctx, directory, r)
		_, locked := errors.AsType[*journal.LockedError](err)
		if !locked || try == tries {
			return said, false, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return said, false, err
		}
	}
}

func unreached(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrPermission):
		return &failure{err: err, code: exitRefused, hints: []string{"run it as the user that pullfix serve runs as, or as root"}}
	}
	return unsure(err, "it may have been recorded: look at the incident, or repeat the command, which does no harm")
}

// steerStored applies the request to the stored incident.
func steerStored(ctx context.Context, directory string, r control.Request) (said control.Outcome, err error) {
	found, err := os.Stat(directory)
	if err != nil {
		return said, usage(fmt.Errorf("the incidents: %w", err), "store.directory in the configuration names where pullfix serve keeps them")
	}
	if uid, strange := strangeOwner(found); strange {
		return said, usage(fmt.Errorf("the incidents in %s belong to uid %d, and pullfix serve is not running", directory, uid),
			fmt.Sprintf("sudo -u '#%d' pullfix …: what root writes, pullfix serve could not read", uid))
	}
	kept, err := journal.Open(journal.Options{Directory: directory})
	if _, locked := errors.AsType[*journal.LockedError](err); locked {
		return said, unsure(err, "it does not listen to the terminal; look into its log")
	}
	if err != nil {
		return said, unsure(err, "run it as the user that pullfix serve runs as")
	}
	said = control.Carry(ctx, bot.Records{Store: kept}, r, control.NameOf(os.Geteuid(), r.For))
	if err := kept.Close(); err != nil {
		return said, unsure(err)
	}
	return said, nil
}

// fault is the error that an outcome means.
func fault(said control.Outcome, id string) error {
	err := fmt.Errorf("incident %s: %s", id, said.Why)
	switch said.Fault {
	case "":
		return nil
	case control.Unknown:
		return usage(err, incidentHints(id, said.Current)...)
	case control.Refused:
		return &failure{err: err, code: exitRefused}
	}
	return unsure(err, "look into the log of pullfix serve")
}

// incidentHints name the incident that could be meant, or those that are open.
func incidentHints(id string, current []control.Row) []string {
	if len(current) == 0 {
		return []string{"no incident is open"}
	}
	var ids []string
	what := map[string]string{}
	for _, row := range current {
		ids = append(ids, row.Incident)
		what[row.Incident] = row.Incident + " (" + row.What + ")"
	}
	meant, ask := near(id, ids), true
	if len(meant) == 0 {
		meant, ask = ids[:min(len(ids), 5)], false
	}
	for i := range meant {
		meant[i] = what[meant[i]]
	}
	if ask {
		return nearHint(meant)
	}
	return []string{"open incidents: " + andList(meant)}
}

// steeredAnswer is the answer of the commands that steer, for programs.
type steeredAnswer struct {
	Incident string    `json:"incident"`
	Done     string    `json:"done"`
	By       string    `json:"by"`
	State    bot.State `json:"state"`
	Deadline time.Time `json:"deadline"`
	Serving  bool      `json:"serving"` // false: told when pullfix serve starts
}

func (t *tool) steered(s steering, r control.Request, a steeredAnswer) error {
	if !a.Serving {
		t.say("notice: pullfix serve is not running; Slack and the pagers hear of it when it starts")
	}
	if t.json() {
		return t.printJSON(a)
	}
	text := map[bot.Button]string{
		bot.Acknowledge: "is acknowledged by " + a.By + ": its escalation is not repeated, and it stays open",
		bot.Snooze:      "is snoozed by " + a.By + ": it escalates at " + a.Deadline.UTC().Format("15:04 MST") + " unless it is over",
		bot.CloseIt:     "is closed by " + a.By + "; nothing was changed in the cluster",
	}[s.button]
	_, err := fmt.Fprintf(t.stdout, "Incident %s %s.\n", r.Incident, text)
	return err
}
