// Command records keeps a row for each call and one for each turn of it in SQLite: what an
// operator needs who is asked about a call, and what reports are made of. The database is
// the file RECORDS_DB, calls.db if that is not set.
//
//	TWILIO_AUTH_TOKEN=... PUBLIC_URL=https://calls.example.com go run .
//
// A call's row begins with the decision about it. What the stream's end says of it holds
// until Twilio's status callback says how long it bills. Rows are written by whichever
// instance learns of something, in any order: those of several instances need a database
// that they share, with the same statements.
package main

import (
	"context"
	"database/sql"
	_ "embed"
	"log/slog"
	"net/url"
	"time"

	_ "modernc.org/sqlite"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/callback"
)

//go:embed schema.sql
var schema string

// records is the database, and what waits to be written to it.
type records struct {
	db      *sql.DB
	log     *slog.Logger
	jobs    chan job
	written chan struct{} // closed when the last job is
}

// job is a statement to be executed.
type job struct {
	statement string
	args      []any
}

// maxJobs is how many statements may wait: the calls of some seconds.
const maxJobs = 4096

// open opens the database in a file, and makes it if there is none.
func open(file string, log *slog.Logger) (*records, error) {
	where := url.URL{Scheme: "file", Opaque: url.PathEscape(file), RawQuery: "_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)"}
	db, err := sql.Open("sqlite", where.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // SQLite has one writer at a time
	if _, err := db.Exec(schema); err != nil {
		db.Close()
		return nil, err
	}
	r := &records{db: db, log: log, jobs: make(chan job, maxJobs), written: make(chan struct{})}
	go func() {
		defer close(r.written)
		for j := range r.jobs {
			r.write(context.Background(), j.statement, j.args...)
		}
	}()
	return r, nil
}

// close writes what waits, and closes the database. The server must have shut down.
func (r *records) close() error {
	close(r.jobs)
	<-r.written
	return r.db.Close()
}

// write executes a statement. No call fails because its records do.
func (r *records) write(ctx context.Context, statement string, args ...any) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := r.db.ExecContext(ctx, statement, args...); err != nil {
		r.log.Error("not recorded", "error", err)
	}
}

// later executes a statement soon, after those before it: neither a caller nor Twilio waits.
func (r *records) later(statement string, args ...any) {
	select {
	case r.jobs <- job{statement, args}:
	default:
		r.log.Error("not recorded", "error", "the database is too slow")
	}
}

// A call's row begins with whatever is learned of it first: an instance may learn of its
// end, and another of the decision about it. What Twilio says of the end is final.
const (
	aboutCall = `INSERT INTO calls (sid, direction, caller, callee) VALUES (?, ?, ?, ?) ON CONFLICT (sid) DO NOTHING`
	decided   = `UPDATE calls SET began = ?, verdict = ?, reason = ?, country = ?, direction = ?, answered_by = coalesce(?, answered_by) WHERE sid = ?`
	streamed  = `UPDATE calls SET seconds = ? WHERE sid = ? AND ended IS NULL`
	finished  = `UPDATE calls SET status = ? WHERE sid = ? AND ended IS NULL`
	stated    = `UPDATE calls SET status = ?, sequence = ?, ended = ?, seconds = coalesce(?, seconds), billed_minutes = ?, sip_code = ?
		WHERE sid = ? AND ended IS NULL AND (? OR coalesce(sequence, -1) <= ?)` // a callback that another overtook changes nothing
	detected = `UPDATE calls SET answered_by = ? WHERE sid = ?`
	said     = `INSERT INTO turns (sid, leg, n, at, who, text) SELECT ?, ?, 1 + coalesce(max(n), 0), ?, ?, ? FROM turns WHERE sid = ?`
)

func about(c voice.Info) []any { return []any{c.SID, c.Direction, c.From, c.To} }

// trace returns the hooks that write a call's row.
func (r *records) trace() *voice.Trace {
	return &voice.Trace{
		Decision: func(c voice.Info, d policy.Decision) {
			r.later(aboutCall, about(c)...)
			r.later(decided, stamp(time.Now()), d.Verdict.String(), string(d.Reason), c.Country, c.Direction, known(c.AnsweredBy != "", c.AnsweredBy), c.SID)
		},
		StreamEnded: func(c voice.Info, e voice.End) {
			r.later(aboutCall, about(c)...)
			r.later(streamed, int64(e.Call/time.Second), c.SID)
		},
		CallFinished: func(c voice.Info, status string) {
			r.later(aboutCall, about(c)...)
			r.later(finished, status, c.SID)
		},
		StatusCallback: func(ctx context.Context, c voice.Info, form url.Values) {
			s, err := callback.ReadStatus(form)
			if err != nil {
				return // it is not counted either
			}
			r.write(ctx, aboutCall, about(c)...)
			r.write(ctx, stated, s.Status, s.Sequence, known(s.Terminal(), stamp(at(s))), known(s.Duration >= 0, int64(s.Duration/time.Second)),
				known(s.Minutes >= 0, s.Minutes), known(s.SIPCode >= 0, s.SIPCode), c.SID, s.Terminal(), s.Sequence)
		},
	}
}

// at returns when a callback was sent, as far as it says.
func at(s *callback.Status) time.Time {
	if s.At.IsZero() {
		return time.Now()
	}
	return s.At
}

// answeredBy writes who answered a placed call.
func (r *records) answeredBy(c *voice.Call, by string) { r.later(detected, by, c.SID) }

// turn writes what one side said in a call.
func (r *records) turn(c *voice.Call, who, text string) {
	r.later(said, c.SID, c.Leg, stamp(time.Now()), who, text, c.SID)
}

// forget deletes the calls of a number, and what was said in them, as a person may demand.
func (r *records) forget(ctx context.Context, number string) error {
	return r.delete(ctx, `caller = ? OR callee = ?`, number, number)
}

// expire deletes what is older than the retention.
func (r *records) expire(ctx context.Context, retention time.Duration) error {
	return r.delete(ctx, `coalesce(began, ended) < ?`, stamp(time.Now().Add(-retention)))
}

// delete deletes calls with their turns.
func (r *records) delete(ctx context.Context, which string, args ...any) error {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `DELETE FROM turns WHERE sid IN (SELECT sid FROM calls WHERE `+which+`)`, args...); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM calls WHERE `+which, args...); err != nil {
		return err
	}
	return tx.Commit()
}

// stamp writes a time so that times as texts are in their order.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// known returns NULL for what is not.
func known[T any](is bool, value T) any {
	if !is {
		return nil
	}
	return value
}
