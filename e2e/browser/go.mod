// The tests in a real browser, in a module of their own: what drives the
// browser is no requirement of the product.
module github.com/pullfix/pullfix/e2e/browser

go 1.26.0

replace github.com/pullfix/pullfix => ../..

require (
	github.com/chromedp/cdproto v0.159.0 // indirect
	github.com/chromedp/chromedp v0.23.0 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
)
