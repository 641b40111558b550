package apt

import (
	"bufio"
	"compress/gzip"
	"os"
	"strings"
	"testing"
)

// Prompt is a person's recording of an English prompt of an exchange.
type Prompt struct {
	Name, Text string
	File       string // WAV at 8 kHz
}

// Prompts returns the prompts of Debian's asterisk-core-sounds-en that have a recording, in
// the order of their list. Without the packages it does as [Need].
func Prompts(tb testing.TB) (all []Prompt) {
	tb.Helper()
	const list = "/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
	const folder = "/usr/share/asterisk/sounds/en_US_f_Allison/"
	Files(tb, list, "asterisk-core-sounds-en")
	Files(tb, folder+"*.wav", "asterisk-core-sounds-en-wav")
	packed, err := os.Open(list)
	if err != nil {
		tb.Fatal(err)
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		tb.Fatal(err)
	}
	lines := bufio.NewScanner(unpacked)
	for lines.Scan() {
		name, text, found := strings.Cut(lines.Text(), ": ")
		file := folder + name + ".wav"
		if _, err := os.Stat(file); found && err == nil {
			all = append(all, Prompt{name, text, file})
		}
	}
	if err := lines.Err(); err != nil {
		tb.Fatal(err)
	}
	return all
}
