package registry_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pullfix/pullfix/sandbox/registry"
)

func TestHubCountsPulls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t, registry.Options{
			Auth: registry.AuthBearer, Style: registry.DockerHub, Public: []string{"team/*"},
			Limit: registry.PullLimit{Anonymous: 2, Account: 100, Window: time.Hour},
		})
		_, token := fetchToken(t, r.RoundTripper(), "", "scope=repository:team/app:pull")
		ask := func(method, token string) string {
			a := over(t, r.RoundTripper()).send(method, "http://"+host+manifestPath, "Authorization", "Bearer "+token)
			return fmt.Sprintf("%d %s of %s at %s", a.status, a.header.Get("ratelimit-remaining"), a.header.Get("ratelimit-limit"), a.header.Get("docker-ratelimit-source"))
		}
		for i, want := range []string{"HEAD 200 2", "GET 200 1", "HEAD 200 1", "GET 200 0", "HEAD 200 0", "GET 429 0"} {
			var method, status, left string
			if _, err := fmt.Sscan(want, &method, &status, &left); err != nil {
				t.Fatal(err)
			}
			full := status + " " + left + ";w=3600 of 2;w=3600 at 127.0.0.1"
			if got := ask(method, token); got != full {
				t.Errorf("request %d: %s, want %s", i, got, full)
			}
		}
		_, known := fetchToken(t, r.RoundTripper(), basic("ann", marker), "scope=repository:team/app:pull")
		if got := ask(http.MethodGet, known); got != "200 99;w=3600 of 100;w=3600 at ann" {
			t.Errorf("an account has a bucket of its own: %s", got)
		}
		time.Sleep(time.Hour)
		_, token = fetchToken(t, r.RoundTripper(), "", "scope=repository:team/app:pull")
		if got := ask(http.MethodGet, token); got != "200 1;w=3600 of 2;w=3600 at 127.0.0.1" {
			t.Errorf("after the window: %s", got)
		}
		r.SetLimit(registry.PullLimit{})
		if got := ask(http.MethodGet, token); got != "200  of  at " {
			t.Errorf("without a limit: %s", got)
		}
	})
}
