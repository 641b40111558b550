package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/journal"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestJournal: each call has its file, with what JOURNAL_KEEP says.
func TestJournal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journals")
	set := []string{"TWILIO_AUTH_TOKEN=" + voicetest.AuthToken, "PUBLIC_URL=" + voicetest.PublicURL, "STT=off", "JOURNAL_DIR=" + dir, "JOURNAL_KEEP=audio, digits"}
	c, err := configFromEnv(environment(set...))
	require.NoError(t, err)
	require.Empty(t, c.doubts)
	a, err := newApp(t.Context(), c, slog.New(slog.DiscardHandler), nil)
	require.NoError(t, err)
	tw := voicetest.New(t, a.handler)
	call := tw.Dial("+14155550100", "+14155550199")
	call.Listen(500 * time.Millisecond)
	call.Digits("1")
	call.HangUp()
	require.NoError(t, tw.Close())
	require.NoError(t, a.voice.Shutdown(t.Context()))
	a.close()
	names, err := journal.Files(dir, call.SID)
	require.NoError(t, err)
	require.Len(t, names, 1)
	info, err := os.Stat(names[0])
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	record, err := journal.ReadFile(names[0])
	require.NoError(t, err)
	require.True(t, record.Audio && record.Digits && !record.Speech && !record.Numbers)
	require.NotContains(t, record.From, "415")
	require.Contains(t, []journal.Kind{journal.KindRequest, journal.KindFinished, journal.KindEnd}, record.Lines[len(record.Lines)-1].Kind)

	c, err = configFromEnv(environment(append(set[:3:3], "JOURNAL_KEEP=audio")...))
	require.NoError(t, err)
	require.Len(t, c.doubts, 1)

	readOnly := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(readOnly, nil, 0o600))
	c, err = configFromEnv(environment(append(set[:3:3], "JOURNAL_DIR="+filepath.Join(readOnly, "below"))...))
	require.NoError(t, err)
	_, err = newApp(t.Context(), c, slog.New(slog.DiscardHandler), nil)
	require.ErrorContains(t, err, "JOURNAL_DIR: cannot be written to")
}
