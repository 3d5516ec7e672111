//go:build e2e && linux

package e2e

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// cure is an incident on a stage of its own, with two people: one asks, the
// other approves.
type cure struct {
	*stage
	chat            *chat
	asker, approver string
}

// patience is how long people wait for the bot: the kubelet takes minutes until
// it tries again, and recovery has to last before it is told.
const patience = 4 * time.Minute

// ask types the command.
func (c *cure) ask(object string) {
	c.t.Helper()
	d, err := c.chat.workspace.Command(c.asker, slack.Ops, "/pullfix diagnose "+c.namespace+" "+object)
	c.acknowledged(d, err)
}

func (c *cure) acknowledged(d slack.Delivery, err error) {
	c.t.Helper()
	c.must(err)
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	if d, err = c.chat.workspace.WaitDelivery(ctx, d.EnvelopeID); err != nil || d.Failure != "" {
		c.t.Fatalf("not acknowledged: %+v, %v", d, err)
	}
}

// words are all that stands in a message.
func words(m slack.Message) string {
	blocks, _ := json.Marshal(m.Blocks) // what was decoded always encodes
	return m.Text + "\n" + string(blocks)
}

// mine tells that a message is about the incident: it names the namespace.
func (c *cure) mine(m slack.Message) bool {
	text := words(m)
	return strings.Contains(text, "`"+c.namespace+"/") || strings.Contains(text, "`"+c.namespace+" ")
}

// isRoot tells a message of its own from a reply.
func isRoot(m slack.Message) bool {
	return !m.Ephemeral && (m.ThreadTS == "" || m.ThreadTS == m.TS)
}

// sees waits until the incident's message has all of the words.
func (c *cure) sees(wanted ...string) slack.Message {
	c.t.Helper()
	return c.wait(wanted, func(m slack.Message) bool { return isRoot(m) && c.mine(m) && hasAll(words(m), wanted) })
}

// hears waits for a reply in the incident's thread with all of the words.
func (c *cure) hears(root slack.Message, wanted ...string) {
	c.t.Helper()
	c.wait(wanted, func(m slack.Message) bool { return m.ThreadTS == root.TS && !isRoot(m) && hasAll(words(m), wanted) })
}

func (c *cure) wait(wanted []string, fits func(slack.Message) bool) slack.Message {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	m, err := c.chat.workspace.WaitMessage(ctx, slack.Ops, fits)
	if err != nil {
		c.t.Fatalf("nobody said %q: %v\n%s\n%s", wanted, err, c.said(), c.describe())
	}
	return m
}

// said is what was said about the incident.
func (c *cure) said() string {
	var text strings.Builder
	roots := make(map[string]bool)
	for _, viewer := range []string{c.asker, c.approver} {
		for _, m := range c.chat.workspace.Messages(slack.Ops, viewer) {
			if isRoot(m) && c.mine(m) && !roots[m.TS] {
				roots[m.TS] = true
				for _, reply := range c.chat.workspace.Thread(slack.Ops, m.TS, c.asker) {
					text.WriteString(words(reply) + "\n\n")
				}
			}
			if m.VisibleTo == viewer {
				text.WriteString("to " + viewer + ": " + words(m) + "\n\n")
			}
		}
	}
	return text.String()
}

func hasAll(text string, wanted []string) bool {
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// button is the press that approves a remedy on a message: the button that
// stands out, or an entry of the menu.
func (c *cure) button(m slack.Message, remedy string) (slack.Press, bool) {
	p := slack.Press{User: c.approver, Channel: m.Channel, TS: m.TS}
	if _, e, there := m.Element("pullfix.approve"); there && approves(e["value"], remedy) {
		p.ActionID = "pullfix.approve"
		return p, true
	}
	_, menu, _ := m.Element("pullfix.more")
	options, _ := menu["options"].([]any)
	for _, o := range options {
		if entry, _ := o.(map[string]any); entry != nil && approves(entry["value"], remedy) {
			p.ActionID, p.Value = "pullfix.more", entry["value"].(string)
			return p, true
		}
	}
	return p, false
}

func approves(value any, remedy string) bool {
	text, _ := value.(string)
	return strings.HasPrefix(text, "approve:") && strings.HasSuffix(text, ":"+remedy)
}

// offered waits until the incident's message offers a remedy.
func (c *cure) offered(remedy string) slack.Message {
	c.t.Helper()
	return c.wait([]string{"a button for " + remedy}, func(m slack.Message) bool {
		_, there := c.button(m, remedy)
		return there && isRoot(m) && c.mine(m)
	})
}

// opens presses the button of a remedy and waits for what the modal shows.
func (c *cure) opens(remedy string) slack.View {
	c.t.Helper()
	press, _ := c.button(c.offered(remedy), remedy)
	d, err := c.chat.workspace.Act(press)
	c.acknowledged(d, err)
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	v, err := c.chat.workspace.WaitView(ctx, c.approver, func(v slack.View) bool { return v.Submit == "Approve" })
	if err != nil {
		c.t.Fatalf("no modal opens for %s: %v\n%s", remedy, err, c.said())
	}
	return v
}

// approve opens the modal of a remedy and submits it.
func (c *cure) approve(remedy string) {
	c.t.Helper()
	c.submit(c.opens(remedy))
}
