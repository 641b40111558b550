package vad

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/corpus"
)

// webrtc is WebRTC's detector in a process of its own.
type webrtc struct {
	in  *bufio.Writer
	out io.Reader
}

// newWebRTC compiles and starts it. Without Debian's library it returns nil, or
// fails the test where nothing may be left out.
func newWebRTC(t *testing.T) *webrtc {
	gcc := apt.Need(t, "gcc", "gcc")
	program := filepath.Join(t.TempDir(), "webrtc")
	build := exec.Command(gcc, "-O2", "-o", program, "testdata/webrtc.c", "-l:libwebrtc_audio_processing.so.1")
	if text, err := build.CombinedOutput(); err != nil {
		if os.Getenv("DIALTONE_TEST") == "all" {
			t.Fatalf("no WebRTC (apt-get install libwebrtc-audio-processing1): %s", text)
		}
		t.Logf("WebRTC left out (apt-get install libwebrtc-audio-processing1): %s", text)
		return nil
	}
	cmd := exec.Command(program)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &webrtc{bufio.NewWriter(in), bufio.NewReader(out)}
}

// judge returns the verdicts of a mode on a clip and the CPU time they took.
func (w *webrtc) judge(t *testing.T, mode int, clip corpus.Clip) ([]bool, time.Duration) {
	n := len(clip.Voiced)
	for _, part := range []any{[]int32{int32(mode), int32(n)}, clip.PCM[:n*corpus.Frame]} {
		if err := binary.Write(w.in, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.in.Flush(); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, n+8)
	if _, err := io.ReadFull(w.out, answer); err != nil {
		t.Fatal(err)
	}
	verdicts := make([]bool, n)
	for i := range verdicts {
		verdicts[i] = answer[i] == 1
	}
	return verdicts, time.Duration(binary.LittleEndian.Uint64(answer[n:]))
}
