// Package apt lets a test ask for a program that a Debian package brings.
package apt

import (
	"os"
	"os/exec"
	"testing"
)

// Need returns the path of command. Without it the test is skipped, naming the
// Debian package that has it; under DIALTONE_TEST=all, which .ci/test sets after
// installing those packages, the test fails instead: there nothing is left out.
func Need(tb testing.TB, command, debianPackage string) string {
	tb.Helper()
	for _, name := range []string{command, "/usr/sbin/" + command, "/usr/lib/sctk/bin/" + command} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("DIALTONE_TEST") == "all" {
		tb.Fatalf("%s is missing: apt-get install %s", command, debianPackage)
	}
	tb.Skipf("left out: %s is missing (apt-get install %s; .ci/test does it)", command, debianPackage)
	return ""
}
