package journal

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// Nothing here holds fake time up: whoever sleeps holds no lock, and whoever
// waits for a lock waits for a file.
func TestFakeTimePasses(t *testing.T) {
	directory := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		j := openAt(t, directory)
		save(t, j, incident("inc-0"), "")
		for n := range 8 {
			go func() {
				for range 6 {
					if err := addOne(t.Context(), j, "inc-0"); err != nil {
						t.Error(err)
					}
					time.Sleep(time.Hour)
				}
				save(t, j, incident(fmt.Sprintf("end-%d", n)), "")
			}()
		}
		time.Sleep(6*time.Hour - time.Nanosecond)
		synctest.Wait()
		if ids := unfinished(t, j); len(ids) > 1 {
			t.Errorf("a nanosecond early: %v", ids)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if ids := unfinished(t, j); len(ids) < 8 {
			t.Errorf("late: %v", ids)
		}
		if passed := time.Since(begin); passed != 6*time.Hour {
			t.Errorf("%s passed", passed)
		}
		if i, _ := load(t, j, "inc-0"); i.Sequence != 1+8*6 {
			t.Errorf("%d changes", i.Sequence-1)
		}
		if _, err := j.Prune(t.Context(), begin.Add(2*keepAll)); err != nil {
			t.Error(err)
		}
	})
}
