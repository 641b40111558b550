// Package browser tests the phone and the console in headless Chromium. It is a module of its
// own, for chromedp.
package browser
