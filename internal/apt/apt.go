// Package apt lets a test ask for programs and files that Debian packages bring.
package apt

import (
	"os"
	"os/exec"
	"path/filepath"
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

// Files returns the files that match pattern, as filepath.Match has it. Without any
// it does as [Need].
func Files(tb testing.TB, pattern, debianPackage string) []string {
	tb.Helper()
	files, err := filepath.Glob(pattern)
	switch {
	case err != nil:
		tb.Fatal(err)
	case len(files) > 0:
		return files
	case os.Getenv("DIALTONE_TEST") == "all":
		tb.Fatalf("%s is missing: apt-get install %s", pattern, debianPackage)
	}
	tb.Skipf("left out: %s is missing (apt-get install %s; .ci/test does it)", pattern, debianPackage)
	return nil
}
