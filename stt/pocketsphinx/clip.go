package pocketsphinx

import (
	"fmt"
	"os"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
)

// clip is audio in a file, which the processes read.
type clip struct {
	path, id string
	frames   int
}

// clip writes audio into the folder.
func (f *folder) clip(audio []byte, format codec.Format) (clip, error) {
	pcm, err := samples16k(format.AppendPCM(nil, audio), format.SampleRate())
	if err != nil {
		return clip{}, err
	}
	id := fmt.Sprintf("u%d", f.clips.Add(1))
	c := clip{f.path + "/" + id + ".raw", id, len(pcm) / (2 * 160)}
	if err := os.WriteFile(c.path, pcm, 0o600); err != nil {
		return clip{}, &stt.Error{Engine: name, Op: "recognize", Kind: stt.ErrUnavailable, Err: err}
	}
	return c, nil
}

// hypothesis reads a process's answer to the clip. One that heard nothing repeats the
// figures of the answer before.
func (c clip) hypothesis(line string) (hypothesis, error) {
	h, err := parseHypothesis(line)
	if len(h.segments) == 0 {
		h = hypothesis{frames: c.frames}
	}
	h.skipped = max(0, c.frames-h.frames)
	return h, err
}

func (c clip) remove() { os.Remove(c.path) }
