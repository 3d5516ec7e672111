package slackbot

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
	sandbox "github.com/pullfix/pullfix/sandbox/slack"
)

func TestStanding(t *testing.T) {
	o := open(t, setting{})
	o.SetUser(sandbox.User{ID: "U10STRANGER", Name: "x", Stranger: true})
	for id, want := range map[string]bot.Standing{
		sandbox.Ann:    {Known: true, SameTeam: true},
		sandbox.Gina:   {Known: true, SameTeam: true, Guest: true},
		sandbox.Uma:    {Known: true, SameTeam: true, Guest: true},
		sandbox.Erik:   {Known: true},
		sandbox.Zoe:    {Known: true, SameTeam: true, Deleted: true},
		sandbox.Deploy: {Known: true, SameTeam: true, Bot: true},
		"U10STRANGER":  {Known: true},
		"U99NOBODY":    {},
		"":             {},
	} {
		got, err := o.bot.Standing(t.Context(), bot.Person{Team: "T01ACME", ID: id})
		if err != nil || got != want {
			t.Errorf("%s: %+v %v, want %+v", id, got, err, want)
		}
	}
	if got, err := o.bot.Standing(t.Context(), bot.Person{Team: "T02PARTNER", ID: sandbox.Ann}); err != nil || got.SameTeam {
		t.Errorf("somebody of another team counts: %+v %v", got, err)
	}
}

func TestStandingWithinAnOrganisation(t *testing.T) {
	self := identity{team: "T1", enterprise: "E1"}
	u := slack.User{ID: "U1", TeamID: "T2", Enterprise: slack.EnterpriseUser{EnterpriseID: "E1"}}
	if !standing(u, bot.Person{Team: "T1", ID: "U1"}, self).SameTeam {
		t.Error("a colleague of another workspace does not count")
	}
	u.Enterprise.EnterpriseID = "E2"
	if standing(u, bot.Person{Team: "T1", ID: "U1"}, self).SameTeam {
		t.Error("another organisation counts")
	}
	u.Enterprise.EnterpriseID = ""
	if standing(u, bot.Person{Team: "T1", ID: "U1"}, identity{team: "T1"}).SameTeam {
		t.Error("no organisation counts as the same")
	}
}

func TestMembers(t *testing.T) {
	o := open(t, setting{})
	o.SetGroup(sandbox.Group{ID: "S03LOCKED", Handle: "locked", Users: []string{sandbox.Dave}, MembershipLocked: true})
	o.SetGroup(sandbox.Group{ID: "S04OFF", Handle: "off", Users: []string{sandbox.Dave}, Disabled: true})
	for group, want := range map[string]members{
		sandbox.Platform: {[]string{sandbox.Bob, sandbox.Carol}, false},
		sandbox.Helpers:  {[]string{sandbox.Ann, sandbox.Dave}, true},
		"S03LOCKED":      {[]string{sandbox.Dave}, false},
	} {
		users, self, err := o.bot.Members(t.Context(), group)
		if err != nil || !slices.Equal(users, want.users) || self != want.selfService {
			t.Errorf("%s: %v %t %v", group, users, self, err)
		}
	}
	for _, group := range []string{"S04OFF", "S99NONE", ""} {
		if users, _, err := o.bot.Members(t.Context(), group); err == nil || users != nil {
			t.Errorf("%q: %v %v", group, users, err)
		}
	}
}

// Without an answer nothing is known, and nothing is remembered of it.
func TestDirectoryFailsClosed(t *testing.T) {
	o := open(t, setting{})
	o.Break(sandbox.Fault{Method: "users.info", Status: 500})
	o.Break(sandbox.Fault{Method: "usergroups.users.list", Error: "missing_scope"})
	person := bot.Person{Team: "T01ACME", ID: sandbox.Bob}
	if s, err := o.bot.Standing(t.Context(), person); err == nil || s != (bot.Standing{}) {
		t.Errorf("%+v %v", s, err)
	}
	if users, self, err := o.bot.Members(t.Context(), sandbox.Platform); err == nil || users != nil || !self {
		t.Errorf("%v %t %v", users, self, err)
	}
	if s, err := o.bot.Standing(t.Context(), person); err != nil || !s.Known {
		t.Errorf("%+v %v", s, err)
	}
	o.Switch(func(s *sandbox.Switches) { s.FreePlan = true })
	o.bot.rights.forget("all")
	if _, _, err := o.bot.Members(t.Context(), sandbox.Helpers); err == nil {
		t.Error("a plan without groups has members")
	}
	if _, err := idle(t).Standing(t.Context(), person); err == nil {
		t.Error("before the workspace is known, somebody counts")
	}
}

func TestDirectoryIsAMinuteOldAtMost(t *testing.T) {
	o := open(t, setting{})
	person := bot.Person{Team: "T01ACME", ID: sandbox.Dave}
	for range 3 {
		if _, err := o.bot.Standing(t.Context(), person); err != nil {
			t.Fatal(err)
		}
		if _, _, err := o.bot.Members(t.Context(), sandbox.Platform); err != nil {
			t.Fatal(err)
		}
	}
	if u, g, l := o.Calls("users.info"), o.Calls("usergroups.users.list"), o.Calls("usergroups.list"); u != 1 || g != 1 || l != 1 {
		t.Errorf("asked %d, %d and %d times", u, g, l)
	}
	// What members may do is known from two answers, one after the other.
	if o.bot.people.keep > time.Minute || o.bot.groups.keep+o.bot.rights.keep > time.Minute || o.bot.rooms.keep > time.Minute {
		t.Error("remembered for more than a minute")
	}
}

func TestReadsWaitOutALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, calls := time.Now(), 0
		err := patiently(t.Context(), func() error {
			if calls++; calls < 3 {
				return &slack.RateLimitedError{RetryAfter: 7 * time.Second}
			}
			return nil
		})
		if err != nil || time.Since(begin) != 14*time.Second {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
		err = patiently(t.Context(), func() error { return &slack.RateLimitedError{RetryAfter: time.Second} })
		if err == nil {
			t.Error("waits for ever")
		}
	})
}
