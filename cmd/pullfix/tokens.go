package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pullfix/pullfix/bot/slackbot"
)

// tokens are what the bot proves itself with to Slack.
type tokens struct {
	bot, app slackbot.Token
}

// tokens finds the Slack tokens: in the environment, else in the files that the
// configuration names. Nowhere else: not in flags, which other users of the
// machine see, and not in the configuration, which is shared.
func (t *tool) tokens(s slackSettings) (tokens, error) {
	bot, err := t.token("SLACK_BOT_TOKEN", "slack.botTokenFile", s.BotTokenFile)
	if err != nil {
		return tokens{}, err
	}
	app, err := t.token("SLACK_APP_TOKEN", "slack.appTokenFile", s.AppTokenFile)
	return tokens{bot: bot, app: app}, err
}

func (t *tool) token(variable, key, file string) (slackbot.Token, error) {
	if token := strings.TrimSpace(t.getenv(variable)); token != "" {
		return slackbot.Token(token), wellFormed(token, variable)
	}
	if file == "" {
		return "", usage(fmt.Errorf("no Slack token in %s", variable),
			"set "+variable+", or name a file that holds the token: "+key, "pullfix manifest prints the manifest of the app; Slack shows its tokens")
	}
	token, err := tokenIn(file)
	if err != nil {
		return "", usage(fmt.Errorf("reading %s: %w", key, err), "set "+variable+", or name a file that holds the token and nothing else")
	}
	return slackbot.Token(token), wellFormed(token, key)
}

// longestToken bounds what is read: Slack's tokens have below 200 bytes.
const longestToken = 4096

func tokenIn(file string) (string, error) {
	in, err := os.Open(file)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(in, longestToken))
	if err := errors.Join(err, in.Close()); err != nil {
		return "", err
	}
	return strings.TrimSpace(string(text)), nil
}

// wellFormed catches tokens that are swapped, or no tokens, before Slack is
// asked. The error never quotes them.
func wellFormed(token, where string) error {
	prefix := "xoxb-"
	if strings.Contains(strings.ToLower(where), "app") {
		prefix = "xapp-"
	}
	if strings.HasPrefix(token, prefix) && !strings.ContainsAny(token, " \t\r\n") {
		return nil
	}
	return usage(fmt.Errorf("%s holds no token that begins with %s", where, prefix),
		"the bot token begins with xoxb-, the app token with xapp-; they may be mixed up")
}
