package slack_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/pullfix/pullfix/sandbox/slack"
)

func TestScenes(t *testing.T) {
	o := newOffice(t, slack.Options{})
	o.SetScene("dawn", func(context.Context) (string, error) { return "The sun rises.", nil })
	o.SetScene("flood", func(context.Context) (string, error) { return "", errors.New("no water") })
	for body, want := range map[string]string{
		"{'name':'dawn'}": "The sun rises.", "{'name':'flood'}": "no water", "{'name':'none'}": "no_such_scene", "{": "invalid_json",
	} {
		answer, status := o.controlAs("scene", body, nil)
		if said, _ := answer["text"].(string); said != want && answer["error"] != want {
			t.Errorf("%s: %d %v", body, status, answer)
		}
		if ok := answer["ok"] == true; ok != (status == http.StatusOK) {
			t.Errorf("%s: %d with ok %v", body, status, answer["ok"])
		}
	}
}
