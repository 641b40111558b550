package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// recording is an entry of a manifest.
type recording struct {
	File string `json:"file"` // WAV, beside the manifest
	Text string `json:"text"` // what is said; empty = nothing

	path string
}

// readRecordings reads what the arguments name: manifests, lists of prompts whose
// files are in sounds, and WAV files in which nothing is said. With a limit only so
// many of them are kept, from all parts.
func readRecordings(args []string, sounds string, limit int) ([]recording, error) {
	var all []recording
	for _, arg := range args {
		read := readManifest
		switch name := strings.TrimSuffix(arg, ".gz"); filepath.Ext(name) {
		case ".wav":
			read = func(file string) ([]recording, error) {
				_, err := os.Stat(file)
				return []recording{{File: filepath.Base(file), path: file}}, err
			}
		case ".txt":
			read = func(file string) ([]recording, error) { return readPrompts(file, sounds) }
		}
		recordings, err := read(arg)
		if err != nil {
			return nil, err
		}
		all = append(all, recordings...)
	}
	if limit <= 0 || limit >= len(all) {
		return all, nil
	}
	kept := make([]recording, limit)
	for i := range kept {
		kept[i] = all[i*len(all)/limit]
	}
	return kept, nil
}

func readManifest(file string) ([]recording, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var list []recording
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var errs []error
	for i := range list {
		list[i].path = filepath.Join(filepath.Dir(file), list[i].File)
		if _, err := os.Stat(list[i].path); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
		}
	}
	if len(list) == 0 {
		errs = append(errs, fmt.Errorf("%s: names no recordings", file))
	}
	return list, errors.Join(errs...)
}

// notSaid is what a list of prompts remarks on a sound, as "[ascending tones]".
var notSaid = regexp.MustCompile(`\[.*?\]`)

// readPrompts reads a list of prompts as Asterisk's packages bring it, lines of
// "name: text", gzipped or not. Prompts without a WAV file in sounds are left out.
func readPrompts(file, sounds string) ([]recording, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if filepath.Ext(file) == ".gz" {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	var list []recording
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, text, ok := strings.Cut(lines.Text(), ": ")
		path := filepath.Join(sounds, name+".wav")
		if _, err := os.Stat(path); !ok || strings.HasPrefix(name, ";") || err != nil {
			continue
		}
		list = append(list, recording{File: name + ".wav", Text: strings.TrimSpace(notSaid.ReplaceAllString(text, "")), path: path})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: no prompt has a WAV file in %s", file, sounds)
	}
	return list, nil
}
