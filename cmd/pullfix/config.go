package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func (t *tool) configCommand() *cobra.Command {
	group := &cobra.Command{
		Use:   "config",
		Short: "work with pullfix's own configuration",
		RunE:  needsSubcommand,
		Args:  cobra.ArbitraryArgs,
	}
	group.AddCommand(&cobra.Command{
		Use:         "check --config FILE",
		Short:       "read a configuration strictly and say what is wrong with it",
		Long:        "Reads a configuration strictly: unknown keys, missing values and values that make\nno sense are errors, each with its line and what to do. So are PULLFIX_… variables\nthat nothing reads.",
		Example:     "  pullfix config check --config config.example.yaml",
		Args:        noArguments,
		Annotations: map[string]string{annotationIdle: idleChecker},
		RunE:        func(cmd *cobra.Command, _ []string) error { return t.checkConfig(cmd) },
	})
	return group
}

// needsSubcommand answers a group of commands called without one of them.
func needsSubcommand(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknownCommand(cmd, args[0])
	}
	return cmd.Help()
}

func (t *tool) checkConfig(cmd *cobra.Command) error {
	if t.config == "" {
		return usage(errors.New("no configuration named"), "usage: pullfix config check --config FILE")
	}
	s, err := loadSettings(t.config, t.getenv)
	if err != nil {
		return err
	}
	if err := t.unknownVariables(cmd, s); err != nil {
		return err
	}
	t.warn(s)
	counts := fmt.Sprintf("%d %s, %d %s", len(s.Clusters), plural(len(s.Clusters), "cluster"), len(s.Registries), registryNoun(len(s.Registries)))
	if n := len(s.Credentials); n > 0 {
		counts += fmt.Sprintf(", %d credential %s", n, plural(n, "source"))
	}
	_, err = fmt.Fprintf(t.stdout, "%s is sound: %s\n", t.config, counts)
	return err
}

// warn tells of what is allowed and perhaps not meant.
func (t *tool) warn(s settings) {
	for _, warning := range s.warnings() {
		t.say("warning: " + warning)
	}
}

func registryNoun(n int) string {
	if n == 1 {
		return "registry"
	}
	return "registries"
}
