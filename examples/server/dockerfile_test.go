package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// stage is one of a Dockerfile: the arguments of its instructions, by their names.
type stage map[string][]string

// stages reads a Dockerfile that has neither heredocs nor another escape character.
func stages(t *testing.T, file string) (all []stage) {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	known := regexp.MustCompile(`^(FROM|RUN|COPY|WORKDIR|USER|EXPOSE|STOPSIGNAL|ENTRYPOINT)$`)
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, found := strings.Cut(line, " ")
		require.True(t, found && known.MatchString(name), line)
		if name == "FROM" {
			all = append(all, stage{})
		}
		require.NotEmpty(t, all, "before FROM: %s", line)
		s := all[len(all)-1]
		s[name] = append(s[name], strings.Join(strings.Fields(rest), " "))
	}
	return all
}

// TestDockerfile: the images are pinned, build this program, hold what its engines need, and
// do not run as root. Nothing is built: a test has no Docker.
func TestDockerfile(t *testing.T) {
	all := stages(t, deployment+"docker/Dockerfile")
	require.Len(t, all, 3)
	pinned := regexp.MustCompile(`^\S+:\S*(\d|nonroot)\S*( AS [a-z]+)?$`)
	for _, s := range all {
		require.Len(t, s["FROM"], 1)
		require.Regexp(t, pinned, s["FROM"][0])
	}
	build, service, local := all[0], all[1], all[2]

	module, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)
	require.Contains(t, build["FROM"][0], "golang:"+string(version[1])+".")
	source, found := strings.CutPrefix(build["WORKDIR"][1], build["WORKDIR"][0]+"/")
	require.True(t, found)
	require.FileExists(t, filepath.Join("../..", source, "main.go"))
	require.Regexp(t, `GOWORK=off CGO_ENABLED=0 go build .* -o /dialtone \.$`, build["RUN"][0])

	for _, s := range []stage{service, local} {
		require.Equal(t, []string{"--from=build /dialtone /usr/local/bin/dialtone"}, s["COPY"])
		var command []string
		require.NoError(t, json.Unmarshal([]byte(s["ENTRYPOINT"][0]), &command), "a shell would keep the signals to itself")
		require.Equal(t, []string{"/usr/local/bin/dialtone"}, command)
		require.Regexp(t, `^[1-9]\d*:[1-9]\d*$`, s["USER"][0], "Kubernetes wants a number")
		require.Equal(t, []string{strings.TrimPrefix(usualAddr, ":")}, s["EXPOSE"])
		require.Equal(t, []string{"SIGTERM"}, s["STOPSIGNAL"])
	}
	packages, err := os.ReadFile("../../.ci/packages")
	require.NoError(t, err)
	_, rest, found := strings.Cut(local["RUN"][0], "--no-install-recommends ")
	require.True(t, found)
	installed, _, _ := strings.Cut(rest, " &&")
	for name := range strings.FieldsSeq(installed) {
		require.True(t, name == "ca-certificates" || strings.Contains("\n"+string(packages), "\n"+name+"\n"), "%s is tested by nothing", name)
	}
	for _, engine := range []string{"pocketsphinx", "pocketsphinx-en-us", "flite", "espeak-ng"} {
		require.Contains(t, strings.Fields(installed), engine)
	}
	require.Empty(t, service["RUN"], "there is no shell")
}
