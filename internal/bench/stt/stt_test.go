// Package stt measures what the speech machinery adds to a call, and how long a
// caller waits for PocketSphinx.
package stt

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/bench"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/pocketsphinx"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/stt/vad"
)

const frame = 160 // 20 ms of mu-law

// sender returns a contestant that sends an utterance over and over.
func sender(t *testing.T, name string, e stt.Engine, audio []byte) bench.Contestant {
	s, err := stt.Open(t.Context(), e, stt.Config{Emit: func(stt.Event) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return bench.Contestant{Name: name, Run: each(audio, func(frame []byte) {
		if err := s.Send(frame); err != nil {
			t.Error(err)
		}
	})}
}

// each returns a job that gives all frames of the audio to do.
func each(audio []byte, do func(frame []byte)) func(n int) {
	return func(n int) {
		for range n {
			for at := 0; at+frame <= len(audio); at += frame {
				do(audio[at : at+frame])
			}
		}
	}
}

func TestFrame(t *testing.T) {
	quick := stt.RecognizerFunc(func(context.Context, []byte, stt.Config) (stt.Transcript, error) {
		return stt.Transcript{Text: "yes"}, nil
	})
	idle := stt.EngineFunc(func(ctx context.Context, c stt.Config) (stt.Stream, error) { return sink{}, nil })
	segmented := stt.Segmented(quick, stt.Segmentation{})
	pooled := stt.Segmented(stt.NewPool(quick, stt.PoolOptions{Workers: 8}), stt.Segmentation{})
	utterance := stttest.Speech(1, codec.Format{})[:50*frame] // a word of 0.4 s in a second, with the line's noise
	noise := utterance[:10*frame]
	for name, audio := range map[string][]byte{
		"a second of speech and silence":          utterance,
		"a second in which the caller listens":    slices.Repeat(noise, 5),
		"a second of digital silence, as if mute": codec.Format{}.AppendSilence(nil, 50*frame),
	} {
		segmenter := vad.NewSegmenter(vad.Options{})
		pcm := make([]int16, frame)
		results := bench.Report(t, name+": 50 frames",
			bench.Contestant{Name: "decode and vad.Segmenter alone", Run: each(audio, func(frame []byte) {
				codec.DecodeMulaw(pcm, frame)
				segmenter.Write(pcm)
			})},
			sender(t, "stt.Segmented", segmented, audio),
			sender(t, "stt.Segmented of stt.Pool", pooled, audio),
			sender(t, "one that streams", idle, audio),
			sender(t, "stt.Failover of two stt.Segmented", stt.Failover(stt.FailoverOptions{}, segmented, segmented), audio),
			sender(t, "stt.Failover of two that stream", stt.Failover(stt.FailoverOptions{}, idle, idle), audio),
		)
		last := results[len(results)-2]
		t.Logf("per frame: %s %.0f ns at the median, %.0f ns more than hearing alone",
			last.Name, last.Median/50, (last.Median-results[0].Median)/50)
	}
}

// sink is a stream that does nothing.
type sink struct{}

func (sink) Send([]byte) error           { return nil }
func (sink) Flush(context.Context) error { return nil }
func (sink) Close() error                { return nil }

func TestMemory(t *testing.T) {
	const calls = 1000
	quick := stt.RecognizerFunc(func(context.Context, []byte, stt.Config) (stt.Transcript, error) {
		return stt.Transcript{Text: "yes"}, nil
	})
	for name, e := range map[string]stt.Engine{
		"stt.Segmented":                     stt.Segmented(quick, stt.Segmentation{}),
		"stt.Failover of two stt.Segmented": stt.Failover(stt.FailoverOptions{}, stt.Segmented(quick, stt.Segmentation{}), stt.Segmented(quick, stt.Segmentation{})),
	} {
		before := heap()
		var streams []*stttest.Call
		audio := stttest.Speech(3, codec.Format{})
		for range calls {
			s, err := stttest.Open(t.Context(), e, stt.Config{})
			if err != nil {
				t.Fatal(err)
			}
			for rest := audio[:len(audio)-4000]; len(rest) > 0; rest = rest[min(frame, len(rest)):] { // it ends in a word
				s.Send(rest[:min(frame, len(rest))])
			}
			streams = append(streams, s)
		}
		t.Logf("%s: %.1f KiB a call, in the middle of an utterance", name, float64(heap()-before)/calls/1024)
		for _, s := range streams {
			s.Close()
		}
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// TestPocketSphinxLatency plays recordings in real time in ten calls at once.
func TestPocketSphinxLatency(t *testing.T) {
	apt.Need(t, "pocketsphinx_batch", "pocketsphinx pocketsphinx-en-us")
	const dir, calls = "../../../stt/vad/testdata/", 10
	manifest, err := os.ReadFile(dir + "manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var recordings []struct{ File, Text string }
	if err := json.Unmarshal(manifest, &recordings); err != nil {
		t.Fatal(err)
	}
	var phrases []string
	var said [][]byte
	for _, r := range recordings {
		if r.Text == "" || !strings.HasSuffix(r.File, ".8k.ulaw.wav") || strings.HasPrefix(r.File, "jfk") || strings.HasPrefix(r.File, "vosk") {
			continue
		}
		f, err := os.Open(dir + r.File)
		if err != nil {
			t.Fatal(err)
		}
		audio, err := codec.ReadMulaw(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		phrases, said = append(phrases, r.Text), append(said, codec.Format{}.AppendSilence(audio, 4000))
	}
	e, err := pocketsphinx.New(pocketsphinx.Options{Phrases: phrases})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := e.Prewarm(t.Context()); err != nil {
		t.Fatal(err)
	}
	rounds := 8
	if testing.Short() {
		rounds = 1
	}
	var mu sync.Mutex
	var latencies, queues []time.Duration
	exact, asked := 0, 0
	var wg sync.WaitGroup
	for range calls {
		wg.Go(func() {
			time.Sleep(rand.N(2 * time.Second))
			for range rounds {
				i := rand.IntN(len(said))
				s, err := stttest.Open(t.Context(), e, stt.Config{})
				if err != nil {
					t.Error(err)
					return
				}
				next := time.Now()
				for rest := said[i]; len(rest) > 0; rest = rest[min(frame, len(rest)):] {
					s.Send(rest[:min(frame, len(rest))])
					next = next.Add(20 * time.Millisecond)
					time.Sleep(time.Until(next))
				}
				s.Flush(t.Context())
				s.Close()
				mu.Lock()
				asked++
				for {
					ev, err := s.Next(t.Context())
					if err != nil {
						break
					}
					if ev.Kind == stt.Degraded {
						t.Error(ev.Err)
					}
					if ev.Kind == stt.Final && ev.Timing.Valid {
						latencies, queues = append(latencies, ev.Timing.Latency), append(queues, ev.Timing.Queue)
						if ev.Transcript.Text == phrases[i] {
							exact++
						}
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(latencies)
	slices.Sort(queues)
	at := func(d []time.Duration, p int) time.Duration { return d[(len(d)-1)*p/100].Round(time.Millisecond) }
	load, _ := os.ReadFile("/proc/loadavg")
	t.Logf("%d calls at once, %d cores, load average %.14s: %d utterances, %d exact\nend of speech to transcript: p50 %v p95 %v max %v (240 ms of it is the hang-over); waiting for a worker: p50 %v p95 %v",
		calls, runtime.NumCPU(), load, asked, exact, at(latencies, 50), at(latencies, 95), at(latencies, 100), at(queues, 50), at(queues, 95))
}
