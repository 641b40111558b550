package main

import (
	"encoding/json"
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
	for i := range list {
		list[i].path = filepath.Join(filepath.Dir(file), list[i].File)
		if _, err := os.Stat(list[i].path); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return list, nil
}
