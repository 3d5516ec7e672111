package cluster_test

import (
	"os/exec"
	"strings"
	"testing"
)

// A stand-in that shared code with its clients would agree with their mistakes.
func TestNoClientInside(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("listing the dependencies: %v: %s", err, out)
	}
	for path := range strings.FieldsSeq(string(out)) {
		stranger := strings.HasPrefix(path, "k8s.io/client-go") || strings.HasPrefix(path, "github.com/google/go-containerregistry") ||
			strings.HasPrefix(path, "github.com/pullfix/") && path != "github.com/pullfix/pullfix/sandbox/cluster"
		if stranger {
			t.Errorf("imports %s", path)
		}
	}
}
