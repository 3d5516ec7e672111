package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// annotationOutputs names a further form of a command's answer.
const annotationOutputs = "outputs"

// options are the flags that all commands share.
type options struct {
	kubeconfig string
	context    string
	config     string
	output     string
	timeout    time.Duration
	verbose    bool
}

// The forms of an answer.
const (
	outputText = "text"
	outputJSON = "json"
)

// tool is one run of pullfix: the world and what the flags say.
type tool struct {
	env
	options
}

// newRoot builds the tree of commands.
func newRoot(e env) *cobra.Command {
	t := &tool{env: e}
	root := &cobra.Command{
		Use:   "pullfix",
		Short: "why Kubernetes cannot pull an image, and what to do about it",
		Long: `pullfix finds the true cause of ImagePullBackOff: it reads the cluster and asks
the registry with the credentials that the kubelet would use. Only fix, and what
is approved in Slack, changes anything.

Exit codes: 0 nothing is wrong with image pulls, 1 a pull failure was found,
2 wrong usage, configuration or no such object, 3 could not tell.`,
		Example: `  pullfix diagnose shop checkout-7f9c4
  pullfix diagnose prod-eu/shop deployment/checkout
  pullfix scan
  kubectl get events -A -o jsonpath='{range .items[*]}{.message}{"\n"}{end}' | pullfix explain -f -`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return t.prepare(cmd) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	root.SetArgs(e.args)
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.SetFlagErrorFunc(badFlag)
	t.addFlags(root.PersistentFlags())
	t.completeFlags(root)
	root.AddCommand(t.diagnoseCommand(), t.fixCommand(), t.scanCommand(), t.registriesCommand(), t.explainCommand(), t.secretCommand(), t.reportCommand(),
		t.serveCommand(), t.demoCommand(), t.configCommand(), t.manifestCommand(), t.runbookCommand(), t.versionCommand())
	root.AddCommand(t.steerCommands()...)
	tidyBuiltin(root)
	tellIdle(root)
	return root
}

func (t *tool) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&t.kubeconfig, "kubeconfig", "", "kubeconfig file (default: as kubectl finds it)")
	flags.StringVar(&t.context, "context", "", "kubeconfig context (default: the current one)")
	flags.StringVar(&t.config, "config", "", "pullfix's own configuration file")
	flags.StringVarP(&t.output, "output", "o", outputText, "text or json")
	flags.DurationVar(&t.timeout, "timeout", 30*time.Second, "give up after this long")
	flags.BoolVarP(&t.verbose, "verbose", "v", false, "also show evidence, credentials and commands")
}

// prepare fills in the flags that the environment sets and checks them.
func (t *tool) prepare(cmd *cobra.Command) error {
	if err := t.flagsFromEnvironment(cmd.Root().PersistentFlags()); err != nil {
		return err
	}
	more := cmd.Annotations[annotationOutputs]
	if t.output != outputText && t.output != outputJSON && (more == "" || t.output != more) {
		takes := []string{outputText, outputJSON}
		if more != "" {
			takes = append(takes, more)
		}
		return usage(fmt.Errorf("no output form %q", t.output), "-o takes "+orList(takes))
	}
	if t.timeout <= 0 {
		return usage(fmt.Errorf("the timeout %s is over before it begins", t.timeout), "--timeout takes a duration such as 30s or 2m")
	}
	return nil
}

// flagsFromEnvironment sets --kubeconfig from PULLFIX_KUBECONFIG, and so on,
// where the command line does not.
func (t *tool) flagsFromEnvironment(flags *pflag.FlagSet) error {
	var wrong error
	flags.VisitAll(func(flag *pflag.Flag) {
		name := environmentName(flag.Name)
		value := t.getenv(name)
		if flag.Changed || value == "" || wrong != nil {
			return
		}
		if err := flags.Set(flag.Name, value); err != nil {
			wrong = usage(fmt.Errorf("the environment variable %s: %w", name, err), "unset it, or correct it")
		}
	})
	return wrong
}

// variablePrefix begins the name of every variable that pullfix reads for itself.
const variablePrefix = "PULLFIX_"

// environmentName is the variable that stands for a flag or a key.
func environmentName(key string) string {
	return variablePrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// json tells whether the answer is for a program.
func (t *tool) json() bool { return t.output == outputJSON }

// newPage begins an answer for a person: as wide as the terminal, or as COLUMNS
// says, or as paper is; in colour only on a terminal.
func (t *tool) newPage() *page {
	columns := t.columns(t.stdout)
	p := &page{width: columns, paint: paint(columns > 0 && t.getenv("NO_COLOR") == "" && t.getenv("TERM") != "dumb")}
	if columns == 0 {
		p.width = paperWidth
		if asked, err := strconv.Atoi(t.getenv("COLUMNS")); err == nil && asked > 0 {
			p.width = asked
		}
	}
	p.width = min(max(p.width, 20), widest)
	return p
}
