// Package journal records calls, each to a file of its own, and reads such files: what to
// attach to a bug, and what voicetest.Replay runs through a handler again.
//
// A [Recorder] is given to voice.Config. A file is append-only and consists of JSON lines.
// The first one, a [Header], has the version of the format, the call, and what is left out.
// Every other [Line] has its time, in microseconds since the file was begun, and a kind:
//
//	request   Twilio asked for TwiML or reported something: the form, and the answer
//	open      a stream of the call was accepted; it is numbered from 1 in its file
//	in, out   a message of that stream, as it was on the wire
//	ear       what the speech detector reported about the caller
//	heard     what the recogniser reported
//	did       what the handler did
//	end       the stream has ended, and why
//	finished  the call has ended
//	dropped   how many lines before this one could not be kept
//	full      the file has reached its bound: only ends follow
//
// # What is kept of a caller
//
// Telephone numbers and keys are left out unless [Options] keeps them: each number is
// replaced by one of those that are reserved for fiction, the same one throughout the file,
// and each digit by 0. What is said, in text, and the audio are left out unless the host
// keeps them: letters become x, and audio its length. A number that is spoken is in the
// audio, and in words in the text. Session tokens are never written. Places (FromCity),
// names of clients (client:alice) and what the host puts into its own URLs and parameters
// are written, but for numbers in them.
//
// # What it costs
//
// Whoever records never waits: lines are put into memory, of which there is a bound, and one
// goroutine writes them, within 5 ms, and audio within 200 ms. What does not fit is dropped,
// counted, and written as dropped. A file is open while a stream of its call is. A line is acknowledged when it has been handed to
// the operating system: after [Recorder.Flush], or when the next line has been begun in the
// file. It then outlives the end of the process, by kill -9 too, though not that of the
// machine. A reader takes a last line that was cut off for what it is: see [Record].Torn.
//
// # Several instances and streams
//
// A file has what one process saw of a call: all of its streams and webhooks, if there is one
// instance. Where webhooks and streams come to several, each writes a file of its own, and
// [Merge] puts them on one timeline, by the clocks of the machines.
package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Version is that of the format that is written.
const Version = 1

// Defaults of [Options].
const (
	defaultMaxBytes = 64 << 20
	defaultMaxFiles = 1000
	defaultBuffer   = 16 << 20
)

// Options say what is recorded, and where. Dir is required.
type Options struct {
	// Dir is where the files are. It is made if it is not there, for this user alone, as
	// each file is.
	Dir string
	// Audio keeps both tracks of each stream: 3 MB a minute.
	Audio bool
	// Speech keeps what is said, as text: transcripts, and what the handler says.
	Speech bool
	// Numbers keeps telephone numbers as they are.
	Numbers bool
	// Digits keeps the keys that callers press, and digits in what is said.
	Digits bool

	MaxBytes int64 // of a file; 0 = 64 MiB
	MaxFiles int   // in Dir: for one more the oldest is removed; 0 = 1000
	Buffer   int   // bytes that wait to be written, of all calls; 0 = 16 MiB

	// Logger gets a line when something cannot be written; nil discards.
	Logger *slog.Logger
}

// minBytes is the least bound of a file, minBuffer that of what waits.
const (
	minBytes  = 64 << 10
	minBuffer = 64 << 10
)

// check returns everything that is wrong with the options.
func (o *Options) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("journal: "+format, args...)) }
	if o.Dir == "" {
		wrong("Dir is missing")
	}
	if o.MaxBytes != 0 && o.MaxBytes < minBytes {
		wrong("MaxBytes is %d: want %d at least", o.MaxBytes, minBytes)
	}
	if o.MaxFiles < 0 {
		wrong("MaxFiles is negative: %d", o.MaxFiles)
	}
	if o.Buffer != 0 && o.Buffer < minBuffer {
		wrong("Buffer is %d: want %d at least", o.Buffer, minBuffer)
	}
	return errors.Join(errs...)
}

func (o Options) withDefaults() Options {
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.MaxFiles == 0 {
		o.MaxFiles = defaultMaxFiles
	}
	if o.Buffer == 0 {
		o.Buffer = defaultBuffer
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Recorder records calls. It is made by [New]; a nil Recorder records nothing, and the zero
// value is not usable. All methods may be called from any goroutine.
type Recorder struct {
	o    Options
	id   string // of this process, in the names of files
	wake chan struct{}
	stop chan struct{}
	done chan struct{}

	waiting atomic.Int64 // bytes
	dropped atomic.Uint64
	refused atomic.Uint64
	written atomic.Uint64
	failing atomic.Bool // the last file could not be written

	mu     sync.Mutex
	calls  map[string]*Call
	order  []*Call // of calls, as they began
	closed bool

	flushing sync.Mutex // of the pen, or of Flush
}

// Stats is what a recorder has done.
type Stats struct {
	Open    int    // files that are being written
	Bytes   uint64 // that were written
	Dropped uint64 // lines that were not kept
	Refused uint64 // calls of which nothing was kept: too many at once
}

// New returns a recorder, or an error for options that cannot work: it makes the directory,
// and a file in it, which it removes. Close it after the server that it was given to.
func New(o Options) (*Recorder, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("journal: Dir: %w", err)
	}
	probe, err := os.CreateTemp(o.Dir, ".probe-*")
	if err != nil {
		return nil, fmt.Errorf("journal: Dir: %w", err)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return nil, fmt.Errorf("journal: Dir: %w", err)
	}
	r := &Recorder{o: o, id: rand.Text()[:6], wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}), calls: map[string]*Call{}}
	go r.run()
	return r, nil
}

// About says of which call a file is.
type About struct {
	SID        string // CallSid: "CA" and 32 hexadecimal digits
	AccountSID string
	From, To   string
	PublicURL  string // of the server
}

var callSID = regexp.MustCompile(`^CA[0-9a-fA-F]{32}$`)

// Call returns the call that is being recorded, or begins its file; nil, which records
// nothing, for a nil Recorder, one that is closed, a malformed SID, and when
// Options.MaxFiles calls are open.
func (r *Recorder) Call(about About) *Call {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.calls[about.SID]; c != nil {
		return c
	}
	if r.closed || !callSID.MatchString(about.SID) {
		return nil
	}
	if len(r.calls) >= r.o.MaxFiles {
		r.refused.Add(1)
		return nil
	}
	c := newCall(r, about)
	r.calls[about.SID] = c
	r.order = append(r.order, c)
	if len(r.order) == 1 {
		r.kick() // the pen sleeps while there is no call
	}
	return c
}

// Known returns the call whose file is open, or nil.
func (r *Recorder) Known(sid string) *Call {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls[sid]
}

// Stats returns what the recorder has done.
func (r *Recorder) Stats() Stats {
	if r == nil {
		return Stats{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return Stats{Open: len(r.calls), Bytes: r.written.Load(), Dropped: r.dropped.Load(), Refused: r.refused.Load()}
}

// Flush returns when every line recorded before is in its file, or with the error of ctx
// before it waits for the disk.
func (r *Recorder) Flush(ctx context.Context) error {
	if r == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.write(false)
	return nil
}

// Close writes what waits, and closes all files.
func (r *Recorder) Close() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	closed := r.closed
	r.closed = true
	r.mu.Unlock()
	if !closed {
		close(r.stop)
	}
	<-r.done
	return nil
}

const (
	// audioWaits is how long audio may wait to be written.
	audioWaits = 200 * time.Millisecond
	// togetherWithin is how long other lines wait for those of other calls.
	togetherWithin = 5 * time.Millisecond
	// writeAt is how many bytes of one call are written at once, at the latest.
	writeAt = 32 << 10
	// unfinished is how long a file without a stream waits for the next line: a call that
	// was answered by other TwiML, or is on another instance.
	unfinished = 2 * time.Minute
	// finished is how long one waits whose call is over: callbacks come late.
	finished = 10 * time.Second
)

// kick wakes the pen.
func (r *Recorder) kick() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run is the pen: the one goroutine that writes on its own account.
func (r *Recorder) run() {
	defer close(r.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		r.mu.Lock()
		idle := len(r.order) == 0
		r.mu.Unlock()
		if idle {
			timer.Stop()
		} else {
			timer.Reset(audioWaits)
		}
		select {
		case <-r.wake:
			timer.Reset(togetherWithin) // with what comes now
			select {
			case <-timer.C:
			case <-r.stop:
				r.write(true)
				return
			}
		case <-timer.C:
		case <-r.stop:
			r.write(true)
			return
		}
		r.write(false)
	}
}

// write writes what waits, and closes files that have done, or all.
func (r *Recorder) write(all bool) {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	r.mu.Lock()
	calls := slices.Clone(r.order)
	r.mu.Unlock()
	now := time.Now()
	var over []*Call
	for _, c := range calls {
		if c.write(now) || all {
			over = append(over, c)
		}
	}
	if len(over) == 0 {
		return
	}
	r.mu.Lock()
	for _, c := range over {
		delete(r.calls, c.about.SID)
	}
	r.order = slices.DeleteFunc(r.order, func(c *Call) bool { return slices.Contains(over, c) })
	r.mu.Unlock()
	for _, c := range over { // nobody finds them any more
		c.close()
	}
}

// fail logs that a file could not be written, once until another one can be.
func (r *Recorder) fail(call string, err error) {
	if !r.failing.Swap(true) {
		r.o.Logger.Warn("calls are not recorded", "call_sid", call, "error", err)
	}
}

// name returns the name of a file: names sort by the time at which they were begun.
func (r *Recorder) name(c *Call) string {
	return fmt.Sprintf("%s-%s-%s.jsonl", c.begun.UTC().Format(nameTime), c.about.SID, r.id)
}

const nameTime = "20060102T150405.000000Z"

var fileName = regexp.MustCompile(`^\d{8}T\d{6}\.\d{6}Z-(CA[0-9a-fA-F]{32})-[A-Z2-7]{6}\.jsonl$`)

// open opens a call's file, and makes it, and room for it, the first time. Only the pen calls it.
func (r *Recorder) open(c *Call) (*os.File, error) {
	name := filepath.Join(r.o.Dir, r.name(c))
	if c.made { // and not anew, should it have been removed: that would be half a file
		return os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	}
	names, err := Files(r.o.Dir, "")
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	writing := make(map[string]bool, len(r.order))
	for _, c := range r.order {
		writing[r.name(c)] = true
	}
	r.mu.Unlock()
	excess := len(names) + 1 - r.o.MaxFiles
	for _, name := range names {
		if excess <= 0 {
			break
		}
		if writing[filepath.Base(name)] {
			continue
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		excess--
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND|os.O_EXCL, 0o600)
	c.made = err == nil
	return file, err
}

// Files returns the paths of the files in a directory, the oldest first: of one call, or of
// all if sid is "".
func Files(dir, sid string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if m := fileName.FindStringSubmatch(entry.Name()); m != nil && (sid == "" || strings.EqualFold(m[1], sid)) {
			names = append(names, filepath.Join(dir, entry.Name()))
		}
	}
	return names, nil // ReadDir sorts
}
