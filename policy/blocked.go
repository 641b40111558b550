package policy

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// BlockList is a [Policy] that refuses the callers on a list. The list can be replaced
// while calls come in. The zero value has an empty list.
type BlockList struct {
	numbers atomic.Pointer[Numbers]
}

// Blocked returns a policy that refuses the callers in numbers: with the reason
// [ReasonBlocked] for a whole number or address, [ReasonPrefix] for a prefix or a host, [ReasonAnonymous]
// for the entry "anonymous".
func Blocked(numbers *Numbers) *BlockList {
	b := new(BlockList)
	b.Set(numbers)
	return b
}

// Set replaces the list; nil empties it.
func (b *BlockList) Set(numbers *Numbers) { b.numbers.Store(numbers) }

// Numbers returns the list in force.
func (b *BlockList) Numbers() *Numbers { return b.numbers.Load() }

// Decide refuses a caller that is on the list. Outbound calls have no caller.
func (b *BlockList) Decide(_ context.Context, c Call) Decision {
	n := b.numbers.Load()
	if n == nil || n.rules.len == 0 || c.Outbound() {
		return Decision{Verdict: Allow}
	}
	var caller Identity
	caller.read(c.From)
	switch _, how := n.rules.find(&caller); {
	case how == matchNone:
		return Decision{Verdict: Allow}
	case how != matchExact:
		return Decision{Verdict: Reject, Reason: ReasonPrefix}
	case caller.Caller == anonymousCaller:
		return Decision{Verdict: Reject, Reason: ReasonAnonymous}
	}
	return Decision{Verdict: Reject, Reason: ReasonBlocked}
}

// maxListFile bounds what Watch reads: some 4 million numbers.
const maxListFile = 64 << 20

// Watch reads the list from a file, in the form of [ParseNumbers], and again
// whenever the file's content has changed; it looks every interval (0 means
// 5 s). It returns when ctx ends. A file that is missing or has a mistake in it
// leaves the last good list in force, and report, if not nil, gets the error,
// once for each new state of the file. report gets nil after each successful
// change. Change the file by renaming another one to its name: one that is half
// written is read as it is.
func (b *BlockList) Watch(ctx context.Context, file string, interval time.Duration, report func(error)) {
	if interval <= 0 {
		interval = 5 * time.Second
	}
	if report == nil {
		report = func(error) {}
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var last fileState
	for {
		last = b.reload(file, last, report)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// fileState is what Watch remembers of a file to see that it has changed.
type fileState struct {
	modified time.Time
	size     int64
	settled  bool // it was old enough for a later change to show in modified
	sum      [sha256.Size]byte
	problem  string // the error last reported
}

// reload reads the file if it may have changed and returns its new state.
func (b *BlockList) reload(file string, last fileState, report func(error)) fileState {
	now := last
	failed := func(err error) fileState {
		if now.problem = err.Error(); now.problem != last.problem {
			report(err)
		}
		return now
	}
	info, err := os.Stat(file)
	if err != nil {
		now.modified = time.Time{} // so that it is read again when it is back
		return failed(fmt.Errorf("policy: block list: %w", err))
	}
	if last.settled && last.modified.Equal(info.ModTime()) && last.size == info.Size() {
		return last
	}
	now.settled = time.Since(info.ModTime()) > 2*time.Second // the coarsest clock's grain
	text, err := readFile(file)
	if err != nil {
		return failed(fmt.Errorf("policy: block list: %w", err))
	}
	now.modified, now.size = info.ModTime(), info.Size()
	sum := sha256.Sum256(text)
	if sum == last.sum && !last.modified.IsZero() {
		return now
	}
	now.sum = sum
	numbers, err := ParseNumbers(string(text))
	if err != nil {
		return failed(fmt.Errorf("policy: block list %s: %w", file, err))
	}
	now.problem = ""
	b.Set(numbers)
	report(nil)
	return now
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxListFile+1))
	if err == nil && len(text) > maxListFile {
		err = errors.New("file is larger than 64 MiB")
	}
	return text, err
}
