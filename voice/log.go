package voice

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"

	"agentos.dev/dialtone/twiml"
)

// SpellWarning is a slog.HandlerOptions.ReplaceAttr that writes the level
// WARNING instead of WARN, as the runbook's log queries expect it.
func SpellWarning(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.LevelKey && a.Value.Any() == slog.LevelWarn {
		a.Value = slog.StringValue("WARNING")
	}
	return a
}

// logFailure writes the line that the runbook's query for failed calls finds.
// What the query counts by stands in the message as well, where its pattern finds
// it whatever the log's format; what is one word of a fixed set.
func logFailure(log *slog.Logger, message, callSID, what string, attrs ...any) {
	log.Error(message+" call_sid="+callSID+" error_message="+what, append(attrs, "error_message", what)...)
}

// warnUnknown writes a line when there is TwiML that Twilio may not know.
func warnUnknown(log *slog.Logger, where string, r *twiml.Response) {
	if found := r.Warnings(); len(found) != 0 {
		log.Warn(where+": Twilio may ignore some of the TwiML", "warnings", len(found), "first", found[0].Error())
	}
}

// Format implements fmt.Formatter and never prints secrets.
func (c Config) Format(f fmt.State, _ rune) { io.WriteString(f, c.summary()) }

// LogValue implements slog.LogValuer, without secrets.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.summary()) }

// Format implements fmt.Formatter and never prints secrets.
func (s *Server) Format(f fmt.State, _ rune) { io.WriteString(f, s.summary()) }

// LogValue implements slog.LogValuer, without secrets.
func (s *Server) LogValue() slog.Value { return slog.StringValue(s.summary()) }

func (s *Server) summary() string {
	if s == nil {
		return "voice.Server(nil)"
	}
	return "voice.Server{" + s.config.summary() + "}"
}

func (c Config) summary() string {
	public := "[malformed]"
	if u, err := url.Parse(c.PublicURL); err == nil {
		public = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	}
	return fmt.Sprintf("voice.Config{PublicURL: %q, Path: %q, AuthTokens: %d [redacted], SharedKeys: %d [redacted], SessionKeys: %d [redacted], MaxDuration: %v, MaxStreams: %d}",
		public, c.Path, len(c.AuthTokens), len(c.SharedKeys), len(c.SessionKeys), c.MaxDuration, c.MaxStreams)
}
