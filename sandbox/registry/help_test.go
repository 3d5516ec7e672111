package registry_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pullfix/pullfix/sandbox/registry"
)

const (
	host   = "127.0.0.1:5000"
	marker = "mArKeR-s3cret"
)

// ann may push and pull everything below team/, rex may only pull team/app.
func accounts() []registry.Account {
	return []registry.Account{
		{User: "ann", Password: marker, Push: []string{"team/*"}},
		{User: "rex", Password: "rex-pw", Pull: []string{"team/app", "team/gone", "team/app/*"}},
	}
}

func newRegistry(t *testing.T, o registry.Options) *registry.Registry {
	t.Helper()
	if o.Accounts == nil {
		o.Accounts = accounts()
	}
	r := registry.New(o)
	mustPush(t, r, "team/app:v1")
	return r
}

func mustPush(t *testing.T, r *registry.Registry, ref string, platforms ...string) string {
	t.Helper()
	repository, tag, _ := strings.Cut(ref, ":")
	digest, err := r.Push(repository, tag, platforms...)
	if err != nil {
		t.Fatalf("pushing %s:%s: %v", repository, tag, err)
	}
	return digest
}

func mustRef(t *testing.T, text string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(text)
	if err != nil {
		t.Fatalf("parsing %s: %v", text, err)
	}
	return ref
}

// with are the options of a real client without retries.
func with(t *testing.T, transport http.RoundTripper, user, password string) []remote.Option {
	t.Helper()
	auth := authn.Anonymous
	if user != "" {
		auth = authn.FromConfig(authn.AuthConfig{Username: user, Password: password})
	}
	return []remote.Option{
		remote.WithTransport(transport), remote.WithAuth(auth), remote.WithContext(t.Context()),
		remote.WithRetryStatusCodes(), remote.WithRetryPredicate(func(error) bool { return false }),
	}
}

// reply is an answer that was read to its end.
type reply struct {
	status  int
	header  http.Header
	body    string
	code    string
	message string
}

// plain sends requests as they are, with headers given as pairs.
type plain struct {
	t  *testing.T
	rt http.RoundTripper
}

func over(t *testing.T, rt http.RoundTripper) plain { return plain{t, rt} }

func (p plain) send(method, url string, headers ...string) reply {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, url, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return exchange(p.t, p.rt, req)
}

func exchange(t *testing.T, transport http.RoundTripper, req *http.Request) reply {
	t.Helper()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		t.Fatalf("reading answer of %s %s: %v", req.Method, req.URL, err)
	}
	out := reply{status: resp.StatusCode, header: resp.Header, body: string(body)}
	var errs struct {
		Errors  []struct{ Code, Message string }
		Details string
	}
	if json.Unmarshal(body, &errs) == nil {
		out.message = errs.Details
		if len(errs.Errors) > 0 {
			out.code, out.message = errs.Errors[0].Code, errs.Errors[0].Message
		}
	} else {
		out.message = strings.TrimSpace(string(body))
	}
	return out
}

// basic is the Authorization header of a login.
func basic(user, password string) string {
	req := &http.Request{Header: http.Header{}}
	req.SetBasicAuth(user, password)
	return req.Header.Get("Authorization")
}

// fetchToken asks for a token with GET, and returns the answer and the token.
func fetchToken(t *testing.T, transport http.RoundTripper, authorization, query string) (reply, string) {
	t.Helper()
	var headers []string
	if authorization != "" {
		headers = []string{"Authorization", authorization}
	}
	answer := over(t, transport).send(http.MethodGet, "http://"+host+"/token?"+query, headers...)
	var body struct{ Token string }
	if answer.status == http.StatusOK {
		if err := json.Unmarshal([]byte(answer.body), &body); err != nil {
			t.Fatalf("reading token: %v", err)
		}
	}
	return answer, body.Token
}
