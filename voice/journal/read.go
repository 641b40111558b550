package journal

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"time"
)

// Line is one line of a file behind the first. What its kind has is set, the rest is zero.
type Line struct {
	Number int           // in its file, from 1, which is the header's
	At     time.Duration // since Header.Begun
	Kind   Kind
	Stream int // in the record, from 1; 0 if it is of none

	Request *Request
	Open    *Open
	Message json.RawMessage // of in and out, if it is JSON
	Text    string          // the message, if it is not
	Ear     *Ear
	Heard   *Heard
	Did     *Action
	End     *End
	Status  string // of finished
	Count   int    // of dropped
}

// Record is a file that was read, or several of one call.
type Record struct {
	Header
	Lines []Line
	// Torn is set when the last line was cut off, as by the end of the process: it is left out.
	Torn bool
}

// ParseError is what is wrong with a file.
type ParseError struct {
	Line   int   // from 1
	Offset int64 // in bytes, of the line's beginning
	Err    error // one of this package's, or of encoding/json
}

// Error names the line.
func (e *ParseError) Error() string { return fmt.Sprintf("journal: line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e *ParseError) Unwrap() error { return e.Err }

// Errors in a [*ParseError].
var (
	ErrNoJournal = errors.New("the file does not begin as a journal")
	ErrVersion   = errors.New("the version of the format is not known")
	errLineLong  = errors.New("the line is longer than 1 MiB")
	errLine      = errors.New("the line lacks what its kind has")
	errTime      = errors.New("the time is before that of the file, or more than two days after it")
	errTooLarge  = errors.New("the file is larger than 1 GiB")
	// ErrOtherCall is the error of Merge.
	ErrOtherCall = errors.New("journal: the records are not of one call")
)

const (
	maxRecord = 1 << 30
	maxTime   = 48 * time.Hour // longer than a call can be
	maxStream = 1 << 20
)

// Read reads a whole file. Its errors are a [*ParseError] and those of r.
func Read(r io.Reader) (*Record, error) {
	record := &Record{}
	for l, err := range lines(r, record) {
		if err != nil {
			return nil, err
		}
		record.Lines = append(record.Lines, l)
	}
	return record, nil
}

// ReadFile is [Read] for a file by its name.
func ReadFile(name string) (*Record, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	defer f.Close()
	record, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return record, nil
}

// lines yields the lines behind the header, which it puts into the record.
func lines(r io.Reader, record *Record) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		in := lineReader{in: bufio.NewReader(r)}
		var offset int64
		for n := 1; ; n++ {
			fail := func(err error) { yield(Line{}, &ParseError{Line: n, Offset: offset, Err: err}) }
			raw, err := in.next()
			whole := err == nil
			switch {
			case err == errLineLong:
				fail(errLineLong)
				return
			case err != nil && err != io.EOF:
				yield(Line{}, fmt.Errorf("journal: %w", err))
				return
			case len(raw) == 0:
				if n == 1 {
					fail(ErrNoJournal)
				}
				return
			case offset+int64(len(raw)) > maxRecord:
				fail(errTooLarge)
				return
			}
			if !whole && !json.Valid(raw) {
				if record.Torn = true; n == 1 {
					fail(ErrNoJournal)
				}
				return
			}
			if n == 1 {
				if err := record.Header.parse(raw); err != nil {
					fail(err)
					return
				}
			} else if l, err := parseLine(raw, n); err != nil {
				fail(err)
				return
			} else if !yield(l, nil) {
				return
			}
			offset += int64(len(raw))
		}
	}
}

// lineReader reads lines, with memory for as much as has come of one.
type lineReader struct {
	in   *bufio.Reader
	line []byte
}

// next returns the next line with its end, valid until the next call.
func (r *lineReader) next() ([]byte, error) {
	r.line = r.line[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		if err != bufio.ErrBufferFull && len(r.line) == 0 {
			return part, err
		}
		if r.line = append(r.line, part...); len(r.line) > maxLine {
			return nil, errLineLong
		}
		if err != bufio.ErrBufferFull {
			return r.line, err
		}
	}
}

func (h *Header) parse(raw []byte) error {
	if err := json.Unmarshal(raw, h); err != nil {
		return fmt.Errorf("%w: %w", ErrNoJournal, err)
	}
	switch {
	case h.Version == 0:
		return ErrNoJournal
	case h.Version != Version:
		return fmt.Errorf("%w: %d", ErrVersion, h.Version)
	case !callSID.MatchString(h.SID):
		return fmt.Errorf("%w: it is of no call", ErrNoJournal)
	}
	return nil
}

func parseLine(raw []byte, number int) (Line, error) {
	var l line
	if err := json.Unmarshal(raw, &l); err != nil {
		return Line{}, err
	}
	at := time.Duration(l.Time) * time.Microsecond
	if l.Time < 0 || l.Time > int64(maxTime/time.Microsecond) {
		return Line{}, errTime
	}
	if l.Stream < 0 || l.Stream > maxStream {
		return Line{}, errLine
	}
	ok, ofStream := l.Kind != "", true
	switch l.Kind {
	case KindRequest:
		ok, ofStream = l.Request != nil, false
	case KindOpen:
		ok = l.Open != nil
	case KindIn, KindOut:
		ok = len(l.Message) > 0 || l.Text != ""
	case KindEar:
		ok = l.Ear != nil
	case KindHeard:
		ok = l.Heard != nil
	case KindDid:
		ok = l.Did != nil
	case KindEnd:
		ok = l.End != nil
	default:
		ofStream = false
	}
	if !ok || ofStream && l.Stream == 0 {
		return Line{}, errLine
	}
	return Line{
		Number: number, At: at, Kind: l.Kind, Stream: l.Stream, Request: l.Request, Open: l.Open,
		Message: bytes.Clone(l.Message), Text: l.Text, Ear: l.Ear, Heard: l.Heard, Did: l.Did, End: l.End, Status: l.Status, Count: l.Count,
	}, nil
}

// Dropped returns how many lines are missing: those that could not be kept, and, as far as
// that is known, those behind the bound of a file.
func (r *Record) Dropped() (n int) {
	for _, l := range r.Lines {
		n += l.Count
	}
	return n
}

// Merge puts what several instances have recorded of one call on one timeline, that of the
// earliest; streams are numbered anew. Numbers that were left out are told apart in each
// file alone, but for those of the caller and the callee. The error is [ErrOtherCall].
func Merge(records ...*Record) (*Record, error) {
	if len(records) == 0 {
		return nil, ErrOtherCall
	}
	records = slices.Clone(records)
	slices.SortStableFunc(records, func(a, b *Record) int { return a.Begun.Compare(b.Begun) })
	merged := &Record{Header: records[0].Header}
	streams := 0
	for _, r := range records {
		if r.SID != merged.SID || r.AccountSID != merged.AccountSID {
			return nil, ErrOtherCall
		}
		later, most := r.Begun.Sub(merged.Begun), 0
		for _, l := range r.Lines {
			l.At += later
			if l.Stream > 0 {
				most = max(most, l.Stream)
				l.Stream += streams
			}
			merged.Lines = append(merged.Lines, l)
		}
		streams += most
		merged.Torn = merged.Torn || r.Torn
		merged.Audio, merged.Speech = merged.Audio && r.Audio, merged.Speech && r.Speech
		merged.Numbers, merged.Digits = merged.Numbers && r.Numbers, merged.Digits && r.Digits
	}
	slices.SortStableFunc(merged.Lines, func(a, b Line) int { return cmp.Compare(a.At, b.At) })
	return merged, nil
}
