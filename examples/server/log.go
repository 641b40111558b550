package main

import (
	"crypto/sha256"
	"io"
	"log/slog"
	"strings"

	"agentos.dev/dialtone/internal/logqueue"
	"agentos.dev/dialtone/voice"
)

// logLevels are what LOG_LEVEL can say.
var logLevels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warning": slog.LevelWarn, "error": slog.LevelError}

func (c *config) readLogNumbers(e *env) {
	switch e.choice("LOG_NUMBERS", "full", "mask", "hash") {
	case "mask":
		c.logNumber = voice.MaskNumber
	case "hash":
		key := sha256.Sum256([]byte("log numbers " + strings.Join(c.authTokens, ",")))
		c.logNumber = voice.HashNumber(key[:])
	}
}

// logger returns the log as the configuration wants it. WARN is spelled WARNING,
// as the runbook's queries do.
func (c *config) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.logLevel, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.MessageKey && len(groups) == 0 {
			if name, text := translate(a.Value.String()); name != "" { // what voice.New doubts
				a.Value = slog.StringValue(name + ": " + text)
			}
		}
		return voice.SpellWarning(groups, a)
	}}
	var handler slog.Handler = slog.NewTextHandler(w, options)
	if c.logJSON {
		handler = slog.NewJSONHandler(w, options)
	}
	return slog.New(logqueue.New(handler)) // the reader of the log may stop reading
}
