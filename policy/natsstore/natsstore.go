// Package natsstore is the engine of a [policy.Store] on NATS JetStream: a key-value
// bucket on one server or on a cluster of three or five.
//
//	nc, err := nats.Connect("nats://a.internal:4222,nats://b.internal:4222")
//	...
//	engine, err := natsstore.New(nc, natsstore.Options{Replicas: 3})
//	store, err := policy.NewStore(engine, policy.StoreOptions{Wait: 200 * time.Millisecond, Logger: log})
//
// The state of a name is one key. An operation reads it, computes the new state, and
// writes that if nobody else has written meanwhile; else it begins anew. JetStream
// acknowledges a write when a majority of the replicas has it, so a failover loses
// nothing that was acknowledged: an operation either was carried out, or its Err says
// that it is not known.
//
// The operations of a name in a question cost two round trips, one to read and one to
// write, and more if many write the same name at once. The server must be 2.11 or later.
package natsstore

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"agentos.dev/dialtone/policy"
)

// Options configures [New]. The zero value has useful defaults.
type Options struct {
	Bucket   string // "" means "dialtone"; it is made if it is not there
	Replicas int    // of the bucket, when it is made; 0 means 1
}

// Engine is a [policy.Engine] on a bucket. Its methods may be called from any
// goroutine. It is made by [New]; the zero value is not usable.
type Engine struct {
	js   jetstream.JetStream
	o    Options
	turn chan struct{} // of one preparation at a time

	mu     sync.Mutex
	stream jetstream.Stream // nil until it has been found
	clock  time.Time        // of the servers
	set    time.Time        // when they had it, by the monotonic clock
}

// New makes an engine on a connection, which stays the host's. It does not wait for the
// servers, which may come later.
func New(nc *nats.Conn, o Options) (*Engine, error) {
	if nc == nil {
		return nil, errors.New("natsstore: connection is nil")
	}
	if o.Replicas < 0 || o.Replicas > 5 {
		return nil, fmt.Errorf("natsstore: %d replicas: want 1, 3 or 5", o.Replicas)
	}
	if o.Bucket == "" {
		o.Bucket = "dialtone"
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("natsstore: %w", err)
	}
	return &Engine{js: js, o: o, turn: make(chan struct{}, 1)}, nil
}

// workers bounds the operations that are carried out at once for one question.
const workers = 32

// Do carries out the operations: those of one name in order and with one write, those of
// several names at once.
func (e *Engine) Do(ctx context.Context, ops []policy.Op) {
	stream, err := e.ready(ctx)
	if err != nil {
		for i := range ops {
			ops[i].Err = err
		}
		return
	}
	byKey := make(map[string][]*policy.Op)
	for i := range ops {
		key := keyOf(&ops[i])
		byKey[key] = append(byKey[key], &ops[i])
	}
	var all sync.WaitGroup
	places := make(chan struct{}, workers)
	for key, of := range byKey {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			for n := 0; len(of) > 0; of = of[n:] {
				for n = 1; n < len(of) && of[n-1].Kind < policy.OpRead && of[n].Kind < policy.OpRead; n++ {
				} // values one by one: each has a revision
				if err := e.together(ctx, stream, key, of[:n]); err != nil {
					for _, op := range of[:n] {
						op.Err = err
					}
				}
			}
		})
	}
	all.Wait()
}

// together carries out operations on one name, one after the other and written at once, as
// often as somebody else comes between: all calls of an instance have their places in one.
func (e *Engine) together(ctx context.Context, stream jetstream.Stream, key string, ops []*policy.Op) error {
	asked := make([]policy.Op, len(ops))
	for i, op := range ops {
		asked[i] = *op
		asked[i].Err = nil
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		raw, revision, written, err := read(ctx, stream, e.subject(key))
		if err != nil {
			return err
		}
		s, err := decode(raw)
		if err != nil {
			return fmt.Errorf("natsstore: %q: %w", key, err)
		}
		now, changed := e.now(written), false
		for i, op := range ops {
			*op = asked[i]
			changed = s.apply(op, revision, now) || changed
		}
		if !changed {
			return nil
		}
		revision, err = e.write(ctx, e.subject(key), s.encode(), revision, s.left(now))
		switch {
		case errors.Is(err, errBetween):
			continue
		case err != nil:
			for i, op := range ops {
				*op = asked[i]
			}
		case ops[0].Kind == policy.OpWrite:
			ops[0].Generation = revision
		}
		return err
	}
}

// read returns the state of a key, from the stream's leader, its revision, and when it was
// written; nothing for a key that is not there.
func read(ctx context.Context, stream jetstream.Stream, subject string) (state []byte, revision uint64, written time.Time, err error) {
	m, err := stream.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, 0, time.Time{}, nil
	}
	if err != nil {
		return nil, 0, time.Time{}, err
	}
	return m.Data, m.Sequence, m.Time, nil
}

// wrongLastSequence is what a cluster says of a write that another one is about to overtake.
const wrongLastSequence jetstream.ErrorCode = 10164

var errBetween = errors.New("natsstore: somebody else has written")

// write writes the state of a key if its revision is still the given one, for a while.
func (e *Engine) write(ctx context.Context, subject string, state []byte, revision uint64, keep time.Duration) (written uint64, err error) {
	m := nats.NewMsg(subject)
	m.Data = state
	options := []jetstream.PublishOpt{
		jetstream.WithExpectLastSequencePerSubject(revision), jetstream.WithRetryAttempts(0),
		jetstream.WithMsgTTL(keep.Truncate(time.Second) + time.Second),
	}
	ack, err := e.js.PublishMsg(ctx, m, options...)
	var api *jetstream.APIError
	if errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == wrongLastSequence) {
		return 0, errBetween
	}
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// setAgain is how often the servers' clock is looked at.
const setAgain = time.Minute

// ready returns the bucket's stream, which it makes if need be, and has the clock set.
func (e *Engine) ready(ctx context.Context) (jetstream.Stream, error) {
	if stream, fresh := e.known(); fresh {
		return stream, nil
	}
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	stream, fresh := e.known()
	if fresh {
		return stream, nil
	}
	return e.prepare(ctx, stream)
}

// known returns the bucket's stream, if it has been found, and whether all is ready.
func (e *Engine) known() (stream jetstream.Stream, fresh bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stream, e.stream != nil && time.Since(e.set) < setAgain
}

// now is the servers' time, which is not before what they have written: their clock may have
// jumped, or that of this machine have stood still.
func (e *Engine) now(written time.Time) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	since := time.Since(e.set)
	if e.clock.Add(since).Before(written) {
		e.clock = written.Add(-since)
	}
	return e.clock.Add(since)
}

// prepare finds or makes the bucket, and finds out what time it is there: a message has
// the servers' time.
func (e *Engine) prepare(ctx context.Context, stream jetstream.Stream) (jetstream.Stream, error) {
	var err error
	if stream == nil {
		name := "KV_" + e.o.Bucket
		stream, err = e.js.Stream(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			// A bucket whose values have lives of their own and are read from the leader alone.
			stream, err = e.js.CreateStream(ctx, jetstream.StreamConfig{
				Name: name, Subjects: []string{e.subject(">")}, MaxMsgsPerSubject: 1, AllowMsgTTL: true, Discard: jetstream.DiscardNew,
				Replicas: max(e.o.Replicas, 1), MaxMsgSize: maxState + 1024, DenyDelete: true, AllowRollup: true, Storage: jetstream.FileStorage,
			})
			if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
				stream, err = e.js.Stream(ctx, name)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("natsstore: bucket: %w", err)
		}
	}
	begun := time.Now()
	ack, err := e.js.Publish(ctx, e.subject("clock."+rand.Text()), nil, jetstream.WithMsgTTL(setAgain))
	if err != nil {
		return nil, fmt.Errorf("natsstore: clock: %w", err)
	}
	answered := time.Now()
	m, err := stream.GetMsg(ctx, ack.Sequence)
	if err != nil {
		return nil, fmt.Errorf("natsstore: clock: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stream, e.clock, e.set = stream, m.Time, begun.Add(answered.Sub(begun)/2)
	return stream, nil
}

func (e *Engine) subject(key string) string { return "$KV." + e.o.Bucket + "." + key }

// keyOf returns the key of a name, which may be any text: the space in readable letters,
// and both in base64.
func keyOf(op *policy.Op) string {
	readable := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
			return r
		}
		return '_'
	}, op.Space)
	return "s_" + readable + "." + base64.RawURLEncoding.EncodeToString([]byte(op.Space+"\x00"+op.Name))
}
