package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// annotationIdle names the common flags that a command does nothing with: its
// help leaves them out.
const annotationIdle = "idle"

// annotationTimeout says what --timeout is to a command that waits twice.
const annotationTimeout = "timeout"

// The common flags that commands do nothing with.
const (
	idleOffline = "kubeconfig context timeout"           // no cluster, nothing to wait for
	idleAlone   = idleOffline + " config"                // no configuration either
	idleAll     = idleOffline + " config output verbose" // text that is always the same
	idleCluster = "kubeconfig context"                   // another program asks the cluster
	idleChecker = idleOffline + " output verbose"        // one line about the configuration
	idleReader  = idleOffline + " verbose"               // the journal alone
	idleVersion = idleOffline + " config verbose"        // about this program
)

// tellIdle makes the help of a command show the common flags as the command has
// them.
func tellIdle(root *cobra.Command) {
	usual := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		for name := range strings.FieldsSeq(cmd.Annotations[annotationIdle]) {
			cmd.Flag(name).Hidden = true
		}
		switch more := cmd.Annotations[annotationOutputs]; {
		case more != "":
			cmd.Flag("output").Usage = "text, json or " + more
		case cmd == root:
			cmd.Flag("output").Usage = "text or json; registries has markdown, too"
		}
		if text := cmd.Annotations[annotationTimeout]; text != "" {
			cmd.Flag("timeout").Usage, cmd.Flag("timeout").DefValue = text, "0s" // the text says the default
		}
		usual(cmd, args)
	})
}

// idle marks common flags that a command does nothing with.
func idle(flags string, commands ...*cobra.Command) {
	for _, cmd := range commands {
		if cmd.Annotations == nil {
			cmd.Annotations = map[string]string{}
		}
		cmd.Annotations[annotationIdle] = flags
	}
}

// tidyBuiltin gives cobra's own commands our manners: lower case, and an error
// for a word that is none.
func tidyBuiltin(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			cmd.Short, cmd.Run = "help about any command", nil
			cmd.RunE = func(cmd *cobra.Command, args []string) error {
				found, rest, err := root.Find(args)
				if err != nil {
					return usage(err, root.CommandPath()+" --help lists the commands")
				}
				if len(rest) > 0 && found.HasSubCommands() {
					return unknownCommand(found, rest[0])
				}
				found.InitDefaultHelpFlag()
				return found.Help()
			}
			idle(idleAll, cmd)
		case "completion":
			cmd.Short = "print the completion script of a shell"
			cmd.Args, cmd.RunE = cobra.ArbitraryArgs, needsSubcommand
			idle(idleAll, slices.Concat([]*cobra.Command{cmd}, cmd.Commands())...)
			for _, shell := range cmd.Commands() {
				shell.Short = "print the completion script of " + shell.Name()
			}
		}
	}
}
