package browser_test

import (
	"strings"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// acts are what people do with the mouse.
func acts() []scenario {
	return []scenario{
		{name: "command, update and confirm", run: commandAndConfirm},
		{name: "modal with errors", run: modalWithErrors},
		{name: "modal updated and pushed", run: modalPushed},
		{name: "select", run: chooseFromSelect},
		{name: "ephemeral for one person", run: ephemeralForOne},
		{name: "people", run: people},
		{name: "thread", run: thread},
		{name: "file", run: file},
		{name: "guide", run: guideFills},
		{name: "failures", options: slack.Options{AckWithin: 400 * time.Millisecond}, run: failures},
	}
}

func commandAndConfirm(v *visit) {
	v.open(slack.Ann)
	v.send("/pullfix diagnose shop checkout-7f9c4")
	v.see("#messages h3", "The tag 1.4.22 does not exist")
	if n := ask[int](v, "document.querySelectorAll('#messages .message').length"); n != 1 {
		v.t.Errorf("the message was not redrawn in place: %d messages", n)
	}
	v.click(`[data-action="again"]`)
	v.see("dialog.confirm", "pullfix looks at shop/checkout again.")
	v.click(`dialog [data-answer="no"]`)
	v.gone("dialog", "Diagnose again?")
	if n := count(v, "block_actions"); n != 0 {
		v.t.Errorf("declined, and sent all the same: %d", n)
	}
	v.click(`[data-action="again"]`)
	v.click(`dialog [data-answer="yes"]`)
	v.see("#messages .message", "Resolved")
	v.gone("#messages .message", "Diagnose again")
}

// count is how many payloads of a kind the app got.
func count(v *visit, kind string) int {
	n := 0
	for _, d := range v.Deliveries() {
		if d.Kind == kind {
			n++
		}
	}
	return n
}

func modalWithErrors(v *visit) {
	v.open(slack.Bob)
	v.send("/pullfix diagnose shop checkout-7f9c4")
	v.click(`[data-action="more"]`)
	v.see(".menu", "Close")
	v.click(`.menu-item[data-value="close:inc-1"]`)
	v.see("dialog h2", "Close the incident")
	v.click(`dialog [data-answer="submit"]`)
	v.see("dialog .b-error", "complete this required field")
	v.click(`dialog textarea`)
	v.write("typo")
	v.click(`dialog .select`)
	v.click(`.menu-item[data-value="typo"]`)
	v.click(`dialog [data-answer="submit"]`)
	v.see("dialog .b-error", "Say a little more")
	if text := ask[string](v, "document.querySelector('dialog textarea').value"); text != "typo" {
		v.t.Errorf("what was entered is now %q", text)
	}
	if focus := ask[string](v, "document.activeElement.tagName"); focus != "TEXTAREA" {
		v.t.Errorf("after the error the focus is on %s", focus)
	}
	v.write(" in the tag of the image")
	v.click(`dialog [data-answer="submit"]`)
	v.until("!document.querySelector('dialog')", "the modal is closed")
	v.see("#messages .message", "Closed: typo in the tag of the image")
	v.see("#messages .broadcast", "replied to a thread")
}

func modalPushed(v *visit) {
	v.open(slack.Bob)
	v.send("/pullfix diagnose shop checkout-7f9c4")
	v.click(`[data-action="approve"]`)
	v.click(`dialog [data-action="explain"]`)
	v.see("dialog h2", "Why is that safe?")
	v.click(`dialog [data-answer="close"]`)
	v.see("dialog h2", "Approve")
	v.click(`dialog [data-answer="close"]`)
	v.until("!document.querySelector('dialog')", "the modal is closed")
	v.click(`[data-action="more"]`)
	v.click(`.menu-item[data-value="close:inc-1"]`)
	v.click("dialog textarea")
	v.write("really, it is over")
	v.click(`dialog [data-answer="submit"]`)
	v.see("dialog", "This modal was updated in place.")
	v.click(`dialog [aria-label="Close"]`)
	v.until("!document.querySelector('dialog')", "the modal is closed by its cross")
}

func chooseFromSelect(v *visit) {
	v.open(slack.Ann)
	v.app.post(slack.Ops, "gallery.json", nil)
	v.click(`[data-action="environment"]`)
	v.see(".menu-group", "America")
	v.click(`.menu-item[data-value="prod-us"]`)
	v.see("#messages .ephemeral", "You chose prod-us.")
	v.see(`[data-action="environment"]`, "prod-us")
}

func ephemeralForOne(v *visit) {
	v.open(slack.Ann)
	v.send("/pullfix status")
	v.see("#messages .ephemeral", "Only visible to you")
	v.see("#messages .ephemeral", "No incident is open that you may see.")
	v.be(slack.Bob)
	v.gone("#messages", "No incident is open")
	v.be(slack.Ann)
	v.see("#messages .ephemeral", "No incident is open")
}

func people(v *visit) {
	v.open(slack.Ann)
	v.see("#sidebar", "partner")
	v.send("does anyone know what broke? @bob")
	v.see("#messages .mention", "@Bob Baker")
	v.be(slack.Gina)
	v.see("#viewer", "Guest")
	v.gone("#sidebar", "random")
	v.be(slack.Erik)
	v.see("#channel-head", "partner")
	v.gone("#sidebar", "ops")
	v.see("#channel-head", "shared with another company")
	v.send("/pullfix status")
	v.see("#messages .ephemeral", "is not a valid command")
	v.be(slack.Carol)
	v.click(`[data-channel="` + slack.Partner + `"]`)
	v.see("#composer", "from outside")
	v.click("#composer .composer-instead button")
	v.send("now I am in")
	v.see("#messages .message", "now I am in")
	v.see("#messages .message .author", "Carol Chen")
}

func thread(v *visit) {
	v.open(slack.Ann)
	v.story()
	v.click(".reply-bar")
	v.see("#pane", "the kubelet cannot find the image")
	v.click("#pane textarea")
	v.write("/pullfix status")
	v.press(kb.Enter)
	v.see("#toast", "/pullfix is not supported in threads")
	v.until("document.querySelector('#pane textarea').value === '/pullfix status'", "the command is put back")
	for range len("/pullfix status") {
		v.press(kb.Backspace)
	}
	v.write("thank you")
	v.press(kb.Enter)
	v.see("#pane .message", "thank you")
	v.see("#messages .reply-bar", "3 replies")
	v.gone("#messages .message .content", "thank you")
	v.app.call("chat.postMessage", map[string]any{
		"channel": slack.Ops, "thread_ts": v.app.root, "reply_broadcast": true, "text": "Escalated to <!subteam^S01PLATFORM>",
	})
	v.see("#messages .message", "Escalated to @platform")
	v.see("#pane .message", "Escalated to @platform")
	v.see("#messages .broadcast button", "P1 · The tag 1.4.22")
	v.click(`#pane [aria-label="Close thread"]`)
	v.see("#pane", "Try this")
}

func file(v *visit) {
	v.open(slack.Ann)
	v.app.upload(slack.Ops, "report.md", "# Incident inc-1\n\n- State: <b>resolved</b>\n")
	v.click("#messages .file")
	v.see("dialog .file-content", "<b>resolved</b>")
	v.press(kb.Escape)
	v.until("!document.querySelector('dialog')", "the file is closed")
}

func guideFills(v *visit) {
	v.open(slack.Ann)
	v.click(`[data-focus="guide/0"]`)
	v.until("document.querySelector('#composer textarea').value === '/pullfix diagnose shop checkout-7f9c4'", "the composer is filled in")
	if n := count(v, "slash_commands"); n != 0 {
		v.t.Errorf("the guide sent %d commands", n)
	}
	v.press(kb.Enter)
	v.see("#messages h3", "The tag 1.4.22 does not exist")
	v.click(`[data-focus="guide/2"]`)
	v.see("#viewer", "Bob Baker")
}

func failures(v *visit) {
	v.open(slack.Ann)
	v.send("/pullfix silence")
	v.see("#messages .ephemeral", `/pullfix failed with the error "dispatch_failed"`)
	v.Switch(func(s *slack.Switches) { s.PlainTimeout = true })
	v.send("/pullfix silence")
	v.see("#messages .ephemeral", `/pullfix failed with the error "operation_timeout"`)
	v.send("/nonsense")
	v.see("#messages .ephemeral", "/nonsense is not a valid command")
	v.send("/pullfix diagnose shop checkout-7f9c4")
	v.see("#messages h3", "The tag 1.4.22")
	v.Switch(func(s *slack.Switches) { s.SocketModeOff = true })
	v.Disrupt(slack.Kill, 0)
	v.see("#sidebar", "not connected")
	v.click(`[data-action="approve"]`)
	v.see("#messages .failure", "Operation timed out")
	if text := ask[string](v, "document.querySelector('#messages').innerText"); strings.Contains(text, "undefined") {
		v.t.Errorf("the page says %s", text)
	}
}
