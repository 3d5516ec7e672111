package slackbot

import "sync"

// crew is a bounded number of workers with a bounded queue.
type crew struct {
	jobs   chan func()
	work   sync.WaitGroup
	mu     sync.RWMutex // guards closed, against an offer while the crew goes to rest
	closed bool
}

func newCrew(workers, queue int) *crew {
	c := &crew{jobs: make(chan func(), queue)}
	for range workers {
		c.work.Go(func() {
			for job := range c.jobs {
				job()
			}
		})
	}
	return c
}

// offer hands a job over; false when there is no room, or work is over.
func (c *crew) offer(job func()) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return false
	}
	select {
	case c.jobs <- job:
		return true
	default:
		return false
	}
}

// rest takes nothing more, and waits until everything is done.
func (c *crew) rest() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.jobs)
	}
	c.mu.Unlock()
	c.work.Wait()
}
