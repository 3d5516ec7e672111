package browser_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pullfix/pullfix/sandbox/slack"
	"github.com/pullfix/pullfix/sandbox/slack/page"
)

// patience is how long the page may take to show something.
const patience = 15 * time.Second

// visit is one tab on a workspace of its own.
type visit struct {
	*slack.Workspace
	t      *testing.T
	url    string
	server *slack.Server
	app    *app
	tab    context.Context //nolint:containedctx // a test's own
	mu     sync.Mutex
	blocks int      // of what was drawn last
	said   []string // errors that the page reported
}

// newVisit opens nothing yet: see open.
func newVisit(t *testing.T, browser context.Context, o slack.Options) *visit {
	t.Helper()
	o.Switches.NoLimits = true
	w := slack.New(o)
	v := &visit{Workspace: w, t: t}
	v.serve("")
	tab, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(v.hear))
	t.Cleanup(cancel)
	v.tab = tab
	t.Cleanup(v.quiet)
	if err := chromedp.Do(tab); err != nil { // before any deadline, which would end the tab
		t.Fatalf("opening a tab: %v", err)
	}
	v.size(1280, 860)
	v.app = startApp(t, w, v.url)
	return v
}

// serve listens, again if the address is one from before.
func (v *visit) serve(addr string) {
	v.t.Helper()
	around := page.Around(v.Handler(), page.Options{Title: "pullfix sandbox", Guide: guide()})
	server, err := v.ServeWith(v.t.Context(), addr, around)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(server.Close)
	v.server, v.url = server, server.URL
}

func guide() []page.Guide {
	return []page.Guide{
		{Title: "A tag that does not exist", Text: "checkout waits for an image that nobody pushed.", Command: "/pullfix diagnose shop checkout-7f9c4"},
		{Title: "What fails at all?", Text: "All failing pulls, grouped by their cause.", Command: "/pullfix scan"},
		{Title: "Approve", Text: "Only members of @platform may.", User: slack.Bob},
		{Title: "Look around", Text: "Kill the bot and start it again: it finds its message."},
	}
}

// hear collects what goes wrong in the page, policy violations among it.
func (v *visit) hear(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		v.said = append(v.said, (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			v.said = append(v.said, e.Entry.Text+" "+e.Entry.URL)
		}
	}
}

// quiet fails the test for errors in the page, except those that are part of
// the game: refused acts answer 400, and connections break.
func (v *visit) quiet() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, text := range v.said {
		if !strings.Contains(text, "status of 400") && !strings.Contains(text, "net::ERR_") {
			v.t.Errorf("the page reports: %s", text)
		}
	}
}

func (v *visit) do(actions ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		v.shot("failed-" + filepath.Base(v.t.Name()))
		v.t.Fatalf("in the browser: %v", err)
	}
}

func (v *visit) size(width, height int64) {
	v.t.Helper()
	v.do(chromedp.EmulateViewport(width, height))
}

func (v *visit) dark() {
	v.t.Helper()
	_, err := chromedp.Call(v.tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	if err != nil {
		v.t.Fatalf("asking for dark: %v", err)
	}
}

// open opens the page as the user.
func (v *visit) open(user string) {
	v.t.Helper()
	const drawn = "!!document.querySelector('.welcome') && !!document.querySelector('#viewer .viewer-name')"
	for range 3 { // Chromium drops what it loads when a network interface comes or goes
		v.do(chromedp.Navigate(v.url + "/?as=" + user))
		for range 100 {
			if ask[bool](v, drawn) {
				return
			}
			time.Sleep(30 * time.Millisecond)
		}
	}
	v.until(drawn, "the page is drawn")
}

// ask evaluates an expression.
func ask[T any](v *visit, expression string) T {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	out, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		v.t.Fatalf("evaluating %s: %v", expression, err)
	}
	return out
}

// until waits for a condition.
func (v *visit) until(condition, what string) {
	v.t.Helper()
	deadline := time.Now().Add(patience)
	for !ask[bool](v, "Boolean("+condition+")") {
		if time.Now().After(deadline) {
			v.shot("failed-" + filepath.Base(v.t.Name()))
			v.t.Fatalf("waited in vain until %s; the page says:\n%s", what, ask[string](v, "document.body.innerText"))
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// quoted is a value as JavaScript.
func quoted[T string | []string | int](text T) string {
	raw, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(raw)
}

// shown is the condition that an element that is not hidden holds the text.
func shown(selector, text string) string {
	return "[...document.querySelectorAll(" + quoted(selector) + ")].some((e) => e.getClientRects().length > 0 && e.innerText.includes(" + quoted(text) + "))"
}

// see waits until one of the elements holds the text.
func (v *visit) see(selector, text string) {
	v.t.Helper()
	v.until(shown(selector, text), selector+" shows "+text)
}

// gone waits until none of the elements holds the text.
func (v *visit) gone(selector, text string) {
	v.t.Helper()
	v.until("!"+shown(selector, text), selector+" no longer shows "+text)
}

func (v *visit) click(selector string) {
	v.t.Helper()
	v.until("document.querySelector("+quoted(selector)+")?.getClientRects().length > 0", selector+" can be seen")
	v.do(chromedp.Click(chromedp.CSS(selector)))
}

// press presses a key. Enter goes as one event, as from a keyboard: a page that
// takes the key gets no character after it.
func (v *visit) press(key string) {
	v.t.Helper()
	if key != kb.Enter {
		v.do(chromedp.KeyEvent(key))
		return
	}
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
		p := input.DispatchKeyEventParams{Type: kind, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13}
		if kind == input.DispatchKeyEventTypeKeyDown {
			p.Text, p.UnmodifiedText = "\r", "\r"
		}
		if _, err := chromedp.Call(v.tab, input.DispatchKeyEvent, p); err != nil {
			v.t.Fatalf("pressing Enter: %v", err)
		}
	}
}

// write puts a text where the focus is, all at once.
func (v *visit) write(text string) {
	v.t.Helper()
	if _, err := chromedp.Call(v.tab, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		v.t.Fatalf("writing: %v", err)
	}
}

// back is Shift+Tab.
func (v *visit) back() {
	v.t.Helper()
	v.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
}

// focused is what the element with the focus is called.
func (v *visit) focused() string {
	v.t.Helper()
	return ask[string](v, `(() => { const e = document.activeElement; return e.getAttribute('aria-label') || e.innerText || e.placeholder || e.tagName })()`)
}

// send types a line into the composer of the channel and sends it.
func (v *visit) send(text string) {
	v.t.Helper()
	v.click("#composer textarea")
	v.write(text)
	v.press(kb.Enter)
}

// be becomes somebody else by the switch of persons.
func (v *visit) be(user string) {
	v.t.Helper()
	v.click("#viewer")
	v.click(`.menu-item[data-value="` + user + `"]`)
	v.until("new URLSearchParams(location.search).get('as') === "+quoted(user), "the viewer is "+user)
}

// fits fails when anything reaches over the edge of the window.
func (v *visit) fits() {
	v.t.Helper()
	over := ask[[]string](v, `[...document.querySelectorAll('body *')].filter((e) => {
		const r = e.getBoundingClientRect();
		return r.width > 1 && r.height > 1 && !e.closest('.unseen, .skip') && (r.right > innerWidth + 1 || r.left < -1) &&
			getComputedStyle(e).visibility !== 'hidden' && !e.closest('pre, .messages .gutter');
	}).map((e) => e.tagName + '.' + e.className)`)
	if width := ask[int](v, "document.documentElement.scrollWidth - innerWidth"); width > 0 || len(over) > 0 {
		v.t.Errorf("%d pixels too wide: %q", width, over)
	}
}

// shot keeps a picture, if SCREENSHOTS names a directory for them.
func (v *visit) shot(name string) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(v.tab, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		v.t.Logf("taking a picture: %v", err)
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		v.t.Logf("keeping a picture: %v", err)
	}
}
