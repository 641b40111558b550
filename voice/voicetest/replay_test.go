package voicetest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/journal"
	"agentos.dev/dialtone/voice/voicetest"
)

// speech returns audio that is like no other.
func speech(seed byte, d time.Duration) []byte {
	audio := make([]byte, int(d*8000/time.Second))
	for i := range audio {
		audio[i] = byte(i*7)%61 + seed
	}
	return audio
}

// clerk answers a call as it is told to: it greets, answers what it hears, is interrupted,
// and hangs up at a key, or at "goodbye".
func clerk(answer func(heard string) []byte) voice.Handler {
	return voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		play := func(audio []byte) error {
			if call.Relay() != nil {
				_, err := call.Say(ctx, fmt.Sprintf("I have heard you say %d things.", len(audio)))
				return err
			}
			_, err := call.Play(ctx, audio)
			return err
		}
		if err := play(speech(1, 3*time.Second)); err != nil {
			return err
		}
		for e, err := range call.Events(ctx) {
			switch {
			case err != nil:
				return err
			case e.Kind == stt.SpeechStart:
				if err := call.Interrupt(); err != nil {
					return err
				}
			case e.Kind == stt.Final && e.Transcript.Text == "goodbye", e.Digit == "#":
				return play(speech(9, time.Second))
			case e.Kind == stt.Final:
				if err := play(answer(e.Transcript.Text)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func usual(heard string) []byte {
	return speech(byte(len(heard)), time.Duration(len(heard))*100*time.Millisecond)
}

// hearsThings is an engine that hears, in each call, other things at other times.
func hearsThings() stt.Engine {
	return sessions(func(ctx context.Context, c stt.Config) {
		seed, _ := strconv.ParseUint(c.CallSID[len(c.CallSID)-6:], 16, 64)
		for i, text := range []string{"book a room", "a room for two", "the fourth of may"} {
			select {
			case <-time.After(time.Duration(900+seed%700+uint64(i)*(seed%900)) * time.Millisecond):
			case <-ctx.Done():
				return
			}
			at := time.Duration(i+1) * time.Second
			c.Emit(stt.Event{Kind: stt.SpeechStart, Transcript: stt.Transcript{Start: at}})
			time.Sleep(300 * time.Millisecond)
			c.Emit(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: text, Final: true, Confidence: 0.9, Start: at, End: at + 300*time.Millisecond}})
			c.Emit(stt.Event{Kind: stt.UtteranceEnd, Transcript: stt.Transcript{End: at + 300*time.Millisecond}})
		}
	})
}

// sessions is an engine whose streams are a function each.
type sessions func(ctx context.Context, c stt.Config)

func (sessions) Traits() stt.Traits { return stt.Traits{Session: true} }

func (f sessions) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &ran{cancel: cancel}
	s.wg.Go(func() { f(ctx, c) })
	return s, nil
}

type ran struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func (*ran) Send([]byte) error           { return nil }
func (*ran) Flush(context.Context) error { return nil }
func (r *ran) Close() error {
	r.cancel()
	r.wg.Wait()
	return nil
}

// serve returns a server, which is shut down at the end of the test.
func serve(t *testing.T, config voice.Config) http.Handler {
	t.Helper()
	config.AuthTokens, config.PublicURL = []string{voicetest.AuthToken}, voicetest.PublicURL
	config.Resume = voice.ResumeAlone
	srv, err := voice.New(config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Shutdown(context.Background())) })
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)
	return mux
}

// recordCalls has calls recorded.
func recordCalls(t *testing.T, n int, o journal.Options, config voice.Config, call func(i int, c *voicetest.Call), options ...voicetest.Option) []*journal.Record {
	t.Helper()
	o.Dir, o.MaxFiles = t.TempDir(), n+1
	recorder, err := journal.New(o)
	require.NoError(t, err)
	config.Journal = recorder
	tw := voicetest.New(t, serve(t, config), voicetest.Config{InMemory: true})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { call(i, tw.Dial("+14155550100", "+14155550199", options...)) })
	}
	wg.Wait()
	require.NoError(t, tw.Close())
	require.NoError(t, recorder.Close())
	names, err := journal.Files(o.Dir, "")
	require.NoError(t, err)
	require.Len(t, names, n)
	var records []*journal.Record
	for _, name := range names {
		r, err := journal.ReadFile(name)
		require.NoError(t, err)
		require.Zero(t, r.Dropped())
		records = append(records, r)
	}
	return records
}

// conversation is one of several kinds of calls.
func conversation(i int, c *voicetest.Call) {
	switch i % 4 {
	case 0:
		c.Listen(8 * time.Second)
		c.HangUp()
	case 1:
		c.Listen(2 * time.Second)
		c.Digits("12#")
		c.Wait(context.Background())
	case 2:
		c.SpeakAudio(speech(3, 4*time.Second))
		c.Listen(time.Second) // or he hangs up in the instant in which the host acts
		c.HangUp()
	case 3:
		c.Listen(10 * time.Second)
		c.Digits("#")
		c.Wait(context.Background())
	}
}

// TestReplay: recorded calls are replayed without a difference: DIALTONE_REPLAY says of how
// many, which is 1,000 in
//
//	DIALTONE_REPLAY=1000 go test -run 'TestReplay$' -v ./voice/voicetest
func TestReplay(t *testing.T) {
	n := 8
	if s := os.Getenv("DIALTONE_REPLAY"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	for name, o := range map[string]journal.Options{
		"everything is kept": {Audio: true, Speech: true, Numbers: true, Digits: true},
		"by default":         {},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			var lived time.Duration
			synctest.Test(t, func(t *testing.T) {
				records := recordCalls(t, n, o, voice.Config{Handler: clerk(usual), STT: hearsThings()}, conversation)
				for _, r := range records {
					lived += r.Lines[len(r.Lines)-1].At
				}
				host := serve(t, voice.Config{Handler: clerk(usual), STT: voicetest.Recognised(records...)})
				require.NoError(t, voicetest.Replay(context.Background(), voicetest.Config{Handler: host, InMemory: true}, records...))
			})
			t.Logf("%d calls, %v of call life, were recorded and replayed in %v, 0 differences", n, lived.Round(time.Second), time.Since(began).Round(time.Millisecond))
		})
	}
}

// TestReplayDiffers: the first difference of another handler is told, with its line.
func TestReplayDiffers(t *testing.T) {
	for name, test := range map[string]struct {
		handler voice.Handler
		what    string
	}{
		"other audio": {clerk(func(heard string) []byte { return speech(77, time.Duration(len(heard))*100*time.Millisecond) }), "audio"},
		"no audio": {voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			<-ctx.Done()
			return nil
		}), "clear"},
		"hangs up": {voice.HandlerFunc(func(context.Context, *voice.Call) error { return nil }), "clear"},
		"fails":    {voice.HandlerFunc(func(context.Context, *voice.Call) error { return errors.New("no") }), "clear"},
		"does not hang up": {voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			err := clerk(usual).ServeCall(ctx, call)
			<-ctx.Done()
			return err
		}), "end"},
		"is not interrupted": {voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			if err := call.SetInterruption(voice.Interruption{By: twiml.InterruptNone}); err != nil {
				return err
			}
			_, err := call.Play(ctx, speech(1, 3*time.Second))
			<-ctx.Done()
			return err
		}), "clear"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				records := recordCalls(t, 1, journal.Options{Audio: true, Speech: true, Digits: true}, voice.Config{Handler: clerk(usual), STT: hearsThings()},
					func(_ int, c *voicetest.Call) { conversation(3, c) })
				host := serve(t, voice.Config{Handler: test.handler, STT: voicetest.Recognised(records...)})
				err := voicetest.Replay(context.Background(), voicetest.Config{Handler: host, InMemory: true}, records...)
				var difference *voicetest.Difference
				require.ErrorAs(t, err, &difference)
				require.Equal(t, test.what, difference.What, "%v", err)
				require.Equal(t, records[0].SID, difference.SID)
				require.Positive(t, difference.Line)
			})
		})
	}
}

// TestReplayOfInterruptions: callers who interrupt, or seem to, do so again at the same place,
// whether or not the audio is kept in which the server heard that they speak.
func TestReplayOfInterruptions(t *testing.T) {
	file, err := os.Open("testdata/book_a_room.wav")
	require.NoError(t, err)
	defer file.Close()
	words, err := codec.ReadMulaw(file)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		keep   journal.Options
		speaks []byte
		text   string
		step   voice.BargeInStep
	}{
		"words":             {journal.Options{}, words, "book a room", voice.BargeInConfirmed},
		"words, with audio": {journal.Options{Audio: true}, words, "book a room", voice.BargeInConfirmed},
		"a backchannel":     {journal.Options{Speech: true, Audio: true}, words, "uh-huh", voice.BargeInTakenBack},
		"noise":             {journal.Options{}, words, "", voice.BargeInTakenBack},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				steps := map[voice.BargeInStep]int{}
				trace := &voice.Trace{BargeIn: func(_ voice.Info, b voice.BargeIn) {
					mu.Lock()
					defer mu.Unlock()
					steps[b.Step]++
				}}
				engine := stt.Segmented(stt.RecognizerFunc(func(context.Context, []byte, stt.Config) (stt.Transcript, error) {
					time.Sleep(300 * time.Millisecond)
					return stt.Transcript{Text: test.text, Final: true}, nil
				}), stt.Segmentation{})
				says := func(by twiml.Interruption) voice.Handler {
					return voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
						if err := call.SetInterruption(voice.Interruption{By: by}); err != nil {
							return err
						}
						long := make([]byte, 20*8000) // quiet, and no two seconds are the same
						for i := range long {
							long[i] = 0x50 + byte(i*i/977+i/8000)&0x2f
						}
						if _, err := call.Play(ctx, long); err != nil {
							return err
						}
						for e, err := range call.Events(ctx) {
							if err != nil {
								return err
							}
							if e.Kind == stt.Final {
								if _, err := call.Play(ctx, speech(3, time.Second)); err != nil {
									return err
								}
							}
						}
						return nil
					})
				}
				records := recordCalls(t, 2, test.keep, voice.Config{Handler: says(""), STT: engine, Trace: trace}, func(i int, c *voicetest.Call) {
					c.Listen(time.Duration(1500+7*i) * time.Millisecond)
					c.SpeakAudio(test.speaks)
					c.Listen(4 * time.Second)
					c.SpeakAudio(test.speaks)
					c.Listen(4 * time.Second)
					c.HangUp()
				})
				recorded := steps
				require.Positive(t, recorded[voice.BargeInPaused])
				require.Positive(t, recorded[test.step])
				steps = map[voice.BargeInStep]int{}
				host := serve(t, voice.Config{Handler: says(""), STT: voicetest.Recognised(records...), Trace: trace})
				require.NoError(t, voicetest.Replay(context.Background(), voicetest.Config{Handler: host, InMemory: true}, records...))
				require.Equal(t, recorded, steps)
				host = serve(t, voice.Config{Handler: says(twiml.InterruptNone), STT: voicetest.Recognised(records...)})
				var difference *voicetest.Difference
				require.ErrorAs(t, voicetest.Replay(context.Background(), voicetest.Config{Handler: host, InMemory: true}, records...), &difference)
				require.Equal(t, "clear", difference.What, "%v", difference)
			})
		})
	}
}

// TestRecognised: what was recognised comes behind the audio that it came behind, at its time
// where that fits, and at its time alone if the record does not say, or no more audio comes.
func TestRecognised(t *testing.T) {
	const header = `{"dialtone_journal":1,"call":"CA0123456789abcdef0123456789abcdef"}
{"t":1000000,"k":"open","s":1,"open":{"wire":"media"}}
`
	counted := header + `{"t":1020000,"k":"ear","s":1,"ear":{"frame":1}}
{"t":1040000,"k":"ear","s":1,"ear":{"frame":2,"speaking":true}}
{"t":1045000,"k":"heard","s":1,"heard":{"frame":1,"kind":"speech_start","track":"inbound"}}
{"t":1060000,"k":"ear","s":1,"ear":{"frame":3,"speaking":true,"last":400000,"speech":60000}}
{"t":1065000,"k":"heard","s":1,"heard":{"frame":3,"kind":"final","text":"yes","track":"inbound"}}
{"t":1080000,"k":"ear","s":1,"ear":{"frame":4}}
{"t":1500000,"k":"heard","s":1,"heard":{"frame":9,"kind":"utterance_end","track":"inbound"}}
`
	timed := header + `{"t":1035000,"k":"heard","s":1,"heard":{"kind":"speech_start","track":"inbound"}}
{"t":1065000,"k":"heard","s":1,"heard":{"kind":"final","text":"yes","track":"inbound"}}
{"t":1500000,"k":"heard","s":1,"heard":{"kind":"utterance_end","track":"inbound"}}
`
	for name, test := range map[string]struct {
		record string
		after  time.Duration // between pieces of audio
		want   []string      // what comes, and behind how many pieces; at which time if none comes
	}{
		"as it was":               {counted, 20 * time.Millisecond, []string{"speech_start 2", "final 3", "utterance_end 500ms"}},
		"audio is late":           {counted, 100 * time.Millisecond, []string{"speech_start 1", "final 3", "utterance_end 500ms"}},
		"audio is early":          {counted, time.Millisecond, []string{"speech_start 2", "final 4", "utterance_end 500ms"}},
		"by an earlier version":   {timed, 20 * time.Millisecond, []string{"speech_start 1", "final 3", "utterance_end 500ms"}},
		"and the audio is sooner": {timed, 5 * time.Millisecond, []string{"speech_start 35ms", "final 65ms", "utterance_end 500ms"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				record, err := journal.Read(strings.NewReader(test.record))
				require.NoError(t, err)
				var got []string
				var pieces atomic.Int32
				began := time.Now()
				s, err := voicetest.Recognised(record).Open(t.Context(), stt.Config{CallSID: record.SID, Emit: func(e stt.Event) {
					behind := fmt.Sprint(pieces.Load())
					if behind == "0" {
						behind = time.Since(began).String()
					}
					got = append(got, e.Kind.String()+" "+behind)
				}})
				require.NoError(t, err)
				ear, hears := s.(stt.Ear)
				require.Equal(t, test.record == counted, hears)
				for n := range 5 {
					time.Sleep(test.after)
					pieces.Store(int32(n + 1))
					require.NoError(t, s.Send(nil))
					if hears {
						speech, speaking := ear.Voiced(400 * time.Millisecond)
						require.Equal(t, n == 1 || n == 2, speaking)
						require.Equal(t, 60*time.Millisecond, speech)
					}
				}
				pieces.Store(0)
				require.NoError(t, s.Flush(t.Context()))
				require.Equal(t, test.want, got)
				require.NoError(t, s.Close())
			})
		})
	}
}

// TestReplayOfAnotherAnswer: a webhook that is answered in another way is a difference.
func TestReplayOfAnotherAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records := recordCalls(t, 1, journal.Options{}, voice.Config{Handler: clerk(usual), STT: hearsThings()}, conversation)
		host := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			fmt.Fprint(w, `<Response><Reject/></Response>`)
		})
		err := voicetest.Replay(context.Background(), voicetest.Config{Handler: host, InMemory: true}, records...)
		var difference *voicetest.Difference
		require.ErrorAs(t, err, &difference)
		require.Equal(t, "answer", difference.What)
		require.Contains(t, difference.Got, "Reject")
		require.Contains(t, difference.Want, "Connect")
	})
}

// TestReplayOfACallThatGoesOn: all streams of a call are in its file, and are replayed, with
// the break between them.
func TestReplayOfACallThatGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			if _, resumed := call.Resumed(); resumed {
				if _, err := call.Play(ctx, speech(5, time.Second)); err != nil {
					return err
				}
			}
			return clerk(usual).ServeCall(ctx, call)
		})
		records := recordCalls(t, 1, journal.Options{Audio: true, Speech: true}, voice.Config{Handler: handler, STT: hearsThings()}, func(_ int, c *voicetest.Call) {
			c.Listen(5 * time.Second)
			c.HangUp()
		}, voicetest.OnFrame(100, func(s *voicetest.Socket) { s.Reset() }))
		var legs []int
		for _, l := range records[0].Lines {
			if l.Kind == journal.KindOpen {
				legs = append(legs, l.Open.Leg)
			}
		}
		require.Equal(t, []int{1, 2, 3}, legs) // each of the first two breaks after two seconds
		host := serve(t, voice.Config{Handler: handler, STT: voicetest.Recognised(records...)})
		require.NoError(t, voicetest.Replay(context.Background(), voicetest.Config{Handler: host, InMemory: true}, records...))
		host = serve(t, voice.Config{Handler: clerk(usual), STT: voicetest.Recognised(records...)})
		var difference *voicetest.Difference
		require.ErrorAs(t, voicetest.Replay(context.Background(), voicetest.Config{Handler: host, InMemory: true}, records...), &difference)
		require.Equal(t, "audio", difference.What)
	})
}

// TestReplayOfRelay: calls over ConversationRelay are replayed as well.
func TestReplayOfRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relayed, err := voice.NewRelay(voice.RelayOptions{})
		require.NoError(t, err)
		over := func(voice.Info) *voice.Relay { return relayed }
		records := recordCalls(t, 1, journal.Options{Speech: true}, voice.Config{Handler: clerk(usual), Relay: over}, func(_ int, c *voicetest.Call) {
			c.Listen(time.Second)
			c.Says("book a room")
			c.Listen(4 * time.Second)
			c.HangUp()
		})
		host := serve(t, voice.Config{Handler: clerk(usual), Relay: over})
		require.NoError(t, voicetest.Replay(context.Background(), voicetest.Config{Handler: host, InMemory: true}, records...))
		host = serve(t, voice.Config{Handler: clerk(func(string) []byte { return nil }), Relay: over})
		err = voicetest.Replay(context.Background(), voicetest.Config{Handler: host, InMemory: true}, records...)
		var difference *voicetest.Difference
		require.ErrorAs(t, err, &difference)
		require.Equal(t, "message", difference.What)
	})
}

// TestReplayOfWhatIsMissing: a record with holes is refused.
func TestReplayOfWhatIsMissing(t *testing.T) {
	record, err := journal.Read(strings.NewReader(`{"dialtone_journal":1,"call":"CA0123456789abcdef0123456789abcdef"}` + "\n" + `{"t":1,"k":"dropped","n":3}` + "\n"))
	require.NoError(t, err)
	err = voicetest.Replay(context.Background(), voicetest.Config{Handler: http.NotFoundHandler(), InMemory: true}, record)
	require.ErrorIs(t, err, voicetest.ErrIncomplete)
}
