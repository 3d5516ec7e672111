package runbook

// waveSize is how many objects are changed at a time after the first namespace.
const waveSize = 10

// WaveEnd is where the wave of changes that begins at an action ends. The first
// namespace goes alone, as a canary; after it whole namespaces, as many as fit.
// Each wave begins only when the one before it is done.
func WaveEnd(actions []Action, from int) int {
	end := from
	for end < len(actions) {
		next := end + 1
		for next < len(actions) && actions[next].near(actions[end]) {
			next++
		}
		if end > from && (from == 0 || next-from > waveSize) {
			break
		}
		end = next
	}
	return end
}

// near tells that two actions are in one namespace.
func (a Action) near(b Action) bool { return a.Namespace == b.Namespace && a.Cluster == b.Cluster }
