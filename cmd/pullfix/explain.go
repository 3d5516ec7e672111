package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/message"
)

func (t *tool) explainCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "explain [MESSAGE | -f FILE | -f -]",
		Short: "say what a kubelet's message means; no cluster is needed",
		Long: `Classifies what kubelets and container runtimes say about image pulls: one
message on the command line, or one a line from a file or standard input.`,
		Example: `  pullfix explain 'Failed to pull image "ghcr.io/acme/app:1": … not found'
  kubectl get events -A -o jsonpath='{range .items[*]}{.message}{"\n"}{end}' | pullfix explain -f - -o json`,
		Annotations: map[string]string{annotationIdle: idleAlone},
		Args:        cobra.ArbitraryArgs,
		RunE:        func(cmd *cobra.Command, args []string) error { return t.explain(cmd.Context(), args, file) },
	}
	cmd.Flags().StringVarP(&file, "filename", "f", "", "messages, one a line; - for standard input")
	return cmd
}

func (t *tool) explain(ctx context.Context, args []string, file string) error {
	const how = "usage: pullfix explain [MESSAGE | -f FILE | -f -]"
	text := strings.Join(strings.Fields(strings.Join(args, " ")), " ")
	switch {
	case len(args) > 0 && file != "":
		return usage(errors.New("a message and -f together"), how)
	case len(args) > 0 && text != "":
		return t.explainEach(ctx, strings.NewReader(text))
	case file == "":
		return usage(errors.New("no message"), how)
	}
	in, _, err := t.input(file)
	if err != nil {
		return usage(fmt.Errorf("reading the messages: %w", err), "-f takes a file, or - for standard input")
	}
	err = t.explainEach(ctx, in)
	_ = in.Close() // it was only read
	return err
}

// explainEach explains every line of r, each as soon as it is there.
func (t *tool) explainEach(ctx context.Context, r io.Reader) error {
	lines := stream{work: t.explainText, between: "\n", warn: t.say}
	if t.json() {
		lines.work, lines.between = explainJSON, ""
	}
	err := lines.run(ctx, r, t.stdout)
	if errors.Is(err, errReading) {
		return usage(err)
	}
	return err
}

// explanation is the answer for programs.
type explanation struct {
	Message   string          `json:"message"`
	Cause     cause.Cause     `json:"cause"`
	Certainty cause.Certainty `json:"certainty"`
	Meaning   string          `json:"meaning"`
	Next      []string        `json:"next"`
	Registry  string          `json:"registry"`
	Also      []cause.Cause   `json:"also"`
}

// explainJSON is the answer for programs.
func explainJSON(line string) []byte {
	r := message.Read(line)
	var out bytes.Buffer
	// Strings and lists of them always encode, and a Buffer takes everything.
	_ = jsonEncoder(&out).Encode(explanation{
		Message: oneLine(r.Message), Cause: r.Cause, Certainty: r.Certainty, Meaning: message.Meaning(r.Cause),
		Next: orEmpty(message.Next(r.Cause)), Registry: oneLine(r.Registry), Also: orEmpty(r.Also),
	})
	return out.Bytes()
}

// explainText is the answer for a person.
func (t *tool) explainText(line string) []byte {
	p := t.newPage()
	p.reading(message.Read(line), t.verbose)
	return []byte(p.text.String())
}

// whoAnswered says which host it was, where it is not simply the image's
// registry: a mirror, or a host that the registry sends nodes to.
func (p *page) whoAnswered(r message.Reading) {
	switch {
	case r.Mirror == "" && r.Host != "" && r.Host != r.Registry && r.Cause != cause.NotPullFailure:
		p.row(label{"host", dim}, oneLine(r.Host))
	case r.Mirror != "" && r.Mirror == r.Host:
		p.row(label{"answered by", dim}, oneLine(r.Mirror)+", in place of the image's registry")
	case r.Mirror != "":
		p.row(label{"mirror", dim}, oneLine(r.Mirror)+" failed, too")
	}
}

// reading lays out what one message says.
func (p *page) reading(r message.Reading, verbose bool) {
	title := string(r.Cause)
	if r.Registry != "" {
		title += " · " + r.Registry
	}
	if certainty := string(r.Certainty); !p.title("", oneLine(title), certainty) {
		p.line("  " + p.paint.as(dim, certainty))
	}
	for _, s := range p.wrap(message.Meaning(r.Cause), p.width-2) {
		p.line("  " + s)
	}
	p.line("")
	if r.Image != "" {
		p.row(label{"image", dim}, oneLine(r.Image))
	}
	if r.Fragment != "" {
		p.row(label{"it says", dim}, "“"+oneLine(r.Fragment)+"”")
	}
	p.whoAnswered(r)
	if len(r.Also) > 0 {
		also := make([]string, len(r.Also))
		for i, c := range r.Also {
			also[i] = string(c)
		}
		p.row(label{"also", dim}, strings.Join(also, ", "))
	}
	l := label{"next", bold}
	for _, next := range message.Next(r.Cause) {
		p.row(l, next)
		l = label{}
	}
	if verbose {
		p.row(label{"message", dim}, oneLine(r.Message))
	}
}
