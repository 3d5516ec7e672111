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

// TestDemo is the main job as a newcomer meets it: the demo is started, the
// command typed, the plan read and approved by somebody else, and the pods heal.
func TestDemo(t *testing.T) {
	v := demoVisit(t, startDemo(t))
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
	v.see("#messages .message", "Resolved")
	v.see("#messages .message", "2 of 2 pods pulled")
	v.gone("#messages .message", "Delete the 2 waiting pods in shop on demo")
	v.shot("demo-resolved")
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
