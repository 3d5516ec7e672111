package k8s

import (
	"slices"
	"testing"
)

func TestNear(t *testing.T) {
	among := []string{
		"checkout-7f9c5d-abcde", "checkout-7f9c5d-fghij", "checkout-worker-66b-zzzzz", "cart-5d8-qqqqq", "db-0", "payment-gateway-1",
	}
	for _, test := range []struct {
		asked string
		want  []string
	}{
		{"checkout", []string{"checkout-7f9c5d-abcde", "checkout-7f9c5d-fghij", "checkout-worker-66b-zzzzz"}},
		{"checkout-7f9c5d-abcdf", []string{"checkout-7f9c5d-abcde", "checkout-7f9c5d-fghij", "checkout-worker-66b-zzzzz"}},
		{"checkout-old000-xxxxx", []string{"checkout-7f9c5d-abcde", "checkout-7f9c5d-fghij", "checkout-worker-66b-zzzzz"}},
		{"db-1", []string{"db-0"}},
		{"gateway", []string{"payment-gateway-1"}},
		{"Cart-5d8-qqqqq", []string{"cart-5d8-qqqqq"}},
		{"zzz", []string{"checkout-worker-66b-zzzzz"}},
		{"nothing-like-it", nil},
		{"", nil},
	} {
		if got := near(test.asked, among); !slices.Equal(got, test.want) {
			t.Errorf("near %q: %v, want %v", test.asked, got, test.want)
		}
	}
	many := slices.Repeat([]string{"web-1", "web-2", "web-3", "web-4", "web-5", "web-6"}, 2)
	if got := near("web", many); len(got) != namesNear {
		t.Errorf("%d names, want %d: %v", len(got), namesNear, got)
	}
}
