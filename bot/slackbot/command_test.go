package slackbot

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/runbook"
)

func TestParseCommand(t *testing.T) {
	target := func(cluster, namespace, kind, name string) command {
		return command{word: "diagnose", target: runbook.Target{Cluster: cluster, Namespace: namespace, Kind: kind, Name: name}}
	}
	for typed, want := range map[string]command{
		"":                                  {word: "help"},
		"HELP":                              {word: "help"},
		"diagnose shop web-1":               target("", "shop", "Pod", "web-1"),
		"  diagnose   shop\u00a0web-1 ":     target("", "shop", "Pod", "web-1"),
		"diagnose prod-eu/shop web-1":       target("prod-eu", "shop", "Pod", "web-1"),
		"diagnose arn:aws/eks/x/shop web-1": target("arn:aws/eks/x", "shop", "Pod", "web-1"),
		"diagnose shop deploy/web":          target("", "shop", "Deployment", "web"),
		"diagnose shop statefulset db":      target("", "shop", "StatefulSet", "db"),
		"diagnose shop “web-1”":             target("", "shop", "Pod", "web-1"),
		"diagnose shop `web-1`":             target("", "shop", "Pod", "web-1"),
		"diagnose shop <http://web.example.com|web.example.com>": target("", "shop", "Pod", "web.example.com"),
		"diagnose shop web-1\u200b":                              target("", "shop", "Pod", "web-1"),
		"scan":                                                   {word: "scan"},
		"scan shop":                                              {word: "scan", namespace: "shop"},
		"scan prod-eu/shop":                                      {word: "scan", cluster: "prod-eu", namespace: "shop"},
		"status":                                                 {word: "status"},
		"report i-7f9c4":                                         {word: "report", incident: "i-7f9c4"},
		"explain Failed to pull image &quot;x&quot;: not found":   {word: "explain", text: "Failed to pull image &quot;x&quot;: not found"},
		"explain dial <https://ghcr.io/v2/>: a &amp; b &lt;c&gt;": {word: "explain", text: "dial https://ghcr.io/v2/: a & b <c>"},
		"explain pull “<http://ghcr.io/x:1|ghcr.io/x:1>” denied":  {word: "explain", text: `pull "ghcr.io/x:1" denied`},
	} {
		got, err := parseCommand(typed)
		if err != nil {
			t.Errorf("%q: %v", typed, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(command{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", typed, diff)
		}
	}
}

func TestWrongCommands(t *testing.T) {
	for typed, answer := range map[string]string{
		"diagnose":                   "diagnose [CLUSTER/]NAMESPACE POD",
		"diagnose shop":              "scan finds those that fail",
		"diagnose shop a b c":        "more than a namespace and a pod",
		"diagnose Shop web":          "no name of a namespace",
		"diagnose shop <!channel>":   "no name of a pod",
		"diagnose shop node/x":       "I know pod, deployment",
		"diagnose -n shop web":       "more than a namespace and a pod",
		"diagnose / web":             "no name of a namespace",
		"scan a b":                   "scan [NAMESPACE]",
		"scan ../x":                  "no name of a namespace",
		"explain":                    "explain MESSAGE",
		"status now":                 "no arguments",
		"report":                     "report INCIDENT",
		"report ../../x":             "report INCIDENT",
		"diagnos shop web":           "/pullfix diagnose",
		"sacn":                       "/pullfix scan",
		"drop-all-tables <!channel>": "/pullfix help",
	} {
		_, err := parseCommand(typed)
		var form *formError
		if !errors.As(err, &form) {
			t.Errorf("%q is accepted", typed)
			continue
		}
		m := wrong(form)
		if !strings.Contains(string(m.text), answer) {
			t.Errorf("%q is answered %q, want %q in it", typed, m.text, answer)
		}
		harmless(t, string(m.text))
	}
}

func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{"diagnose shop web-1", "scan", "explain <http://x|y> “z”", evil, "report i-1", "diagnose a/b/c deploy/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseCommand(s)
		if err != nil {
			harmless(t, string(wrong(func() *formError {
				target := &formError{}
				_ = errors.As(err, &target)
				return target
			}()).text))
			return
		}
		for _, name := range []string{c.target.Namespace, c.target.Name, c.target.Cluster, c.namespace, c.cluster, c.incident} {
			if strings.ContainsAny(name, " <>&`\"'\n\x00") {
				t.Errorf("%q gave the name %q", s, name)
			}
		}
	})
}

// What was asked is not echoed, and what is quoted of it is harmless.
func TestExplainQuotesNothingRaw(t *testing.T) {
	m := explained(evil)
	harmless(t, string(m.text)+string(encoded(t, m.blocks)))
}
