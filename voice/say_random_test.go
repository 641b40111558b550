package voice

import (
	"bufio"
	"context"
	"flag"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

// interruptions is how many the random test makes: 10,000 before a release.
var interruptions = flag.Int("interruptions", 300, "of TestRandomInterruptions")

// caller is Twilio's end of a stream in a bubble of synthetic time: it plays every sample
// in its time, behind a link that stalls.
type caller struct {
	carrier *mediastream.Carrier
	latency time.Duration

	mu      sync.Mutex
	stalled time.Time // until when nothing comes through to it
	ends    time.Time // of what it has to play
	marks   []waiting // in order
	queued  int64     // bytes that have come
	skipped int64     // bytes that were cleared before they were played
	audio   []byte    // what has come and was not cleared
	timer   *time.Timer
}

type waiting struct {
	name string
	at   time.Time
}

// played returns how many bytes it has played. The lock is held.
func (c *caller) played(now time.Time) int64 {
	left := max(0, c.ends.Sub(now))
	return c.queued - c.skipped - int64((left+time.Second/8000-1)/(time.Second/8000))
}

func (c *caller) heardNow() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.played(time.Now())
}

// numbered is a line whose samples tell their place in all that was sent.
type numbered struct {
	*mediastream.Conn
	sent int64
}

func sample(place int64) byte {
	h := uint64(place) * 0x9e3779b97f4a7c15
	return byte((h ^ h>>29) * 0xbf58476d1ce4e5b9 >> 56)
}

func (n *numbered) SendMedia(audio []byte) error {
	audio = append([]byte(nil), audio...)
	for i := range audio {
		audio[i] = sample(n.sent + int64(i))
	}
	n.sent += int64(len(audio))
	return n.Conn.SendMedia(audio)
}

// since returns what was heard since a place of all that was heard, by the places that its
// samples have in what was sent from there on: up to where, and at each jump how much was
// repeated, or, if negative, lost.
func (c *caller) since(heard, from int64) (to int64, jumps []int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	audio, to := c.audio[heard:c.played(time.Now())], from
	same := func(audio []byte, place int64) bool {
		for i := range min(len(audio), 24) {
			if audio[i] != sample(place+int64(i)) {
				return false
			}
		}
		return true
	}
	next := from
	for i := range audio {
		if audio[i] != sample(next) {
			for d := int64(1); ; d++ {
				if d == 1<<20 {
					panic("audio of nobody")
				}
				if same(audio[i:], next-d) {
					jumps, next = append(jumps, d), next-d
					break
				}
				if same(audio[i:], next+d) {
					jumps, next = append(jumps, -d), next+d
					break
				}
			}
		}
		next++
		to = max(to, next)
	}
	return to, jumps
}

// takes takes a command off the link.
func (c *caller) takes(cmd mediastream.Command) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	switch cmd.Type {
	case mediastream.CommandMedia:
		if c.ends.Before(now) {
			c.ends = now
		}
		c.queued += int64(len(cmd.Audio))
		c.audio = append(c.audio, cmd.Audio...)
		c.ends = c.ends.Add(audioLength(len(cmd.Audio)))
	case mediastream.CommandMark:
		c.marks = append(c.marks, waiting{cmd.Mark, c.ends})
	case mediastream.CommandClear:
		played := c.played(now)
		c.audio = c.audio[:int64(len(c.audio))-(c.queued-c.skipped-played)]
		c.skipped = c.queued - played
		c.ends = now
		for i := range c.marks {
			c.marks[i].at = now
		}
	}
	c.due(now)
}

// due sends the marks back whose time has come. The lock is held.
func (c *caller) due(now time.Time) {
	for len(c.marks) > 0 && !c.marks[0].at.After(now) {
		name := c.marks[0].name
		c.marks = c.marks[1:]
		m := c.carrier.Mark(name)
		if c.latency == 0 {
			c.carrier.Send(m)
		} else {
			time.AfterFunc(c.latency, func() { c.carrier.Send(m) })
		}
	}
	if len(c.marks) > 0 {
		c.timer.Reset(c.marks[0].at.Sub(now))
	}
}

// listens is the link to the caller.
func (c *caller) listens(ctx context.Context) {
	type delivery struct {
		cmd mediastream.Command
		at  time.Time
	}
	link := make(chan delivery, 1<<12)
	go func() {
		for d := range link {
			time.Sleep(time.Until(d.at))
			for {
				c.mu.Lock()
				wait := time.Until(c.stalled)
				c.mu.Unlock()
				if wait <= 0 {
					break
				}
				time.Sleep(wait)
			}
			c.takes(d.cmd)
		}
	}()
	defer close(link)
	for {
		m, err := c.carrier.Receive(ctx)
		if err != nil {
			return
		}
		cmd, err := c.carrier.Parse(m)
		if err != nil {
			panic(err)
		}
		link <- delivery{cmd, time.Now().Add(c.latency)}
	}
}

// inCall runs f with a call whose caller is in the same bubble.
func inCall(t *testing.T, speaker tts.Synthesizer, latency time.Duration, f func(*testing.T, *Call, *caller)) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		call := &Call{inbox: newInbox(), queued: func(*Playback) {}, speaker: speaker, log: slog.New(slog.DiscardHandler)}
		var conn *mediastream.Conn
		var work sync.WaitGroup
		accepted := make(chan struct{})
		go func() { // an HTTP server with one connection
			r, err := http.ReadRequest(bufio.NewReader(here))
			if err != nil {
				panic(err)
			}
			conn, err = mediastream.Accept(&upgrade{conn: here, header: http.Header{}}, r, &mediastream.Options{IdleTimeout: 1000 * time.Hour})
			if err != nil {
				panic(err)
			}
			close(accepted)
		}()
		stream := mediastream.Stream{AccountSID: "AC" + strings.Repeat("0", 32), CallSID: "CA" + strings.Repeat("0", 32), StreamSID: "MZ" + strings.Repeat("0", 32)}
		transport := &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) { return there, nil }}
		carrier, err := mediastream.Dial(t.Context(), "ws://calls.example.com/", stream, &mediastream.DialOptions{Transport: transport})
		require.NoError(t, err)
		<-accepted
		call.line = conn
		call.player = newPlayer(&numbered{Conn: conn}, func(f func()) { work.Go(f) })
		work.Go(func() {
			for event := range conn.Events(context.Background()) {
				if event.Type == mediastream.EventMark {
					call.player.mark(event.Mark)
				}
			}
		})
		c := &caller{carrier: carrier, latency: latency}
		c.timer = time.AfterFunc(time.Hour, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.due(time.Now())
		})
		require.NoError(t, carrier.Send(carrier.Connected()))
		require.NoError(t, carrier.Send(carrier.Start()))
		work.Go(func() { c.listens(context.Background()) })
		synctest.Wait()
		defer func() {
			call.player.close()
			c.timer.Stop()
			carrier.Abort()
			call.line.Close(1000, "")
			work.Wait()
			time.Sleep(time.Hour)
		}()
		f(t, call, c)
	})
}

// upgrade is a ResponseWriter that hands its connection over.
type upgrade struct {
	conn   net.Conn
	header http.Header
}

func (u *upgrade) Header() http.Header { return u.header }

func (u *upgrade) Write(b []byte) (int, error) { return u.conn.Write(b) }

func (u *upgrade) WriteHeader(status int) {
	r := http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: u.header}
	r.Write(u.conn)
}

func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return u.conn, bufio.NewReadWriter(bufio.NewReader(u.conn), bufio.NewWriter(u.conn)), nil
}

var vocabulary = strings.Fields("your table for four is booked under the name of Miller at a quarter past seven tomorrow evening we look forward to seeing you please call again if anything changes thank you very much goodbye a I of to")

// randomText returns words in clauses and sentences.
func randomText(r *rand.Rand) string {
	var b strings.Builder
	n := 1 + r.IntN(40)
	for i := range n {
		word := vocabulary[r.IntN(len(vocabulary))]
		b.WriteString(word)
		switch {
		case i == n-1 || r.IntN(9) == 0:
			b.WriteByte('.')
		case r.IntN(7) == 0:
			b.WriteByte(',')
		}
		if i < n-1 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// wordsIn returns how many words of what the engine said end before n bytes of its audio.
func wordsIn(pieces []string, n int64) int {
	words, at := 0, 0
	for _, piece := range pieces {
		audio, times := ttstest.Audio(piece)
		for _, w := range times {
			if int64(at+audioSize(w.End)) <= n {
				words++
			}
		}
		at += len(audio)
	}
	return words
}

// TestRandomInterruptions: HeardText is what the caller had heard when the host
// interrupted, to the word, and never holds a word that was not heard; and a playback that was
// paused goes on where it stopped.
func TestRandomInterruptions(t *testing.T) {
	t.Run("on a link that stalls", func(t *testing.T) { interrupted(t, 0, 0.995) })
	t.Run("on a long link that stalls", func(t *testing.T) { interrupted(t, 40*time.Millisecond, 0) })
}

func interrupted(t *testing.T, latency time.Duration, exactly float64) {
	fake := &ttstest.Fake{}
	n := *interruptions
	exact, short, worst := 0, 0, 0
	pauses, lost, most := 0, 0, int64(0)
	inCall(t, tts.Failover(tts.FailoverOptions{}, fake), latency, func(t *testing.T, call *Call, c *caller) {
		r := rand.New(rand.NewPCG(17, uint64(latency)))
		for i := range n {
			before, asked, from := c.heardNow(), len(fake.Texts()), call.player.out.(*numbered).sent
			text := randomText(r)
			playback, err := call.Say(t.Context(), text)
			require.NoError(t, err)
			stalls := r.IntN(3) == 0
			if stalls {
				time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
				c.mu.Lock()
				c.stalled = time.Now().Add(time.Duration(r.IntN(3000)) * time.Millisecond)
				c.mu.Unlock()
			}
			for range r.IntN(4) {
				time.Sleep(time.Duration(r.Int64N(int64(2 * time.Second))))
				if pause := call.player.pause(call.player.run); pause > 0 {
					pauses++
					time.Sleep(time.Duration(r.Int64N(int64(time.Second))))
					if r.IntN(8) > 0 {
						require.True(t, call.player.resume(pause))
					}
				}
			}
			time.Sleep(time.Duration(r.Int64N(int64(8 * time.Second))))
			truth, jumps := c.since(before, from)
			truth -= from
			for _, repeated := range jumps {
				if repeated < 0 && stalls { // one that ended just then cannot be told from none
					lost++
					continue
				}
				require.Positive(t, repeated, "samples lost, interruption %d", i)
				if most = max(most, repeated); !stalls {
					require.LessOrEqual(t, repeated, int64(160), "samples repeated, interruption %d", i)
				}
			}
			require.NoError(t, call.Interrupt())
			heard := playback.HeardText()
			require.Equal(t, heard, playback.HeardText())
			require.True(t, strings.HasPrefix(text, heard), "%q of %q", heard, text)
			time.Sleep(10 * time.Second) // the link is clear again
			if err := playback.Wait(t.Context()); err == nil {
				require.Equal(t, text, heard)
				exact++
				continue
			} else {
				require.ErrorIs(t, err, ErrInterrupted)
			}
			got, want := len(strings.Fields(heard)), wordsIn(fake.Texts()[asked:], truth)
			require.LessOrEqual(t, got, want, "interruption %d: a word is reported that was not heard, in %q after %v", i, text, audioLength(int(truth)))
			if got == want {
				exact++
			} else {
				short++
				worst = max(worst, want-got)
			}
		}
	})
	t.Logf("%d interruptions: %d exact to the word, %d told fewer, by %d words at most; %d pauses, %v repeated at most, lost something in %d stalls", n, exact, short, worst, pauses, audioLength(int(most)), lost)
	require.LessOrEqual(t, lost, max(2, n/100))
	require.GreaterOrEqual(t, float64(exact), exactly*float64(n))
}

// TestSayThatIsInterruptedAtOnce is over before anything is heard.
func TestSayThatIsInterruptedAtOnce(t *testing.T) {
	inCall(t, &ttstest.Fake{}, 0, func(t *testing.T, call *Call, c *caller) {
		playback, err := call.Say(t.Context(), "Hello there.")
		require.NoError(t, err)
		require.NoError(t, call.Interrupt())
		require.Empty(t, playback.HeardText())
		require.ErrorIs(t, playback.Wait(t.Context()), ErrInterrupted)
		playback, err = call.Say(t.Context(), "Goodbye.")
		require.NoError(t, err)
		require.NoError(t, playback.Wait(t.Context()))
		require.Equal(t, "Goodbye.", playback.HeardText())
	})
}
