package browser_test

import (
	"strings"

	"github.com/chromedp/chromedp/kb"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// keys are ways through the page without a mouse.
func keys() []scenario {
	return []scenario{
		{name: "completion by keyboard", run: completion},
		{name: "everything by keyboard", run: byKeyboard},
		{name: "focus stays in a modal", run: focusStays},
		{name: "focus survives a redraw", run: focusSurvives},
		{name: "screen reader", run: screenReader},
	}
}

// letters types key by key.
func (v *visit) letters(text string) {
	v.t.Helper()
	for _, r := range text {
		v.press(string(r))
	}
}

func (v *visit) composer() string {
	v.t.Helper()
	return ask[string](v, "document.querySelector('#composer textarea').value")
}

// tabTo presses Tab until the thing with the label has the focus.
func (v *visit) tabTo(label string) {
	v.t.Helper()
	var seen []string
	for range 60 {
		v.press(kb.Tab)
		name := v.focused()
		if strings.Contains(name, label) {
			return
		}
		seen = append(seen, name)
	}
	v.t.Fatalf("Tab does not reach %q; it stops at %q", label, seen)
}

func completion(v *visit) {
	v.open(slack.Ann)
	v.tabTo("Jump to the message field")
	v.press(kb.Enter)
	v.tabTo("Message #ops")
	v.letters("/")
	v.see(".completion", "diagnose")
	v.see(".completion", "[CLUSTER/]NAMESPACE POD")
	v.press(kb.ArrowDown)
	v.see(`.completion [aria-selected="true"]`, "scan")
	v.press(kb.ArrowUp)
	v.press(kb.Enter)
	if text := v.composer(); text != "/pullfix diagnose " {
		v.t.Fatalf("Enter picked %q", text)
	}
	v.see(".completion", "Find out why a pod cannot pull its image")
	v.press(kb.Escape)
	v.gone(".completion", "diagnose")
	for range len("diagnose ") {
		v.press(kb.Backspace)
	}
	v.letters("st")
	v.see(".completion", "status")
	v.press(kb.Tab)
	if text := v.composer(); text != "/pullfix status" {
		v.t.Fatalf("Tab picked %q", text)
	}
	v.press(kb.Enter)
	v.see("#messages .ephemeral", "No incident is open")
}

func byKeyboard(v *visit) {
	v.open(slack.Ann)
	v.tabTo("Message #ops")
	v.letters("/pullfix diagnose shop checkout-7f9c4")
	v.press(kb.Enter)
	v.see("#messages h3", "The tag 1.4.22")
	v.back() // the end of the list of messages comes before the field
	for !strings.Contains(v.focused(), "Diagnose again") {
		v.back()
	}
	v.press(kb.Enter)
	v.see("dialog.confirm", "Diagnose again?")
	if name := v.focused(); name != "Diagnose" {
		v.t.Errorf("the confirm dialog begins at %q", name)
	}
	v.press(kb.Escape)
	v.gone("dialog", "Diagnose again?")
	if name := v.focused(); name != "Diagnose again" {
		v.t.Errorf("Escape leads to %q", name)
	}
	v.tabTo("More actions")
	v.press(kb.Enter)
	v.see(".menu", "Reject the proposal")
	v.press(kb.ArrowDown)
	v.press(kb.Enter)
	v.see("dialog h2", "Close the incident")
	v.letters("It was a typing mistake.") // the first field has the focus
	v.tabTo("Choose a cause")
	v.press(kb.Enter)
	v.letters("T")
	v.press(kb.Enter)
	v.see("dialog .select", "The pipeline")
	v.tabTo("Close it")
	v.press(kb.Enter)
	v.until("!document.querySelector('dialog')", "the modal is closed")
	v.see("#messages .message", "Closed: It was a typing mistake.")
	v.until("document.activeElement !== document.body", "something has the focus again")
}

func focusStays(v *visit) {
	v.open(slack.Bob)
	v.send("/pullfix diagnose shop checkout-7f9c4")
	v.click(`[data-action="approve"]`)
	v.see("dialog h2", "Approve")
	v.press(kb.Enter)
	if n := count(v, "view_submission"); n != 0 {
		v.t.Error("a second Enter approves what nobody has read")
	}
	for range 12 {
		v.press(kb.Tab)
		if !ask[bool](v, "document.activeElement.closest('dialog') !== null") {
			v.t.Fatalf("Tab leaves the modal for %q", v.focused())
		}
	}
	for range 7 {
		v.back()
		if !ask[bool](v, "document.activeElement.closest('dialog') !== null") {
			v.t.Fatalf("Shift+Tab leaves the modal for %q", v.focused())
		}
	}
	if style := ask[string](v, "getComputedStyle(document.activeElement).outlineStyle"); style == "none" {
		v.t.Error("the focus cannot be seen")
	}
	v.press(kb.Escape)
	v.until("!document.querySelector('dialog')", "Escape closes the modal")
	if name := v.focused(); name != "Roll back to revision 41" {
		v.t.Errorf("the focus went to %q", name)
	}
}

func focusSurvives(v *visit) {
	v.open(slack.Ann)
	v.send("/pullfix diagnose shop checkout-7f9c4")
	v.see("#messages h3", "The tag 1.4.22")
	ask[bool](v, `document.querySelector('[data-action="again"]').focus() === undefined`)
	v.app.post(slack.Ops, "evidence.json", map[string]any{"thread_ts": v.app.root})
	v.see("#messages .reply-bar", "1 reply")
	if name := v.focused(); name != "Diagnose again" {
		v.t.Errorf("after a redraw the focus is on %q", name)
	}
}

// screenReader checks what is said aloud, and that everything has a name.
func screenReader(v *visit) {
	v.open(slack.Ann)
	v.app.post(slack.Ops, "gallery.json", nil)
	v.see(".message", "Everything that can be drawn")
	if text := ask[string](v, "document.querySelector('#announcer').innerText"); !strings.Contains(text, "pullfix: All blocks") {
		v.t.Errorf("said aloud: %q", text)
	}
	if live := ask[string](v, "document.querySelector('#announcer').getAttribute('aria-live')"); live != "polite" {
		v.t.Errorf("aria-live is %q", live)
	}
	nameless := ask[[]string](v, `[...document.querySelectorAll('button, a, input, textarea, select')]
		.filter((e) => !e.getAttribute('aria-label') && !e.innerText.trim() && !e.labels?.length && !e.getAttribute('aria-labelledby') && !e.hidden)
		.map((e) => e.outerHTML.slice(0, 120))`)
	if len(nameless) > 0 {
		v.t.Errorf("without a name: %q", nameless)
	}
}
