package bot

import (
	"testing"
	"time"
)

// TestAClockThatIsSetBackHoldsNothingUp, and one that is put forward counts.
func TestAClockThatIsSetBackHoldsNothingUp(t *testing.T) {
	began := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	for _, r := range []struct {
		name   string
		wall   time.Duration // after the beginning, as the wall says
		passed time.Duration
		want   time.Duration
	}{
		{"both agree", 20 * time.Minute, 20 * time.Minute, 20 * time.Minute},
		{"set back by an hour", -40 * time.Minute, 20 * time.Minute, 20 * time.Minute},
		{"put forward by an hour", 80 * time.Minute, 20 * time.Minute, 80 * time.Minute},
		{"the machine slept", 8 * time.Hour, time.Minute, 8 * time.Hour},
	} {
		got := (steady{began: began}).at(began.Add(r.wall), r.passed)
		if want := began.Add(r.want); !got.Equal(want) {
			t.Errorf("%s: %s, want %s", r.name, got, want)
		}
	}
}

func TestTheTableParses(t *testing.T) {
	texts, err := ParseTexts(nil)
	if err != nil {
		t.Fatal(err)
	}
	said, err := texts.Sample()
	if err != nil || len(said) != len(Conditions()) {
		t.Errorf("%d texts, %v", len(said), err)
	}
	for _, bad := range []string{"{{.Nothing}}", "{{.Severity", "{{if false}}x{{end}}"} {
		if _, err := ParseTexts(TextSources{WhenDown: bad}); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
}

// TestTheRowsOfTheTable are what the runbook says, word for word.
func TestTheRowsOfTheTable(t *testing.T) {
	for why, want := range map[Condition]string{
		WhenOverdue:     "P1: Container registry pull failure blocking deployments in shop",
		WhenDown:        "Registry ghcr.io appears to be down",
		WhenCompromised: "Security incident: container registry credentials may have been compromised: unauthorized pulls detected",
		WhenSpreading:   "Cluster-wide ImagePullBackOff across 5 namespaces: possible registry outage or cluster networking issue",
	} {
		if text, details := tableTexts().fill(why, sampleTelling()); text != want || len(details) == 0 {
			t.Errorf("%s: %q, details %q", why, text, details)
		}
	}
}
