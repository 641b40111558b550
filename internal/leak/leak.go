// Package leak fails a package's tests when goroutines outlive them.
package leak

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// Main runs the tests of a package and exits. It exits non-zero when a test
// failed or when, five seconds after the last test, a goroutine that a test
// started is still there, but for those whose stacks contain one of the given texts. Call
// it from TestMain.
func Main(m *testing.M, but ...string) {
	code := m.Run()
	if code == 0 {
		if left := wait(5*time.Second, but); len(left) > 0 {
			fmt.Fprintf(os.Stderr, "leak: %d goroutines outlived the tests:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
			code = 1
		}
	}
	os.Exit(code)
}

// wait returns the goroutines that are still running after at most d.
func wait(d time.Duration, but []string) []string {
	deadline := time.Now().Add(d)
	for {
		left := slices.DeleteFunc(others(), func(stack string) bool { return contains(stack, but) })
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// harmless marks goroutines that the runtime, the testing package or net/http's
// shared client own and keep for the life of the process.
var harmless = []string{
	"created by runtime",
	"created by testing.",
	"testing.(*M).",
	"testing.(*F).",
	"os/signal.",
	"runtime.ensureSigM",
	"created by net/http.(*Transport).dialConn",
	"internal/fuzz.",
}

// others returns the stacks of all goroutines but the caller's and the harmless ones.
func others() []string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	var left []string
	for i, stack := range strings.Split(string(buf), "\n\n") {
		if i == 0 || contains(stack, harmless) { // the first stack is the caller's
			continue
		}
		left = append(left, stack)
	}
	return left
}

// contains reports whether one of the texts is in a stack.
func contains(stack string, texts []string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(stack, text) })
}

// Module returns the stacks of the goroutines that run code of this module, but for
// tests themselves and for stacks that contain one of the given texts.
func Module(but ...string) (left []string) {
	for _, stack := range others() {
		if strings.Contains(stack, "agentos.dev/dialtone/") && !strings.Contains(stack, "testing.tRunner") &&
			!contains(stack, but) {
			left = append(left, stack)
		}
	}
	return left
}
