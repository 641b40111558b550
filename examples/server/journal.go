package main

import (
	"os"

	"agentos.dev/dialtone/voice/journal"
)

// kept are what JOURNAL_KEEP can list.
const (
	keepAudio   = "audio"
	keepSpeech  = "speech"
	keepNumbers = "numbers"
	keepDigits  = "digits"
)

// readJournal reads where calls are recorded, and what of them.
func (c *config) readJournal(e *env) {
	o := &c.journal
	o.Dir, o.MaxFiles = e.text("JOURNAL_DIR"), e.number("JOURNAL_FILES")
	if o.MaxFiles == 0 {
		e.wrong("JOURNAL_FILES", "is not a whole number from 1")
	}
	if info, err := os.Stat(o.Dir); o.Dir != "" && err == nil && !info.IsDir() {
		e.wrong("JOURNAL_DIR", "%s is not a directory", shown(o.Dir))
	}
	kept := e.list("JOURNAL_KEEP")
	for _, what := range kept {
		switch what {
		case keepAudio:
			o.Audio = true
		case keepSpeech:
			o.Speech = true
		case keepNumbers:
			o.Numbers = true
		case keepDigits:
			o.Digits = true
		default:
			e.wrong("JOURNAL_KEEP", "%s is none of audio, speech, numbers, digits", shown(what))
		}
	}
	if o.Dir == "" && len(kept) > 0 {
		c.doubt("JOURNAL_KEEP", "is not used without JOURNAL_DIR")
	}
}

// newJournal begins to record calls; nil if they are not recorded.
func newJournal(c config, a *app) (*journal.Recorder, error) {
	if c.journal.Dir == "" {
		return nil, nil
	}
	o := c.journal
	o.Logger = a.log
	r, err := journal.New(o)
	if err != nil {
		return nil, mistakes{{"JOURNAL_DIR", "cannot be written to: " + err.Error()}}.err()
	}
	return r, nil
}
