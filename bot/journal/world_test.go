package journal

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

func TestMain(m *testing.M) {
	if directory := os.Getenv(childEnv); directory != "" {
		os.Exit(child(directory))
	}
	os.Exit(m.Run())
}

var opened = time.Date(2026, 3, 2, 3, 12, 9, 123456789, time.UTC)

// keepAll is long enough for incidents of any past.
const keepAll = 100 * 365 * 24 * time.Hour

// incident is an open one with something in every part of it.
func incident(id string) bot.Incident {
	ann := bot.Person{Team: "T1", ID: "U0ANN"}
	plan := runbook.Plan{Remedy: runbook.Remedy{ID: "delete-pods"}, Hash: "9f2c", Made: opened}
	press := bot.Press{Key: "k1", Person: ann, Incident: id, Button: bot.Approve, Remedy: "delete-pods", PlanHash: "9f2c"}
	return bot.Incident{
		Version: bot.DocumentVersion, ID: id, Keys: []string{"prod/secret/u-9"}, Asked: ann, State: bot.Open, Opened: opened,
		Target:   runbook.Target{Cluster: "prod", Namespace: "shop", Kind: "Pod", Name: "checkout-7f"},
		Place:    bot.Place{Team: "T1", Channel: "C1", Message: "1700000000.000100"},
		Case:     &runbook.Case{Version: runbook.CaseVersion, Pulls: []runbook.Pull{{Container: "app", Image: "a/b:1", Message: `"<a/b:1>": ünknown & gone`, Since: opened}}},
		Verdict:  &runbook.Verdict{Cluster: "prod", Namespace: "shop", Diagnosis: runbook.Diagnosis{Cause: cause.TagNotFound, Summary: "no such tag"}},
		Plans:    []runbook.Plan{plan},
		Decision: &bot.Decision{Remedy: "delete-pods", Needed: 2, Granted: []bot.Approval{{Person: ann, At: opened, MAC: "00ff"}}, Expires: opened.Add(time.Hour)},
		Deadline: opened.Add(20 * time.Minute), Timeline: []bot.Entry{{At: opened, By: ann, What: "asked"}},
		Outbox: []bot.Effect{{ID: "e1", Kind: bot.DoCheck, Made: opened, Press: &press}}, Sequence: 1, Seen: []string{"k1"},
	}
}

// ended is the incident when nothing more is to be done about it.
func ended(i bot.Incident, at time.Time) bot.Incident {
	i.State, i.Outbox, i.Ending = bot.Resolved, nil, &bot.Ending{At: at, Resolution: "it pulls", Elsewhere: -1}
	return i
}

func reopened(i bot.Incident) bot.Incident {
	i.State, i.Ending = bot.Open, nil
	return i
}

func openAt(t *testing.T, directory string) *Journal {
	t.Helper()
	j, err := Open(Options{Directory: directory, KeepFinished: keepAll, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
	})
	return j
}

// reopen is a restart.
func reopen(t *testing.T, j *Journal, directory string) *Journal {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return openAt(t, directory)
}

// openOn is a journal on a disk of a test, with what it logs.
func openOn(t *testing.T, d disk) (*Journal, *bytes.Buffer) {
	t.Helper()
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	k, err := newDirectory(d, log)
	if err != nil {
		t.Fatal(err)
	}
	j := newJournal(k, Options{Log: log, KeepFinished: keepAll})
	j.survey(t.Context())
	return j, &text
}

func save(t *testing.T, j *Journal, i bot.Incident, expected bot.Version) bot.Version {
	t.Helper()
	version, err := j.Save(t.Context(), i, expected)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func load(t *testing.T, j *Journal, id string) (bot.Incident, bot.Version) {
	t.Helper()
	i, version, err := j.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return i, version
}

func unfinished(t *testing.T, j *Journal) []string {
	t.Helper()
	ids, err := j.Unfinished(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// files are the paths of all files in a journal but the lock.
func files(t *testing.T, directory string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(directory, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "lock" {
			all = append(all, strings.TrimPrefix(path, directory+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func put(t *testing.T, directory, file, text string) {
	t.Helper()
	path := filepath.Join(directory, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
