package slack

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
)

func userInfo(w *Workspace, c *call) (object, error) {
	u, ok := w.user(c.str("user"))
	if !ok {
		return nil, refuse("user_not_found")
	}
	return object{"user": object{
		"id": u.ID, "team_id": u.TeamID, "name": u.Name, "real_name": u.RealName, "deleted": u.Deleted,
		"is_bot": u.Bot, "is_app_user": false, "is_admin": false, "is_owner": false, "is_primary_owner": false,
		"is_restricted": u.guest(), "is_ultra_restricted": u.UltraRestricted, "is_stranger": u.Stranger,
		"is_email_confirmed": true, "tz": "Europe/Amsterdam", "tz_offset": 3600, "updated": 1700000000,
		"profile": object{"team": u.TeamID, "display_name": u.Name, "real_name": u.RealName},
	}}, nil
}

func listGroups(w *Workspace, c *call) (object, error) {
	if w.switches.FreePlan {
		return nil, refuse("plan_upgrade_required")
	}
	list := []object{}
	for _, g := range w.groups {
		if g.Disabled && !c.flag("include_disabled") {
			continue
		}
		out := object{
			"id": g.ID, "team_id": w.options.Seed.Team.ID, "is_usergroup": true, "is_subteam": true,
			"name": g.Name, "handle": g.Handle, "description": "", "is_external": false, "auto_type": nil,
			"date_create": 1700000000, "date_update": 1700000000, "date_delete": 0, "user_count": len(g.Users),
			"is_idp_group": g.IDPGroup, "is_editing_restricted": g.EditingRestricted,
			"is_membership_locked": g.MembershipLocked, "prefs": object{"channels": []string{}, "groups": []string{}},
		}
		if g.Disabled {
			out["date_delete"] = 1700000001
		}
		if c.flag("include_users") {
			out["users"] = idList(g.Users)
		}
		list = append(list, out)
	}
	return object{"usergroups": list}, nil
}

// idList is never null in JSON.
func idList(ids []string) []string { return append([]string{}, ids...) }

func listGroupUsers(w *Workspace, c *call) (object, error) {
	if w.switches.FreePlan {
		return nil, refuse("plan_upgrade_required")
	}
	i := slices.IndexFunc(w.groups, func(g Group) bool { return g.ID == c.str("usergroup") })
	if i < 0 || w.groups[i].Disabled && !c.flag("include_disabled") {
		return nil, refuse("no_such_subteam")
	}
	return object{"users": idList(w.groups[i].Users)}, nil
}

// readable is the conversation, if the bot may know of it with its scopes.
func (w *Workspace) readable(c *call, scope string) (*Channel, error) {
	ch, ok := w.channel(c.str("channel"))
	app := w.options.Seed.App
	if !ok || (ch.Private || ch.IM) && !ch.has(app.BotUser) {
		return nil, refuse("channel_not_found")
	}
	needed := "channels:" + scope
	switch {
	case ch.IM:
		needed = "im:" + scope
	case ch.Private:
		needed = "groups:" + scope
	}
	if !slices.Contains(app.Scopes, needed) {
		return nil, missingScope(needed, app.Scopes)
	}
	return ch, nil
}

func channelInfo(w *Workspace, c *call) (object, error) {
	ch, err := w.readable(c, "read")
	if err != nil {
		return nil, err
	}
	return object{"channel": w.wireChannel(ch, c.flag("include_num_members"))}, nil
}

func (w *Workspace) wireChannel(ch *Channel, count bool) object {
	team, bot := w.options.Seed.Team.ID, w.options.Seed.App.BotUser
	out := object{
		"id": ch.ID, "created": 1700000000, "is_archived": ch.Archived, "is_im": ch.IM, "is_org_shared": false,
		"context_team_id": team,
	}
	if ch.IM {
		i := slices.IndexFunc(ch.Members, func(m string) bool { return m != bot })
		out["user"] = ch.Members[max(i, 0)]
		return out
	}
	maps.Copy(out, (object{
		"name": ch.Name, "name_normalized": ch.Name, "is_channel": !ch.Private, "is_group": ch.Private,
		"is_private": ch.Private, "is_mpim": false, "is_general": false, "is_member": ch.has(bot),
		"is_shared": ch.ExtShared, "is_ext_shared": ch.ExtShared, "is_pending_ext_shared": ch.PendingExtShared,
		"shared_team_ids": append([]string{team}, ch.SharedTeams...), "conversation_host_id": team,
	}))
	if count {
		out["num_members"] = len(ch.Members)
	}
	return out
}

func openChannel(w *Workspace, c *call) (object, error) {
	users := c.list("users")
	if len(users) == 0 {
		return nil, refuse("users_list_not_supplied")
	}
	u, ok := w.user(users[0])
	switch {
	case !ok:
		return nil, refuse("user_not_found")
	case len(users) > 1:
		return nil, refuse("not_enough_users") // group conversations are not kept here
	case u.Deleted:
		return nil, refuse("user_disabled")
	}
	ch := w.im(u.ID)
	if c.flag("return_im") {
		return object{"channel": w.wireChannel(ch, false)}, nil
	}
	return object{"channel": object{"id": ch.ID}}, nil
}

func replies(w *Workspace, c *call) (object, error) {
	ch, err := w.readable(c, "history")
	if err != nil {
		return nil, err
	}
	ts := c.str("ts")
	m, ok := w.message(ch.ID, ts)
	if !ok {
		return nil, refuse("thread_not_found")
	}
	if !m.root() {
		ts = m.TS // a reply's ts answers with that reply alone
	}
	return page(c, w.excerpt(c, ch, inThread(ts)))
}

func channelHistory(w *Workspace, c *call) (object, error) {
	ch, err := w.readable(c, "history")
	if err != nil {
		return nil, err
	}
	if !ch.has(w.options.Seed.App.BotUser) {
		return nil, refuse("not_in_channel")
	}
	list := w.excerpt(c, ch, inChannel)
	slices.Reverse(list) // history has the newest first
	return page(c, list)
}

// excerpt lists the messages that the call asks for, oldest first.
func (w *Workspace) excerpt(c *call, ch *Channel, keep func(*message) bool) []object {
	list := []object{}
	for _, m := range w.messages[ch.ID] {
		if m.Ephemeral || !keep(m) || !within(m.TS, c) {
			continue
		}
		out := w.wire(m)
		if m.Metadata != nil && c.flag("include_all_metadata") {
			out["metadata"] = m.Metadata
		}
		list = append(list, out)
	}
	return list
}

// page cuts the list as limit and cursor say. Cursors are offsets.
func page(c *call, list []object) (object, error) {
	from, err := strconv.Atoi(cmp.Or(c.str("cursor"), "0"))
	limit, err2 := strconv.Atoi(cmp.Or(c.str("limit"), "100"))
	if err != nil || err2 != nil || from < 0 || limit < 1 {
		return nil, refuse("invalid_cursor")
	}
	from = min(from, len(list))
	to := min(from+limit, len(list))
	next := ""
	if to < len(list) {
		next = strconv.Itoa(to)
	}
	return object{
		"messages": list[from:to], "has_more": next != "", "response_metadata": object{"next_cursor": next},
	}, nil
}

// within applies oldest and latest, which count only with inclusive when equal.
func within(ts string, c *call) bool {
	oldest, latest, inclusive := c.str("oldest"), c.str("latest"), c.flag("inclusive")
	if oldest != "" && oldest != "0" && (ts < oldest || ts == oldest && !inclusive) {
		return false
	}
	return latest == "" || ts < latest || ts == latest && inclusive
}
