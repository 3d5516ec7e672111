package slack

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// All methods in this file want w.mu held.

func (w *Workspace) now() time.Time { return time.Now().Add(w.offset) }

// nextTS is a message's ts: seconds and six digits, never the same twice.
func (w *Workspace) nextTS() string {
	w.lastTS = max(w.lastTS+1, w.now().UnixMicro())
	return fmt.Sprintf("%d.%06d", w.lastTS/1e6, w.lastTS%1e6)
}

// nextID is an id in Slack's manner: a letter and capitals.
func (w *Workspace) nextID(letter string) string {
	w.serial++
	return fmt.Sprintf("%s0SBX%06X", letter, w.serial)
}

// unguessable is what stands where Slack puts secrets and UUIDs.
func unguessable() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, says its documentation
	s := hex.EncodeToString(b[:])
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}

func (w *Workspace) user(id string) (User, bool) {
	i := slices.IndexFunc(w.users, func(u User) bool { return u.ID == id })
	if i < 0 {
		return User{}, false
	}
	return w.users[i], true
}

func (w *Workspace) channel(id string) (*Channel, bool) {
	i := slices.IndexFunc(w.channels, func(c *Channel) bool { return c.ID == id })
	if i < 0 {
		return nil, false
	}
	return w.channels[i], true
}

// sees reports whether the user may look into the channel.
func (w *Workspace) sees(user string, c *Channel) bool {
	if c.has(user) {
		return true
	}
	u, ok := w.user(user)
	return ok && !c.Private && !c.IM && !u.guest() && u.TeamID == w.options.Seed.Team.ID
}

// im is the direct conversation between the bot and the user; it is opened
// when there is none.
func (w *Workspace) im(user string) *Channel {
	bot := w.options.Seed.App.BotUser
	i := slices.IndexFunc(w.channels, func(c *Channel) bool { return c.IM && c.has(user) && c.has(bot) })
	if i >= 0 {
		return w.channels[i]
	}
	c := &Channel{ID: w.nextID("D"), IM: true, Members: []string{bot, user}}
	w.channels = append(w.channels, c)
	w.changed(Change{Kind: "channel", Channel: c.ID})
	return c
}

// message finds a message that everybody in the channel can see.
func (w *Workspace) message(channel, ts string) (*message, bool) {
	m, ok := w.anyMessage(channel, ts)
	if !ok || m.Ephemeral {
		return nil, false
	}
	return m, true
}

func (w *Workspace) anyMessage(channel, ts string) (*message, bool) {
	all := w.messages[channel]
	i := slices.IndexFunc(all, func(m *message) bool { return m.TS == ts })
	if i < 0 {
		return nil, false
	}
	return all[i], true
}
