package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// wording is what a registry or token server says in a refusal.
type wording struct {
	code    string // of the distribution API, "" when there is none
	message string
	page    bool // a web page
	// registry says that the answer has a form that registries have.
	registry bool
}

const mostErrors = 8

var codeForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`)

// read takes the words out of a refusal: the distribution API's errors, Docker
// Hub's details, the OAuth2 form, plain text.
func read(r reply) wording {
	body := bytes.TrimSpace(r.body[:min(len(r.body), mostErrorBody)])
	media, _, _ := mime.ParseMediaType(r.header.Get("Content-Type"))
	w := wording{registry: r.header.Get("Docker-Distribution-Api-Version") != ""}
	if media == "text/html" || bytes.HasPrefix(bytes.ToLower(body[:min(len(body), 15)]), []byte("<!doctype html")) || bytes.HasPrefix(body, []byte("<html")) {
		w.page = true
		return w
	}
	if len(body) > 0 && body[0] == '{' {
		w.readObject(body)
		return w
	}
	w.message = string(body)
	return w
}

func (w *wording) readObject(body []byte) {
	var object struct {
		Errors           []json.RawMessage `json:"errors"`
		Details          json.RawMessage   `json:"details"`
		Message          json.RawMessage   `json:"message"`
		Error            json.RawMessage   `json:"error"`
		ErrorDescription json.RawMessage   `json:"error_description"`
	}
	if json.Unmarshal(body, &object) != nil {
		return
	}
	for _, raw := range object.Errors[:min(len(object.Errors), mostErrors)] {
		w.readError(raw)
	}
	if len(object.Errors) > 0 {
		w.registry = true
		return
	}
	for _, raw := range []json.RawMessage{object.Details, object.Message, object.ErrorDescription, object.Error} {
		if text := asText(raw); text != "" {
			w.message = text
			return
		}
	}
}

// readError takes the first code, and joins all messages.
func (w *wording) readError(raw json.RawMessage) {
	var one struct {
		Code    json.RawMessage `json:"code"`
		Message json.RawMessage `json:"message"`
	}
	if json.Unmarshal(raw, &one) != nil {
		return
	}
	if code := strings.ToUpper(asText(one.Code)); w.code == "" && codeForm.MatchString(code) {
		w.code = code
	}
	message := asText(one.Message)
	if message == "" || strings.Contains(w.message, message) {
		return
	}
	if w.message != "" {
		w.message += "; "
	}
	w.message += message
}

// asText returns a JSON string, and "" for anything else.
func asText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

// describe is the quote of a refusal, with the status where there are no words.
func (w wording) describe(status int) string {
	switch {
	case w.page:
		return fmt.Sprintf("a web page with status %d %s", status, http.StatusText(status))
	case w.message == "":
		return strings.TrimSpace(fmt.Sprintf("HTTP %d %s", status, http.StatusText(status)))
	}
	return w.message
}

// expiredLogin is "Your authorization token has expired" (ECR) and its like, but
// not an expired subscription.
var expiredLogin = regexp.MustCompile(`(?i)\b(token|credentials?|password|login|session|robot|account)\b.*\bexpired\b|\bexpired (token|credentials?|password|login|session|robot|account)\b`)

// expired tells of a credential that was right once.
func (w wording) expired() bool {
	return w.code != "TAG_EXPIRED" && expiredLogin.MatchString(w.message)
}

// hides is Artifact Registry's own word that it does not tell missing from
// forbidden.
func (w wording) hides() bool { return strings.Contains(w.message, "may not exist") }

// unauthenticated is Artifact Registry's word for a caller it does not know.
func (w wording) unauthenticated() bool {
	return strings.HasPrefix(w.message, "Unauthenticated request")
}

// firewall is a refusal of the caller's address, whoever it is: in Azure's words,
// or in those of others.
func (w wording) firewall() bool {
	text := strings.ToLower(w.message)
	return slices.ContainsFunc([]string{"is not allowed access", "client ip", "ip address", "firewall", "allowlist", "allow list"}, func(word string) bool {
		return strings.Contains(text, word)
	})
}

// signature tells of a policy on signatures (Harbor's content trust).
func (w wording) signature() bool {
	text := strings.ToLower(w.message)
	return strings.Contains(text, "cosign") || strings.Contains(text, "notation") || strings.Contains(text, "signed") || strings.Contains(text, "signature")
}

// repositoryMissing tells that a 404 speaks of the repository; Harbor has one
// code for everything that is missing.
func (w wording) repositoryMissing() bool {
	return w.code == "NAME_UNKNOWN" || w.code == "NOT_FOUND" && strings.HasPrefix(w.message, "repository ")
}
