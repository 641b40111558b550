// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

import "time"

// Connect hands the call to its noun; the next verb runs when the noun has ended.
// A Stream ends when the server closes the WebSocket.
type Connect struct {
	Noun ConnectNoun

	Action string // asked for TwiML when the noun has ended; default: the next verb runs
	Method Method // of the request to Action or URL; default POST

	Extra
}

// Dial calls another party and joins the two calls. Several nouns ring at once, or one
// after the other with Sequential; the first to answer wins.
type Dial struct {
	Number string // phone number, when there are no nouns
	Nouns  []DialNoun

	Action                        string // asked for TwiML when the called party has hung up; unset: the next verb runs
	AnswerOnBridge                Bool   // ring until the other side answers; default false; only as first verb
	CallReason                    string // shown to the called party, up to 50 characters
	CallerID                      string // E.164 or client:name; default: the caller's
	Events                        DialEvents
	HangupOnStar                  Bool             // the caller ends the dialed call with *; default false
	Method                        Method           // of the request to Action or URL; default POST
	Passports                     string           // SHAKEN passports, base64, separated by commas
	Record                        CallRecording    // default do-not-record
	RecordingConfigurationID      string           // recording configuration
	RecordingStatusCallback       string           // told when the recording is ready
	RecordingStatusCallbackEvent  []RecordingEvent // default completed
	RecordingStatusCallbackMethod Method           // default POST
	RecordingTrack                RecordedTrack    // default both
	ReferMethod                   Method           // default POST
	ReferURL                      string           // asked for TwiML on a SIP REFER
	RingTone                      string           // country of the ring tone, ISO 3166-1 alpha-2
	Sequential                    Bool             // ring one after the other; default false
	TimeLimit                     time.Duration    // of the joined call; default 4 h
	Timeout                       time.Duration    // how long to ring; default 30 s
	Trim                          Trim             // cut silence from the recording

	Extra
}

// Echo plays the caller's voice back, to measure delay.
type Echo struct {
	Extra
}

// Enqueue puts the caller into a queue, creating it when it does not exist, or
// hands the call to a TaskRouter workflow.
type Enqueue struct {
	Name string // queue name
	Task *Task

	Action        string // asked for TwiML when the call leaves the queue
	MaxQueueSize  int    // callers
	Method        Method // of the request to Action or URL; default POST
	WaitURL       string // TwiML while waiting; Empty for silence
	WaitURLMethod Method // default POST
	WorkflowSID   string // TaskRouter workflow

	Extra
}

// Gather collects digits or speech while its verbs play. Without input the next verb runs.
type Gather struct {
	Verbs []Audible

	Action                      string // receives the input; default: this document's own URL
	ActionOnEmptyResult         Bool   // call Action even without input; default false
	BargeIn                     Bool   // input interrupts the verbs
	Debug                       Bool
	Enhanced                    Bool    // deprecated
	FinishOnKey                 string  // 0-9 # *, or Empty for none; default #
	Hints                       string  // up to 500, separated by commas
	Input                       []Input // default dtmf
	Language                    string  // of the speech; default en-US
	MaxSpeechTime               time.Duration
	Method                      Method        // of the request to Action or URL; default POST
	NumDigits                   int           // end after this many digits; default unlimited
	PartialResultCallback       string        // gets the words so far; its answer is ignored
	PartialResultCallbackMethod Method        // default POST
	ProfanityFilter             Bool          // default true
	SpeechModel                 string        // default default; needs a numeric SpeechTimeout
	SpeechTimeout               string        // silence that ends speech: seconds or auto; default Timeout
	Timeout                     time.Duration // wait for the next input; default 5 s

	Extra
}

// Hangup ends the call.
type Hangup struct {
	Parameters []Parameter

	Extra
}

// Leave takes the call out of its queue.
type Leave struct {
	Extra
}

// Pause waits in silence.
type Pause struct {
	Length time.Duration // default 1 s

	Extra
}

// Pay takes a payment by keypad.
type Pay struct {
	Parameters []Parameter
	Prompts    []Prompt

	Action               string // receives the result
	BankAccountType      BankAccountType
	ChargeAmount         string // unset or 0 only tokenizes
	Currency             string // default usd
	Description          string
	Input                Input
	Language             string // of the prompts; default en-US
	MaxAttempts          int    // per step
	MinPostalCodeLength  int
	PaymentConnector     string        // connector name
	PaymentMethod        PaymentMethod // default credit-card
	PostalCode           string        // true to ask, false not to, or the code
	SecurityCode         Bool          // ask for it; default true
	StatusCallback       string        // told about each step
	StatusCallbackMethod Method        // default POST
	Timeout              time.Duration // wait for the next digit
	TokenType            TokenType
	ValidCardTypes       []CardType

	Extra
}

// Play plays an audio file or sends digits.
type Play struct {
	URL string // audio file, WAV or MP3 among others

	Digits string // keys to press; w waits half a second
	Loop   int    // times; Zero repeats until the call ends; default 1

	Extra
}

// Prompt speaks to the caller at one step of a Pay.
type Prompt struct {
	Verbs []Audible

	Attempt               []int          // attempts that this prompt is for
	CardType              []CardType     // cards that this prompt is for
	ErrorType             []PaymentError // errors that this prompt is for
	For                   PaymentStep    // step that this prompt is for
	RequireMatchingInputs Bool           // ask twice

	Extra
}

// Record records the caller. The next verb runs only when nothing was recorded.
type Record struct {
	Action                        string           // asked for TwiML afterwards; default: this document's own URL
	FinishOnKey                   string           // keys that end it, or Empty; default 1234567890*#
	MaxLength                     time.Duration    // default 1 h
	Method                        Method           // of the request to Action or URL; default POST
	PlayBeep                      Bool             // default true
	RecordingConfigurationID      string           // recording configuration
	RecordingStatusCallback       string           // told when the recording is ready
	RecordingStatusCallbackEvent  []RecordingEvent // default completed
	RecordingStatusCallbackMethod Method           // default POST
	Timeout                       time.Duration    // silence that ends it, Zero for none; default 5 s
	Transcribe                    Bool             // default false
	TranscribeCallback            string           // told the transcript; needs Transcribe
	Trim                          Trim             // default trim-silence

	Extra
}

// Redirect fetches another document and goes on with that.
type Redirect struct {
	URL string // of the next document

	Method Method // default POST

	Extra
}

// Refer hands a SIP call over to another SIP address.
type Refer struct {
	Sip *ReferSip

	Action string // asked for TwiML afterwards
	Method Method // of the request to Action or URL; default POST

	Extra
}

// Reject refuses the call without answering it: it costs nothing.
type Reject struct {
	Parameters []Parameter

	Reason RejectReason // default rejected

	Extra
}

// Say speaks a text.
type Say struct {
	Text string // text to speak, before SSML
	SSML []Speech

	Language string // must suit the voice
	Loop     int    // times; Zero repeats until the call ends; default 1
	Voice    string // man, woman, Polly.* or Google.*; default by account

	Extra
}

// Sms sends a text message. Newer realms refuse it (error 13803); use the REST API.
type Sms struct {
	Text string // message

	Action         string // asked for TwiML afterwards
	From           string
	Method         Method // of the request to Action or URL; default POST
	StatusCallback string // told about the life of this noun
	To             string

	Extra
}

// Start starts its nouns in the background; the next verb runs at once. Twilio
// hangs up when there is none.
type Start struct {
	Nouns []StartNoun

	Action string
	Method Method // of the request to Action or URL; default POST

	Extra
}

// Stop ends what Start began.
type Stop struct {
	Nouns []StopNoun

	Extra
}
