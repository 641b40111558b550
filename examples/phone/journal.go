package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"agentos.dev/dialtone/voice/journal"
	"agentos.dev/dialtone/voice/voicetest"
)

// journal is the command for recorded calls.
func (p *program) journal(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return misused("journal print, wav or replay?")
	}
	switch args[0] {
	case "print":
		if len(args) == 1 {
			return misused("which file?")
		}
		r, err := readJournals(args[1:])
		if err != nil {
			return err
		}
		return printJournal(p.stdout, r)
	case "wav":
		if len(args) < 3 {
			return misused("journal wav FILE... OUT.wav")
		}
		return wav(args[1:len(args)-1], args[len(args)-1])
	case "replay":
		return p.replay(ctx, args[1:])
	}
	return misused("there is no journal %s: print, wav or replay", args[0])
}

// readJournals reads the files of one call.
func readJournals(names []string) (*journal.Record, error) {
	var records []*journal.Record
	for _, name := range names {
		r, err := journal.ReadFile(name)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	if len(records) == 1 {
		return records[0], nil
	}
	return journal.Merge(records...)
}

// printJournal writes a call for people. Audio, several messages in a row, is one line.
func printJournal(w io.Writer, r *journal.Record) error {
	out := &printer{w: w}
	out.printf("call %s from %s to %s, begun %s\n", r.SID, r.From, r.To, r.Begun.Format(time.RFC3339Nano))
	for i := range r.Lines {
		l := &r.Lines[i]
		if l.Kind == journal.KindIn || l.Kind == journal.KindOut {
			if strings.Contains(string(l.Message), `"event":"media"`) {
				out.audio(l)
				continue
			}
		}
		out.flush()
		at := fmt.Sprintf("%10.3fs %-8s ", l.At.Seconds(), l.Kind)
		if l.Stream > 0 {
			at += fmt.Sprintf("#%d ", l.Stream)
		}
		switch {
		case l.Request != nil:
			q := l.Request
			out.printf("%s%s %s -> %d in %v\n", at, q.Method, q.Path, q.Status, time.Duration(q.Took)*time.Microsecond)
			for _, name := range slices.Sorted(maps.Keys(q.Form)) {
				out.printf("%*s%s=%s\n", 22, "", name, strings.Join(q.Form[name], ","))
			}
			if q.Reply != "" {
				out.printf("%*s%s\n", 22, "", q.Reply)
			}
		case l.Open != nil:
			out.printf("%sleg %d, %s, listens %t\n", at, l.Open.Leg, l.Open.Wire, l.Open.Listens)
		case l.Message != nil:
			out.printf("%s%s\n", at, l.Message)
		case l.Text != "":
			out.printf("%s%q\n", at, l.Text)
		case l.Ear != nil:
			e := l.Ear
			out.printf("%sframe %d, speaking %t, speech %v of %v\n", at, e.Frame, e.Speaking, time.Duration(e.Speech)*time.Microsecond, time.Duration(e.Last)*time.Microsecond)
		case l.Heard != nil:
			h := l.Heard
			out.printf("%s%s %s %s %q %s\n", at, h.Kind, h.Turn, h.Track, h.Text, h.Error)
		case l.Did != nil:
			d := l.Did
			out.printf("%s%s %q %d %s %s\n", at, d.What, d.Text, d.Bytes, d.Detail, d.Error)
		case l.End != nil:
			out.printf("%s%s, resumes %t %s\n", at, l.End.Reason, l.End.Resumes, l.End.Error)
		case l.Count > 0:
			out.printf("%s%d lines are missing\n", at, l.Count)
		default:
			out.printf("%s%s\n", at, l.Status)
		}
	}
	out.flush()
	if r.Torn {
		out.printf("the last line was cut off\n")
	}
	return out.err
}

// printer writes lines, and one for audio in a row.
type printer struct {
	w        io.Writer
	err      error
	from, to time.Duration // of audio
	in, out  int           // messages of it
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// audio counts a message.
func (p *printer) audio(l *journal.Line) {
	if p.in+p.out == 0 {
		p.from = l.At
	}
	p.to = l.At
	if l.Kind == journal.KindIn {
		p.in++
	} else {
		p.out++
	}
}

// flush prints the audio so far as one line.
func (p *printer) flush() {
	if p.in+p.out > 0 {
		p.printf("%10.3fs audio    %d messages in, %d out, until %.3fs\n", p.from.Seconds(), p.in, p.out, p.to.Seconds())
	}
	p.in, p.out = 0, 0
}

// wav writes a call as sound.
func wav(names []string, to string) error {
	r, err := readJournals(names)
	if err != nil {
		return err
	}
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	return errors.Join(r.WriteWAV(file), file.Close())
}

// replay runs recorded calls through a service. It hears the audio with its own recogniser.
func (p *program) replay(ctx context.Context, args []string) error {
	var s service
	f := p.flags("journal replay", &s)
	at := f.String("target", "", "voice URL of the number at the service; required")
	pace := f.Float64("pace", 1, "seconds of a call in one second; a service that bounds messages a second bears 3")
	if err := parse(f, args); err != nil {
		return err
	}
	if f.NArg() == 0 || *at == "" {
		return misused("journal replay -target URL FILE...")
	}
	to, err := s.target(p, *at)
	if err != nil {
		return err
	}
	var records []*journal.Record
	for _, name := range f.Args() {
		r, err := journal.ReadFile(name)
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	config := s.config(to)
	config.Pace = *pace
	if err := voicetest.Replay(ctx, config, records...); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%d calls were replayed without a difference\n", len(records))
	return nil
}
