package runbook

import "time"

// Tick tells that a step of the gathering began or ended.
type Tick struct {
	Step string // a step id
	Note string // what is being asked, "asking ghcr.io"
	Done bool
	Took time.Duration // of a step that is done
}

// Progress is told how the gathering goes, from several goroutines at once; it
// must not block. Nil is allowed.
type Progress func(Tick)

// Begin tells that a step begins; the function it returns tells its end.
func (p Progress) Begin(step, note string) func() {
	if p == nil {
		return func() {}
	}
	start := time.Now()
	p(Tick{Step: step, Note: note})
	return func() { p(Tick{Step: step, Done: true, Took: time.Since(start)}) }
}
