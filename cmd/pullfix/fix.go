package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullfix/pullfix/bot/control"
	"github.com/pullfix/pullfix/cmd/pullfix/metrics"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// fixFlags are the flags of fix.
type fixFlags struct {
	yes    string        // the remedy that is approved beforehand
	source string        // which of several plans for it
	given  bool          // a credential is on standard input
	watch  time.Duration // for the proof, at most
}

// Bounds of fix: the kubelet tries again within 390 s at most.
const (
	fixWatch = 10 * time.Minute
	fixAgain = time.Minute // between diagnoses of pods that go on failing
)

func (t *tool) fixCommand() *cobra.Command {
	var flags fixFlags
	cmd := &cobra.Command{
		Use:   "fix [CLUSTER/]NAMESPACE POD",
		Short: "apply a remedy, and watch until the pull is proven",
		Long: `Diagnoses, shows what can be done and exactly what it would change, asks for a
typed confirmation, carries it out, and watches until recovery is proven. The
remedies are the same as the buttons in Slack; what they may change is what your
own account may change. A new credential comes from the sources in the
configuration, or from standard input, and is tested before it is written.

--yes names the remedy for scripts and asks nothing. Without it, -o json only
shows what could be done. The ids are attach-secret, create-secret, delete-pods,
rollback, rollout-restart, sync-external-secret and update-secret, with -2 and so on
where there are several of a kind; pullfix diagnose names those that fit, in -o json
under remedies.

Exit codes: 0 recovered, 1 still failing, 2 wrong usage, configuration or no such
object, 3 could not tell, 4 refused: read-only, a right is missing, or what was
planned is no longer what there is.`,
		Example: `  pullfix fix shop checkout-7f9c4
  pullfix fix shop deployment/checkout --yes rollback
  pullfix fix shop checkout-7f9c4 --yes update-secret --source ecr --config pullfix.yaml
  pass show ghcr | pullfix fix shop checkout-7f9c4 --yes update-secret --credential-stdin`,
		Args:              cobra.ArbitraryArgs,
		Annotations:       map[string]string{annotationTimeout: "diagnoses within 30s and watches for 10m, or both for as long as this says"},
		ValidArgsFunction: t.completeTarget,
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.watch = fixWatch
			if cmd.Flags().Changed("timeout") {
				flags.watch = t.timeout
			}
			return t.fix(cmd.Context(), args, flags)
		},
	}
	cmd.Flags().StringVar(&flags.yes, "yes", "", "carry out the remedy of this id without asking")
	_ = cmd.RegisterFlagCompletionFunc("yes", cobra.FixedCompletions(carriedOut(), noFiles)) // the flags exist
	_ = cmd.RegisterFlagCompletionFunc("source", cobra.NoFileCompletions)
	cmd.Flags().StringVar(&flags.source, "source", "", "the credential source, where there are several")
	cmd.Flags().BoolVar(&flags.given, "credential-stdin", false, "read the new credential from standard input")
	return cmd
}

func (t *tool) fix(ctx context.Context, args []string, flags fixFlags) error {
	target, err := parseTarget("fix", args)
	if err != nil {
		return err
	}
	if flags.given && flags.yes == "" {
		return usage(errors.New("standard input cannot hold both a credential and the confirmation"), "name the remedy: --credential-stdin --yes update-secret")
	}
	w, err := t.openWorkshop(target, flags)
	if err != nil {
		return err
	}
	if err := w.diagnose(ctx, target); err != nil {
		return unlessSorted(err, t.timeout.String())
	}
	if err := w.showVerdict(); err != nil {
		return err
	}
	if w.verdict.Cause == cause.None {
		w.answer.Outcome = outcomeFine
		return w.end(ctx, nil)
	}
	if err := w.plan(ctx); err != nil {
		return w.end(ctx, err)
	}
	plan, err := w.choose()
	if err != nil || plan == nil {
		return w.end(ctx, err)
	}
	return w.end(ctx, w.carry(ctx, *plan))
}

// workshop is one run of fix.
type workshop struct {
	*tool
	fixFlags
	engine  engine
	target  runbook.Target
	kase    runbook.Case
	verdict runbook.Verdict
	plans   []runbook.Plan
	asked   *questions
	answer  fixAnswer
}

// openWorkshop opens the cluster that is meant, to read and to write, and the
// registries. The fingerprints of one run mean nothing to another.
func (t *tool) openWorkshop(target runbook.Target, flags fixFlags) (*workshop, error) {
	s, err := loadSettings(t.config, t.getenv)
	if err != nil {
		return nil, err
	}
	if s.ReadOnly {
		return nil, refused(errors.New("the configuration says readOnly: true, so nothing is changed"), "pullfix diagnose shows the commands for people")
	}
	choice, err := t.choose(s, target.Cluster)
	if err != nil {
		return nil, err
	}
	e := engine{key: fingerprintKey(), runbooks: s.Runbooks}
	if e.registry, err = t.registry(s, e.key); err != nil {
		return nil, err
	}
	p := parts{settings: s, log: t.log(), metrics: metrics.New(thisBuild().Version)}
	opened, err := openServed(clusterSettings{Name: choice.name, Kubeconfig: choice.kubeconfig, Context: choice.context}, p, e)
	if err != nil {
		return nil, usage(err, "--kubeconfig names the file and --context the entry in it; kubectl config get-contexts lists them")
	}
	e.clusters = []namedCluster{opened}
	if !flags.given {
		if e.vault, err = t.vault(s, e); err != nil {
			return nil, err
		}
	}
	return &workshop{tool: t, fixFlags: flags, engine: e, target: target, asked: newQuestions(t)}, nil
}

// refused says that a change is not allowed, or is not what it was any more.
func refused(err error, hints ...string) error {
	return &failure{err: err, hints: hints, code: exitRefused}
}

// diagnose finds out what is wrong now.
func (w *workshop) diagnose(ctx context.Context, target runbook.Target) error {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	progress, stop := w.progress()
	defer stop()
	c, v, err := w.engine.Diagnose(ctx, target, progress)
	if err != nil {
		return err
	}
	w.kase, w.verdict = c, v
	return nil
}

// plan says exactly what could be done. A credential on standard input is for
// the registry that the diagnosis found.
func (w *workshop) plan(ctx context.Context) error {
	if w.given {
		credential, err := w.readLogin()
		if err != nil {
			return err
		}
		w.engine.vault = givenVault(w.verdict.Registry, credential)
	}
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	plans, err := w.engine.Plan(ctx, w.kase, w.verdict)
	if err != nil {
		return unlessSorted(err, w.timeout.String())
	}
	w.plans = plans
	return nil
}

// actor is who acts: the operating system's user, also behind sudo.
func (w *workshop) actor() runbook.Actor {
	return runbook.Actor{Incident: "terminal-" + newIncidentID(), Approved: []string{"terminal:" + control.NameOf(os.Geteuid(), w.getenv("SUDO_USER"))}}
}

// orderly gives an error the words that people read.
func orderly(plan runbook.Plan, err error) error {
	if overtaken, ok := errors.AsType[*runbook.OvertakenError](err); ok {
		return refused(fmt.Errorf("nothing was changed: %s", overtaken.What), "run it again: what there is now is planned anew")
	}
	return fmt.Errorf("%s: %w", plan.Remedy.Title, err)
}
