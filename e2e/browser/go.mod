// The tests in a real browser, in a module of their own: what drives the
// browser is no requirement of the product.
module github.com/pullfix/pullfix/e2e/browser

go 1.26.0

replace github.com/pullfix/pullfix => ../..

require (
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.23.0
	github.com/google/go-cmp v0.7.0
	github.com/pullfix/pullfix v0.0.0-00010101000000-000000000000
	github.com/slack-go/slack v0.35.0
)

require (
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/gorilla/websocket v1.5.4-0.20250319132907-e064f32e3674 // indirect
	golang.org/x/net v0.58.0 // indirect
)
