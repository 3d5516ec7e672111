package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

// caseFiles name where a case is read from and written to.
type caseFiles struct {
	replay string
	save   string
}

func (t *tool) diagnoseCommand() *cobra.Command {
	var files caseFiles
	cmd := &cobra.Command{
		Use:   "diagnose [CLUSTER/]NAMESPACE POD",
		Short: "find out why a pod cannot pull its image",
		Long: `Finds the true cause of a failed image pull: reads the pod and everything around
it, asks the registry with each credential that the kubelet would use, and says
what to do. It changes nothing. POD may also be deployment/NAME,
statefulset/NAME, daemonset/NAME or job/NAME.

Exit codes: 0 nothing is wrong with the pull, 1 a pull failure was found,
2 wrong usage, configuration or no such object, 3 could not tell.`,
		Example: `  pullfix diagnose shop checkout-7f9c4
  pullfix diagnose prod-eu/shop deployment/checkout -v
  pullfix diagnose shop web-1 --save-case web-1.json
  pullfix diagnose --case web-1.json`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: t.completeTarget,
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.diagnose(cmd.Context(), args, files)
		},
	}
	cmd.Flags().StringVar(&files.replay, "case", "", "judge a stored case again; no cluster is asked")
	cmd.Flags().StringVar(&files.save, "save-case", "", "store what was gathered (no credential) for --case")
	return cmd
}

func (t *tool) diagnose(ctx context.Context, args []string, files caseFiles) error {
	if files.replay != "" {
		if len(args) > 0 || files.save != "" {
			return usage(errors.New("--case stands alone: the case says what was diagnosed"), "usage: pullfix diagnose --case FILE")
		}
		return t.replay(files.replay)
	}
	target, err := parseTarget("diagnose", args)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	c, verdict, err := t.gather(ctx, target)
	if err != nil {
		return unlessSorted(err, t.timeout.String())
	}
	answered := t.answer(c, verdict)
	if files.save != "" {
		// The answer is out: what goes wrong here must not cost it.
		if err := saveCase(files.save, c); err != nil {
			return usage(err, "--save-case names a file in a directory that can be written to")
		}
	}
	return answered
}

// gather asks cluster and registries.
func (t *tool) gather(ctx context.Context, target runbook.Target) (runbook.Case, runbook.Verdict, error) {
	s, err := loadSettings(t.config, t.getenv)
	if err != nil {
		return runbook.Case{}, runbook.Verdict{}, err
	}
	asked, err := t.cluster(s, target.Cluster)
	if err != nil {
		return runbook.Case{}, runbook.Verdict{}, err
	}
	key := fingerprintKey()
	registries, err := t.registry(s, key)
	if err != nil {
		return runbook.Case{}, runbook.Verdict{}, err
	}
	progress, stop := t.progress()
	defer stop()
	sources := runbook.Sources{Cluster: asked, Registry: registries, FingerprintKey: key}
	c, v, err := runbook.Diagnose(ctx, sources, target, progress)
	if err == nil {
		v.Notes = append(v.Notes, s.Runbooks.notes(c, v)...)
	}
	return c, v, err
}

// replay judges a stored case as it was judged when it was gathered.
func (t *tool) replay(path string) error {
	const how = "--case takes a file that --save-case wrote"
	in, name, err := t.input(path)
	if err != nil {
		return usage(fmt.Errorf("reading the case: %w", err), how)
	}
	c, err := runbook.DecodeCase(in)
	_ = in.Close() // it was only read
	if err != nil {
		return usage(fmt.Errorf("%s: %w", name, err), how)
	}
	return t.answer(c, runbook.Judge(c, c.Facts.ObservedAt))
}

// answer prints the verdict; its cause decides the exit code.
func (t *tool) answer(c runbook.Case, v runbook.Verdict) error {
	if t.json() {
		if err := t.printJSON(v); err != nil {
			return err
		}
	} else {
		p := t.newPage()
		p.verdict(v, view{now: c.Facts.ObservedAt, verbose: t.verbose})
		if err := p.writeTo(t.stdout); err != nil {
			return err
		}
	}
	if v.Cause == cause.None {
		return nil
	}
	return errFound
}

// unlessSorted sorts an error out, unless whoever made it already did.
func unlessSorted(err error, timeout string) error {
	if _, sorted := errors.AsType[*failure](err); sorted {
		return err
	}
	return unasked(err, timeout)
}
