package slackbot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"github.com/pullfix/pullfix/bot"
)

// members are who is in a user group.
type members struct {
	users       []string
	selfService bool
}

// Standing says what a person is in the workspace, by users.info, at most a
// minute old. An error means that nothing is known.
func (b *Bot) Standing(ctx context.Context, p bot.Person) (bot.Standing, error) {
	self := b.self.Load()
	if self.team == "" {
		return bot.Standing{}, errors.New("it is not known yet which workspace this is")
	}
	if p.ID == "" {
		return bot.Standing{}, nil
	}
	key := p.Team + "/" + p.ID
	if s, ok := b.people.get(key); ok {
		return s, nil
	}
	asked := time.Now()
	var user *slack.User
	err := patiently(ctx, func() (err error) {
		user, err = b.api.GetUserInfoContext(ctx, p.ID)
		return err
	})
	switch code := codeOf(err); {
	case code == "user_not_found" || code == "user_not_visible" || code == "users_not_found":
		b.people.putAt(key, bot.Standing{}, asked)
		return bot.Standing{}, nil
	case err != nil:
		return bot.Standing{}, fmt.Errorf("looking up person %s: %w", p.ID, err)
	}
	s := standing(*user, p, *self)
	b.people.putAt(key, s, asked)
	return s, nil
}

// standing judges a person. is_stranger is false for external members of shared
// channels, so the team itself is compared, or the organisation on Enterprise
// Grid.
func standing(u slack.User, p bot.Person, self identity) bot.Standing {
	same := u.TeamID == self.team
	if self.enterprise != "" && u.Enterprise.EnterpriseID == self.enterprise {
		same = true
	}
	return bot.Standing{
		Known:    u.ID == p.ID && !u.IsInvitedUser,
		SameTeam: same && !u.IsStranger && p.Team == self.team,
		Guest:    u.IsRestricted || u.IsUltraRestricted,
		Bot:      u.IsBot || u.IsAppUser || u.IsConnectorBot || u.IsWorkflowBot || u.ID == "USLACKBOT",
		Deleted:  u.Deleted,
	}
}

// Members returns who is in a user group. Its members can add themselves unless
// an identity provider fills it, or its membership is locked.
func (b *Bot) Members(ctx context.Context, group string) ([]string, bool, error) {
	if m, ok := b.groups.get(group); ok {
		return m.users, m.selfService, nil
	}
	g, err := b.group(ctx, group)
	if err != nil {
		return nil, true, err
	}
	asked := time.Now()
	var users []string
	err = patiently(ctx, func() (err error) {
		users, err = b.api.GetUserGroupMembersContext(ctx, group)
		return err
	})
	if err != nil {
		return nil, true, fmt.Errorf("reading the members of user group %s: %w", group, err)
	}
	m := members{users: users, selfService: !g.IsIDPGroup && !g.IsEditingRestricted && !g.IsMembershipLocked}
	b.groups.putAt(group, m, asked)
	return m.users, m.selfService, nil
}

func (b *Bot) group(ctx context.Context, id string) (slack.UserGroup, error) {
	groups, ok := b.rights.get("all")
	if !ok {
		asked := time.Now()
		err := patiently(ctx, func() (err error) {
			groups, err = b.api.GetUserGroupsContext(ctx)
			return err
		})
		if err != nil {
			return slack.UserGroup{}, fmt.Errorf("reading the user groups: %w", err)
		}
		b.rights.putAt("all", groups, asked)
	}
	for _, g := range groups {
		if g.ID == id && g.DateDelete == 0 && !g.IsExternal {
			return g, nil
		}
	}
	return slack.UserGroup{}, fmt.Errorf("user group %s does not exist, or is disabled", id)
}
