package shop_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullfix/pullfix/sandbox/cluster"
	"github.com/pullfix/pullfix/sandbox/shop"
	"github.com/pullfix/pullfix/sandbox/slack"
	"github.com/pullfix/pullfix/sandbox/slack/page"
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

// TestTroubleHealsOnceSomebodyLooked: however often the kubelet tries meanwhile,
// the registry that has trouble has it until the bot has asked it.
func TestTroubleHealsOnceSomebodyLooked(t *testing.T) {
	w, err := shop.Open(t.Context(), shop.Options{
		Directory: t.TempDir(), Startup: 50 * time.Millisecond, Retry: 20 * time.Millisecond, MaxRetry: 20 * time.Millisecond, Heal: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() }) // another test wants it to end well
	time.Sleep(2 * time.Second)
	if state := pods(t, w)["billing/reports"]; strings.Contains(state, "running") {
		t.Fatalf("it has healed before anybody looked: %s", state)
	}
	pem, err := os.ReadFile(w.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{DialContext: w.Network.Dial, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://harbor.acme.example/v2/billing/reports/manifests/9.4", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("User-Agent", "pullfix/test")
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the bot is told %s", answer.Status)
	}
	for range 100 {
		if strings.Contains(pods(t, w)["billing/reports"], "running") {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("it does not heal: %s", pods(t, w)["billing/reports"])
}

// TestGuideAsksWhoMay: where the guide speaks of four eyes, the one who asks could
// approve otherwise, and somebody else can.
func TestGuideAsksWhoMay(t *testing.T) {
	guide := shop.Page().Guide
	at := slices.IndexFunc(guide, func(g page.Guide) bool { return strings.Contains(g.Text, "four eyes") })
	if at < 0 || at+1 >= len(guide) {
		t.Fatal("nothing is said of four eyes")
	}
	approvers := []string{slack.Bob, slack.Carol} // the platform group of the example
	asks, approves := guide[at].User, guide[at+1].User
	if guide[at].Command == "" || asks == approves || !slices.Contains(approvers, asks) || !slices.Contains(approvers, approves) {
		t.Errorf("%s asks and %s approves", asks, approves)
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
