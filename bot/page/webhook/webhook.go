// Package webhook pages by a signed POST of JSON to any address.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/pullfix/pullfix/bot"
	"github.com/pullfix/pullfix/bot/page"
	"github.com/pullfix/pullfix/runbook"
)

// The headers of a delivery. The signature is the HMAC-SHA256, in hexadecimal,
// of the timestamp, a dot, and the body: a receiver refuses what is too old.
const (
	SignatureHeader = "X-Pullfix-Signature" // v1=…
	TimestampHeader = "X-Pullfix-Timestamp" // seconds since 1970
	KeyHeader       = "X-Pullfix-Dedup-Key"
)

// usualBody is what is sent unless the configuration says otherwise.
const usualBody = `{"action": {{json .Action}}, "dedupKey": {{json .Key}}, "incident": {{json .Incident}}, "condition": {{json .Condition}},
 "level": {{json .Level}}, "severity": {{json .Severity}}, "cluster": {{json .Cluster}}, "namespace": {{json .Namespace}},
 "cause": {{json .Cause}}, "registry": {{json .Registry}}, "text": {{json .Text}}, "details": {{json .Details}},
 "link": {{json .Link}}, "at": {{json .At}}}`

// mostBody bounds what is sent, in bytes.
const mostBody = 256 << 10

// Options say where to and how.
type Options struct {
	URL    string
	Secret page.Secret // of the signature; empty means unsigned
	// Body is a template of JSON over bot.Page, with the function json; empty
	// means the usual one.
	Body string
}

// Target is one webhook.
type Target struct {
	address string
	secret  page.Secret
	body    *template.Template
	client  *http.Client
}

var _ bot.Pager = (*Target)(nil)

// New returns a target. A body that makes no JSON of an example is an error: it
// must be found at the start.
func New(o Options) (*Target, error) {
	if o.URL == "" {
		return nil, errors.New("no address")
	}
	source := o.Body
	if strings.TrimSpace(source) == "" {
		source = usualBody
	}
	body, err := template.New("body").Funcs(template.FuncMap{"json": asJSON}).Option("missingkey=error").Parse(source)
	if err != nil {
		return nil, fmt.Errorf("the body: %w", err)
	}
	t := &Target{address: o.URL, secret: o.Secret, body: body, client: page.NewClient()}
	if _, err := t.render(example()); err != nil {
		return nil, err
	}
	return t, nil
}

func asJSON(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}

func example() bot.Page {
	return bot.Page{
		Action: bot.PageTrigger, Key: bot.PageKey("k3v9q2m7xa"), Incident: "k3v9q2m7xa", Condition: bot.WhenOverdue, Level: 1, Severity: runbook.P1,
		Cluster: "prod-eu", Namespace: "shop", Cause: "TagNotFound", Registry: "ghcr.io", Text: `P1: "quoted" text`, Details: []string{"one line"}, At: time.Unix(0, 0).UTC(),
	}
}

func (t *Target) render(p bot.Page) ([]byte, error) {
	var b bytes.Buffer
	if err := t.body.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("the body: %w", err)
	}
	if !json.Valid(b.Bytes()) {
		return nil, errors.New("the body makes no JSON; write texts as {{json .Text}}, without quotes around them")
	}
	if b.Len() > mostBody {
		return nil, fmt.Errorf("the body has more than %d bytes", mostBody)
	}
	return b.Bytes(), nil
}

// Page posts the page. Every attempt has the same dedup key, so that a receiver
// that counts can tell.
func (t *Target) Page(ctx context.Context, p bot.Page) error {
	body, err := t.render(p)
	if err != nil {
		return &bot.PageRefusedError{Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.address, bytes.NewReader(body))
	if err != nil {
		return &bot.PageRefusedError{Err: errors.New("the webhook's address cannot be used")}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(KeyHeader, p.Key)
	at := strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set(TimestampHeader, at)
	if !t.secret.Empty() {
		req.Header.Set(SignatureHeader, "v1="+Sign(t.secret, at, body))
	}
	if err := page.Send(t.client, req); err != nil {
		return fmt.Errorf("telling the webhook: %w", err)
	}
	return nil
}

// Sign returns the signature of a body that was sent at that time.
func Sign(secret page.Secret, timestamp string, body []byte) string {
	h := hmac.New(sha256.New, []byte(secret.Use()))
	h.Write([]byte(timestamp + "."))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}
