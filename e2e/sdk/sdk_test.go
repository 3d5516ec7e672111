//go:build sdk

package sdk

import "testing"

// TestSlackSDKs is all that Slack's SDKs have to say. The parts share what was
// installed, and nothing else.
func TestSlackSDKs(t *testing.T) {
	k := install(t)
	for name, part := range map[string]func(*testing.T, kit){
		"bolt": boltApp, "socket-mode": socketClient, "web-api": webClient,
		"golden files": goldenFiles, "planted faults": plantedFaults, "manifest": manifest,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(t, k)
		})
	}
}
