package runbook

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// mostBackOff is the kubelet's longest back-off.
const mostBackOff = 5 * time.Minute

// nextAttempt says when the kubelet tries again at the latest.
func (e evidence) nextAttempt() string {
	last := e.lastAttempt()
	most := mostBackOff + e.syncWithin()
	switch {
	case e.facts.Node.down():
		return fmt.Sprintf("The kubelet tries again when %s is Ready again.", e.nodeName())
	case !last.IsZero() && e.now.Sub(last) <= most:
		return fmt.Sprintf("The kubelet tries again by %s at the latest.", clock(last.Add(most), e.now))
	case e.minor() >= 32:
		return "The kubelet tries again within " + e.within() + "."
	}
	return "The kubelet tries again within " + e.within() + "; the cause shows for about 10 s then."
}

// within is how long it is to the next attempt at most, in words.
func (e evidence) within() string {
	if e.syncWithin() > time.Minute {
		return "6.5 min"
	}
	return "5 min"
}

// syncWithin is how late the kubelet looks again after the back-off: 90 s up to
// 1.32, 15 s from 1.33 on (pull-semantics).
func (e evidence) syncWithin() time.Duration {
	if e.minor() >= 33 {
		return 15 * time.Second
	}
	return 90 * time.Second
}

// minor is the minor version of the node's kubelet, 0 when it is not known.
func (e evidence) minor() int {
	if e.facts.Node == nil {
		return 0
	}
	_, rest, _ := strings.Cut(e.facts.Node.KubeletVersion, ".")
	digits, _, _ := strings.Cut(rest, ".")
	minor, err := strconv.Atoi(strings.TrimRight(digits, "+"))
	if err != nil {
		return 0
	}
	return minor
}
