// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

import "time"

// AISession hands the call to an AI session connector.
type AISession struct {
	AIConnector            string // connector name
	AISessionConfiguration string // configuration SID

	Extra
}

// Autopilot hands the call to an Autopilot assistant. The product is retired.
type Autopilot struct {
	Name string // assistant name

	Extra
}

// Config is a setting of a Transcription or a VirtualAgent.
type Config struct {
	Name  string
	Value string

	Extra
}

// Conversation connects the call to a Twilio Conversation.
type Conversation struct {
	InboundAutocreation           Bool             // create the conversation when there is none
	InboundTimeout                time.Duration    // how long to ring
	Method                        Method           // default POST
	Record                        CallRecording    // default do-not-record
	RecordingStatusCallback       string           // told when the recording is ready
	RecordingStatusCallbackEvent  []RecordingEvent // default completed
	RecordingStatusCallbackMethod Method           // default POST
	RoutingAssignmentTimeout      time.Duration    // how long to wait for an agent
	ServiceInstanceSID            string           // conversation service
	StatusCallback                string           // told about the life of this noun
	StatusCallbackEvent           []ConversationEvent
	StatusCallbackMethod          Method // default POST
	Trim                          Trim   // default trim-silence
	URL                           string

	Extra
}

// ConversationRelay turns speech into text and text into speech, and talks to the
// server in text over a WebSocket.
type ConversationRelay struct {
	Languages  []Language
	Failovers  []Failover
	Parameters []Parameter

	ApplicationReconnect                Bool // reconnect a socket that breaks during the call and replay the missed messages; default false
	ASRSmartFormat                      Bool // format numbers, dates and the like in transcripts; goes before DeepgramSmartFormat
	BackgroundNoiseReduction            string
	ConversationConfiguration           string       // conversation configuration
	ConversationID                      string       // conversation
	CustomerName                        string       // for Conversations and Conversational Intelligence; default the caller's number
	Debug                               []RelayDebug // messages wanted besides the standard ones
	DeepgramSmartFormat                 string
	DTMFDetection                       Bool          // send pressed keys; default false
	EagerEOTThreshold                   string        // confidence of an early end of turn, 0.3 to 0.9
	EchoPromptFiltering                 Bool          // drop transcripts of the agent's own speech; default false
	ElevenlabsLanguageTextNormalization Bool          // older name of TTSLanguageTextNormalization
	ElevenlabsTextNormalization         Normalization // default off
	EOTThreshold                        string        // confidence that ends a turn, 0.5 to 0.9; default 0.8; of Deepgram's flux model
	Events                              string        // messages wanted, such as speaker-events
	Hints                               string        // words to expect, separated by commas
	IgnoreBackchannel                   string
	IncludeInPrompt                     string        // fields added to prompts: turn-state or prompt-segments
	IntelligenceService                 string        // Conversational Intelligence service
	InterruptSensitivity                Sensitivity   // default high
	Interruptible                       Interruption  // input that interrupts the agent; default any
	Language                            string        // of both directions; default en-US
	PartialPromptOnHangup               Bool          // send the words so far as a prompt when the caller hangs up
	PartialPrompts                      Bool          // send prompts before they are final
	Preemptible                         Bool          // a later message interrupts an earlier one; default false
	ProfanityFilter                     Bool          // default true
	ReportInputDuringAgentSpeech        ReportedInput // default none
	SpeechModel                         string        // model of the transcription provider
	SpeechTimeout                       string        // silence that ends a prompt: auto (default) or milliseconds
	TranscriptionLanguage               string        // default Language
	TranscriptionProvider               string        // Deepgram (default) or Google
	TTSLanguage                         string        // default Language
	TTSLanguageTextNormalization        Bool          // spell numbers and the like out by the rules of the language
	TTSProvider                         string        // ElevenLabs (default), Google or Amazon
	TTSTextNormalization                Normalization // goes before ElevenlabsTextNormalization
	TurnDetection                       Bool          // let a model detect the end of the caller's turn; default false
	URL                                 string        // wss address of the server
	Voice                               string        // default by provider
	WelcomeGreeting                     string        // spoken first
	WelcomeGreetingInterruptible        Interruption  // default any

	Extra
}

// ConversationRelaySession hands the call to a configured ConversationRelay session.
type ConversationRelaySession struct {
	Connector            string // connector name
	SessionConfiguration string // configuration SID

	Extra
}

// Failover names the providers that take over when one fails. Its attributes, which
// Twilio does not document, are in Extra.
type Failover struct {
	Extra
}

// Language says how one language is spoken and understood.
type Language struct {
	ASRSmartFormat               Bool   // format numbers, dates and the like in transcripts
	Code                         string // such as en-US, or multi
	Hints                        string // words to expect, separated by commas
	SpeechModel                  string // model of the transcription provider
	TranscriptionProvider        string // Deepgram (default) or Google
	TTSLanguageTextNormalization Bool   // spell numbers and the like out by the rules of the language
	TTSProvider                  string // ElevenLabs (default), Google or Amazon
	TTSTextNormalization         Normalization
	Voice                        string // default by provider

	Extra
}

// MediaFilter filters the audio of the call.
type MediaFilter struct {
	Parameters []Parameter

	FilterType MediaFilterType
	Model      string
	Name       string // for Stop
	Track      Track  // track to filter

	Extra
}

// Parameter is a name and a value that reach the other side of the noun.
type Parameter struct {
	Name  string
	Value string // Empty when there is none; with Name under 500 characters in a Stream

	Extra
}

// Recording records the call in the background.
type Recording struct {
	Channels                      Channels
	Name                          string           // for Stop
	RecordingConfigurationID      string           // recording configuration
	RecordingStatusCallback       string           // told when the recording is ready
	RecordingStatusCallbackEvent  []RecordingEvent // default completed
	RecordingStatusCallbackMethod Method           // default POST
	Track                         RecordedTrack    // default both
	Trim                          Trim             // default trim-silence

	Extra
}

// Room connects the call to a Twilio Video room.
type Room struct {
	Name string // room name

	ParticipantIdentity string // name in the room

	Extra
}

// Siprec forks the audio to a recorder that speaks SIPREC.
type Siprec struct {
	Parameters []Parameter

	ConnectorName        string // connector name
	Name                 string // for Stop
	StatusCallback       string // told about the life of this noun
	StatusCallbackMethod Method // default POST
	Track                Track  // default inbound_track

	Extra
}

// Stream sends the audio of the call over a WebSocket: both ways under Connect, to
// the server only under Start.
type Stream struct {
	Parameters []Parameter

	AudioFormat          string // undocumented: the format of the audio
	ConnectorName        string
	Name                 string // unique in the call, for Stop; default the StreamSid
	SampleRate           string // undocumented: the sample rate of an HD codec
	StatusCallback       string // absolute; told about start, stop and errors
	StatusCallbackMethod Method // default POST
	Track                Track  // default inbound_track, the only one under Connect
	URL                  string // wss address without query string

	Extra
}

// Task describes an enqueued call to TaskRouter.
type Task struct {
	JSON string // attributes, a JSON object

	Priority int
	Timeout  time.Duration // of the task

	Extra
}

// Transcription sends the words of the call to a callback, as text.
type Transcription struct {
	Configs    []Config
	Parameters []Parameter

	ConversationConfiguration  string // conversation configuration
	ConversationID             string // conversation
	EnableAutomaticPunctuation Bool   // default true
	EnableProviderData         Bool   // raw results too; default false
	Hints                      string // words to expect, separated by commas
	InboundTrackLabel          string // name of the caller in the results
	IntelligenceService        string // Conversational Intelligence service
	LanguageCode               string // default en-US
	Name                       string // unique in the call, for Stop
	OutboundTrackLabel         string // name of the other side in the results
	PartialResults             Bool   // default false
	ProfanityFilter            Bool   // default true
	SpeechModel                string // default telephony; nova-2 or nova-3 for Deepgram
	StatusCallbackMethod       Method // default POST
	StatusCallbackURL          string // absolute; receives the text
	Track                      Track  // default both_tracks
	TranscriptionEngine        string // google (default) or deepgram

	Extra
}

// VirtualAgent hands the call to a Dialogflow agent.
type VirtualAgent struct {
	Configs    []Config
	Parameters []Parameter

	ConnectorName        string // connector name
	Language             string
	SentimentAnalysis    Bool
	StatusCallback       string // told about the life of this noun
	StatusCallbackMethod Method // default POST

	Extra
}
