package page

import (
	"bytes"
	"embed"
	"encoding/json"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"time"

	"github.com/pullfix/pullfix/sandbox/slack"
)

//go:embed static
var static embed.FS

// Options say what the page shows besides the workspace. The zero value is a
// page for the people of [slack.ExampleSeed], without a guide.
type Options struct {
	// Title stands in the top bar; empty means "Sandbox workspace".
	Title string `json:"title"`
	// Guide is the "Try this" panel; without entries there is none.
	Guide []Guide `json:"guide"`
	// People are whom the viewer can be, the first at the start. Nil means
	// the people of [slack.ExampleSeed].
	People []Person `json:"people"`
	// Channel is the id of the channel that is open at the start; empty means
	// the first one that the viewer is in.
	Channel string `json:"channel"`
	// Completions are offered in the composer. Nil means pullfix's commands;
	// commands that the app registered are offered besides.
	Completions []Completion `json:"completions"`
}

// Guide is an entry of the "Try this" panel.
type Guide struct {
	Title string `json:"title"`
	Text  string `json:"text"`
	// Command is put into the composer when the entry is clicked; it is not
	// sent. An entry without one is only read.
	Command string `json:"command,omitempty"`
	// User is the id of the person to be for it; empty means whoever it is.
	User string `json:"user,omitempty"`
	// Scene is the name of something that happens when the entry is clicked: see
	// [slack.Workspace.SetScene].
	Scene string `json:"scene,omitempty"`
}

// Person is somebody the viewer can be.
type Person struct {
	// User is the user id.
	User string `json:"user"`
	// Role is a word or two on what the person may do: "approver".
	Role string `json:"role"`
}

// Completion is a command the composer offers.
type Completion struct {
	// Command is everything before the arguments: "/pullfix diagnose".
	Command string `json:"command"`
	// Hint shows the arguments, empty when there are none.
	Hint string `json:"hint,omitempty"`
	// Text says what it does.
	Text string `json:"text"`
}

func examplePeople() []Person {
	return []Person{
		{User: slack.Ann, Role: "Requester"},
		{User: slack.Bob, Role: "Approver, in @platform"},
		{User: slack.Carol, Role: "Approver, in @platform"},
		{User: slack.Dave, Role: "Member, approves nothing"},
		{User: slack.Gina, Role: "Guest"},
		{User: slack.Uma, Role: "Single-channel guest"},
		{User: slack.Erik, Role: "External, of another company"},
	}
}

func pullfixCommands() []Completion {
	return []Completion{
		{Command: "/pullfix diagnose", Hint: "[CLUSTER/]NAMESPACE POD", Text: "Find out why a pod cannot pull its image"},
		{Command: "/pullfix scan", Hint: "[NAMESPACE]", Text: "All failing pulls, grouped by root cause"},
		{Command: "/pullfix registries", Hint: "[NAMESPACE]", Text: "From which registries is pulled, by which secrets"},
		{Command: "/pullfix explain", Hint: "MESSAGE", Text: "What a kubelet's message means"},
		{Command: "/pullfix status", Text: "The incidents that are open"},
		{Command: "/pullfix report", Hint: "INCIDENT", Text: "The timeline of an incident, as Markdown"},
		{Command: "/pullfix help", Text: "List the commands"},
	}
}

// policy lets the page run its own files and talk to its own workspace, and
// nothing else: no inline script or style, no markup made from text.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// New serves the page at /, and its parts below /page/. What is not its own
// answers 404.
func New(o Options) http.Handler {
	if o.Title == "" {
		o.Title = "Sandbox workspace"
	}
	if o.People == nil {
		o.People = examplePeople()
	}
	if o.Completions == nil {
		o.Completions = pullfixCommands()
	}
	o.Guide = append([]Guide{}, o.Guide...)
	settings, _ := json.Marshal(o) // strings alone always encode
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", serveFile("index.html"))
	mux.HandleFunc("GET /page/{name}", func(rw http.ResponseWriter, r *http.Request) {
		serveFile(r.PathValue("name"))(rw, r)
	})
	mux.HandleFunc("GET /page/settings.json", func(rw http.ResponseWriter, r *http.Request) {
		send(rw, r, "settings.json", settings)
	})
	return mux
}

// Around puts the page around a workspace's own handler: for
// [slack.Workspace.ServeWith].
func Around(workspace http.Handler, o Options) http.Handler {
	mux := http.NewServeMux()
	own := New(o)
	mux.Handle("/{$}", own)
	mux.Handle("/page/", own)
	mux.Handle("/", workspace)
	return mux
}

func serveFile(name string) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		content, err := fs.ReadFile(static, path.Join("static", path.Base(name)))
		if err != nil {
			http.NotFound(rw, r)
			return
		}
		send(rw, r, name, content)
	}
}

func send(rw http.ResponseWriter, r *http.Request, name string, content []byte) {
	header := rw.Header()
	header.Set("Content-Type", contentType(name))
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-cache")
	http.ServeContent(rw, r, name, time.Time{}, bytes.NewReader(content))
}

// contentType does not ask the machine for what it knows about script files:
// a wrong answer there would leave an empty page.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".json":
		return "application/json; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.FormatMediaType("text/html", map[string]string{"charset": "utf-8"})
}
