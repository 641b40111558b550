package stt

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// safely calls r and makes an [ErrPanic] of a panic, so that one utterance
// ends and not the process.
func safely(ctx context.Context, r Recognizer, audio []byte, c Config) (t Transcript, err error) {
	defer recovered("recognize", &err)
	return r.Recognize(ctx, audio, c)
}

// recovered, deferred, makes an error of an engine's panic.
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

// timedOut gives an error that the context's deadline caused its kind.
func timedOut(ctx context.Context, err error) error {
	if err != nil && ctx.Err() == context.DeadlineExceeded && !errors.Is(err, ErrTimeout) {
		return &Error{Op: "recognize", Kind: ErrTimeout, Err: err}
	}
	return err
}

type waitKey struct{}

// withWait lets a pool tell how long an utterance waited for a worker.
func withWait(ctx context.Context, wait *time.Duration) context.Context {
	return context.WithValue(ctx, waitKey{}, wait)
}

func reportWait(ctx context.Context, wait time.Duration) {
	if p, ok := ctx.Value(waitKey{}).(*time.Duration); ok {
		*p += wait
	}
}
