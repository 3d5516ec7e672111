package registry

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// refusal is one no: why, to whom, about what.
type refusal struct {
	situation situation
	target    target
	caller    caller
}

// refuse answers as the registry itself.
func (r *Registry) refuse(w http.ResponseWriter, req *http.Request, f refusal) {
	if f.caller.badToken {
		f.situation = noCredential
	}
	a := r.manners.registry[f.situation]
	if a.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", r.challenge(req, a, f))
	}
	writeAnswer(w, a, f)
}

// refuseToken answers as the token server.
func (r *Registry) refuseToken(w http.ResponseWriter, _ *http.Request, f refusal) {
	writeAnswer(w, r.manners.token[f.situation], f)
}

// challenge asks for what is missing. The Bearer parameters are those of the
// distribution project's token authentication specification.
func (r *Registry) challenge(req *http.Request, a answer, f refusal) string {
	if r.options.Auth == AuthBasic || (a.basic && f.caller.sent) {
		text := fmt.Sprintf("Basic realm=%q", r.manners.basicRealm)
		if r.options.Style == ECR {
			text += fmt.Sprintf(",service=%q", r.options.Service)
		}
		return text
	}
	text := fmt.Sprintf("Bearer realm=%q,service=%q", r.realmURL(req), r.options.Service)
	switch {
	case f.target.endpoint == Catalog:
		text += `,scope="registry:catalog:*"`
	case f.target.repository != "":
		text += fmt.Sprintf(",scope=%q", "repository:"+f.target.repository+":"+f.target.actions())
	}
	switch {
	case f.caller.badToken:
		text += `,error="invalid_token"`
	case a.scopeError && f.caller.token:
		text += `,error="insufficient_scope"`
	}
	return text
}

// actions are what a scope for the target asks: who pushes looks first.
func (t target) actions() string {
	if t.action == push {
		return "pull,push"
	}
	return "pull"
}

func writeAnswer(w http.ResponseWriter, a answer, f refusal) {
	message := strings.NewReplacer(
		"{repo}", f.target.repository, "{tag}", f.target.reference, "{user}", f.caller.user,
		"{project}", project(f.target.repository), "{action}", string(f.target.action),
	).Replace(a.message)
	switch a.form {
	case formText:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(message)))
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, message)
	case formDetails:
		writeJSON(w, a.status, map[string]string{"details": message})
	default:
		writeErrors(w, a.status, apiError{Code: a.code, Message: message, Detail: a.details(f)})
	}
}

// details are what distribution adds: the tag that is missing, the repository,
// or the access that would have been needed.
func (a answer) details(f refusal) any {
	switch {
	case !a.detail || f.target.repository == "":
		return nil
	case a.code == "UNAUTHORIZED":
		return []map[string]string{{
			"Type": "repository", "Class": "", "Name": f.target.repository, "Action": string(f.target.action),
		}}
	case a.code == "NAME_UNKNOWN":
		return map[string]string{"name": f.target.repository}
	default:
		return map[string]string{"Tag": f.target.reference}
	}
}

// project is the first element of a repository's path.
func project(repository string) string {
	first, _, _ := strings.Cut(repository, "/")
	return first
}

type apiError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Detail  any    `json:"detail,omitempty"`
}

func writeErrors(w http.ResponseWriter, status int, errs ...apiError) {
	writeJSON(w, status, map[string]any{"errors": errs})
}

func writeError(w http.ResponseWriter, status int, code, message string) {
	writeErrors(w, status, apiError{Code: code, Message: message})
}

// writeJSON writes the length too: a caller that only asks for the head wants
// to know it.
func writeJSON(w http.ResponseWriter, status int, v any) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(text.Len()))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text.String())
}
