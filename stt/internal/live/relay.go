package live

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/vad"
)

// relay carries a call over one connection after another, where the service
// ends them at an age. It changes in a silence, so that no word is cut: what was
// said before is finished on the old connection, and what comes after is heard by
// the new one. A call without silence runs into the service's own limit, which
// stt.Failover survives as any other end of a connection.
type relay struct {
	e      *Engine
	ctx    context.Context
	cancel context.CancelFunc
	c      stt.Config
	mail   stt.Mailbox
	wg     sync.WaitGroup

	mu     sync.Mutex
	legs   []*leg         // the last one is given the audio
	sent   int            // bytes of the call
	recent []byte         // the last overlap of them
	seg    *vad.Segmenter // listens once the connection is old
	pcm    []int16
	quiet  int64 // the segmenter's position since which nobody speaks; -1 while someone does
	err    error // the stream has ended
}

// leg is the call on one connection.
type leg struct {
	*Stream
	offset time.Duration // on the call's clock
	until  time.Duration // what begins from here on is the next leg's; 0 = this is the last
}

const (
	silence = time.Second            // in which a call may change its connection
	overlap = 300 * time.Millisecond // heard by both, as it may hold a word's first sound
	finish  = 5 * time.Second        // for the old connection to finish
)

func newRelay(ctx context.Context, e *Engine, c stt.Config) *relay {
	r := &relay{e: e, c: c}
	r.ctx, r.cancel = context.WithCancel(ctx)
	r.legs = []*leg{{Stream: e.connect(r.ctx, c)}}
	r.wg.Go(r.receive)
	return r
}

// Send implements stt.Stream.
func (r *relay) Send(frame []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	last := r.legs[len(r.legs)-1]
	if err := last.Send(frame); err != nil {
		return err
	}
	r.sent += len(frame)
	r.recent = append(r.recent, frame...)
	if most := r.c.Format.Bytes(overlap); len(r.recent) > 2*most {
		r.recent = append(r.recent[:0], r.recent[len(r.recent)-most:]...)
	}
	if last.age() >= r.e.s.Life && r.silent(frame) {
		r.change(last)
	}
	return nil
}

// silent listens to a frame and reports whether nobody has spoken for a while.
// It is called with mu held.
func (r *relay) silent(frame []byte) bool {
	every := r.c.Format.Rate() / vad.SampleRate
	if r.seg == nil {
		r.seg, r.quiet = vad.NewSegmenter(vad.Options{}), 0
	}
	r.pcm = r.c.Format.AppendPCM(r.pcm[:0], frame)
	n := len(r.pcm) / every
	for i := range n { // no good filter, and good enough to tell silence
		r.pcm[i] = r.pcm[i*every]
	}
	for _, ev := range r.seg.Write(r.pcm[:n]) {
		if r.quiet = -1; ev.Kind != vad.SpeechStart {
			r.quiet = ev.VoicedEnd
		}
	}
	return r.quiet >= 0 && r.seg.Position()-r.quiet >= int64(silence*vad.SampleRate/time.Second)
}

// change begins a new leg. It is called with mu held.
func (r *relay) change(old *leg) {
	tail := r.recent[max(0, len(r.recent)-r.c.Format.Bytes(overlap)):]
	next := &leg{Stream: r.e.connect(r.ctx, r.c), offset: r.c.Format.Duration(r.sent - len(tail))}
	if err := next.Send(tail); err != nil {
		next.Close()
		return
	}
	old.until = next.offset
	r.legs = append(r.legs, next)
	r.seg = nil
	r.wg.Go(func() {
		ctx, cancel := context.WithTimeout(r.ctx, finish)
		defer cancel()
		if err := old.Flush(ctx); err != nil && !errors.Is(err, stt.ErrClosed) && r.ctx.Err() == nil {
			r.fail(err) // with what it did not finish, for failover to replay
		}
		old.Close()
	})
}

// fail ends the stream with err.
func (r *relay) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
		r.mail.CloseWith(err)
	}
}

// receive passes the events of one leg after the other on.
func (r *relay) receive() {
	for i := 0; ; i++ {
		r.mu.Lock()
		more := i < len(r.legs)
		var l *leg
		if more {
			l = r.legs[i]
		}
		r.mu.Unlock()
		if !more { // the last one was closed, with the call
			r.mail.CloseWith(io.EOF)
			return
		}
		for {
			ev, err := l.Recv(context.Background())
			if err == io.EOF {
				break
			}
			if err != nil {
				r.fail(err)
				return
			}
			r.pass(l, ev)
		}
	}
}

// pass puts an event on the call's clock.
func (r *relay) pass(l *leg, ev stt.Event) {
	r.mu.Lock()
	until := l.until
	r.mu.Unlock()
	t := &ev.Transcript
	if t.End != 0 || ev.Kind == stt.SpeechStart {
		t.Start += l.offset
		t.End += l.offset
	}
	for i := range t.Words {
		t.Words[i].Start += l.offset
		t.Words[i].End += l.offset
	}
	if until > 0 && t.Start >= until && ev.Kind != stt.Degraded {
		return
	}
	r.mail.Put(ev)
}

// Flush implements stt.Stream.
func (r *relay) Flush(ctx context.Context) error {
	r.mu.Lock()
	legs, err := r.legs, r.err
	r.mu.Unlock()
	if err != nil {
		return err
	}
	for i, l := range legs {
		err := l.Flush(ctx)
		if err != nil && (i == len(legs)-1 || !errors.Is(err, stt.ErrClosed)) { // an old one is closed when it has finished
			return err
		}
	}
	return nil
}

// Recv implements stt.Stream.
func (r *relay) Recv(ctx context.Context) (stt.Event, error) { return r.mail.Recv(ctx) }

// Close implements stt.Stream.
func (r *relay) Close() error {
	r.mu.Lock()
	legs := r.legs
	if r.err == nil {
		r.err = stt.ErrClosed
	}
	r.mu.Unlock()
	for _, l := range legs {
		l.Close()
	}
	r.cancel()
	r.wg.Wait()
	r.mail.CloseWith(io.EOF)
	return nil
}
