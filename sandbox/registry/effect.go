package registry

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Status answers with the status and the code and wording that go with it in
// the distribution specification. 200 answers with an empty object.
func Status(status int) Effect {
	return Effect{func(c call) {
		if status < http.StatusBadRequest {
			writeJSON(c.w, status, struct{}{})
			return
		}
		code, message := wording(status)
		if status == http.StatusMethodNotAllowed {
			c.w.Header().Set("Allow", "GET")
		}
		writeError(c.w, status, code, message)
	}}
}

func wording(status int) (code, message string) {
	switch status {
	case http.StatusUnauthorized:
		return "UNAUTHORIZED", "authentication required"
	case http.StatusForbidden:
		return "DENIED", "requested access to the resource is denied"
	case http.StatusNotFound:
		return "MANIFEST_UNKNOWN", "manifest unknown"
	case http.StatusMethodNotAllowed:
		return "UNSUPPORTED", "The operation is unsupported."
	case http.StatusPreconditionFailed:
		return "PROJECTPOLICYVIOLATION", "current image with 3 vulnerabilities cannot be pulled due to configured policy in 'Prevent images with vulnerability severity of \"High\" or higher from running.'"
	case http.StatusTooManyRequests:
		return "TOOMANYREQUESTS", "too many requests"
	case http.StatusServiceUnavailable:
		return "UNAVAILABLE", "service unavailable"
	default:
		return "UNKNOWN", "unknown error"
	}
}

// Failure answers with exactly this status, code and message.
func Failure(status int, code, message string) Effect {
	return Effect{func(c call) { writeError(c.w, status, code, message) }}
}

// RateLimited answers 429 in the vendor's words, with Retry-After in whole
// seconds unless it is zero.
func RateLimited(retryAfter time.Duration) Effect {
	return Effect{func(c call) {
		if retryAfter > 0 {
			c.w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
		}
		writeAnswer(c.w, c.manners.registry[rateLimited], refusal{target: c.target})
	}}
}

// Challenge answers 401 with these WWW-Authenticate headers, whoever asks.
func Challenge(values ...string) Effect {
	return Effect{func(c call) {
		for _, v := range values {
			c.w.Header().Add("WWW-Authenticate", v)
		}
		writeError(c.w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	}}
}

// HTML answers with a web page where a registry's answer belongs.
func HTML(status int) Effect {
	return Effect{func(c call) {
		c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
		c.w.WriteHeader(status)
		_, _ = fmt.Fprintf(c.w, "<!DOCTYPE html><html><head><title>%d %s</title></head><body><h1>Sign in</h1></body></html>\n",
			status, http.StatusText(status))
	}}
}

// RedirectTo sends the caller to another address.
func RedirectTo(url string) Effect {
	return Effect{func(c call) {
		c.w.Header().Set("Location", url)
		c.w.WriteHeader(http.StatusTemporaryRedirect)
	}}
}

// RedirectLoop sends the caller to where it just was.
func RedirectLoop() Effect {
	return Effect{func(c call) {
		c.w.Header().Set("Location", c.req.URL.RequestURI())
		c.w.WriteHeader(http.StatusTemporaryRedirect)
	}}
}

// Without drops the headers from the real answer, such as
// Docker-Content-Digest and Content-Type from a HEAD.
func Without(headers ...string) Effect {
	return Effect{func(c call) {
		c.forward(&edited{ResponseWriter: c.w, edit: func(h http.Header) {
			for _, name := range headers {
				// A nil value also keeps net/http from guessing one.
				h[http.CanonicalHeaderKey(name)] = nil
			}
		}})
	}}
}

// With sets a header of the real answer, for example a false digest.
func With(name, value string) Effect {
	return Effect{func(c call) {
		c.forward(&edited{ResponseWriter: c.w, edit: func(h http.Header) { h.Set(name, value) }})
	}}
}

// HugeHeaders adds about size bytes of headers to the real answer.
func HugeHeaders(size int) Effect {
	return Effect{func(c call) {
		const line = 1 << 10
		for i := 0; i*line < size; i++ {
			c.w.Header().Set("X-Padding-"+strconv.Itoa(i), padding(line))
		}
		c.forward(c.w)
	}}
}

// Func runs any handler in place of an effect; next is the registry.
func Func(f func(w http.ResponseWriter, req *http.Request, next http.Handler)) Effect {
	return Effect{func(c call) { f(c.w, c.req, c.next) }}
}

// HostileText is what an attacker puts into an error message: terminal escapes,
// control and bidirectional characters, Slack mentions and links, line breaks
// that forge a second line.
func HostileText() string {
	return "denied \x1b[2J\x1b]0;owned\x07\x00\b\r\npullfix: healthy \u202egnp.exe\u2066 \u200b" +
		" <!channel> <@U0ADMIN> <https://evil.example|registry.example.com> *bold* `code` \u2028 &lt;b&gt;"
}

func padding(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'p'
	}
	return string(b)
}

// edited changes headers in the moment they are sent.
type edited struct {
	http.ResponseWriter
	edit func(http.Header)
	done bool
}

// Unwrap lets http.ResponseController reach the connection.
func (e *edited) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// WriteHeader edits, then sends.
func (e *edited) WriteHeader(status int) {
	if !e.done {
		e.done = true
		e.edit(e.Header())
	}
	e.ResponseWriter.WriteHeader(status)
}

// Write sends the edited headers first.
func (e *edited) Write(p []byte) (int, error) {
	if !e.done {
		e.WriteHeader(http.StatusOK)
	}
	return e.ResponseWriter.Write(p)
}
