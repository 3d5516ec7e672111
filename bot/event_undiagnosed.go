package bot

// NotDiagnosed says that the diagnosis itself did not work.
type NotDiagnosed struct {
	Effect string
	Why    string
	// Final means that the question was wrong: no such pod, or not to be asked.
	Final bool
	Place Place // where it is shown when nobody asked for it
}

func (e NotDiagnosed) apply(c *change) error {
	if err := (Done{Effect: e.Effect}).apply(c); err != nil {
		return err
	}
	c.Progress = nil
	if e.Final {
		c.end(Person{}, e.Why)
		if c.Asked != (Person{}) {
			c.whisper(Press{Person: c.Asked, Place: c.Place}, e.Why)
		}
		c.show()
		return nil
	}
	c.settleIn(e.Place)
	c.Trouble = e.Why
	if c.State == Diagnosing {
		c.State = Open
	}
	if text := "cannot tell: " + e.Why; !c.repeats(Person{}, text) {
		c.note(Person{}, text)
	}
	c.show()
	return nil
}
