package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"
)

func TestMain(m *testing.M) { leak.Main(m) }

// rows returns the rows of a question, their columns separated by bars.
func (r *records) rows(t *testing.T, question string) (rows []string) {
	t.Helper()
	found, err := r.db.Query(question)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	names, _ := found.Columns()
	for found.Next() {
		row, at := make([]any, len(names)), make([]any, len(names))
		for i := range row {
			at[i] = &row[i]
		}
		if err := found.Scan(at...); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, strings.Trim(strings.ReplaceAll(fmt.Sprintf("%v", row), " ", "|"), "[]"))
	}
	return rows
}

// equal compares rows.
func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// flush waits until what has been put into the queue is written.
func (r *records) flush(t *testing.T) {
	t.Helper()
	for range 2 { // that the second has been taken says that what came before the first is written
		r.later("SELECT 1")
	}
	for deadline := time.Now().Add(time.Minute); len(r.jobs) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not written")
		}
	}
}

func newRecords(t *testing.T) *records {
	t.Helper()
	r, err := open(filepath.Join(t.TempDir(), "calls of today.db"), slog.New(slog.NewTextHandler(failing{t}, &slog.HandlerOptions{Level: slog.LevelError})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.close() })
	return r
}

// failing fails the test for each line that it gets.
type failing struct{ t *testing.T }

func (f failing) Write(b []byte) (int, error) { f.t.Errorf("%s", b); return len(b), nil }

// TestRows: one row for each call, whatever became of it, and one for each turn.
func TestRows(t *testing.T) {
	t.Setenv("TWILIO_AUTH_TOKEN", voicetest.AuthToken)
	t.Setenv("PUBLIC_URL", voicetest.PublicURL)
	r := newRecords(t)
	engine := stt.Segmented(&stttest.Recognizer{Texts: []string{"book_a_room", "two_rooms"}}, stt.Segmentation{})
	config := r.config(engine, slog.New(slog.DiscardHandler))
	blocked, err := policy.NewNumbers("+14155550666")
	if err != nil {
		t.Fatal(err)
	}
	config.Policy = policy.Blocked(blocked)
	srv, err := voice.New(config)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Shutdown(context.Background())
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)
	tw := voicetest.New(t, mux)

	call := tw.Dial("+14155550100", "+14155550199", voicetest.Param("FromCountry", "US"),
		voicetest.StatusEvents("initiated", "ringing", "answered", "completed"), voicetest.ReversedCallbacks(), voicetest.Repeated(2, voicetest.Callback))
	if err := call.SpeakAudio(stttest.Speech(2, codec.Format{Encoding: codec.Mulaw, Rate: 8000})); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); len(r.rows(t, "SELECT n FROM turns")) < 2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no turns")
		}
	}
	call.HangUp()
	refused := tw.Dial("+14155550666", "+14155550199", voicetest.Param("FromCountry", "US"))
	refused.Wait(t.Context())

	rest, err := twiliorest.New(twiliorest.Options{AccountSID: voicetest.AccountSID, APIKey: voicetest.APIKey, APISecret: voicetest.APISecret, BaseURL: tw.RESTURL()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = rest.Create(t.Context(), twiliorest.Outbound{From: "+14155550199", To: "+14155550123",
		URL: voicetest.PublicURL + "/api/voice/twilio/inbound", StatusCallback: voicetest.PublicURL + "/api/voice/twilio/status",
		MachineDetection: "Enable", DetectionCallback: voicetest.PublicURL + "/api/voice/twilio/amd"})
	if err != nil {
		t.Fatal(err)
	}
	placed, err := tw.Picked(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := placed.Listen(0); err != nil {
		t.Fatal(err)
	}
	placed.Detected("machine_start")
	for deadline := time.Now().Add(time.Minute); len(r.rows(t, "SELECT sid FROM calls WHERE answered_by IS NOT NULL")) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not detected")
		}
	}
	placed.HangUp()
	if err := tw.Close(); err != nil { // every callback has been answered
		t.Fatal(err)
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.flush(t)

	equal(t, r.rows(t, "SELECT caller, direction, verdict, reason, status, sequence, billed_minutes IS NOT NULL, answered_by, ended IS NOT NULL, seconds >= 0 FROM calls ORDER BY began"),
		"+14155550100|inbound|allow||completed|3|1|<nil>|1|1",
		"+14155550666|inbound|reject|blocked|no-answer|0|1|<nil>|1|1",
		"+14155550199|outbound-api|allow||completed|0|1|machine_start|1|1")
	equal(t, r.rows(t, "SELECT n, leg, who, text FROM turns ORDER BY n"), "1|1|caller|book_a_room", "2|1|caller|two_rooms")
}

// TestForget: a person's calls go on demand, and all of them after the retention.
func TestForget(t *testing.T) {
	r := newRecords(t)
	for i, began := range []time.Time{time.Now(), time.Now(), time.Now().Add(-31 * 24 * time.Hour)} {
		call := &voice.Call{Info: voice.Info{Call: policy.Call{SID: fmt.Sprint("CA", i), From: fmt.Sprint("+1415555010", i), To: "+14155550199"}, Leg: 1}}
		r.write(t.Context(), aboutCall, about(call.Info)...)
		r.write(t.Context(), decided, stamp(began), "allow", "", "US", "inbound", nil, call.SID)
		r.turn(call, "caller", "hello")
	}
	r.flush(t)
	if err := r.forget(t.Context(), "+14155550100"); err != nil {
		t.Fatal(err)
	}
	equal(t, r.rows(t, "SELECT sid FROM calls UNION ALL SELECT sid FROM turns ORDER BY sid"), "CA1", "CA1", "CA2", "CA2")
	if err := r.expire(t.Context(), retention); err != nil {
		t.Fatal(err)
	}
	equal(t, r.rows(t, "SELECT sid FROM calls UNION ALL SELECT sid FROM turns"), "CA1", "CA1")
}
