package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pullfix/pullfix/runbook"
)

func (t *tool) runbookCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "runbook",
		Short:       "print the runbook as pullfix carries it out (Markdown)",
		Args:        noArguments,
		Annotations: map[string]string{annotationIdle: idleAll},
		RunE: func(*cobra.Command, []string) error {
			if t.json() {
				return usage(errors.New("the runbook is Markdown, there is no JSON of it"), "leave out -o json")
			}
			if _, err := io.WriteString(t.stdout, runbook.Document()); err != nil {
				return fmt.Errorf("writing the runbook: %w", err)
			}
			return nil
		},
	}
}
