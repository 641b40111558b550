package voice

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"agentos.dev/dialtone/mediastream"
)

// read owns a stream: it reads the connection until it ends and then ends the
// call. It is the only goroutine that touches the call's audio.
func (s *Server) read(ctx context.Context, stream *stream) {
	defer s.leave(stream)
	defer s.config.Trace.End(ctx, stream.info, StepStream)
	defer contain(stream.log)
	reason := ReasonPanic // of the host's code, unless the reading ends
	defer func() {
		close(stream.done)
		if stream.call == nil {
			s.disown(stream.info, stream.owned)
			stream.line.Close(closeNormal, "")
			stream.endPage(ReasonProtocol, nil, false)
			return
		}
		stream.call.end(reason, nil)
		stream.call.bury()
	}()
	reason = stream.take(ctx)
}

// acceptMedia upgrades the request to the connection of a Media Stream.
func (s *Server) acceptMedia(w http.ResponseWriter, r *http.Request, stream *stream) error {
	limits := s.limits
	limits.OnError = func(err *mediastream.Error) { s.failed(stream, fault{err.Type, err.Code, err}) }
	limits.OnMessage = stream.onMessage()
	conn, err := mediastream.Accept(w, r, &limits)
	if err != nil {
		return err
	}
	stream.line = conn
	stream.take = func(ctx context.Context) Reason { return s.takeMedia(ctx, stream, conn) }
	return nil
}

// takeMedia reads a Media Stream.
func (s *Server) takeMedia(ctx context.Context, stream *stream, conn *mediastream.Conn) Reason {
	last := ReasonDisconnect
	for event, err := range conn.Events(ctx) {
		if err != nil {
			break // stream.broken has it
		}
		call := stream.call
		switch event.Type {
		case mediastream.EventStart:
			if f := event.Start.Format; f != mediastream.Mulaw() {
				s.refuseStream(stream, mediastream.ErrorProtocol, fmt.Errorf("voice: stream format %v is not supported", f))
				continue
			}
			s.begin(ctx, stream, begin{event.Start.CallSID, event.Start.AccountSID, event.Start.StreamSID, event.Start.Tracks, nil})
		case mediastream.EventMedia:
			if call != nil {
				call.hear(event.Media)
			}
		case mediastream.EventDTMF:
			if call != nil {
				call.pressed(event.Digit)
			}
		case mediastream.EventMark:
			if call != nil {
				call.player.mark(event.Mark)
				call.owner.touch()
			}
		case mediastream.EventStop:
			last = ReasonHungUp
		}
	}
	return last
}

// hear takes one frame of the stream's audio.
func (c *liveCall) hear(media mediastream.Frame) {
	c.heardUntil = media.Timestamp
	if began := time.Now().Add(-media.Timestamp); began.Before(c.audioBegan) {
		c.audioBegan = began
	}
	c.server.config.Trace.FrameReceived()
	for i := range c.listeners {
		c.listeners[i].hear(media)
	}
}
