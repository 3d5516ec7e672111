package main

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pullfix/pullfix/bot"
	paging "github.com/pullfix/pullfix/bot/page"
	"github.com/pullfix/pullfix/bot/page/webhook"
	"github.com/pullfix/pullfix/runbook"
)

// escalationSettings say when people are called, and whom.
type escalationSettings struct {
	After        time.Duration     `mapstructure:"after"`
	Repeat       time.Duration     `mapstructure:"repeat"`
	Levels       []time.Duration   `mapstructure:"levels"`
	RegistryDown downSettings      `mapstructure:"registryDown"`
	Expanding    expandingSettings `mapstructure:"expanding"`
	Texts        textSettings      `mapstructure:"texts"`
	Routes       []routeSettings   `mapstructure:"routes"`
}

// downSettings say when a registry appears to be down.
type downSettings struct {
	Namespaces int           `mapstructure:"namespaces"`
	Lasting    time.Duration `mapstructure:"lasting"`
}

// expandingSettings say when the scope of an incident is expanding.
type expandingSettings struct {
	Namespaces int           `mapstructure:"namespaces"`
	Pods       int           `mapstructure:"pods"`
	Growth     int           `mapstructure:"growth"`
	Lasting    time.Duration `mapstructure:"lasting"`
}

// textSettings are own texts; an empty one means the table's.
type textSettings struct {
	Overdue      string `mapstructure:"overdue"`
	RegistryDown string `mapstructure:"registryDown"`
	Security     string `mapstructure:"security"`
	Expanding    string `mapstructure:"expanding"`
	Asked        string `mapstructure:"asked"`
}

// routeSettings are one way to people, for the incidents that it covers.
type routeSettings struct {
	Name             string               `mapstructure:"name"`
	Level            int                  `mapstructure:"level"`
	Conditions       []string             `mapstructure:"conditions"`
	Causes           []string             `mapstructure:"causes"`
	Namespaces       []string             `mapstructure:"namespaces"`
	LostAvailability bool                 `mapstructure:"lostAvailability"`
	Pages            []string             `mapstructure:"pages"`
	Slack            slackMentions        `mapstructure:"slack"`
	PagerDuty        pagerDutySettings    `mapstructure:"pagerduty"`
	Webhook          webhookSettings      `mapstructure:"webhook"`
	Alertmanager     alertmanagerSettings `mapstructure:"alertmanager"`
	Fallback         string               `mapstructure:"fallback"`
}

// slackMentions name who is mentioned, and where: the incident's own channel
// unless another one is named.
type slackMentions struct {
	Mention string `mapstructure:"mention"`
	Channel string `mapstructure:"channel"`
}

// pagerDutySettings name the variable with the routing key of an integration.
type pagerDutySettings struct {
	RoutingKeyEnv string `mapstructure:"routingKeyEnv"`
	URL           string `mapstructure:"url"`
}

// webhookSettings name an address, and the variable with the key of signatures.
type webhookSettings struct {
	URL       string `mapstructure:"url"`
	SecretEnv string `mapstructure:"secretEnv"`
	Body      string `mapstructure:"body"`
}

// alertmanagerSettings name an Alertmanager, and the variable with a token.
type alertmanagerSettings struct {
	URL      string `mapstructure:"url"`
	TokenEnv string `mapstructure:"tokenEnv"`
}

// defaultEscalation are the values of the keys that are left out.
func defaultEscalation() escalationSettings {
	return escalationSettings{
		After: 20 * time.Minute, Repeat: 10 * time.Minute,
		RegistryDown: downSettings{Namespaces: 3, Lasting: time.Minute},
		Expanding:    expandingSettings{Namespaces: 5, Pods: 50, Growth: 4, Lasting: time.Minute},
	}
}

func (e escalationSettings) check(complain complainer) {
	if e.After <= 0 {
		complain("escalation.after", fmt.Sprintf("%s is no time to act in", e.After), "write a duration such as 20m")
	}
	if e.Repeat <= 0 {
		complain("escalation.repeat", fmt.Sprintf("%s is no pause", e.Repeat), "write a duration such as 10m")
	}
	last := e.After
	for i, level := range e.Levels {
		if level <= last {
			complain("escalation.levels["+strconv.Itoa(i)+"]", fmt.Sprintf("%s is not after %s", level, last), "levels are counted from the opening, and come one after the other, all after escalation.after")
		}
		last = level
	}
	e.checkSigns(complain)
	for why, source := range e.Texts.sources() {
		if _, err := bot.ParseTexts(bot.TextSources{why: source}); err != nil {
			complain("escalation.texts."+textKey(why), err.Error(), "it is a template of Go, as {{.Severity}}: pull failure in {{.Namespace}}; docs/configure.md lists what can be filled in")
		}
	}
	names := map[string]int{}
	for i, r := range e.Routes {
		path := "escalation.routes[" + strconv.Itoa(i) + "]"
		if first, twice := names[r.Name]; twice && r.Name != "" {
			complain(path+".name", fmt.Sprintf("%q is the name of routes[%d], too", r.Name, first), "give each route a name of its own")
		}
		names[r.Name] = i
		r.check(path, complain)
		e.checkPlace(path, r, complain)
	}
}

func (e escalationSettings) checkSigns(complain complainer) {
	for path, n := range map[string]int{
		"registryDown.namespaces": e.RegistryDown.Namespaces, "expanding.namespaces": e.Expanding.Namespaces,
		"expanding.pods": e.Expanding.Pods, "expanding.growth": e.Expanding.Growth,
	} {
		if n < 0 {
			complain("escalation."+path, fmt.Sprintf("%d is no threshold", n), "write a number; 0 switches it off")
		}
	}
	for path, d := range map[string]time.Duration{"registryDown.lasting": e.RegistryDown.Lasting, "expanding.lasting": e.Expanding.Lasting} {
		if d < 0 {
			complain("escalation."+path, fmt.Sprintf("%s is no time", d), "write a duration such as 1m")
		}
	}
}

// checkPlace checks what a route says of levels and other routes.
func (e escalationSettings) checkPlace(path string, r routeSettings, complain complainer) {
	if r.Level < 0 || r.Level > len(e.Levels)+1 {
		complain(path+".level", fmt.Sprintf("level %d is never reached", r.Level), "level 1 is reached after escalation.after, level 2 and above when escalation.levels says")
	}
	other := func(o routeSettings) bool { return o.Name == r.Fallback && o.Name != r.Name }
	if r.Fallback != "" && !slices.ContainsFunc(e.Routes, other) {
		complain(path+".fallback", fmt.Sprintf("%q is no other route", r.Fallback), "name the route to take when no target of this one can be reached")
	}
}

func (r routeSettings) check(path string, complain complainer) {
	if strings.TrimSpace(r.Name) == "" {
		complain(path, "no name", "messages say which route was taken: name it")
	}
	checkPatterns(path, []patterns{{"causes", r.Causes}, {"namespaces", r.Namespaces}}, complain)
	checkKnown(path+".causes", r.Causes, causeNames(), complain)
	for i, why := range r.Conditions {
		if !slices.Contains(bot.Conditions(), bot.Condition(why)) {
			complain(path+".conditions["+strconv.Itoa(i)+"]", fmt.Sprintf("%q is no condition", why), "the conditions are overdue, registry-down, security, expanding and asked; none means all but security")
		}
	}
	for i, severity := range r.Pages {
		if severity != runbook.P1 && severity != runbook.P2 {
			complain(path+".pages["+strconv.Itoa(i)+"]", fmt.Sprintf("%q is no severity", severity), "write P1, P2 or both")
		}
	}
	r.checkTargets(path, complain)
}

func (r routeSettings) checkTargets(path string, complain complainer) {
	if !r.tellsAnybody() {
		complain(path, "nobody to tell", "set slack.mention to the id of a user group, or pagerduty.routingKeyEnv, webhook.url or alertmanager.url")
	}
	if r.Slack.Mention != "" {
		checkIDs(path+".slack.mention", []string{r.Slack.Mention}, userGroups(), complain)
	}
	if r.Slack.Channel != "" {
		checkIDs(path+".slack.channel", []string{r.Slack.Channel}, channels(), complain)
	}
	if r.PagerDuty.URL != "" && r.PagerDuty.RoutingKeyEnv == "" {
		complain(path+".pagerduty", "no routing key", "set routingKeyEnv to the name of the environment variable that holds it")
	}
	for key, address := range map[string]string{"pagerduty.url": r.PagerDuty.URL, "webhook.url": r.Webhook.URL, "alertmanager.url": r.Alertmanager.URL} {
		if why := badTarget(address); address != "" && why != "" {
			complain(path+"."+key, why, "write an https address; http is for this machine and for Services of the cluster")
		}
	}
	for key, name := range map[string]string{"pagerduty.routingKeyEnv": r.PagerDuty.RoutingKeyEnv, "webhook.secretEnv": r.Webhook.SecretEnv, "alertmanager.tokenEnv": r.Alertmanager.TokenEnv} {
		if name != "" && !variableName.MatchString(name) {
			complain(path+"."+key, "that is no name of an environment variable", "write the name of the variable, as PAGERDUTY_KEY; the secret itself never stands here")
		}
	}
	if r.Webhook.URL != "" {
		if _, err := webhook.New(webhook.Options{URL: r.Webhook.URL, Secret: paging.NewSecret(""), Body: r.Webhook.Body}); err != nil {
			complain(path+".webhook.body", err.Error(), "leave it empty for the usual one")
		}
	}
}

// tellsAnybody tells that the route has a target.
func (r routeSettings) tellsAnybody() bool {
	return r.Slack.Mention+r.Slack.Channel+r.PagerDuty.RoutingKeyEnv+r.Webhook.URL+r.Alertmanager.URL != ""
}

// badTarget says why nobody is paged at an address, "" when it is fine.
func badTarget(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return "it is no address" // it may hold a secret: it is not quoted
	case u.User != nil:
		return "a login stands in the address"
	case u.Scheme == "https":
		return ""
	case u.Scheme != "http" || !onThisMachine(u.Hostname()) && !inCluster(u.Hostname()):
		return "it is not encrypted"
	}
	return ""
}

// inCluster tells that a host is a Service of the cluster.
func inCluster(host string) bool {
	return strings.HasSuffix(host, ".svc") || strings.Contains(host, ".svc.") || !strings.Contains(host, ".")
}

func (t textSettings) sources() bot.TextSources {
	return bot.TextSources{
		bot.WhenOverdue: t.Overdue, bot.WhenDown: t.RegistryDown, bot.WhenCompromised: t.Security, bot.WhenSpreading: t.Expanding, bot.WhenAsked: t.Asked,
	}
}

func textKey(why bot.Condition) string {
	if why == bot.WhenDown {
		return "registryDown"
	}
	return string(why)
}
