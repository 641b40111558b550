package voice

import (
	"log/slog"
	"runtime/debug"

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

// contain keeps a panic in the host's code from taking other calls with it.
func contain(log *slog.Logger) {
	if p := recover(); p != nil {
		log.Error("panic contained", "panic", p, "stack", string(debug.Stack()))
	}
}
