package shop_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/sandbox/cluster"
	"github.com/pullfix/pullfix/sandbox/shop"
)

func open(t *testing.T) *shop.World {
	t.Helper()
	w, err := shop.Open(t.Context(), shop.Options{Directory: t.TempDir(), Startup: 50 * time.Millisecond, Retry: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// pods lists the waiting reason of every workload's pods.
func pods(t *testing.T, w *shop.World) map[string]string {
	t.Helper()
	w.Cluster.AddUser(cluster.User{Name: "test", Token: "test"})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://x/api/v1/pods", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer test")
	answer, err := (&http.Client{Transport: w.Cluster.RoundTripper()}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Items []struct {
			Metadata struct {
				Namespace string
				Labels    map[string]string
			}
			Status struct {
				ContainerStatuses []struct {
					State map[string]struct{ Reason, Message string }
				}
			}
		}
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, p := range list.Items {
		state := "none"
		for _, s := range p.Status.ContainerStatuses {
			for word, why := range s.State {
				state = word
				if why.Message != "" {
					state = why.Message
				}
			}
		}
		name := p.Metadata.Namespace + "/" + p.Metadata.Labels["app"]
		out[name] += state + "\n"
	}
	return out
}

// symptoms are words of what the kubelet says, or the state.
func symptoms() map[string]string {
	return map[string]string{
		"shop/storefront": "running", "web/homepage": "running",
		"shop/checkout":    "checkout:1.4.22: not found",
		"shop/search":      "search:2.0.2: not found",
		"shop/recommend":   "no match for platform",
		"shop/cart":        "401 Unauthorized",
		"shop/sessions":    "sessions:7.O: not found",
		"pay/payments":     "401 Unauthorized",
		"media/thumbnails": "Your authorization token has expired",
		"web/landing":      "429 Too Many Requests",
		"web/status":       "401",
		"web/newsletter":   "no such host",
		"web/blog":         "back-off 5m0s restarting",
		"billing/invoices": "connection refused",
		"billing/ledger":   "unexpected end of JSON input",
		"billing/reports":  "503 Service Unavailable",
	}
}

func TestEveryWorkloadFailsInItsOwnWay(t *testing.T) {
	w := open(t)
	var missing map[string]string
	for range 100 {
		missing = map[string]string{}
		seen := pods(t, w)
		for name, words := range symptoms() {
			if !strings.Contains(seen[name], words) {
				missing[name] = seen[name]
			}
		}
		if len(missing) == 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if diff := cmp.Diff(map[string]string{}, missing); diff != "" {
		t.Error(diff)
	}
}

func TestNothingOutsideTheWorldIsReached(t *testing.T) {
	w := open(t)
	for _, address := range []string{"example.com:443", "ghcr.io:80", "1.1.1.1:443", "localhost:22"} {
		if conn, err := w.Network.Dial(context.Background(), "tcp", address); err == nil {
			_ = conn.Close()
			t.Errorf("%s was reached", address)
		} else if !strings.Contains(err.Error(), "no such host") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := w.Network.LookupNetIP(t.Context(), "ip", "example.com"); err == nil {
		t.Error("a foreign name was found")
	}
	found, err := w.Network.LookupNetIP(t.Context(), "ip", "quay.io")
	if err != nil || len(found) != 1 || !found[0].IsLoopback() {
		t.Errorf("quay.io leads to %v, %v", found, err)
	}
}
