package slack

import "slices"

// Team is the workspace itself.
type Team struct {
	ID     string `json:"id"`
	Domain string `json:"domain"`
	Name   string `json:"name"`
}

// App is the one app that is installed.
type App struct {
	ID string `json:"id"`
	// Name is what people mention, without the @.
	Name string `json:"name"`
	// BotUser is the user id of the bot (U…), BotID its bot id (B…).
	BotUser string `json:"bot_user"`
	BotID   string `json:"bot_id"`
	// BotToken (xoxb-…) and AppToken (xapp-…) are what the app proves itself
	// with. They leave the workspace neither in a transcript nor in a state.
	BotToken string `json:"-"`
	AppToken string `json:"-"`
	// Scopes are the bot token's. AppScopes are the app-level token's; nil
	// means connections:write.
	Scopes    []string `json:"scopes"`
	AppScopes []string `json:"-"`
	// Commands are the slash commands that the app registered.
	Commands []Command `json:"commands"`
}

// Command is a slash command as the app's settings describe it.
type Command struct {
	// Name starts with the slash.
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	UsageHint   string `json:"usage_hint,omitempty"`
}

// User is a person or a bot. One whose TeamID is another team's is external:
// here by a shared channel, with is_stranger false, as on Slack.
type User struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	RealName string `json:"real_name"`
	// TeamID is empty for members of the workspace's own team.
	TeamID string `json:"team_id"`
	// Restricted are guests; UltraRestricted guests of a single channel, who
	// are Restricted too.
	Restricted      bool `json:"is_restricted"`
	UltraRestricted bool `json:"is_ultra_restricted"`
	Bot             bool `json:"is_bot"`
	Deleted         bool `json:"deleted"`
	// Stranger is somebody of another team without a shared channel.
	Stranger bool `json:"is_stranger"`
}

// slackbot speaks for Slack itself. Its is_bot is false, as on Slack.
const slackbot = "USLACKBOT"

// guest reports whether the user sees only the channels they were invited to.
func (u User) guest() bool { return u.Restricted || u.UltraRestricted }

// Channel is a conversation of any kind.
type Channel struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Private  bool   `json:"is_private"`
	Archived bool   `json:"is_archived"`
	IM       bool   `json:"is_im"`
	// ExtShared channels are shared with other teams (Slack Connect).
	ExtShared        bool `json:"is_ext_shared"`
	PendingExtShared bool `json:"is_pending_ext_shared"`
	// SharedTeams are the other teams of an externally shared channel.
	SharedTeams []string `json:"shared_team_ids,omitempty"`
	Members     []string `json:"members"`
}

func (c Channel) has(user string) bool { return slices.Contains(c.Members, user) }

// Group is a user group, mentioned as <!subteam^ID>.
type Group struct {
	ID     string   `json:"id"`
	Handle string   `json:"handle"`
	Name   string   `json:"name"`
	Users  []string `json:"users"`
	// Disabled groups are listed only when asked for.
	Disabled bool `json:"is_disabled"`
	// The three ways in which members cannot change the membership themselves.
	IDPGroup          bool `json:"is_idp_group"`
	EditingRestricted bool `json:"is_editing_restricted"`
	MembershipLocked  bool `json:"is_membership_locked"`
}

// Block is one decoded block, or element, of a message or view. It is not to
// be changed.
type Block = map[string]any

// Message is a message as one viewer sees it. Its contents are not to be
// changed.
type Message struct {
	Channel  string `json:"channel"`
	TS       string `json:"ts"`
	ThreadTS string `json:"thread_ts,omitempty"`
	// Broadcast replies are shown in the channel as well.
	Broadcast bool   `json:"broadcast,omitempty"`
	User      string `json:"user"`
	BotID     string `json:"bot_id,omitempty"`
	AppID     string `json:"app_id,omitempty"`
	Text      string `json:"text"`
	// Blocks have all been validated, and given a block_id where they had none.
	Blocks   []Block        `json:"blocks,omitempty"`
	Metadata map[string]any `json:"metadata,omitempty"`
	Files    []File         `json:"files,omitempty"`
	// EditedTS is set when chat.update changed the text of a message that has
	// no blocks; Revision counts all changes.
	EditedTS string `json:"edited_ts,omitempty"`
	Revision int    `json:"revision"`
	// Ephemeral messages are seen by VisibleTo alone.
	Ephemeral bool   `json:"ephemeral,omitempty"`
	VisibleTo string `json:"visible_to,omitempty"`
	// Tombstone is what stays of a deleted message that has replies.
	Tombstone  bool   `json:"tombstone,omitempty"`
	ReplyCount int    `json:"reply_count,omitempty"`
	LastReply  string `json:"latest_reply,omitempty"`
	// Selected is what the viewer chose in the message's selects: by block_id
	// and action_id, the value of the option.
	Selected map[string]map[string]any `json:"selected,omitempty"`
	// Failure is Slack's own mark at the message after the viewer's click that
	// the app did not acknowledge.
	Failure string `json:"failure,omitempty"`
}

// Element finds the element with the action id, and the block it is in.
func (m Message) Element(actionID string) (blockID string, element Block, ok bool) {
	return findElement(m.Blocks, "", actionID)
}

// root reports whether the message starts in the channel rather than a thread.
func (m Message) root() bool { return m.ThreadTS == "" || m.ThreadTS == m.TS }

// File is an uploaded file.
type File struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Title    string `json:"title"`
	Mimetype string `json:"mimetype"`
	// Size is in bytes.
	Size int `json:"size"`
	// URL serves the content to the page: a path below /control/files/.
	URL string `json:"url"`
}

// Failure is what Slack itself told a person, for the app did not answer.
type Failure struct {
	At string `json:"at"`
	// Kind is the envelope type, with the payload type for interactive ones.
	Kind    string `json:"kind"`
	User    string `json:"user"`
	Channel string `json:"channel,omitempty"`
	TS      string `json:"ts,omitempty"`
	ViewID  string `json:"view_id,omitempty"`
	// Code is operation_timeout, dispatch_failed or trouble_connecting.
	Code string `json:"code"`
	Text string `json:"text"`
}
