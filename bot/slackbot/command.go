package slackbot

import (
	"fmt"
	"regexp"
	"strings"

	edlib "github.com/hbollon/go-edlib"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/scrub"
)

// A command is what somebody typed after /pullfix.
type command struct {
	word      string // diagnose, scan, registries, explain, status, report, help
	target    runbook.Target
	namespace string // of scan and registries; "" for all
	cluster   string
	text      string // of explain
	incident  string // of report
}

// formError says that a command was not understood; it is answered with the
// right form.
type formError struct {
	what string
	word string // the command that was meant, "" when none was recognised
	near string // a command that looks alike
}

func (e *formError) Error() string { return e.what }

// parseCommand reads what was typed.
func parseCommand(text string) (command, error) {
	text = typed(text)
	word, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	rest = strings.TrimSpace(rest)
	args := strings.Fields(unquoted(rest))
	switch word = strings.ToLower(word); word {
	case "", "help", "-h", "--help":
		return command{word: "help"}, nil
	case "diagnose":
		target, err := parseTarget(args)
		return command{word: word, target: target}, err
	case "scan", "registries":
		return parseScan(word, args)
	case "explain":
		if rest == "" {
			return command{}, &formError{what: "there is no message to explain", word: word}
		}
		return command{word: word, text: rest}, nil
	case "status":
		if len(args) > 0 {
			return command{}, &formError{what: "status takes no arguments", word: word}
		}
		return command{word: word}, nil
	case "report":
		if len(args) != 1 || !plainID.MatchString(args[0]) {
			return command{}, &formError{what: "report takes the id of one incident", word: word}
		}
		return command{word: word, incident: args[0]}, nil
	}
	return command{}, &formError{what: "there is no such command", near: nearest(word)}
}

// kinds are the words for what can be diagnosed, those that kubectl takes, too.
func kindOf(word string) string {
	switch strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(word), ".apps"), ".batch") {
	case "pod", "pods", "po":
		return "Pod"
	case "deployment", "deployments", "deploy":
		return "Deployment"
	case "statefulset", "statefulsets", "sts":
		return "StatefulSet"
	case "daemonset", "daemonsets", "ds":
		return "DaemonSet"
	case "replicaset", "replicasets", "rs":
		return "ReplicaSet"
	case "job", "jobs":
		return "Job"
	case "cronjob", "cronjobs", "cj":
		return "CronJob"
	}
	return ""
}

var (
	objectName  = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
	spaceName   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	clusterName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,126}$`)
)

// parseTarget reads [CLUSTER/]NAMESPACE [KIND/]NAME.
func parseTarget(args []string) (runbook.Target, error) {
	wrong := func(what string) (runbook.Target, error) {
		return runbook.Target{}, &formError{what: what, word: "diagnose"}
	}
	switch len(args) {
	case 2:
	case 0:
		return wrong("a namespace and a pod are missing")
	case 1:
		return wrong("the pod is missing; scan finds those that fail")
	case 3:
		if kind := kindOf(args[1]); kind != "" {
			args = []string{args[0], args[1] + "/" + args[2]}
			break
		}
		fallthrough
	default:
		return wrong("that is more than a namespace and a pod")
	}
	t := runbook.Target{Kind: "Pod", Name: args[1]}
	if t.Cluster, t.Namespace = splitCluster(args[0]); !validPlace(t.Cluster, t.Namespace) || t.Namespace == "" {
		return wrong("that is no name of a namespace")
	}
	if word, name, ok := strings.Cut(args[1], "/"); ok {
		if t.Kind = kindOf(word); t.Kind == "" {
			return wrong("I know pod, deployment, statefulset, daemonset, replicaset, job and cronjob before the slash")
		}
		t.Name = name
	}
	if !objectName.MatchString(t.Name) {
		return wrong("that is no name of a pod or workload")
	}
	return t, nil
}

// splitCluster: a cluster's name may have slashes, a namespace has none.
func splitCluster(s string) (cluster, namespace string) {
	at := strings.LastIndexByte(s, '/')
	return s[:max(at, 0)], s[at+1:]
}

func validPlace(cluster, namespace string) bool {
	return (cluster == "" || clusterName.MatchString(cluster)) && (namespace == "" || spaceName.MatchString(namespace))
}

func parseScan(word string, args []string) (command, error) {
	c := command{word: word}
	if len(args) > 1 {
		return command{}, &formError{what: word + " takes one namespace, or none for all", word: word}
	}
	if len(args) == 1 {
		if c.cluster, c.namespace = splitCluster(args[0]); !validPlace(c.cluster, c.namespace) {
			return command{}, &formError{what: "that is no name of a namespace", word: word}
		}
	}
	return c, nil
}

var (
	slackLink = regexp.MustCompile(`<([^<>|]*)(?:\|([^<>]*))?>`)
	invisible = regexp.MustCompile(`[\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}\x{ad}]`)
)

// typed undoes what Slack and keyboards do to a text: links made of names,
// escapes, smart quotes, blanks that do not break.
func typed(s string) string {
	s = slackLink.ReplaceAllStringFunc(s, func(token string) string {
		m := slackLink.FindStringSubmatch(token)
		switch {
		case m[2] != "" && (strings.HasPrefix(m[1], "@") || strings.HasPrefix(m[1], "#")):
			return m[1][:1] + m[2]
		case m[2] != "":
			return m[2]
		}
		return strings.TrimPrefix(m[1], "mailto:")
	})
	s = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
	s = invisible.ReplaceAllString(s, "")
	return strings.NewReplacer(
		"\u00a0", " ", "\u202f", " ", "\u2007", " ", "\t", " ", "\r", " ", "\n", " ",
		"\u2018", "'", "\u2019", "'", "\u201a", "'", "\u201c", `"`, "\u201d", `"`, "\u201e", `"`, "\u00ab", `"`, "\u00bb", `"`,
		"\u2013", "-", "\u2014", "--", "\u2026", "...",
	).Replace(s)
}

// unquoted drops quotes and backticks around names.
func unquoted(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '"' || r == '\'' || r == '`' {
			return -1
		}
		return r
	}, s)
}

// nearest is the command that looks like the word, "" when none does.
func nearest(word string) string {
	best, near := 3, ""
	for _, f := range forms() {
		if d := edlib.OSADamerauLevenshteinDistance(scrub.Limit(word, 20), f.word); d < best {
			best, near = d, f.word
		}
	}
	return near
}

// String is for logs: never the text, which may hold a pasted secret.
func (c command) String() string {
	if c.word == "diagnose" {
		return fmt.Sprintf("diagnose %s %s/%s", c.target.Namespace, c.target.Kind, c.target.Name)
	}
	return c.word
}
