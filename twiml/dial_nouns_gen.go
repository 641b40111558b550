// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

import "time"

// Application dials a TwiML application, which may run in another account.
type Application struct {
	SID            string // application SID
	ApplicationSID *ApplicationSID
	Parameters     []Parameter

	CopyParentTo         Bool // pass the caller's To on
	CustomerID           string
	Method               Method      // of the request to Action or URL; default POST
	StatusCallback       string      // told about the life of this noun
	StatusCallbackEvent  []CallEvent // events sent to StatusCallback; default completed
	StatusCallbackMethod Method      // default POST
	URL                  string      // TwiML for the called party, before the calls are joined

	Extra
}

// ApplicationSID names the application when an Application carries parameters.
type ApplicationSID struct {
	SID string // application SID

	Extra
}

// Client dials a Twilio Client: a browser or an app.
type Client struct {
	Name       string // client identity
	Identity   *Identity
	Parameters []Parameter

	ClientNotificationURL string      // POST only
	Method                Method      // of the request to Action or URL; default POST
	StatusCallback        string      // told about the life of this noun
	StatusCallbackEvent   []CallEvent // events sent to StatusCallback; default completed
	StatusCallbackMethod  Method      // default POST
	URL                   string      // TwiML for the called party, before the calls are joined

	Extra
}

// Conference puts the caller into a conference room.
type Conference struct {
	Name string // room name

	Beep                          Beep                // default true
	Coach                         string              // CallSid of the participant that this one coaches
	EndConferenceOnExit           Bool                // default false
	EventCallbackURL              string              // deprecated for StatusCallback
	JitterBufferSize              JitterBuffer        // default large
	MaxParticipants               int                 // 2 to 250, the default
	Muted                         Bool                // default false
	ParticipantLabel              string              // up to 128 characters, no slash
	Record                        ConferenceRecording // default do-not-record
	RecordingConfigurationID      string              // recording configuration
	RecordingStatusCallback       string              // told when the recording is ready
	RecordingStatusCallbackEvent  []RecordingEvent    // default completed
	RecordingStatusCallbackMethod Method              // default POST
	Region                        Region              // default: nearest
	StartConferenceOnEnter        Bool                // default true
	StatusCallback                string              // told about the conference
	StatusCallbackEvent           []ConferenceEvent   // default start end
	StatusCallbackMethod          Method              // default POST
	Trim                          Trim                // default trim-silence
	WaitMethod                    Method              // default POST; GET for static audio
	WaitURL                       string              // music before the start; Empty for silence

	Extra
}

// Header is a SIP header.
type Header struct {
	Name  string
	Value string

	Extra
}

// Headers are the SIP headers of the call to a Sip noun.
type Headers struct {
	Headers []Header

	Extra
}

// Identity names the client when a Client carries parameters.
type Identity struct {
	Name string // client identity

	Extra
}

// Number dials a phone number.
type Number struct {
	PhoneNumber string // in E.164 form

	AMDStatusCallback                  string // told whether a machine answered
	AMDStatusCallbackMethod            Method // default POST
	BYOC                               string // trunk SID, BY...
	MachineDetection                   MachineDetection
	MachineDetectionSilenceTimeout     time.Duration // 2 to 10 s; default 5 s
	MachineDetectionSpeechEndThreshold time.Duration // 0.5 to 5 s; default 1.2 s
	MachineDetectionSpeechThreshold    time.Duration // 1 to 6 s; default 2.4 s
	MachineDetectionTimeout            time.Duration // 3 to 60 s; default 30 s
	Method                             Method        // of the request to Action or URL; default POST
	SendDigits                         string        // keys pressed after the answer: 0-9 A-D # * w W
	StatusCallback                     string        // told about the life of this noun
	StatusCallbackEvent                []CallEvent   // events sent to StatusCallback; default completed
	StatusCallbackMethod               Method        // default POST
	URL                                string        // TwiML for the called party, without Dial

	Extra
}

// Queue connects the caller to the first call waiting in a queue.
type Queue struct {
	Name string // queue name

	Method              Method // of the request to Action or URL; default POST
	PostWorkActivitySID string // TaskRouter activity afterwards
	ReservationSID      string // TaskRouter reservation
	URL                 string // TwiML for the waiting caller before the calls are joined

	Extra
}

// ReferSip is the address that a Refer hands the call to.
type ReferSip struct {
	URI string // sip:user@host

	Extra
}

// Sim dials a Twilio SIM.
type Sim struct {
	SID string // SIM SID

	Extra
}

// Sip dials a SIP address.
type Sip struct {
	URI     string // sip:user@host
	Headers *Headers
	URIs    []SipURI

	AMDStatusCallback                  string // told whether a machine answered
	AMDStatusCallbackMethod            Method // default POST
	MachineDetection                   MachineDetection
	MachineDetectionSilenceTimeout     time.Duration // 2 to 10 s; default 5 s
	MachineDetectionSpeechEndThreshold time.Duration // 0.5 to 5 s; default 1.2 s
	MachineDetectionSpeechThreshold    time.Duration // 1 to 6 s; default 2.4 s
	MachineDetectionTimeout            time.Duration // 3 to 60 s; default 30 s
	Method                             Method        // of the request to Action or URL; default POST
	Password                           string
	StatusCallback                     string      // told about the life of this noun
	StatusCallbackEvent                []CallEvent // events sent to StatusCallback; default completed
	StatusCallbackMethod               Method      // default POST
	URL                                string      // TwiML for the called party, before the calls are joined
	Username                           string

	Extra
}

// SipURI is one of several addresses of a Sip noun.
type SipURI struct {
	URI string // sip:user@host

	Password string
	Priority string
	Username string
	Weight   string

	Extra
}

// WhatsApp dials a WhatsApp number.
type WhatsApp struct {
	PhoneNumber string // in E.164 form

	Method               Method      // of the request to Action or URL; default POST
	StatusCallback       string      // told about the life of this noun
	StatusCallbackEvent  []CallEvent // events sent to StatusCallback; default completed
	StatusCallbackMethod Method      // default POST
	URL                  string      // TwiML for the called party, before the calls are joined

	Extra
}
