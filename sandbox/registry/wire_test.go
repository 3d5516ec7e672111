package registry_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pullfix/pullfix/sandbox/registry"
)

func TestStallEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t, registry.Options{})
		r.Inject(registry.Fault{Effect: registry.Stall()})
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		start := time.Now()
		_, err := read(ctx, r.RoundTripper(), "http://"+host+manifestPath)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 7*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

func TestSlowTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t, registry.Options{Auth: registry.AuthBasic})
		r.Inject(registry.Fault{Endpoint: registry.Manifests, Effect: registry.Slow(5 * time.Second)})
		start := time.Now()
		_, err := remote.Head(mustRef(t, host+"/team/app:v1"), with(t, r.RoundTripper(), "ann", marker)...)
		if err != nil || time.Since(start) != 5*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

func TestDripSendsAByteASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t, registry.Options{})
		r.Inject(registry.Fault{Effect: registry.Drip(time.Second)})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second+time.Millisecond)
		defer cancel()
		body, err := read(ctx, r.RoundTripper(), "http://"+host+manifestPath)
		if len(body) != 21 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%d bytes in 20 s, %v", len(body), err)
		}
	})
}

func TestAbandonedBodyEndsTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t, registry.Options{})
		r.Inject(registry.Fault{Effect: registry.Endless(200)})
		if body, err := read(t.Context(), r.RoundTripper(), "http://"+host+manifestPath); err != nil || len(body) != 1<<20 {
			t.Errorf("%d bytes, %v", len(body), err)
		}
		// The bubble fails the test if the endless handler were still there.
	})
}

func TestNetworkKnowsItsHosts(t *testing.T) {
	r := newRegistry(t, registry.Options{})
	network := registry.Network{"registry.example.com": r}
	if got := over(t, network).send(http.MethodGet, "https://registry.example.com/v2/"); got.status != 200 {
		t.Errorf("known host: %d", got.status)
	}
	_, err := read(t.Context(), network, "https://nowhere.example.com/v2/")
	var dns *net.DNSError
	if !errors.As(err, &dns) || !dns.IsNotFound || dns.Name != "nowhere.example.com" {
		t.Errorf("unknown host: %v", err)
	}
}

func TestRealmFollowsTheScheme(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBearer})
	got := over(t, r.RoundTripper()).send(http.MethodGet, "https://registry.example.com/v2/").header.Get("WWW-Authenticate")
	if want := `Bearer realm="https://registry.example.com/token",service="sandbox-registry"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
