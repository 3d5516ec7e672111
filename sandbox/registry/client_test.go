package registry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/pullfix/pullfix/sandbox/registry"
)

// reach is a way to the registry: in process, or over loopback.
type reach struct {
	name string
	open func(t *testing.T, r *registry.Registry) (host string, transport http.RoundTripper)
}

func reaches() []reach {
	return []reach{
		{"in process", func(_ *testing.T, r *registry.Registry) (string, http.RoundTripper) { return host, r.RoundTripper() }},
		{"loopback", func(t *testing.T, r *registry.Registry) (string, http.RoundTripper) {
			s, err := r.Serve(context.WithoutCancel(t.Context()), registry.ServeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			return s.Host, http.DefaultTransport
		}},
	}
}

func TestRealClientPullsAndPushes(t *testing.T) {
	for _, auth := range []registry.Auth{registry.AuthBasic, registry.AuthBearer} {
		for _, way := range reaches() {
			t.Run(fmt.Sprintf("auth %d, %s", auth, way.name), func(t *testing.T) {
				r := newRegistry(t, registry.Options{Auth: auth})
				at, rt := way.open(t, r)
				checkClient(t, at, with(t, rt, "ann", marker))
				for _, q := range r.Requests() {
					if q.Status == 0 {
						t.Errorf("%s %s was recorded without a status", q.Method, q.Path)
					}
				}
			})
		}
	}
}

func checkClient(t *testing.T, at string, opts []remote.Option) {
	t.Helper()
	ref := mustRef(t, at+"/team/app:v1")
	head, err := remote.Head(ref, opts...)
	if err != nil {
		t.Fatalf("head: %v", err)
	}
	got, err := remote.Get(ref, opts...)
	if err != nil || got.Digest != head.Digest {
		t.Fatalf("get: digest %v, %v; head said %v", got, err, head.Digest)
	}
	img, err := remote.Image(ref, opts...)
	if err != nil {
		t.Fatalf("image: %v", err)
	}
	if err := validate.Image(img); err != nil {
		t.Errorf("pulled image: %v", err)
	}
	pushed, err := random.Image(2048, 3)
	if err != nil {
		t.Fatal(err)
	}
	target := mustRef(t, at+"/team/new/thing:v2")
	if err := remote.Write(target, pushed, opts...); err != nil {
		t.Fatalf("push: %v", err)
	}
	back, err := remote.Image(target, opts...)
	if err != nil {
		t.Fatalf("pull of pushed: %v", err)
	}
	if err := validate.Image(back); err != nil {
		t.Errorf("pushed image: %v", err)
	}
	tags, err := remote.List(target.Context(), opts...)
	if err != nil || !slices.Equal(tags, []string{"v2"}) {
		t.Errorf("tags: %v, %v", tags, err)
	}
}

func TestRealClientIsRefused(t *testing.T) {
	cases := []struct {
		name, user, password, ref string
		push                      bool
	}{
		{name: "wrong password", user: "ann", password: "wrong", ref: "/team/app:v1"},
		{name: "unknown user", user: "eve", password: marker, ref: "/team/app:v1"},
		{name: "nobody", ref: "/team/app:v1"},
		{name: "another team's repository", user: "ann", password: marker, ref: "/other/app:v1"},
		{name: "wrong password on a public image", user: "ann", password: "wrong", ref: "/public/app:v1"},
		{name: "reader pushes", user: "rex", password: "rex-pw", ref: "/team/app:v2", push: true},
		{name: "nobody pushes", ref: "/public/app:v2", push: true},
	}
	for _, auth := range []registry.Auth{registry.AuthBasic, registry.AuthBearer} {
		r := newRegistry(t, registry.Options{Auth: auth, Public: []string{"public/*"}})
		mustPush(t, r, "public/app:v1")
		mustPush(t, r, "other/app:v1")
		for _, c := range cases {
			t.Run(fmt.Sprintf("auth %d, %s", auth, c.name), func(t *testing.T) {
				opts := with(t, r.RoundTripper(), c.user, c.password)
				err := pullOrPush(t, mustRef(t, host+c.ref), c.push, opts)
				var refused *transport.Error
				if !errors.As(err, &refused) || refused.StatusCode != http.StatusUnauthorized {
					t.Errorf("got %v, want 401", err)
				}
			})
		}
		t.Run(fmt.Sprintf("auth %d, public image", auth), func(t *testing.T) {
			if _, err := remote.Head(mustRef(t, host+"/public/app:v1"), with(t, r.RoundTripper(), "", "")...); err != nil {
				t.Errorf("anonymous pull of a public image: %v", err)
			}
		})
	}
}

func pullOrPush(t *testing.T, ref name.Reference, push bool, opts []remote.Option) error {
	t.Helper()
	if !push {
		_, err := remote.Head(ref, opts...)
		return err
	}
	img, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	return remote.Write(ref, img, opts...)
}

func TestOpenRegistry(t *testing.T) {
	for _, auth := range []registry.Auth{registry.AuthNone, registry.AuthBearer} {
		r := registry.New(registry.Options{Auth: auth, PublicPush: true})
		opts := with(t, r.RoundTripper(), "", "")
		ref := mustRef(t, host+"/any/thing:v1")
		if err := pullOrPush(t, ref, true, opts); err != nil {
			t.Errorf("auth %d: anonymous push: %v", auth, err)
		}
		if err := pullOrPush(t, ref, false, opts); err != nil {
			t.Errorf("auth %d: anonymous pull: %v", auth, err)
		}
	}
	closed := registry.New(registry.Options{})
	if err := pullOrPush(t, mustRef(t, host+"/any/thing:v1"), true, with(t, closed.RoundTripper(), "", "")); err == nil {
		t.Error("a registry without PublicPush took an anonymous push")
	}
}

func TestConcurrentUse(t *testing.T) {
	r := newRegistry(t, registry.Options{Auth: registry.AuthBearer, Style: registry.DockerHub, Limit: registry.PullLimit{Account: -1}})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			opts := with(t, r.RoundTripper(), "ann", marker)
			ref := mustRef(t, fmt.Sprintf("%s/team/r%d:v1", host, i))
			if err := pullOrPush(t, ref, true, opts); err != nil {
				t.Errorf("push %d: %v", i, err)
			}
			if _, err := remote.Get(ref, opts...); err != nil {
				t.Errorf("pull %d: %v", i, err)
			}
		})
		wg.Go(func() {
			user := fmt.Sprintf("u%d", i)
			r.SetAccount(registry.Account{User: user, Password: user, Pull: []string{"*"}})
			clear := r.Inject(registry.Fault{Repository: "none/*", Effect: registry.Status(500)})
			r.SetPublic("a/*")
			r.SetRealm("")
			_ = r.Requests()
			_ = r.SawSecret(user)
			clear()
			r.RemoveAccount(user)
		})
	}
	wg.Wait()
}
