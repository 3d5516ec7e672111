//go:build e2e && linux

package e2e

import (
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"
)

// scenario is one way in which pulling an image goes wrong, or does not.
type scenario struct {
	name string
	// set makes the objects and returns which one to ask about.
	set func(s *stage) (object string)
	// until is what to wait for; nil means that one container fails.
	until condition
	// then is done after that; nil means nothing.
	then func(s *stage)
	want want
}

// wrongSecret is a password that no registry knows. It must not be printed
// either: it may be good elsewhere.
const wrongSecret = "wRong-secret-9242"

// scenarios runs all of them, some side by side: most of the time each waits
// for the kubelet.
func (b *bed) scenarios(t *testing.T) {
	all := slices.Concat(imageScenarios(), secretScenarios(), credentialScenarios(), registryScenarios(), mirrorScenarios(), shapeScenarios(), healthyScenarios())
	var group errgroup.Group
	group.SetLimit(8)
	for _, sc := range all {
		group.Go(func() error {
			t.Run(sc.name, func(t *testing.T) { b.play(t, sc) })
			return nil
		})
	}
	_ = group.Wait() // the tests tell what failed
}

func (b *bed) play(t *testing.T, sc scenario) {
	s := b.stage(t, sc.name)
	object := sc.set(s)
	until := sc.until
	if until == nil {
		until = failing(1)
	}
	s.reached("state that the scenario is about", until)
	b.record.observe(s)
	if sc.then != nil {
		sc.then(s)
	}
	s.diagnose(object, sc.want)
}
