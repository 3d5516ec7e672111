package bot

import (
	"context"
	"time"
)

// Observer sees what is recorded, as to count it. It must return at once.
type Observer interface {
	// Saved sees each recorded change of an incident; before is zero for a new
	// one.
	Saved(before, after Incident, now time.Time)
}

func (d *Desk) saved(before, after Incident) {
	if d.Observer != nil {
		d.Observer.Saved(before, after, time.Now())
	}
}

// Ping returns without an error while the desk takes things in.
func (d *Desk) Ping(ctx context.Context) error {
	_, err := d.post(ctx, letter{ping: true})
	return err
}
