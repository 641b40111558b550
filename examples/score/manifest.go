package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// recording is an entry of a manifest.
type recording struct {
	File string `json:"file"` // WAV, beside the manifest
	Text string `json:"text"` // what is said; empty = nothing

	path string
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
