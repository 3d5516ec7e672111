package slackbot

import (
	"github.com/slack-go/slack"
)

// Room for text, in characters. Slack's own limits are in limits.go; these are
// at most those, and what a phone can show.
const (
	roomText     = 2900 // of a section or a context element
	roomName     = 300  // of a name of an object, an image
	roomSentence = 900  // of a sentence that was written elsewhere
	roomHeader   = 150
	roomButton   = 75
	roomFallback = 1500 // of the text beside blocks: notifications, screen readers
)

// message is what is sent: blocks, and the text that stands for them in
// notifications, for screen readers, and when Slack refuses the blocks.
type message struct {
	text   markup
	blocks []slack.Block
}

func (m *message) add(b slack.Block) { m.blocks = append(m.blocks, b) }

// header is the one line that is read half awake; it knows no markup.
func (m *message) header(s string) {
	m.add(slack.NewHeaderBlock(plainText(plain(s, roomHeader))))
}

// section is a paragraph; an empty one is left out.
func (m *message) section(text markup) {
	if text != "" {
		m.add(slack.NewSectionBlock(mrkdwn(text), nil, nil))
	}
}

// small is a paragraph in small letters.
func (m *message) small(text markup) {
	if text != "" {
		m.add(slack.NewContextBlock("", mrkdwn(text)))
	}
}

func (m *message) actions(block string, elements []slack.BlockElement) {
	if len(elements) > 0 {
		m.add(slack.NewActionBlock(block, elements...))
	}
}

// mrkdwn is verbatim: a bare address in somebody's log becomes no link.
func mrkdwn(text markup) *slack.TextBlockObject {
	return &slack.TextBlockObject{Type: slack.MarkdownType, Text: string(text), Verbatim: true}
}

// plainText has emoji off: a colon in a log is a colon.
func plainText(s string) *slack.TextBlockObject {
	if s == "" {
		s = "–"
	}
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// sentence is a message of one paragraph.
func sentence(text markup) message {
	m := message{text: text}
	m.section(text)
	return m
}
