package browser_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/pullfix/pullfix/sandbox/slack"
)

// TestDemo is what a newcomer does with the demo, one thing after the other: what
// one of them heals, no other needs.
func TestDemo(t *testing.T) {
	url := startDemo(t)
	for _, s := range []scenario{
		{name: "early pods", run: earlyPods},
		{name: "an expired token", run: expiredToken},
		{name: "a missing secret", run: missingSecret},
		{name: "nobody comes", run: nobodyComes},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(demoVisit(t, url)) })
	}
}

// earlyPods is the main job: the command typed, the plan read and approved by
// somebody else, and the pods heal.
func earlyPods(v *visit) {
	v.open(slack.Ann)
	v.send("/pullfix diagnose shop deployment/cart")
	v.see("#messages .message", "The pod does not use secret ghcr-pull")
	v.see("#messages .message", "Credentials")
	v.be(slack.Bob)
	v.see("#messages .message", "The pod does not use secret ghcr-pull")
	v.click(`[data-action="pullfix.approve"]`)
	v.see("dialog", "What changes")
	v.see("dialog", "No healthy pod would be replaced")
	v.shot("demo-approve")
	v.click(`dialog [data-answer="submit"]`)
	v.see("#messages .message", "2 of 2 pods pulled")
	v.gone("#messages .message", "Delete the 2 waiting pods in shop on demo")
	v.shot("demo-resolved")
}

// expiredToken replaces the credential; what is written heals without a restart.
func expiredToken(v *visit) {
	v.open(slack.Ann)
	v.send("/pullfix diagnose media deployment/thumbnails")
	v.see("#messages .message", "The credential in secret ecr-pull expired")
	v.be(slack.Bob)
	v.press1("Update secret ecr-pull")
	v.see("dialog", "What changes")
	v.see("dialog", "Short-lived")
	v.shot("demo-update-secret")
	if over := ask[float64](v, "document.querySelector('dialog').getBoundingClientRect().bottom - innerHeight"); over > 0 {
		v.t.Errorf("the dialog reaches %v pixels below the window", over)
	}
	v.click(`dialog [data-answer="submit"]`)
	v.see("#messages .message", "approved by")
	v.shot("demo-watching")
	v.patiently("#messages .message", "3 of 3 pods pulled")
	v.shot("demo-updated")
}

// missingSecret chooses between two sources; the modal follows the choice.
func missingSecret(v *visit) {
	v.open(slack.Ann)
	v.send("/pullfix diagnose pay deployment/payments")
	v.see("#messages .message", "The pull secret regcred does not exist")
	v.be(slack.Bob)
	v.press1("Create secret regcred")
	v.see("dialog", "payments-robot")
	v.click(`dialog [data-action="pullfix.choice"]`)
	v.click(`.menu-item:not([aria-selected="true"])`)
	v.see("dialog", "comes from platform")
	v.shot("demo-choice")
	v.click(`dialog [data-answer="submit"]`)
	v.patiently("#messages .message", "Create secret regcred in pay, approved by")
}

// nobodyComes lets the deadline pass: people are called, one of them takes it and
// closes it, and the report is a file.
func nobodyComes(v *visit) {
	v.open(slack.Ann)
	v.send("/pullfix diagnose billing deployment/invoices")
	v.see("#messages .message", "cannot connect to registry.acme.example")
	v.see("#messages .message", "escalates at")
	v.click(".guide-entry:has(.guide-scene)")
	v.see("#toast", "is now")
	v.see("#messages .message", "Container registry pull failure blocking deployments in billing")
	v.shot("demo-escalated")
	v.click(`[data-action="pullfix.acknowledge"]`)
	v.see("#messages .message", "taken by")
	v.click(`[data-action="pullfix.more"]`)
	v.click(`.menu-item[data-value^="close:"]`)
	v.click("dialog textarea")
	v.write("The network team restarted the balancer.")
	v.click(`dialog [data-answer="submit"]`)
	v.see("#messages .message", "The network team restarted the balancer")
	v.click(`[data-action="pullfix.report"]`)
	v.click("#messages .reply-bar")
	v.patiently("#pane .file", "Markdown")
	v.click("#pane .file")
	v.see("dialog .file-content", "Follow-ups")
	v.shot("demo-report")
}

// press1 presses the approve button whose label begins so, when it is there.
func (v *visit) press1(label string) {
	v.t.Helper()
	find := "[...document.querySelectorAll('[data-action=\"pullfix.approve\"]')].find((e) => e.innerText.startsWith(" + quoted(label) + "))"
	v.until(find, "there is a button "+label)
	ask[bool](v, find+".click() === undefined")
}

// patiently waits for what takes the kubelet a while.
func (v *visit) patiently(selector, text string) {
	v.t.Helper()
	for end := time.Now().Add(90 * time.Second); !ask[bool](v, shown(selector, text)); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			v.see(selector, text) // says what is there instead
			return
		}
	}
}

// TestPicture draws the picture of the README from the real page.
func TestPicture(t *testing.T) {
	v := demoVisit(t, startDemo(t))
	v.size(1280, 820)
	v.open(slack.Ann)
	v.send("/pullfix diagnose shop deployment/checkout")
	v.see("#messages .message", "Nearest tags")
	v.see("#messages .message", "replies")
	v.fits()
	path := os.Getenv("PULLFIX_PICTURE")
	if path == "" {
		return
	}
	png, err := chromedp.Run(v.tab, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatalf("taking the picture: %v", err)
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		t.Fatalf("keeping the picture: %v", err)
	}
}

// demoVisit is a tab on a running demo.
func demoVisit(t *testing.T, url string) *visit {
	t.Helper()
	v := &visit{t: t, url: url}
	tab, cancel := chromedp.NewContext(startBrowser(t), chromedp.WithNewBrowserContext(), chromedp.WithListener(v.hear))
	t.Cleanup(cancel)
	v.tab = tab
	t.Cleanup(v.quiet)
	if err := chromedp.Do(tab); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	v.size(1280, 860)
	return v
}

// startDemo builds pullfix and starts its demo on a free port.
func startDemo(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "pullfix")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-C", "../..", "-o", binary, "./cmd/pullfix").CombinedOutput(); err != nil {
		t.Fatalf("building pullfix: %v\n%s", err, out)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	demo := exec.CommandContext(ctx, binary, "demo", "--no-browser", "--addr", "127.0.0.1:0")
	demo.Cancel = func() error { return demo.Process.Signal(os.Interrupt) }
	demo.WaitDelay = 20 * time.Second
	out, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	demo.Stderr = demo.Stdout
	if err := demo.Start(); err != nil {
		t.Fatalf("starting the demo: %v", err)
	}
	t.Cleanup(func() {
		stop()
		_ = demo.Wait() // it was interrupted
	})
	return addressIn(t, bufio.NewScanner(out))
}

// addressIn reads the address that the demo prints, and lets it go on printing.
func addressIn(t *testing.T, lines *bufio.Scanner) string {
	t.Helper()
	var said []string
	for lines.Scan() {
		said = append(said, lines.Text())
		if _, url, ok := strings.Cut(lines.Text(), "pullfix demo   "); ok {
			go func() {
				for lines.Scan() {
					continue
				}
			}()
			return strings.TrimSpace(url)
		}
	}
	t.Fatalf("the demo printed no address:\n%s", strings.Join(said, "\n"))
	return ""
}
