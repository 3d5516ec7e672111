package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/journal"
	"github.com/pullfix/pullfix/bot/report"
)

func (t *tool) reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report INCIDENT --config FILE",
		Short: "what happened in an incident, why, and what should follow, as Markdown",
		Long: `Prints the report of an incident: summary, impact, root cause with its evidence,
what was changed and by whom, the timeline in UTC, and what should follow. It is
the draft of a postmortem. It reads the journal that the configuration names,
also while pullfix serve is running.

Exit codes: 0 it is printed, 2 no such incident, or wrong usage or configuration,
3 the journal could not be read.`,
		Example: `  pullfix report --config pullfix.yaml 4f7k2m9x1q > postmortem.md
  pullfix report --config pullfix.yaml 4f7k2m9x1q -o json`,
		Args:        oneIncident,
		Annotations: map[string]string{annotationIdle: idleReader},
		RunE:        func(cmd *cobra.Command, args []string) error { return t.writeReport(cmd.Context(), args[0]) },
	}
}

func oneIncident(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return usage(fmt.Errorf("%s takes the id of one incident", cmd.CommandPath()), "usage: "+cmd.UseLine(), "the id stands in the incident's message")
}

func (t *tool) writeReport(ctx context.Context, id string) error {
	if t.config == "" {
		return usage(errors.New("no configuration named"), "usage: pullfix report INCIDENT --config FILE; name the file that pullfix serve has")
	}
	s, err := loadSettings(t.config, t.getenv)
	if err != nil {
		return err
	}
	if _, err := os.Stat(s.Store.Directory); err != nil {
		return usage(fmt.Errorf("the incidents: %w", err), "store.directory in the configuration names where pullfix serve keeps them")
	}
	kept, err := journal.OpenReadOnly(journal.Options{Directory: s.Store.Directory})
	if err != nil {
		return unsure(fmt.Errorf("the incidents in %s: %w", s.Store.Directory, err), "run it as the user that pullfix serve runs as")
	}
	i, err := findIncident(ctx, kept, id)
	if err := errors.Join(err, kept.Close()); err != nil {
		return err
	}
	made := report.Of(i, report.Options{Now: time.Now(), Links: s.reportLinks()})
	if t.json() {
		return t.printJSON(made)
	}
	if _, err := io.WriteString(t.stdout, made.Markdown()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// offered is how many incidents are named to somebody who asks for an unknown
// one.
const offered = 5

func findIncident(ctx context.Context, kept *journal.Journal, id string) (bot.Incident, error) {
	i, _, err := kept.Load(ctx, id)
	if !errors.Is(err, bot.ErrNoIncident) {
		return i, err
	}
	var names []string
	recent, listing := kept.Recent(ctx, offered)
	for _, r := range recent {
		names = append(names, r.ID)
	}
	hint := "the journal holds no incident"
	if len(names) > 0 {
		hint = "the newest incidents are " + andList(names)
	}
	return i, usage(errors.Join(fmt.Errorf("no incident %q", id), listing), hint)
}

// report is the report of an incident for the chat.
func (s settings) report(i bot.Incident) string {
	return report.Of(i, report.Options{Now: time.Now(), Links: s.reportLinks()}).Markdown()
}

func (s settings) reportLinks() []report.Link {
	var all []report.Link
	for _, l := range s.Links {
		all = append(all, report.Link{Title: l.Title, URL: l.URL})
	}
	return all
}

// linkSettings name another document that reports lead to.
type linkSettings struct {
	Title string `mapstructure:"title"`
	URL   string `mapstructure:"url"`
}

func (l linkSettings) check(path string, complain complainer) {
	if strings.TrimSpace(l.Title) == "" {
		complain(path, "no title", "say where the link leads")
	}
	u, err := url.Parse(l.URL)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.ContainsAny(l.URL, "<> \t\n`"):
		complain(path+".url", fmt.Sprintf("%q is no address of a page", l.URL), "write https://HOST/PATH")
	case u.User != nil:
		complain(path+".url", "a login stands in the address", "reports go far: leave it out")
	}
}
