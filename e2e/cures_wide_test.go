//go:build e2e && linux

package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// wideCures are those in which one approval covers many namespaces.
func wideCures() []cureCase {
	return []cureCase{{"new-in-forty-namespaces", newInFortyNamespaces}}
}

// everywhere is how many namespaces share the token that ended.
const everywhere = 40

// newInFortyNamespaces: the token of a cloud ended in all namespaces; that is
// one incident and one approval.
func newInFortyNamespaces(c *cure) {
	image := c.guarded()
	ended := login("AWS", base64.StdEncoding.EncodeToString(fmt.Appendf(nil,
		`{"payload":"x","datakey":"y","version":"2","type":"DATA_KEY","expiration":%d}`, time.Now().Add(-time.Hour).Unix())))
	stages := []*stage{c.stage}
	for n := 2; n <= everywhere; n++ {
		stages = append(stages, c.chat.stage(c.t, fmt.Sprintf("%s-%02d", c.namespace, n)))
	}
	for _, s := range stages {
		s.secret("regcred", map[string]entry{c.chat.guarded.Host: ended})
		s.deployment(image, 1, "regcred")
	}
	for _, s := range stages {
		s.reached("failed pull", failing(1))
	}
	c.ask("deployment/web")
	c.sees("The credential in secret regcred expired")
	v := c.opens("update-secret")
	c.submit(c.chooses(v, fmt.Sprintf("all %d namespaces", everywhere)))
	c.sees("Resolved", "approved by <@"+c.approver+">")
	for _, s := range stages {
		s.reached("running pod", running)
	}
	if roots := c.chat.roots(c.namespace); roots != 1 {
		c.t.Errorf("%d messages about one root cause", roots)
	}
}

// chooses takes the plan whose label has the words, and waits until the modal
// shows it.
func (c *cure) chooses(v slack.View, label string) slack.View {
	c.t.Helper()
	press, there := choice(v, label)
	if !there {
		c.t.Fatalf("no plan with %q in %v\n%s", label, v.Blocks, c.said())
	}
	press.User = c.approver
	d, err := c.chat.workspace.Act(press)
	c.acknowledged(d, err)
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	shown, err := c.chat.workspace.WaitView(ctx, c.approver, func(now slack.View) bool {
		return now.ID == v.ID && strings.Contains(now.PrivateMetadata, press.Value)
	})
	if err != nil {
		c.t.Fatalf("the modal does not show what was chosen: %v", err)
	}
	return shown
}

// choice is the press that takes an option of the modal's select.
func choice(v slack.View, label string) (slack.Press, bool) {
	p := slack.Press{ViewID: v.ID}
	for _, b := range v.Blocks {
		e, _ := b["element"].(map[string]any)
		options, _ := e["options"].([]any)
		for _, o := range options {
			entry, _ := o.(map[string]any)
			if strings.Contains(fmt.Sprint(entry["text"]), label) {
				p.BlockID, _ = b["block_id"].(string)
				p.ActionID, _ = e["action_id"].(string)
				p.Value, _ = entry["value"].(string)
				return p, true
			}
		}
	}
	return p, false
}

// roots counts the incidents' own messages that name namespaces with this
// beginning.
func (c *chat) roots(namespace string) int {
	n := 0
	for _, m := range c.workspace.Messages(slack.Ops, asker(0)) {
		if isRoot(m) && strings.Contains(words(m), "`"+namespace) {
			n++
		}
	}
	return n
}
