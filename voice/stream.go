package voice

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/voice/journal"
)

// stream is a connection and what its handshake told.
type stream struct {
	line      line
	take      func(ctx context.Context) Reason // reads it until it ends, and returns how it ended
	call      *liveCall                        // since its start, for the reader
	info      Info
	passage   passage
	comesBack bool          // Twilio connects again if the connection breaks
	owned     uint64        // generation of the leg that the handshake wrote; 0: none
	again     bool          // the call may have ended before, and come back
	done      chan struct{} // closed when nothing more comes of the connection
	accepted  time.Time
	log       *slog.Logger
	page      *journal.Stream       // nil if the call is not recorded
	broken    atomic.Pointer[fault] // why the connection ended by itself; set before it is closed
}

// fault is what is wrong with a connection.
type fault struct {
	kind mediastream.ErrorType
	code int // the connection is closed with; 0: it goes on
	err  error
}

// ofPeer reports whether the peer broke the protocol.
func (f *fault) ofPeer() bool {
	return f.kind == mediastream.ErrorProtocol || f.kind == mediastream.ErrorOversize
}

// failed notes what is wrong with the connection of a stream.
func (s *Server) failed(stream *stream, f fault) {
	s.config.Trace.WebSocketError(f.kind)
	stream.log.Warn("stream error", "error_type", string(f.kind), "error", f.err)
	if f.code != 0 { // the connection is about to be closed
		stream.broken.Store(&f)
		s.keepFromResuming(stream.info, &f)
	}
}

// keepFromResuming notes that a call is over whose stream broke the protocol, before its
// connection is closed and Twilio asks how the call goes on.
func (s *Server) keepFromResuming(info Info, f *fault) {
	if f.ofPeer() && !info.Unidirectional {
		s.noteEnd(info, ending{how: over})
		if s.config.resumes() {
			s.markOver(info.SID)
		}
	}
}

// refuseStream closes a connection of which no call becomes.
func (s *Server) refuseStream(stream *stream, kind mediastream.ErrorType, err error) {
	s.config.Trace.WebSocketError(kind)
	stream.log.Warn("stream refused", "error_type", string(kind), "error", err)
	stream.line.Close(closePolicyViolation, "")
}

// onMessage returns the hook of the stream's connection; nil if it is not recorded.
func (s *stream) onMessage() func(sent bool, message []byte) {
	if s.page == nil {
		return nil
	}
	return s.page.Message
}

// endPage records how a stream ended.
func (s *stream) endPage(reason Reason, err error, resumes bool) {
	if s.page != nil {
		s.page.End(journal.End{Reason: string(reason), Error: textOf(err), Resumes: resumes})
	}
}
