package slack

import (
	"fmt"
	"time"
)

// triggerLife is how long a trigger id can be exchanged for a modal.
const triggerLife = 3 * time.Second

// trigger lets the app open a modal for the user, once.
type trigger struct {
	user string
	at   time.Time
	used bool
	// inModal is whether the user acted in a modal, onto which may be pushed.
	inModal bool
}

// newTrigger hands out a trigger id. It wants w.mu held,
// as takeTrigger does.
func (w *Workspace) newTrigger(user string, inModal bool) string {
	w.serial++
	id := fmt.Sprintf("%d.%d.%s", w.now().UnixMilli(), w.serial, shortID()+shortID())
	w.triggers[id] = &trigger{user: user, at: w.now(), inModal: inModal}
	return id
}

func (w *Workspace) takeTrigger(id string) (*trigger, error) {
	t, ok := w.triggers[id]
	switch {
	case !ok:
		return nil, refuse("invalid_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	case w.now().Sub(t.at) > triggerLife:
		return nil, refuse("expired_trigger_id")
	}
	t.used = true
	return t, nil
}
