package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/runbook/scrub"
)

// Bounds of one page to one target. The desk tries again afterwards, for as long
// as it takes; the whole fits into the time that it gives.
const (
	mostTries    = 3
	firstPause   = 500 * time.Millisecond
	longestPause = 5 * time.Second // also where the target asks for more
	answerWithin = 8 * time.Second
	mostAnswer   = 64 << 10
	mostQuoted   = 200 // characters of an answer in an error
)

// NewClient returns a client for paging: it verifies certificates, follows no
// redirect, and waits for no answer longer than it takes to try again.
func NewClient() *http.Client {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxResponseHeaderBytes: 32 << 10, TLSHandshakeTimeout: answerWithin, ForceAttemptHTTP2: true,
		IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 2,
	}
	return &http.Client{
		Transport: transport, Timeout: answerWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Delivery is one page on its way. It may be used where a library wants a client
// to do its requests.
type Delivery struct {
	Client *http.Client
	status int // of the last answer, 0 when there was none
}

// Do sends a request until it is answered with something else than "not now",
// and that is tried a few times only. The body of the answer is bounded.
func (d *Delivery) Do(req *http.Request) (*http.Response, error) {
	for try, pause := 1, firstPause; ; try, pause = try+1, 2*pause {
		resp, err := d.once(req)
		if err == nil && !temporary(resp.StatusCode) || try == mostTries {
			return resp, err
		}
		wait := pause
		if err == nil {
			wait = max(wait, askedToWait(resp))
			_ = resp.Body.Close() // a new answer comes
		}
		if !sleep(req.Context(), min(wait, longestPause)) {
			return nil, fmt.Errorf("waiting to try again: %w", req.Context().Err())
		}
	}
}

func (d *Delivery) once(req *http.Request) (*http.Response, error) {
	d.status = 0
	again := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		again.Body = body
	}
	resp, err := d.Client.Do(again)
	if err != nil {
		return nil, withoutAddress(err)
	}
	d.status = resp.StatusCode
	resp.Body = bounded{io.LimitReader(resp.Body, mostAnswer), resp.Body}
	return resp, nil
}

type bounded struct {
	io.Reader
	io.Closer
}

// withoutAddress leaves the address out: the paths of webhooks are secrets.
func withoutAddress(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

func temporary(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500
}

func askedToWait(resp *http.Response) time.Duration {
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Judge says what an error means: a target that answered, and did not say "not
// now", refuses for good.
func (d *Delivery) Judge(err error) error {
	if err == nil || d.status == 0 || temporary(d.status) {
		return err
	}
	return &bot.PageRefusedError{Err: err}
}

// Send does a request, and wants it confirmed.
func Send(client *http.Client, req *http.Request) error {
	d := &Delivery{Client: client}
	resp, err := d.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // it is read as far as it matters
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	said, err := io.ReadAll(resp.Body)
	text := strings.TrimSpace(scrub.Limit(scrub.Text(string(said)), mostQuoted))
	if err != nil || text == "" {
		text = http.StatusText(resp.StatusCode)
	}
	return d.Judge(fmt.Errorf("answered %d: %s", resp.StatusCode, text))
}
