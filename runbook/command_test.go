package runbook_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCommandsParse lets a shell parse every command that a verdict shows,
// also with names that try to break out of it.
func TestCommandsParse(t *testing.T) {
	nasty := newWorld(notFound, pulls(`reg.example.com/a'b;$(touch x):v1`))
	nasty.facts.Target.Namespace = `shop"; rm -rf / #`
	rows := slices.Concat(imageRows(), credentialRows(), secretRows(), networkRows(), textRows(), []row{
		{name: "nasty", world: nasty},
		{name: "node down", world: missingTag(nodeDown(time.Hour))},
		{name: "crash", world: newWorld("", crashed(1, 0, "exec format error"))},
		{name: "nasty node", world: newWorld("no space left on device", func(w *world) { w.facts.Node.Name = "n'1; touch x" })},
	})
	commands := map[string]bool{}
	for _, r := range rows {
		_, v := r.world.diagnose(t)
		for _, s := range v.Steps {
			commands[s.Command] = true
		}
		for _, remedy := range v.Remedies {
			commands[remedy.Command] = true
		}
	}
	for command := range commands {
		if out, err := exec.CommandContext(t.Context(), "sh", "-n", "-c", command).CombinedOutput(); err != nil {
			t.Errorf("%s\n%s", command, out)
		}
		if strings.Contains(command, "rm -rf") && !strings.Contains(command, `'shop"; rm -rf / #'`) {
			t.Errorf("not quoted: %s", command)
		}
	}
}
