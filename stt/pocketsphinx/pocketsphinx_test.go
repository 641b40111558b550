package pocketsphinx

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
)

// part returns the recordings whose names begin with prefix, and what is said in them.
func part(rs []recording, prefix string) (part []recording, said []string) {
	for _, r := range rs {
		if strings.HasPrefix(r.File, prefix) {
			part, said = append(part, r), append(said, r.Text)
		}
	}
	return part, said
}

func TestOtherSpeechIsNoTranscript(t *testing.T) {
	rs := load(t)
	flite, fliteTexts := part(rs, "flite")
	google, googleTexts := part(rs, "google")
	a := newEngine(t, Options{Phrases: fliteTexts})
	b := newEngine(t, Options{Phrases: googleTexts})
	accepted := 0
	for _, r := range google {
		accepted += len(hear(t, a, r.audio))
	}
	for _, r := range flite {
		accepted += len(hear(t, b, r.audio))
	}
	// "no thank you" passes for "half an hour", a grammar of four phrases having
	// nothing that is closer. See Options.Rejection for how often that happens.
	assert.LessOrEqual(t, accepted, 1)
}

func TestMissingPackagesAreNamed(t *testing.T) {
	_, err := New(Options{Phrases: []string{"yes"}, Binary: "/no/such/program", ModelDir: "/no/such/model"})
	require.ErrorIs(t, err, stt.ErrUnavailable)
	assert.Equal(t, "unavailable", stt.Reason(err))
	assert.ErrorContains(t, err, "apt-get install pocketsphinx\n")
	assert.ErrorContains(t, err, "apt-get install pocketsphinx-en-us")
}

func TestPhrasesAreChecked(t *testing.T) {
	for phrase, want := range map[string]string{
		"...":          "no words",
		"":             "no words",
		"東京":           "not one of a to z",
		"да":           "not one of a to z",
		"yes \x00Ж no": "not one of a to z",
	} {
		t.Run(phrase, func(t *testing.T) {
			newEngine(t, Options{Phrases: []string{"yes"}}) // skips without PocketSphinx
			_, err := New(Options{Phrases: []string{phrase}})
			require.ErrorContains(t, err, want)
		})
	}
	_, err := New(Options{})
	require.Error(t, err)
}

func TestGrammarHoldsNothingButWords(t *testing.T) {
	phrases, err := cleanPhrases([]string{"I'd like; <to> {book}|a \"room\"/*", "yes,  please!", "YES please", "'quoted'", "yes; public <x> = no 1 |",
		"Zoe\u0308, Zoë", "room 12", "Room twelve", "on the 21st at 2:30 p.m.", "$5"})
	require.NoError(t, err)
	assert.Equal(t, [][]string{{"i'd", "like", "to", "book", "a", "room"}, {"yes", "please"}, {"quoted"}, {"yes", "public", "x", "no", "one"},
		{"zoe", "zoe"}, {"room", "twelve"}, {"on", "the", "twenty", "first", "at", "two", "thirty", "p", "m"}, {"five", "dollars"}}, phrases)
	assert.Equal(t, "#JSGF V1.0;\ngrammar phrases;\npublic <phrase> = i'd like to book a room\n | yes please\n | quoted\n;\n",
		string(grammar(phrases[:3])))
}

func TestPronunciations(t *testing.T) {
	e := newEngine(t, Options{Phrases: []string{"kansel"}, Pronunciations: map[string]string{"Kansel": "K AE N S AH L"}})
	rs, _ := part(load(t), "flite_rms_2") // "cancel"
	finals := hear(t, e, rs[0].audio)
	require.Len(t, finals, 1)
	assert.Equal(t, "kansel", finals[0].Transcript.Text)

	_, err := New(Options{Phrases: []string{"foo"}, Pronunciations: map[string]string{"foo": "F UW\nbar B AA R"}})
	require.ErrorContains(t, err, "not a list of phones")
}

func TestKilledProcessesAreReplacedAndNoUtteranceIsLost(t *testing.T) {
	rs, said := part(load(t), "google")
	e := newEngine(t, Options{Phrases: said, Workers: 1})
	require.NoError(t, e.Prewarm(t.Context()))
	for i, r := range rs {
		for _, p := range e.workers[0].processes() {
			p.mu.Lock()
			p.child.Kill()
			if i%2 == 0 {
				<-p.child.Exited() // dead before it is asked; otherwise perhaps while it works
			}
			p.mu.Unlock()
		}
		finals := hear(t, e, r.audio)
		require.Len(t, finals, 1, r.File)
		assert.Equal(t, r.Text, finals[0].Transcript.Text)
	}
	require.NoError(t, e.Check(t.Context()))
}

// fakeBinary writes a program that stands in for pocketsphinx_batch.
func fakeBinary(t *testing.T, script string) string {
	path := filepath.Join(t.TempDir(), "fake")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700))
	return path
}

func TestHangingWorkerIsKilledAndReplaced(t *testing.T) {
	newEngine(t, Options{Phrases: []string{"yes"}})
	// The first process hangs, the ones after it answer: they find its mark.
	mark := filepath.Join(t.TempDir(), "mark")
	e := newEngine(t, Options{Phrases: []string{"yes"}, Workers: 1, Timeout: 200 * time.Millisecond, Binary: fakeBinary(t, `
case "$*" in *-allphone*) while read p a b id; do echo "$id S 0 T 0 A 0 L 0 0 0 0 Y 3 0 0 EH 6 0 0 S 10"; done; exit;; esac
if [ ! -e `+mark+` ]; then touch `+mark+`; read x; exec sleep 60; fi
while read p a b id; do echo "$id S 0 T 0 A 0 L 0 0 0 0 yes 10"; done`)})
	audio := make([]byte, 8000)
	require.Eventually(t, func() bool { _, err := os.Stat(mark); return err == nil }, time.Minute, time.Millisecond, "it does not start")
	_, err := e.Recognize(t.Context(), audio, stt.Config{})
	require.ErrorIs(t, err, stt.ErrTimeout)
	e.o.Timeout = 10 * time.Second
	got, err := e.Recognize(t.Context(), audio, stt.Config{})
	require.NoError(t, err)
	assert.Equal(t, "yes", got.Text)
}

func TestAnswersAreMatchedByID(t *testing.T) {
	newEngine(t, Options{Phrases: []string{"yes"}})
	e := newEngine(t, Options{Phrases: []string{"yes"}, Workers: 1, Binary: fakeBinary(t, `
while read p a b id; do echo; echo "u99 S 0 T 0 A 0 L 0 0 0 0 no 10"; printf "$id S 0 T 0"; sleep 0.02; echo " A 0 L 0 0 0 0 yes 10"; done`)})
	got, err := e.Recognize(t.Context(), make([]byte, 8000), stt.Config{})
	require.NoError(t, err)
	assert.Equal(t, "yes", got.Text)
}

func TestGarbageIsAnError(t *testing.T) {
	newEngine(t, Options{Phrases: []string{"yes"}})
	e := newEngine(t, Options{Phrases: []string{"yes"}, Workers: 1, Binary: fakeBinary(t, `while read p a b id; do echo "$id {what}"; done`)})
	_, err := e.Recognize(t.Context(), make([]byte, 8000), stt.Config{})
	require.ErrorContains(t, err, "unexpected answer")
}

// TestFailedPart: a part that fails is asked for again with what was kept before it.
func TestFailedPart(t *testing.T) {
	newEngine(t, Options{Phrases: []string{"yes"}})
	e := newEngine(t, Options{Phrases: []string{"yes"}, Workers: 1, Binary: fakeBinary(t, `while read p a b id; do echo "$id {what}"; done`)})
	kept := hypothesis{frames: 150}
	p := &stt.Parts{More: true, Kept: kept, New: 1500 * time.Millisecond}
	_, err := e.Recognize(t.Context(), make([]byte, 12000), stt.Config{Parts: p})
	require.ErrorContains(t, err, "unexpected answer")
	require.Equal(t, kept, p.Kept)
}

func TestCanceledUtteranceDoesNotDisturbTheNext(t *testing.T) {
	rs, said := part(load(t), "google")
	e := newEngine(t, Options{Phrases: said, Workers: 1})
	require.NoError(t, e.Prewarm(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err := e.Recognize(ctx, rs[3].audio, stt.Config{})
	if err != nil { // it may have been quicker
		require.ErrorIs(t, err, context.Canceled)
	}
	got, err := e.Recognize(t.Context(), rs[0].audio, stt.Config{})
	require.NoError(t, err)
	assert.Equal(t, rs[0].Text, got.Text)
}

func TestManyCallsShareFewWorkers(t *testing.T) {
	rs, said := part(load(t), "flite")
	e := newEngine(t, Options{Phrases: said})
	require.NoError(t, e.Prewarm(t.Context()))
	assert.True(t, e.Status().Ready)
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			r := rs[i%len(rs)]
			finals := hear(t, e, r.audio)
			if assert.Len(t, finals, 1) {
				assert.Equal(t, r.Text, finals[0].Transcript.Text)
				assert.True(t, finals[0].Timing.Valid)
			}
		})
	}
	wg.Wait()
	assert.Zero(t, e.Status().Busy)
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	newEngine(t, Options{Phrases: []string{"yes"}})
	e := newEngine(t, Options{Phrases: []string{"yes"}, Workers: 1, Binary: fakeBinary(t, `exec sleep 60`)})
	done := make(chan error)
	go func() {
		_, err := e.Recognize(context.Background(), make([]byte, 8000), stt.Config{})
		done <- err
	}()
	require.Eventually(t, func() bool { return e.Status().Busy == 1 }, time.Minute, time.Millisecond)
	require.NoError(t, e.Close())
	require.ErrorIs(t, <-done, stt.ErrClosed)
	require.ErrorIs(t, e.Check(context.Background()), stt.ErrClosed)
	_, err := os.Stat(e.dir.path)
	require.True(t, errors.Is(err, os.ErrNotExist))
}

func TestDictation(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the whole language model")
	}
	e := newEngine(t, Options{Dictation: true, Workers: 1})
	rs, _ := part(load(t), "google_book")
	finals := hear(t, e, rs[0].audio)
	require.Len(t, finals, 1)
	assert.Equal(t, "en-us dictation", e.Status().Model)
	assert.NotEmpty(t, finals[0].Transcript.Text)
}

func FuzzParseHypothesis(f *testing.F) {
	f.Add("S 0 T -2918 A -2244 L -674 0 -316 -337 <sil> 22 -376 0 book(2) 142")
	f.Add("S 0 T 0 A 0 L 0 312")
	f.Add("")
	f.Fuzz(func(t *testing.T, line string) {
		h, err := parseHypothesis(line)
		if err == nil && len(h.segments) > 0 && h.transcript().Text == "" {
			t.Fatal("words without text")
		}
		h.fit(h, -18)
	})
}

// A health check that comes while a process dies under a recognition leaves its
// replacement to that.
func TestCheckLeavesWorkersAtWorkAlone(t *testing.T) {
	newEngine(t, Options{Phrases: []string{"yes"}})
	// The first phone loop dies of its first request, while the decoder works.
	dir := t.TempDir()
	e := newEngine(t, Options{Phrases: []string{"yes"}, Workers: 1, Timeout: 10 * time.Second, Binary: fakeBinary(t, `
cd `+dir+`
case "$*" in *-allphone*)
	if [ ! -e died ]; then read x; touch died; exit; fi
	while read p a b id; do echo "$id S 0 T 0 A 0 L 0 0 0 0 Y 3 0 0 EH 6 0 0 S 10"; done; exit;;
esac
while read p a b id; do while [ ! -e checked ]; do sleep 0.01; done; echo "$id S 0 T 0 A 0 L 0 0 0 0 yes 10"; done`)})
	type result struct {
		t   stt.Transcript
		err error
	}
	results := make(chan result, 1)
	go func() {
		got, err := e.Recognize(t.Context(), make([]byte, 8000), stt.Config{})
		results <- result{got, err}
	}()
	phones := e.workers[0].phones
	select {
	case <-phones.child.Exited():
	case <-time.After(time.Minute):
		t.Fatal("the phone loop lives")
	}
	require.NoError(t, e.Check(t.Context()))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "checked"), nil, 0o600))
	got := <-results
	require.NoError(t, got.err)
	assert.Equal(t, "yes", got.t.Text)
}
