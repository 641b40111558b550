package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"agentos.dev/dialtone/stt/wer"
)

// The counters that the alerts on recognition accuracy read.
const (
	wordsTotal  = "twilio_stt_words_total"
	errorsTotal = "twilio_stt_word_errors_total"
)

// addToTextfile adds the errors to the counters in a file of Prometheus' text
// format, which a node exporter's textfile collector serves: scoring a sample of
// recorded calls once a day keeps the accuracy alerts fed.
func addToTextfile(file string, e wer.Errors) error {
	counted := map[string]int{}
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for line := range strings.Lines(string(old)) {
		var name string
		var value int
		if n, _ := fmt.Sscan(line, &name, &value); n == 2 {
			counted[name] = value
		}
	}
	text := fmt.Sprintf(`# HELP %[1]s Words said in checked samples of speech.
# TYPE %[1]s counter
%[1]s %[2]d
# HELP %[3]s Words substituted, deleted or inserted by speech recognition in checked samples.
# TYPE %[3]s counter
%[3]s %[4]d
`, wordsTotal, counted[wordsTotal]+e.Words, errorsTotal, counted[errorsTotal]+e.Total())

	temp, err := os.CreateTemp(filepath.Dir(file), ".score-*")
	if err != nil {
		return err
	}
	_, err = temp.WriteString(text)
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), file) // never half a file
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}
