package main

import "testing"

// TestLinkedBuild: what make tells the linker counts where the toolchain has
// recorded nothing, and only there.
func TestLinkedBuild(t *testing.T) {
	recorded := build{Version: "v1", Commit: "a", Built: "2026-01-02T03:04:05Z"}
	if got := recorded.linked("b", "later"); got != recorded {
		t.Errorf("recorded: %+v", got)
	}
	want := build{Version: "v1-dirty", Commit: "b", Built: "2026-01-02T03:04:05Z", Modified: true}
	if got := (build{Version: "v1-dirty"}).linked("b", "2026-01-02T03:04:05Z"); got != want {
		t.Errorf("linked: %+v", got)
	}
	if got := (build{Version: "(devel)"}).linked("", ""); got != (build{Version: "(devel)"}) {
		t.Errorf("nothing known: %+v", got)
	}
}
