package tts

import (
	"context"
	"errors"
	"io"
	"iter"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/flite"
	"agentos.dev/dialtone/voice/voicetest"
)

// host is a server that speaks with an engine.
func host(t *testing.T, engine tts.Synthesizer, handler voice.HandlerFunc) *voice.Server {
	srv, err := voice.New(voice.Config{AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, TTS: engine, Handler: handler})
	if err != nil {
		t.Fatal(err)
	}
	return srv
}

// callersOf makes the test binary the callers of a server, in a process of their own.
const callersOf = "DIALTONE_BENCH_CALLERS"

// inMemory is how many calls are open while memory is measured.
const inMemory = 40

func TestMain(m *testing.M) {
	target := os.Getenv(callersOf)
	if target == "" {
		os.Exit(m.Run())
	}
	tw, err := voicetest.Start(voicetest.Config{Target: target})
	if err != nil {
		panic(err)
	}
	for range inMemory {
		tw.Dial("+14155550100", "+14155550199")
	}
	io.Copy(io.Discard, os.Stdin) // until the test is over
	tw.Close()
}

// TestFirstFrame: ten calls at once. Measured is the time from the end of the first clause
// that a language model yields until its first frame has reached Twilio's end of the
// stream: synthesis, conversion, queue, both sockets and, on a machine that has other work
// to do, that. An engine that takes no time shows what is not synthesis.
func TestFirstFrame(t *testing.T) {
	apt.Need(t, "flite", "flite")
	engine, err := flite.New(flite.Options{MaxWait: time.Minute, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer tts.Close(engine)
	if err := tts.Prewarm(t.Context(), engine); err != nil {
		t.Fatal(err)
	}
	for _, e := range []struct {
		name   string
		engine tts.Synthesizer
	}{{"flite rms", engine}, {"without an engine", tts.SynthesizerFunc(long)}} {
		firsts := firstFrames(t, e.engine)
		if len(firsts) == 0 {
			t.Fatal("nothing was said")
		}
		slices.Sort(firsts)
		t.Logf("%-18s first frame of Say after %v at the median, %v at the 95th percentile of %d", e.name,
			firsts[len(firsts)/2].Round(100*time.Microsecond), firsts[len(firsts)*95/100].Round(100*time.Microsecond), len(firsts))
	}
}

// firstFrames returns how long the first frames took of what ten calls say.
func firstFrames(t *testing.T, engine tts.Synthesizer) (firsts []time.Duration) {
	rounds := 6
	if testing.Short() {
		rounds = 1
	}
	var mu sync.Mutex
	clauses := map[string]chan time.Time{} // by CallSid: when the clause was complete
	clause := func(sid string) chan time.Time {
		mu.Lock()
		defer mu.Unlock()
		if clauses[sid] == nil {
			clauses[sid] = make(chan time.Time, 1)
		}
		return clauses[sid]
	}
	say := func(ctx context.Context, call *voice.Call) error {
		for range rounds {
			if _, err := call.Digits(ctx, 1, ""); err != nil {
				return nil
			}
			said, err := call.SayTokens(ctx, func(yield func(string, error) bool) {
				clause(call.SID) <- time.Now()
				if yield("Good morning, ", nil) {
					yield("thank you for calling Harbour Dental.", nil)
				}
			})
			if err != nil {
				return err
			}
			if err := said.Wait(ctx); err != nil {
				return err
			}
		}
		return nil
	}
	var wg sync.WaitGroup
	tw := voicetest.New(t, host(t, engine, say))
	for i := range 10 {
		call := tw.Dial("+14155550100", "+14155550199")
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for range rounds {
				time.Sleep(time.Duration(500+r.IntN(3000)) * time.Millisecond)
				before := call.Stats().FramesReceived
				if err := call.Digits("1"); err != nil {
					return
				}
				began := <-clause(call.SID)
				for call.Stats().FramesReceived == before {
					time.Sleep(500 * time.Microsecond)
				}
				mu.Lock()
				firsts = append(firsts, time.Since(began))
				mu.Unlock()
				time.Sleep(3 * time.Second) // it is heard
			}
			call.HangUp()
		})
	}
	wg.Wait()
	return firsts
}

// long is an engine whose audio is made as it is asked for, and that keeps nothing.
func long(_ context.Context, text string, _ tts.Config) iter.Seq2[tts.Chunk, error] {
	return func(yield func(tts.Chunk, error) bool) {
		for range len(text) {
			if !yield(tts.Chunk{Audio: sound[:]}, nil) {
				return
			}
		}
	}
}

// TestMemoryOfACall: what a call that speaks takes above one that is silent, goroutines and
// what is made ahead included.
func TestMemoryOfACall(t *testing.T) {
	answer := strings.Repeat("The table is booked for two at half past seven, and the total is $24.50. ", 20)
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	begin := make(chan struct{})
	var up, speaks sync.WaitGroup
	up.Add(inMemory)
	speaks.Add(inMemory)
	srv := host(t, tts.SynthesizerFunc(long), func(ctx context.Context, call *voice.Call) error {
		up.Done()
		<-begin
		said, err := call.Say(ctx, answer)
		if err != nil {
			return err
		}
		for said.Heard() < 4*time.Second {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(100 * time.Millisecond):
			}
		}
		speaks.Done()
		<-ctx.Done()
		return errors.New("the call is over")
	})
	server := httptest.NewServer(srv)
	defer server.Close()
	callers := exec.Command(os.Args[0])
	callers.Env = append(os.Environ(), callersOf+"="+server.URL)
	hold, err := callers.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := callers.Start(); err != nil {
		t.Fatal(err)
	}
	up.Wait()
	time.Sleep(time.Second)
	silent := heap()
	close(begin)
	speaks.Wait()
	each := (float64(heap()) - float64(silent)) / inMemory / 1024
	t.Logf("a call that speaks takes %.1f KiB more than a silent one", each)
	if each > 96 { // 45 to 68 on a calm machine: the runtime chooses the size of stacks
		t.Error("more than 96 KiB")
	}
	hold.Close()
	callers.Wait()
}
