// Package tts measures what the preparation of text costs, how much memory a call
// takes that speaks, and how soon the first sound of a sentence is there.
package tts

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/bench"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/espeak"
	"agentos.dev/dialtone/voice/tts/flite"
	"agentos.dev/dialtone/voice/tts/text"
)

// thousand returns a text of about 1,000 characters that repeats part.
func thousand(part string) string { return strings.Repeat(part, 1000/len(part)+1)[:1000] }

// prose returns 1,000 characters of the corpus of package text.
func prose(tb testing.TB, files ...string) string {
	var b strings.Builder
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join("../../../voice/tts/text/testdata/corpus", f+".txt"))
		if err != nil {
			tb.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			source, _, _ := strings.Cut(line, "\t")
			if s, err := strconv.Unquote(`"` + strings.ReplaceAll(source, `"`, "'") + `"`); err == nil {
				b.WriteString(s + " ")
			}
		}
	}
	return b.String()[:1000]
}

// tokens yields a text in tokens of size bytes.
func tokens(source string, size int) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for at := 0; at < len(source) && yield(source[at:min(at+size, len(source))], nil); at += size {
		}
	}
}

func TestPreparation(t *testing.T) {
	var contestants []bench.Contestant
	add := func(name, source string, cut int) {
		contestants = append(contestants, bench.Contestant{Name: name, Run: func(n int) {
			for range n {
				for range text.Prepare(tokens(source, cut), text.Options{}) {
				}
			}
		}})
	}
	plain := thousand("Good morning to all of you, and welcome to the house at the harbour. ")
	add("sentences, in tokens of 4 characters", plain, 4)
	add("the same as a whole", plain, 1000)
	add("the same, a character at a time", plain, 1)
	add("numbers, money, dates, phones", prose(t, "money", "dates", "phones", "numbers"), 4)
	add("Markdown", prose(t, "markdown"), 4)
	for _, hostile := range []string{"](", "![", "<a ", "`", "1-", "1:", "A. ", "好", "a@", "\n", "&amp", "https://a"} {
		add(fmt.Sprintf("%q over and over", hostile), thousand(hostile), 4)
	}
	bench.Report(t, "preparation of 1,000 characters", contestants...)
}

// constant is an engine that takes no memory of its own.
func constant(_ context.Context, text string, _ tts.Config) iter.Seq2[tts.Chunk, error] {
	return func(yield func(tts.Chunk, error) bool) {
		for range len(text) {
			if !yield(tts.Chunk{Audio: sound[:]}, nil) {
				return
			}
		}
	}
}

// sound is 60 ms.
var sound [480]byte

// TestMemory: what a call takes while it speaks, in the middle of a long answer, of
// which the audio is sent as it is heard.
func TestMemory(t *testing.T) {
	const calls = 50
	answer := strings.Repeat("The table is booked for two at half past seven, and the total is $24.50. ", 20)
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	before := heap()
	stop := make(chan struct{})
	var wg, middle sync.WaitGroup
	for range calls {
		middle.Add(1)
		wg.Go(func() {
			speech := tts.Speak(tts.SynthesizerFunc(constant), tts.Text(answer), tts.Options{})
			for range speech.Audio(t.Context()) {
				if speech.Length() > 10*time.Second {
					middle.Done()
					<-stop
					return
				}
			}
		})
	}
	middle.Wait()
	time.Sleep(200 * time.Millisecond) // what is made ahead is made
	each := float64(heap()-before) / calls / 1024
	t.Logf("a call that speaks takes %.1f KiB, with what it makes ahead and its stacks", each)
	if each > 64 {
		t.Error("more than 64 KiB")
	}
	close(stop)
	wg.Wait()
}

// TestFirstPiece: ten calls at once say sentences, each as soon as the one before
// would have been heard. Measured is the time from the end of the first clause to its
// first audio, which on a machine that has other work to do is mostly that, and the
// processor time.
func TestFirstPiece(t *testing.T) {
	apt.Need(t, "flite", "flite")
	apt.Need(t, "espeak-ng", "espeak-ng")
	rounds := 6
	if testing.Short() {
		rounds = 1
	}
	for _, e := range []struct {
		name string
		open func() (tts.Synthesizer, error)
	}{
		{"flite rms", func() (tts.Synthesizer, error) {
			return flite.New(flite.Options{MaxWait: time.Minute, Timeout: time.Minute})
		}},
		{"flite kal16", func() (tts.Synthesizer, error) {
			return flite.New(flite.Options{Voice: "kal16", MaxWait: time.Minute, Timeout: time.Minute})
		}},
		{"espeak en-us", func() (tts.Synthesizer, error) {
			return espeak.New(espeak.Options{MaxWait: time.Minute, Timeout: time.Minute})
		}},
	} {
		engine, err := e.open()
		if err != nil {
			t.Fatal(err)
		}
		if err := tts.Prewarm(t.Context(), engine); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var firsts []time.Duration
		var speech time.Duration
		began := cpu(t)
		var wg sync.WaitGroup
		for call := range 10 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(call), 1))
				time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
				for range rounds {
					var clause time.Time
					s := tts.Speak(engine, func(yield func(string, error) bool) {
						clause = time.Now()
						if yield("Good morning, ", nil) {
							yield("thank you for calling Harbour Dental.", nil)
						}
					}, tts.Options{})
					first := true
					for c, err := range s.Audio(t.Context()) {
						if err != nil {
							t.Error(err)
							return
						}
						if first && len(c.Audio) > 0 {
							first = false
							mu.Lock()
							firsts = append(firsts, time.Since(clause))
							mu.Unlock()
						}
						time.Sleep(time.Duration(len(c.Audio)) * time.Second / 8000)
					}
					mu.Lock()
					speech += s.Length()
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if err := tts.Close(engine); err != nil {
			t.Fatal(err)
		}
		if len(firsts) == 0 {
			t.Fatal("nothing was said")
		}
		slices.Sort(firsts)
		t.Logf("%-14s first audio after %v at the median, %v at the 95th percentile; %.3f s of a core for a second of speech, starts of processes included",
			e.name, firsts[len(firsts)/2].Round(100*time.Microsecond), firsts[len(firsts)*95/100].Round(100*time.Microsecond), (cpu(t)-began).Seconds()/speech.Seconds())
	}
}
