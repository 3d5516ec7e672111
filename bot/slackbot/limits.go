package slackbot

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// Slack's limits of what is drawn here, in characters and pieces
// (docs.slack.dev, reference of Block Kit, and its error messages).
const (
	mostMessageBlocks = 50
	mostModalBlocks   = 100
	mostText          = 3000
	mostHeader        = 150
	mostID            = 255
	mostContext       = 10
	mostActions       = 25
	mostOptions       = 5 // of an overflow menu
	mostButton        = 75
	mostValue         = 2000
	mostOptionValue   = 75
	mostConfirmTitle  = 100
	mostConfirmText   = 300
	mostConfirmButton = 30
	mostLabel         = 2000
	mostPlaceholder   = 150
	mostTitle         = 24 // of a modal, and its buttons
	mostMetadata      = 3000
	mostUpdateText    = 4000 // chat.update refuses more
)

// flaws collects what is wrong with a drawing, each with the place as Slack
// names it.
type flaws []error

func (f *flaws) add(at, format string, args ...any) {
	*f = append(*f, fmt.Errorf("%s [json-pointer:%s]", fmt.Sprintf(format, args...), at))
}

func (f *flaws) size(at, s string, least, most int) {
	if n := utf8.RuneCountInString(s); n < least {
		f.add(at, "must be more than %d characters", least-1)
	} else if n > most {
		f.add(at, "must be less than %d characters", most+1)
	}
}

// checkMessage checks a message against Slack's limits before it is sent.
func checkMessage(m message) error {
	var f flaws
	f.size("/text", string(m.text), 1, mostUpdateText)
	f.blocks("/blocks", m.blocks, mostMessageBlocks, false)
	return errors.Join(f...)
}

// checkModal does the same for a modal.
func checkModal(v slack.ModalViewRequest) error {
	var f flaws
	for at, text := range map[string]*slack.TextBlockObject{"/view/title": v.Title, "/view/submit": v.Submit, "/view/close": v.Close} {
		if text == nil && at == "/view/title" {
			f.add(at, "missing required field: title")
		}
		if text != nil {
			f.plain(at, text, mostTitle)
		}
	}
	f.size("/view/private_metadata", v.PrivateMetadata, 0, mostMetadata)
	f.size("/view/callback_id", v.CallbackID, 0, mostID)
	f.blocks("/view/blocks", v.Blocks.BlockSet, mostModalBlocks, true)
	for _, b := range v.Blocks.BlockSet {
		if b.BlockType() == slack.MBTInput && v.Submit == nil {
			f.add("/view/submit", "missing required field: submit")
		}
	}
	if raw, err := json.Marshal(v); err != nil || len(raw) > 250_000 {
		f.add("/view", "view_too_large")
	}
	return errors.Join(f...)
}

func (f *flaws) blocks(at string, blocks []slack.Block, most int, modal bool) {
	if len(blocks) > most {
		f.add(at, "no more than %d items allowed", most)
	}
	seen := make(map[string]bool)
	for n, b := range blocks {
		here := fmt.Sprintf("%s/%d", at, n)
		if id := b.ID(); id != "" {
			f.size(here+"/block_id", id, 0, mostID)
			if seen[id] {
				f.add(here+"/block_id", "must be unique")
			}
			seen[id] = true
		}
		f.block(here, b, modal)
	}
}

func (f *flaws) block(at string, b slack.Block, modal bool) {
	switch b := b.(type) {
	case *slack.SectionBlock:
		if b.Text == nil {
			f.add(at, "missing required field: text")
			return
		}
		f.text(at+"/text", b.Text)
	case *slack.HeaderBlock:
		f.plain(at+"/text", b.Text, mostHeader)
	case *slack.ContextBlock:
		f.context(at, b)
	case *slack.ActionBlock:
		f.actions(at, b)
	case *slack.DividerBlock:
	case *slack.InputBlock:
		if !modal {
			f.add(at, "unsupported type: input")
		}
		f.input(at, b)
	default:
		f.add(at, "unsupported type: %s", b.BlockType())
	}
}

func (f *flaws) text(at string, t *slack.TextBlockObject) {
	if err := t.Validate(); err != nil {
		f.add(at, "%s", err)
	}
}

func (f *flaws) plain(at string, t *slack.TextBlockObject, most int) {
	if t == nil || t.Type != slack.PlainTextType {
		f.add(at, "must be plain_text")
		return
	}
	f.size(at+"/text", t.Text, 1, most)
}

func (f *flaws) context(at string, b *slack.ContextBlock) {
	if n := len(b.ContextElements.Elements); n == 0 || n > mostContext {
		f.add(at+"/elements", "no more than %d items allowed, and one at least", mostContext)
	}
	for n, e := range b.ContextElements.Elements {
		here := fmt.Sprintf("%s/elements/%d", at, n)
		if t, ok := e.(*slack.TextBlockObject); ok {
			f.text(here, t)
		} else {
			f.add(here, "unsupported element")
		}
	}
}

func (f *flaws) actions(at string, b *slack.ActionBlock) {
	if n := len(b.Elements.ElementSet); n == 0 || n > mostActions {
		f.add(at+"/elements", "no more than %d items allowed, and one at least", mostActions)
	}
	seen := make(map[string]bool)
	for n, e := range b.Elements.ElementSet {
		here, id := fmt.Sprintf("%s/elements/%d", at, n), ""
		switch e := e.(type) {
		case *slack.ButtonBlockElement:
			id = e.ActionID
			f.plain(here+"/text", e.Text, mostButton)
			f.size(here+"/value", e.Value, 0, mostValue)
			f.confirm(here+"/confirm", e.Confirm)
		case *slack.OverflowBlockElement:
			id = e.ActionID
			f.overflow(here, e)
		default:
			f.add(here, "unsupported element")
		}
		f.size(here+"/action_id", id, 1, mostID)
		if seen[id] {
			f.add(here+"/action_id", "must be unique in its block")
		}
		seen[id] = true
	}
}

func (f *flaws) overflow(at string, e *slack.OverflowBlockElement) {
	if n := len(e.Options); n == 0 || n > mostOptions {
		f.add(at+"/options", "no more than %d items allowed, and one at least", mostOptions)
	}
	for n, o := range e.Options {
		here := fmt.Sprintf("%s/options/%d", at, n)
		f.plain(here+"/text", o.Text, mostButton)
		f.size(here+"/value", o.Value, 1, mostOptionValue)
	}
	f.confirm(at+"/confirm", e.Confirm)
}

func (f *flaws) confirm(at string, c *slack.ConfirmationBlockObject) {
	if c == nil {
		return
	}
	f.plain(at+"/title", c.Title, mostConfirmTitle)
	f.text(at+"/text", c.Text)
	f.size(at+"/text/text", c.Text.Text, 1, mostConfirmText)
	f.plain(at+"/confirm", c.Confirm, mostConfirmButton)
	f.plain(at+"/deny", c.Deny, mostConfirmButton)
}

func (f *flaws) input(at string, b *slack.InputBlock) {
	f.plain(at+"/label", b.Label, mostLabel)
	if b.Hint != nil {
		f.plain(at+"/hint", b.Hint, mostLabel)
	}
	switch e := b.Element.(type) {
	case *slack.PlainTextInputBlockElement:
		f.field(at+"/element", e)
	case *slack.SelectBlockElement:
		f.selection(at+"/element", e)
	default:
		f.add(at+"/element", "unsupported element")
	}
}

func (f *flaws) field(at string, e *slack.PlainTextInputBlockElement) {
	f.size(at+"/action_id", e.ActionID, 1, mostID)
	if e.Placeholder != nil {
		f.plain(at+"/placeholder", e.Placeholder, mostPlaceholder)
	}
	if e.MaxLength < 0 || e.MaxLength > mostText {
		f.add(at+"/max_length", "must be at most %d", mostText)
	}
}

func (f *flaws) selection(at string, e *slack.SelectBlockElement) {
	f.size(at+"/action_id", e.ActionID, 1, mostID)
	if n := len(e.Options); n == 0 || n > mostChoices {
		f.add(at+"/options", "no more than %d items allowed, and one at least", mostChoices)
	}
	chosen := e.InitialOption == nil
	for n, o := range e.Options {
		here := fmt.Sprintf("%s/options/%d", at, n)
		f.plain(here+"/text", o.Text, mostButton)
		f.size(here+"/value", o.Value, 1, mostOptionValue)
		chosen = chosen || o.Value == e.InitialOption.Value
	}
	if !chosen {
		f.add(at+"/initial_option", "must be one of the options")
	}
}
