//go:build e2e && linux

package e2e

import (
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"
)

// cureCase is a fault that people cure through the chat.
type cureCase struct {
	name string
	play func(c *cure)
}

// cures lets people cure real faults on the real cluster through the chat, some
// side by side.
func (b *bed) cures(t *testing.T) {
	all := slices.Concat(podCures(), secretCures(), wideCures())
	chat := b.openChat(t, len(all))
	chat.serve(t, "")
	var group errgroup.Group
	group.SetLimit(8)
	for n, cc := range all {
		group.Go(func() error {
			t.Run(cc.name, func(t *testing.T) {
				cc.play(&cure{stage: b.stage(t, "cure-"+cc.name), chat: chat, asker: asker(n), approver: approver(n)})
			})
			return nil
		})
	}
	_ = group.Wait() // the tests tell what failed
	chat.keepsSecrets(t)
}
