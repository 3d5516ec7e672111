package browser_test

import (
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// looks are the scenarios that also are pictures: SCREENSHOTS=dir keeps them.
func looks() []scenario {
	return []scenario{
		{name: "light", run: func(v *visit) {
			v.open(slack.Ann)
			v.story()
			v.shot("light")
			v.fits()
		}},
		{name: "dark with thread", run: func(v *visit) {
			v.dark()
			v.open(slack.Bob)
			v.story()
			v.click(".reply-bar")
			v.see("#pane", "the kubelet cannot find")
			v.shot("dark-thread")
			v.fits()
		}},
		{name: "wide with thread", run: func(v *visit) {
			v.size(1440, 900)
			v.open(slack.Bob)
			v.story()
			v.click(".reply-bar")
			v.see("#pane", "the kubelet cannot find")
			v.shot("wide")
			v.fits()
		}},
		{name: "modal", run: func(v *visit) {
			v.open(slack.Bob)
			v.story()
			v.click(`[data-action="approve"]`)
			v.see("dialog", "Why is that safe?")
			v.shot("modal-light")
			v.fits()
		}},
		{name: "gallery", run: func(v *visit) {
			v.size(1280, 1500)
			v.open(slack.Ann)
			v.app.post(slack.Ops, "gallery.json", nil)
			v.see(".message", "Everything that can be drawn")
			v.shot("gallery")
			v.fits()
			v.dark()
			v.until("document.documentElement.dataset.theme === 'dark'", "the page follows the system")
			v.shot("gallery-dark")
		}},
		{name: "lists and dialogs in the dark", run: func(v *visit) {
			v.dark()
			v.open(slack.Ann)
			v.story()
			v.click("#composer textarea")
			v.write("/pullfix")
			v.see(".completion", "diagnose")
			v.shot("completion-dark")
			v.fits()
			v.click("#viewer")
			v.see(".menu", "External, of another company")
			v.shot("people-dark")
			v.fits()
			v.press(kb.Escape)
			v.click(`[data-action="again"]`)
			v.see("dialog", "Diagnose again?")
			v.shot("confirm-dark")
			v.fits()
			v.click(`dialog [data-answer="no"]`)
			v.click(`[data-action="more"]`)
			v.click(`.menu-item[data-value="close:inc-1"]`)
			v.see("dialog", "How bad was it?")
			v.click(`dialog [data-answer="submit"]`)
			v.see("dialog .b-error", "required")
			v.shot("modal-dark")
			v.fits()
		}},
		{name: "light and dark by choice", run: func(v *visit) {
			v.open(slack.Ann)
			page := "getComputedStyle(document.body).backgroundColor"
			before := ask[string](v, page)
			v.click("#theme")
			v.until(page+" !== "+quoted(before), "the colours change")
			v.do(chromedp.Reload())
			v.until("document.documentElement.dataset.theme === 'dark'", "the choice is kept")
			v.click("#theme")
			v.until(page+" === "+quoted(before), "the colours change back")
		}},
		{name: "narrow", run: func(v *visit) {
			v.size(390, 844)
			v.open(slack.Ann)
			v.story()
			v.app.post(slack.Ops, "gallery.json", nil)
			v.see(".message", "Everything that can be drawn")
			v.shot("narrow")
			v.fits()
			v.click("#nav")
			v.shot("narrow-nav")
			v.fits()
			v.click(`[data-channel="` + slack.Ops + `"]`)
			v.click(".reply-bar")
			v.see("#pane", "the kubelet cannot find")
			v.shot("narrow-thread")
			v.fits()
			v.press(kb.Escape)
			v.gone("#pane", "Thread")
			v.click(`[data-action="approve"]`)
			v.see("dialog", "Why is that safe?")
			v.shot("narrow-modal")
			v.fits()
			v.size(320, 640)
			v.fits()
		}},
	}
}

// story is what a channel looks like in the middle of an incident.
func (v *visit) story() {
	v.t.Helper()
	if _, err := v.Say(slack.Carol, slack.Ops, "", "checkout is stuck in the rollout again. Anyone looking? :eyes:"); err != nil {
		v.t.Fatal(err)
	}
	v.send("/pullfix diagnose shop checkout-7f9c4")
	v.see("#messages .message", "The tag 1.4.22 does not exist")
	v.app.post(slack.Ops, "evidence.json", map[string]any{"thread_ts": v.app.root})
	if _, err := v.Say(slack.Bob, slack.Ops, v.app.root, "1.4.22 was a typing mistake, I meant `1.4.2`."); err != nil {
		v.t.Fatal(err)
	}
	v.send("/pullfix status")
	v.see("#messages .ephemeral", "No incident is open")
	v.see(".reply-bar", "2 replies")
}
