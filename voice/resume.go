package voice

import (
	"time"
)

// Resume says which calls go on with another stream when theirs has broken, or when the
// server that holds it shuts down. The caller hears nothing for a moment, and the next
// stream is opened on whichever instance the load balancer picks: its handler starts with
// what [Call.Save] kept, see [Call.Resumed]. A call that was ended by its handler, an
// error, its maximum duration or the caller never comes back.
//
// Twilio documents that the verb behind a stream runs when the server closes the stream.
// It does not say so of every way in which a connection can break; where the verb does
// not run, the call ends, as it does without Resume.
type Resume uint8

// The values of [Config].Resume.
const (
	// ResumeShared is for services of any size. Calls resume where the instances can agree
	// on which calls are over: with a Config.Store that they share, or with a Config.CallControl,
	// which ends calls at Twilio before their stream. With a CallControl alone, what Call.Save
	// kept survives a shutdown, but not the end of the process. With neither, a call ends
	// with its stream.
	ResumeShared Resume = iota
	// ResumeAlone is for a service of one instance: calls resume without a Store or CallControl,
	// too, also on the process that replaces this one. With a second instance, calls that
	// have ended would come back on it.
	ResumeAlone
	// ResumeNever ends a call with its stream.
	ResumeNever
)

// Resumed describes what came before the stream of a call that has resumed.
type Resumed struct {
	// Leg is the number of this stream in the call: 2 or more.
	Leg int
	// State is what Call.Save was given last, at most a second before the stream broke. It
	// is nil if nothing was saved, or if what was saved is lost: see [Resume].
	State []byte
	// Unheard is how many playbacks were queued that the caller did not hear to their end,
	// as far as was known: the last ones that were played. What they said is to be said
	// again, in their order, before anything else is saved. Over ConversationRelay with
	// ApplicationReconnect it is how many were not sent to their end: Twilio says what it has,
	// whoever is connected.
	Unheard int
	// Gap is how long the caller has heard nothing, as far as is known: from the end of the
	// stream before, or from when Twilio asked for another one. What the caller said
	// meanwhile is lost, as is what the recogniser had not answered.
	Gap time.Duration
	// Cause is ReasonShutdown or ReasonDisconnect, which a crash is, too.
	Cause Reason
}
