package slackbot

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/slack-go/slack"
)

// codeOf is Slack's name of an error, "" when it was none of Slack's.
func codeOf(err error) string {
	if e, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return e.Err
	}
	return ""
}

// shortWait is how long a limit without a length is waited out.
const shortWait = 10 * time.Second

// retryAfter tells whether Slack asked to wait, and for how long.
func retryAfter(err error) (time.Duration, bool) {
	if limit, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return max(limit.RetryAfter, time.Second), true
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok && status.Code == http.StatusTooManyRequests {
		return shortWait, true
	}
	switch codeOf(err) {
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		return shortWait, true
	}
	return 0, false
}

// tooMuch tells that Slack does not take the blocks; the same as plain text
// will do.
func tooMuch(err error) bool {
	switch codeOf(err) {
	case "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "invalid_arguments", "invalid_attachments":
		return true
	}
	return false
}

// outside tells that the bot cannot post in that channel.
func outside(err error) bool {
	switch codeOf(err) {
	case "not_in_channel", "channel_not_found", "is_archived", "restricted_action", "restricted_action_read_only_channel",
		"restricted_action_thread_only_channel", "restricted_action_non_threadable_channel", "restricted_action_thread_locked":
		return true
	}
	return false
}

// spent tells that a response_url is used up, too old, or none.
func spent(err error) bool {
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok && status.Code == http.StatusNotFound {
		return true
	}
	code := codeOf(err)
	return code == "used_url" || code == "expired_url" || errors.Is(err, errForeignReply)
}

// lost tells that the message is gone, or not to be changed any more.
func lost(err error) bool {
	switch codeOf(err) {
	case "message_not_found", "cant_update_message", "edit_window_closed", "is_inactive", "thread_not_found":
		return true
	}
	return false
}

// unsure tells that nobody knows whether the call took effect: the answer was
// lost on the way, or Slack itself does not know.
func unsure(err error) bool {
	switch codeOf(err) {
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout":
		return true
	case "":
		_, limited := retryAfter(err)
		return err != nil && !limited
	}
	return false
}

// fatal tells that Slack will say no until an operator acts.
func fatal(err error) bool {
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok && status.Code == http.StatusNotFound {
		return true
	}
	switch codeOf(err) {
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type", "missing_scope",
		"no_permission", "team_access_not_granted", "org_login_required", "ekm_access_denied":
		return true
	}
	return false
}

// advice is what an operator can do about a fatal error.
func advice(err error) string {
	switch codeOf(err) {
	case "missing_scope":
		return "add the missing scope to the app and install it again"
	case "not_allowed_token_type":
		return "the bot token begins with xoxb-, the app token with xapp-; they may be mixed up"
	case "token_expired", "token_revoked", "invalid_auth", "not_authed", "account_inactive":
		return "put a valid token into SLACK_BOT_TOKEN and SLACK_APP_TOKEN"
	}
	return "look at the app's settings in Slack"
}

func canceled(err error) bool { return errors.Is(err, context.Canceled) }
