package live

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/voice/tts"
)

// pace is the longest that a piece waits for audio of the one before. Pieces are not sent
// all at once: what is not sent when the caller interrupts costs nothing.
const pace = 300 * time.Millisecond

var errLeft = errors.New("live: the loop was left")

// utterance is the audio of one loop.
type utterance struct {
	e     *Engine
	c     tts.Config
	yield func(tts.Chunk, error) bool

	conn   *conn
	reused bool
	sent   []string  // pieces
	since  time.Time // when the last one was sent
	ended  bool      // End was sent

	at     int             // bytes of audio that were yielded
	piece  int             // that the audio belongs to
	begins []time.Duration // of the pieces, by their first word; -1 = not known
}

// run says pieces until their end. It returns errLeft when the loop was left.
func (u *utterance) run(ctx context.Context, pieces iter.Seq[string]) error {
	if err := u.accepts(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	in, fed := make(chan string), make(chan struct{})
	go func() {
		defer close(fed)
		defer close(in)
		for p := range pieces {
			select {
			case in <- p:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() {
		cancel()
		<-fed
	}()
	err := u.say(ctx, in, fed)
	switch {
	case u.conn == nil:
	case err == nil:
		u.conn.over()
	case err == errLeft, ctx.Err() != nil:
		u.conn.stop(ctx)
	default:
		u.e.drop(u.conn)
	}
	return err
}

func (u *utterance) accepts() error {
	if err := u.c.Validate(); err != nil {
		return err
	}
	if u.e.s.Accepts == nil {
		return nil
	}
	if err := u.e.s.Accepts(u.c); err != nil {
		return &tts.Error{Engine: u.e.s.Name, Op: "synthesize", Kind: tts.ErrRefused, Err: err}
	}
	return nil
}

// say sends the pieces that come through in, and yields their audio. fed is closed at the
// end of the pieces, which does not wait as they do.
func (u *utterance) say(ctx context.Context, in <-chan string, fed <-chan struct{}) error {
	for {
		over, err := u.play()
		switch {
		case err == errLeft:
			return err
		case err != nil && u.again(err):
			if err := u.resend(ctx); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		case over && (u.ended || u.e.s.Pieces):
			return nil
		case over:
			return &tts.Error{Engine: u.e.s.Name, Op: "read", Kind: tts.ErrUnavailable, Err: errEarly}
		}
		next, end, later := in, fed, u.wait()
		if u.ended || later > 0 {
			next = nil
		}
		if u.ended {
			end = nil
		}
		var wake, gone <-chan struct{}
		if u.conn != nil {
			wake, gone = u.conn.wake, u.conn.link.Ended()
		}
		timer := time.NewTimer(later)
		if u.ended || later == 0 {
			timer.Stop()
		}
		select {
		case p, ok := <-next:
			if err := u.send(ctx, p, !ok); err != nil {
				return err
			}
		case <-end:
			if err := u.send(ctx, "", true); err != nil {
				return err
			}
		case <-timer.C:
		case <-wake:
		case <-gone:
			if err := u.gone(); err != nil {
				if !u.again(err) {
					return err
				}
				if err := u.resend(ctx); err != nil {
					return err
				}
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		timer.Stop()
		if u.ended && u.conn == nil {
			return ctx.Err() // there was no piece
		}
	}
}

// wait returns how long the next piece waits.
func (u *utterance) wait() time.Duration {
	if u.conn == nil {
		return 0
	}
	u.conn.mu.Lock()
	defer u.conn.mu.Unlock()
	if u.conn.heard {
		return 0
	}
	return max(0, pace-time.Since(u.since))
}

var errEarly = errors.New("the service ended the utterance before its text")

// play yields the chunks so far, and reports whether the utterance is over.
func (u *utterance) play() (over bool, err error) {
	for u.conn != nil {
		r, some, over, err := u.conn.next()
		if !some {
			return over, err
		}
		if !u.hear(r) {
			return false, errLeft
		}
	}
	return false, nil
}

// hear yields a reply, in parts that belong to one piece each.
func (u *utterance) hear(r Reply) bool {
	for _, w := range r.Words {
		for len(u.begins) <= w.Piece {
			u.begins = append(u.begins, -1)
		}
		if u.begins[w.Piece] < 0 {
			u.begins[w.Piece] = w.Start
		}
	}
	chunk := tts.Chunk{Encoding: codec.Mulaw, Words: r.Words}
	for audio := r.Audio; ; {
		n := len(audio)
		for p := u.piece + 1; p < len(u.begins); p++ {
			if u.begins[p] < 0 {
				continue
			}
			if until := int(u.begins[p]*codec.Rate/time.Second) - u.at; until > 0 {
				n = min(n, until)
				break
			}
			u.piece = p
		}
		chunk.Audio, chunk.Piece = audio[:n:n], u.piece
		if !u.yield(chunk, nil) {
			return false
		}
		u.at += n
		if audio = audio[n:]; len(audio) == 0 {
			return true
		}
		chunk.Words = nil
	}
}

// send sends a piece, or the end of the text.
func (u *utterance) send(ctx context.Context, piece string, end bool) error {
	if end {
		if u.ended = true; u.conn == nil {
			return nil
		}
		return u.write(ctx, "", true)
	}
	piece = strings.ToValidUTF8(piece, "")
	if n := utf8.RuneCountInString(piece); n > u.e.s.MaxText || strings.IndexFunc(piece, spoken) < 0 {
		return &tts.Error{Engine: u.e.s.Name, Op: "synthesize", Kind: tts.ErrBadText, Err: fmt.Errorf("%d characters: want 1 to %d, with a letter or a digit", n, u.e.s.MaxText)}
	}
	u.sent, u.since = append(u.sent, piece), time.Now()
	if u.conn == nil {
		if err := u.open(ctx); err != nil {
			return err
		}
	}
	return u.write(ctx, piece, false)
}

func spoken(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

func (u *utterance) open(ctx context.Context) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	u.conn, u.reused, err = u.e.connect(ctx, u.c)
	if err == nil {
		u.conn.begin(u.c)
	}
	return err
}

// write sends what says a piece. That a connection has ended is told by what it said
// before, which the loop reads.
func (u *utterance) write(ctx context.Context, piece string, end bool) error {
	for _, m := range u.conn.say(piece, end) {
		if err := u.conn.link.Write(ctx, m); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			u.conn.fail(u.e.failure("write", err))
			return nil
		}
	}
	return nil
}

// gone returns why the connection ended, or nil if the utterance was complete.
func (u *utterance) gone() error {
	c := u.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.queue) > 0, c.done, c.err != nil:
		return nil // the loop comes to it
	}
	err := u.e.failure("read", c.link.Err())
	var typed *tts.Error
	if errors.As(err, &typed) && c.warning != nil && typed.Kind == tts.ErrUnavailable {
		explained := *typed
		explained.Kind, explained.Err = c.warning.Kind, c.warning.Err
		err = u.e.clean(&explained)
	}
	c.err = err
	return err
}

// again reports whether the utterance can be said over a new connection: this one had
// waited, and has ended without a sound.
func (u *utterance) again(err error) bool {
	if !u.reused || u.at > 0 || errors.Is(err, tts.ErrClosed) {
		return false
	}
	u.conn.mu.Lock()
	defer u.conn.mu.Unlock()
	return !u.conn.refused
}

// resend says what was sent over a new connection.
func (u *utterance) resend(ctx context.Context) error {
	u.e.drop(u.conn)
	key, address := u.e.address(u.c)
	c, err := u.e.dial(ctx, key, address)
	if u.conn, u.reused = c, false; err != nil {
		return err
	}
	c.begin(u.c)
	for _, p := range u.sent {
		if err := u.write(ctx, p, false); err != nil {
			return err
		}
	}
	if u.ended {
		return u.write(ctx, "", true)
	}
	return nil
}
