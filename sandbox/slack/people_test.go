package slack_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	slackgo "github.com/slack-go/slack"

	"github.com/pullfix/pullfix/sandbox/slack"
)

func TestPeopleAsTheRealClientReadsThem(t *testing.T) {
	o := newOffice(t, slack.Options{})
	client := slackgo.New(botToken, slackgo.OptionAPIURL(o.APIURL))
	for id, want := range map[string]func(u *slackgo.User) bool{
		slack.Ann:    func(u *slackgo.User) bool { return !u.IsRestricted && u.TeamID == "T01ACME" },
		slack.Gina:   func(u *slackgo.User) bool { return u.IsRestricted && !u.IsUltraRestricted },
		slack.Uma:    func(u *slackgo.User) bool { return u.IsRestricted && u.IsUltraRestricted },
		slack.Erik:   func(u *slackgo.User) bool { return !u.IsStranger && u.TeamID == "T02PARTNER" },
		slack.Zoe:    func(u *slackgo.User) bool { return u.Deleted },
		slack.Deploy: func(u *slackgo.User) bool { return u.IsBot },
		"USLACKBOT":  func(u *slackgo.User) bool { return !u.IsBot },
	} {
		u, err := client.GetUserInfoContext(o.ctx, id)
		if err != nil || !want(u) {
			t.Errorf("%s: %+v, %v", id, u, err)
		}
	}
	if _, err := client.GetUserInfoContext(o.ctx, "U0"); err == nil || err.Error() != "user_not_found" {
		t.Errorf("a user that is not: %v", err)
	}
	groups, err := client.GetUserGroupsContext(o.ctx, slackgo.GetUserGroupsOptionIncludeUsers(true))
	if err != nil || len(groups) != 2 || !groups[0].IsIDPGroup || groups[1].IsIDPGroup || !slices.Equal(groups[0].Users, []string{slack.Bob, slack.Carol}) {
		t.Errorf("groups %+v, %v", groups, err)
	}
	members, err := client.GetUserGroupMembersContext(o.ctx, slack.Platform)
	if err != nil || !slices.Equal(members, []string{slack.Bob, slack.Carol}) {
		t.Errorf("members %v, %v", members, err)
	}
	if _, err := client.GetUserGroupMembersContext(o.ctx, "S0"); err == nil || err.Error() != "no_such_subteam" {
		t.Errorf("a group that is not: %v", err)
	}
	o.Switch(func(s *slack.Switches) { s.FreePlan = true })
	if _, err := client.GetUserGroupMembersContext(o.ctx, slack.Platform); err == nil || err.Error() != "plan_upgrade_required" {
		t.Errorf("on a free plan: %v", err)
	}
}

func TestChannelsAsTheRealClientReadsThem(t *testing.T) {
	o := newOffice(t, slack.Options{})
	client := slackgo.New(botToken, slackgo.OptionAPIURL(o.APIURL))
	look := func(id string) *slackgo.Channel {
		c, err := client.GetConversationInfoContext(o.ctx, &slackgo.GetConversationInfoInput{ChannelID: id})
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		return c
	}
	if c := look(slack.Ops); !c.IsMember || c.IsExtShared || c.IsPrivate || c.Name != "ops" {
		t.Errorf("%+v", c)
	}
	if c := look(slack.Partner); !c.IsExtShared {
		t.Errorf("%+v", c)
	}
	if c := look(slack.Secret); !c.IsPrivate {
		t.Errorf("%+v", c)
	}
	if c := look(slack.Old); !c.IsArchived {
		t.Errorf("%+v", c)
	}
	if c := look(slack.Random); c.IsMember {
		t.Errorf("%+v", c)
	}
	if a := o.call("conversations.info", map[string]any{"channel": slack.Closed}); a.code() != "channel_not_found" {
		t.Errorf("a private channel without the bot: %v", a)
	}
	im, _, _, err := client.OpenConversationContext(o.ctx, &slackgo.OpenConversationParameters{Users: []string{slack.Ann}, ReturnIM: true})
	if err != nil || look(im.ID).User != slack.Ann {
		t.Errorf("a direct conversation: %+v, %v", im, err)
	}
	if err := o.Join(slack.Random, "U00PULLFIX"); err != nil {
		t.Fatal(err)
	}
	if c := look(slack.Random); !c.IsMember {
		t.Error("/invite does not make the bot a member")
	}
	if err := o.Leave(slack.Random, "U00PULLFIX"); err != nil || look(slack.Random).IsMember {
		t.Errorf("leaving does not end the membership: %v", err)
	}
}

func TestFilesAsTheRealClientUploadsThem(t *testing.T) {
	o := newOffice(t, slack.Options{})
	client := slackgo.New(botToken, slackgo.OptionAPIURL(o.APIURL))
	const content = "<script>alert(1)</script>"
	f, err := client.UploadFileContext(o.ctx, slackgo.UploadFileParameters{
		Filename: "report.html", Title: "Report", Content: content, FileSize: len(content),
		Channel: slack.Ops, InitialComment: "here",
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := o.WaitMessage(o.ctx, slack.Ops, func(m slack.Message) bool { return len(m.Files) == 1 })
	if err != nil || m.Text != "here" || m.Files[0].ID != f.ID || m.Files[0].Title != "Report" {
		t.Fatalf("%+v, %v", m, err)
	}
	resp, err := http.Get(o.URL + m.Files[0].URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || string(raw) != content || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("%q as %q, %v", raw, resp.Header.Get("Content-Type"), err)
	}
	files := []any{map[string]any{"id": f.ID}}
	if a := o.call("files.completeUploadExternal", map[string]any{"files": files}); a.code() != "file_not_found" {
		t.Errorf("completing twice: %v", a)
	}
	if a := o.call("files.getUploadURLExternal", map[string]any{"filename": "x", "length": 0}); a.code() != "invalid_arguments" {
		t.Errorf("an empty file: %v", a)
	}
}

func TestUploadsInForms(t *testing.T) {
	o := newOffice(t, slack.Options{})
	for name, c := range map[string]struct {
		filename string
		status   int
	}{"file": {"x.md", 200}, "filename": {"x.md", 200}, "body": {"Untitled", 200}, "text": {"", 400}} {
		a := o.call("files.getUploadURLExternal", map[string]any{"filename": "x.md", "length": 2})
		var body bytes.Buffer
		parts := multipart.NewWriter(&body)
		_ = parts.WriteField("note", "no file")
		if c.filename != "" {
			part, err := parts.CreateFormFile(name, c.filename)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = part.Write([]byte("ok"))
		}
		_ = parts.Close()
		resp, err := http.Post(a.text("upload_url"), parts.FormDataContentType(), &body)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("a form with %s answers %d, want %d", name, resp.StatusCode, c.status)
		}
		files := []any{map[string]any{"id": a.text("file_id")}}
		done := o.call("files.completeUploadExternal", map[string]any{"files": files}).code() == "ok"
		if content, _ := o.FileContent(a.text("file_id")); done != (c.status == 200) || done && string(content) != "ok" {
			t.Errorf("a form with %s: completed %t, with %q", name, done, content)
		}
	}
}

func TestHistoryPages(t *testing.T) {
	w := slack.New(slack.Options{Switches: slack.Switches{NoLimits: true}})
	do := inProcess(w)
	var first string
	for range 5 {
		ts := call(t, do, api+"chat.postMessage", map[string]any{"channel": slack.Ops, "text": "x"}).text("ts")
		if first == "" {
			first = ts
		}
	}
	seen := map[string]bool{}
	cursor, before := "", "9"
	for range 3 {
		a := call(t, do, api+"conversations.history", map[string]any{"channel": slack.Ops, "limit": 2, "cursor": cursor})
		list, _ := a["messages"].([]any)
		for _, m := range list {
			message, _ := m.(map[string]any)
			ts, _ := message["ts"].(string)
			if ts >= before {
				t.Errorf("%s comes after %s", ts, before)
			}
			seen[ts], before = true, ts
		}
		cursor = a.text("response_metadata", "next_cursor")
	}
	if len(seen) != 5 || cursor != "" {
		t.Errorf("%d messages in three pages, then %q", len(seen), cursor)
	}
	a := call(t, do, api+"conversations.history", map[string]any{"channel": slack.Ops, "latest": first, "inclusive": true})
	if list, _ := a["messages"].([]any); len(list) != 1 {
		t.Errorf("up to the first: %v", a)
	}
	if a := call(t, do, api+"conversations.replies", map[string]any{"channel": slack.Ops, "ts": "1.000001"}); a.code() != "thread_not_found" {
		t.Errorf("no thread: %v", a)
	}
	if a := call(t, do, api+"conversations.history", map[string]any{"channel": slack.Random}); a.code() != "not_in_channel" {
		t.Errorf("history outside: %v", a)
	}
}
