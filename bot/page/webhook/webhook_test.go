package webhook_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/page"
	"github.com/pullfix/pullfix/bot/page/webhook"
	"github.com/pullfix/pullfix/sandbox/pager"
)

const secret = "M4rkerSecret"

func open(t *testing.T, address string) bot.Pager {
	t.Helper()
	target, err := webhook.New(webhook.Options{URL: address, Secret: page.NewSecret(secret)})
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestContract(t *testing.T) { pager.Contract(t, open) }

func TestTheUsualBodyIsSigned(t *testing.T) {
	s := pager.New(t, 204)
	if err := open(t, s.URL+"/hook").Page(t.Context(), pager.Page(bot.PageTrigger)); err != nil {
		t.Fatal(err)
	}
	r := s.Came()[0]
	var got map[string]any
	if err := json.Unmarshal(r.Body, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"action": "trigger", "dedupKey": "pullfix-i1", "incident": "i1", "condition": "overdue", "level": 1.0, "severity": "P1", "cluster": "eu", "namespace": "shop",
		"cause": "TagNotFound", "registry": "ghcr.io", "text": `P1: a "quoted" sentence`, "details": []any{"one", "two"}, "link": "https://acme.slack.com/archives/C1/p1",
	}
	delete(got, "at")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	signature := "v1=" + webhook.Sign(page.NewSecret(secret), r.Header.Get(webhook.TimestampHeader), r.Body)
	if r.Header.Get(webhook.SignatureHeader) != signature || r.Header.Get(webhook.KeyHeader) != "pullfix-i1" {
		t.Errorf("headers %v", r.Header)
	}
	if other := "v1=" + webhook.Sign(page.NewSecret(secret), "1", r.Body); other == signature {
		t.Error("the signature does not cover the time")
	}
}

func TestOwnBodies(t *testing.T) {
	for body, want := range map[string]string{
		`{"msg": {{json .Text}}}`: "",
		`{"msg": "{{.Text}}"}`:    "no JSON",
		`{"msg": {{json .Txt}}}`:  "Txt",
		`{{`:                      "the body",
	} {
		_, err := webhook.New(webhook.Options{URL: "https://x.example", Body: body})
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}

func TestInvariant7TheSecretIsNotPrinted(t *testing.T) {
	s := pager.New(t, 400)
	target := open(t, s.URL)
	err := target.Page(t.Context(), pager.Page(bot.PageTrigger))
	if text := fmt.Sprintf("%v %+v %#v %d %v", target, target, target, target, err); strings.Contains(text, secret) || strings.Contains(fmt.Sprint(s.Came()), secret) {
		t.Error("the secret shows")
	}
}
