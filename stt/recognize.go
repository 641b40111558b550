package stt

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// safely calls r and returns a panic as an [ErrPanic] error, so that it ends one
// utterance and not the process.
func safely(ctx context.Context, r Recognizer, audio []byte, c Config) (t Transcript, err error) {
	defer recovered("recognize", &err)
	return r.Recognize(ctx, audio, c)
}

// recovered is deferred around calls of an engine: it turns a panic into an error.
func recovered(op string, err *error) {
	if p := recover(); p != nil {
		*err = &Error{Op: op, Kind: ErrPanic, Err: fmt.Errorf("%v", p)}
	}
}

// retried calls r, and once more after a failure that may pass, if ctx leaves
// time for that. An overloaded recogniser is asked again only if it said when.
func retried(ctx context.Context, r Recognizer, audio []byte, c Config) (Transcript, error) {
	t, err := safely(ctx, r, audio, c)
	var e *Error
	if err == nil || ctx.Err() != nil || !errors.As(err, &e) || !e.Retryable() {
		return t, timedOut(ctx, err)
	}
	if errors.Is(err, ErrOverloaded) && e.RetryAfter == 0 {
		return t, err
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= e.RetryAfter {
		return t, err
	}
	timer := time.NewTimer(e.RetryAfter)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return t, err
	}
	t, err = safely(ctx, r, audio, c)
	return t, timedOut(ctx, err)
}

// timedOut makes err an [ErrTimeout] error if the deadline of ctx has passed.
func timedOut(ctx context.Context, err error) error {
	if err != nil && ctx.Err() == context.DeadlineExceeded && !errors.Is(err, ErrTimeout) {
		return &Error{Op: "recognize", Kind: ErrTimeout, Err: err}
	}
	return err
}

type waitKey struct{}

// withWait returns a context by which a pool adds to wait how long an utterance waited
// for a worker.
func withWait(ctx context.Context, wait *time.Duration) context.Context {
	return context.WithValue(ctx, waitKey{}, wait)
}

// reportWait adds to the wait of withWait, if the context has one.
func reportWait(ctx context.Context, wait time.Duration) {
	if p, ok := ctx.Value(waitKey{}).(*time.Duration); ok {
		*p += wait
	}
}
