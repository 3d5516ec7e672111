package slack

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

func TestForgetsWhatIsLongOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(Options{})
		w.mu.Lock()
		defer w.mu.Unlock()
		w.triggers["old"] = &trigger{user: Ann, at: w.now()}
		w.responses["old"] = &response{user: Ann, at: w.now()}
		for i := range 2 * keptEntries {
			d := &Delivery{EnvelopeID: strconv.Itoa(i), Kind: kindEvent}
			w.deliveries = append(w.deliveries, d)
			w.byEnvelope[d.EnvelopeID] = d
		}
		time.Sleep(time.Hour + time.Second)
		last := w.dispatch(&envelope{Delivery: &Delivery{Kind: kindClosed}, payload: object{}})
		if len(w.deliveries) != keptEntries+1 || len(w.byEnvelope) != keptEntries+1 || w.byEnvelope[last.EnvelopeID] != last {
			t.Errorf("%d deliveries and %d ids are kept", len(w.deliveries), len(w.byEnvelope))
		}
		if len(w.triggers) != 0 || len(w.responses) != 0 {
			t.Errorf("%d triggers and %d response URLs are kept", len(w.triggers), len(w.responses))
		}
	})
}
