package registry

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Request is what was recorded of one request. It never holds a credential.
type Request struct {
	Time         time.Time
	Method, Host string
	Path         string
	// Query has the values of all but the protocol's own parameters blanked.
	Query      string
	Endpoint   Endpoint
	Repository string
	Reference  string
	// Authorized says that an Authorization header, or a login in a token
	// form, was present; Scheme is Basic, Bearer, form or other.
	Authorized bool
	Scheme     string
	// User is the name in the login or in the token; it proves nothing.
	User      string
	UserAgent string
	// Status is what was answered; zero while, or if, nothing was.
	Status int
}

const (
	// keptRequests bounds the journal; the oldest go first.
	keptRequests = 20000
	maxTokenForm = 64 << 10
)

// journal records requests. Raw credentials live only inside the witnesses:
// functions that answer yes or no, and print as an address.
type journal struct {
	mu        sync.Mutex
	requests  []*Request
	witnesses []func(marker string) bool
}

// Requests returns what was recorded so far, oldest first.
func (r *Registry) Requests() []Request {
	r.journal.mu.Lock()
	defer r.journal.mu.Unlock()
	out := make([]Request, 0, len(r.journal.requests))
	for _, q := range r.journal.requests {
		out = append(out, *q)
	}
	return out
}

// ForgetRequests empties the record, also of what SawSecret asks.
func (r *Registry) ForgetRequests() {
	r.journal.mu.Lock()
	defer r.journal.mu.Unlock()
	r.journal.requests, r.journal.witnesses = nil, nil
}

// SawSecret reports whether the marker ever arrived: in a header, plain or in a
// Basic login, in a token form, in the path or in the query. Bodies of uploads
// are not searched.
func (r *Registry) SawSecret(marker string) bool {
	r.journal.mu.Lock()
	witnesses := slices.Clone(r.journal.witnesses)
	r.journal.mu.Unlock()
	return marker != "" && slices.ContainsFunc(witnesses, func(w func(string) bool) bool { return w(marker) })
}

// begin records the request before anything can stall it. It reads the form of
// a token request, which is bounded.
func (j *journal) begin(w http.ResponseWriter, req *http.Request, t target, m *mint) *watched {
	if t.endpoint == Token && req.Body != nil {
		req.Body = http.MaxBytesReader(w, req.Body, maxTokenForm)
		_ = req.ParseForm() // what did not parse is missing, and refused as such
	}
	q := &Request{
		Time: time.Now(), Method: req.Method, Host: req.Host, Path: req.URL.Path, Query: scrub(req.URL.Query()),
		Endpoint: t.endpoint, Repository: t.repository, Reference: t.reference, UserAgent: req.UserAgent(),
	}
	q.Scheme, q.User = identity(req, m)
	q.Authorized = q.Scheme != ""
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.requests) >= keptRequests {
		j.requests, j.witnesses = j.requests[1:], j.witnesses[1:]
	}
	j.requests = append(j.requests, q)
	j.witnesses = append(j.witnesses, witness(req))
	return &watched{ResponseWriter: w, note: func(status int) {
		j.mu.Lock()
		defer j.mu.Unlock()
		q.Status = status
	}}
}

func identity(req *http.Request, m *mint) (scheme, user string) {
	if user, _, ok := req.BasicAuth(); ok {
		return "Basic", user
	}
	header := req.Header.Get("Authorization")
	kind, raw, _ := strings.Cut(header, " ")
	switch {
	case strings.EqualFold(kind, "Bearer"):
		c, err := m.read(raw)
		if err != nil {
			return "Bearer", ""
		}
		return "Bearer", c.Subject
	case header != "":
		return "other", ""
	case req.PostForm.Get("password") != "" || req.PostForm.Get("refresh_token") != "":
		return "form", req.PostForm.Get("username")
	}
	return "", ""
}

// scrub keeps the parameters of the protocol and blanks the values of others.
func scrub(query url.Values) string {
	kept := []string{"ns", "scope", "service", "n", "last", "digest", "mount", "from", "account", "client_id", "offline_token"}
	for key := range query {
		if !slices.Contains(kept, key) {
			query[key] = []string{"REDACTED"}
		}
	}
	return query.Encode()
}

func witness(req *http.Request) func(string) bool {
	texts := []string{req.URL.Path, req.URL.RawQuery}
	for _, values := range []map[string][]string{req.Header, req.URL.Query(), req.PostForm} {
		for key, list := range values {
			texts = append(append(texts, key), list...)
		}
	}
	if user, password, ok := req.BasicAuth(); ok {
		texts = append(texts, user, password)
	}
	return func(marker string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, marker) })
	}
}

// watched is a ResponseWriter that tells the status.
type watched struct {
	http.ResponseWriter
	status int
	note   func(status int)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader notes the first final status.
func (w *watched) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
		if w.note != nil {
			w.note(status)
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write notes an implied 200.
func (w *watched) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}
