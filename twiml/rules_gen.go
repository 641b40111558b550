// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

// classes of elements: one for each type of the schema.
const (
	classElement classID = iota // not in the schema
	classResponse
	classAISession
	classApplication
	classApplicationSID
	classAutopilot
	classClient
	classConference
	classConfig
	classConnect
	classConversation
	classConversationRelay
	classConversationRelaySession
	classDial
	classEcho
	classEnqueue
	classFailover
	classGather
	classHangup
	classHeader
	classHeaders
	classIdentity
	classLanguage
	classLeave
	classMediaFilter
	classNumber
	classParameter
	classPause
	classPay
	classPlay
	classPrompt
	classQueue
	classRecord
	classRecording
	classRedirect
	classRefer
	classReferSip
	classReject
	classRoom
	classSay
	classSim
	classSip
	classSipURI
	classSiprec
	classSms
	classBreak
	classEmphasis
	classLang
	classParagraph
	classPhoneme
	classProsody
	classSentence
	classSayAs
	classSub
	classWord
	classStart
	classStop
	classStream
	classTask
	classTranscription
	classVirtualAgent
	classWhatsApp
)

// classes holds the rules of each element. It is never written to.
var classes = [...]class{
	classResponse: {name: "Response", children: []classID{classConnect, classDial, classEcho, classEnqueue, classGather, classHangup, classLeave, classPause, classPay, classPlay, classPrompt, classQueue, classRecord, classRedirect, classRefer, classReject, classSay, classSms, classStart, classStop}},
	classAISession: {name: "AiSession", attrs: []rule{
		{name: "aiConnector", kind: kindString},
		{name: "aiSessionConfiguration", kind: kindString},
	}},
	classApplication: {name: "Application", text: true, children: []classID{classApplicationSID, classParameter}, attrs: []rule{
		{name: "copyParentTo", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "customerId", kind: kindString},
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "statusCallback", kind: kindURL},
		{name: "statusCallbackEvent", kind: kindEnum, enum: []string{"initiated", "ringing", "answered", "completed"}, list: true},
		{name: "statusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "url", kind: kindURL},
	}},
	classApplicationSID: {name: "ApplicationSid", text: true},
	classAutopilot:      {name: "Autopilot", text: true},
	classClient: {name: "Client", text: true, children: []classID{classIdentity, classParameter}, attrs: []rule{
		{name: "clientNotificationUrl", kind: kindURL},
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "statusCallback", kind: kindURL},
		{name: "statusCallbackEvent", kind: kindEnum, enum: []string{"initiated", "ringing", "answered", "completed"}, list: true},
		{name: "statusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "url", kind: kindURL},
	}},
	classConference: {name: "Conference", text: true, attrs: []rule{
		{name: "beep", kind: kindEnum, enum: []string{"true", "false", "onEnter", "onExit"}},
		{name: "coach", kind: kindString},
		{name: "endConferenceOnExit", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "eventCallbackUrl", kind: kindURL},
		{name: "jitterBufferSize", kind: kindEnum, enum: []string{"large", "medium", "small", "off"}},
		{name: "maxParticipants", kind: kindInt, min: 2, max: 250},
		{name: "muted", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "participantLabel", kind: kindString, maxLen: 128, code: 16023},
		{name: "record", kind: kindEnum, enum: []string{"do-not-record", "record-from-start"}},
		{name: "recordingConfigurationId", kind: kindString},
		{name: "recordingStatusCallback", kind: kindURL},
		{name: "recordingStatusCallbackEvent", kind: kindEnum, enum: []string{"in-progress", "completed", "absent"}, list: true},
		{name: "recordingStatusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "region", kind: kindEnum, enum: []string{"us1", "us2", "ie1", "sg1", "br1", "au1", "jp1", "de1"}, open: true},
		{name: "startConferenceOnEnter", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "statusCallback", kind: kindURL},
		{name: "statusCallbackEvent", kind: kindEnum, enum: []string{"start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"}, list: true},
		{name: "statusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "trim", kind: kindEnum, enum: []string{"trim-silence", "do-not-trim"}},
		{name: "waitMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "waitUrl", kind: kindURL},
	}},
	classConfig: {name: "Config", attrs: []rule{
		{name: "name", kind: kindString, required: true},
		{name: "value", kind: kindString, required: true},
	}},
	classConnect: {name: "Connect", children: []classID{classAISession, classAutopilot, classConversation, classConversationRelay, classConversationRelaySession, classRoom, classStream, classVirtualAgent}, attrs: []rule{
		{name: "action", kind: kindURL},
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
	}},
	classConversation: {name: "Conversation", attrs: []rule{
		{name: "inboundAutocreation", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "inboundTimeout", kind: kindSeconds},
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "record", kind: kindEnum, enum: []string{"do-not-record", "record-from-answer", "record-from-ringing", "record-from-answer-dual", "record-from-ringing-dual", "true", "false"}},
		{name: "recordingStatusCallback", kind: kindURL},
		{name: "recordingStatusCallbackEvent", kind: kindEnum, enum: []string{"in-progress", "completed", "absent"}, list: true},
		{name: "recordingStatusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "routingAssignmentTimeout", kind: kindSeconds},
		{name: "serviceInstanceSid", kind: kindString},
		{name: "statusCallback", kind: kindURL},
		{name: "statusCallbackEvent", kind: kindEnum, enum: []string{"call-initiated", "call-ringing", "call-answered", "call-completed"}, open: true, list: true},
		{name: "statusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "trim", kind: kindEnum, enum: []string{"trim-silence", "do-not-trim"}},
		{name: "url", kind: kindURL},
	}},
	classConversationRelay: {name: "ConversationRelay", children: []classID{classLanguage, classFailover, classParameter}, attrs: []rule{
		{name: "applicationReconnect", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "asrSmartFormat", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "backgroundNoiseReduction", kind: kindString},
		{name: "conversationConfiguration", kind: kindString},
		{name: "conversationId", kind: kindString},
		{name: "customerName", kind: kindString},
		{name: "debug", kind: kindEnum, enum: []string{"debugging", "speaker-events", "tokens-played"}, open: true, list: true},
		{name: "deepgramSmartFormat", kind: kindString},
		{name: "dtmfDetection", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "eagerEotThreshold", kind: kindString},
		{name: "echoPromptFiltering", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "elevenlabsLanguageTextNormalization", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "elevenlabsTextNormalization", kind: kindEnum, enum: []string{"on", "auto", "off"}, open: true},
		{name: "eotThreshold", kind: kindString},
		{name: "events", kind: kindString},
		{name: "hints", kind: kindString},
		{name: "ignoreBackchannel", kind: kindString},
		{name: "includeInPrompt", kind: kindString},
		{name: "intelligenceService", kind: kindString},
		{name: "interruptSensitivity", kind: kindEnum, enum: []string{"low", "medium", "high"}, open: true},
		{name: "interruptible", kind: kindEnum, enum: []string{"none", "dtmf", "speech", "any", "true", "false"}, open: true},
		{name: "language", kind: kindString},
		{name: "partialPromptOnHangup", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "partialPrompts", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "preemptible", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "profanityFilter", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "reportInputDuringAgentSpeech", kind: kindEnum, enum: []string{"none", "dtmf", "speech", "any"}, open: true},
		{name: "speechModel", kind: kindString},
		{name: "speechTimeout", kind: kindString},
		{name: "transcriptionLanguage", kind: kindString},
		{name: "transcriptionProvider", kind: kindString},
		{name: "ttsLanguage", kind: kindString},
		{name: "ttsLanguageTextNormalization", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "ttsProvider", kind: kindString},
		{name: "ttsTextNormalization", kind: kindEnum, enum: []string{"on", "auto", "off"}, open: true},
		{name: "turnDetection", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "url", kind: kindWSS, required: true},
		{name: "voice", kind: kindString},
		{name: "welcomeGreeting", kind: kindString},
		{name: "welcomeGreetingInterruptible", kind: kindEnum, enum: []string{"none", "dtmf", "speech", "any", "true", "false"}, open: true},
	}},
	classConversationRelaySession: {name: "ConversationRelaySession", attrs: []rule{
		{name: "connector", kind: kindString},
		{name: "sessionConfiguration", kind: kindString},
	}},
	classDial: {name: "Dial", text: true, children: []classID{classApplication, classClient, classConference, classNumber, classQueue, classSim, classSip, classWhatsApp}, attrs: []rule{
		{name: "action", kind: kindURL},
		{name: "answerOnBridge", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "callReason", kind: kindString, maxLen: 50},
		{name: "callerId", kind: kindString},
		{name: "events", kind: kindEnum, enum: []string{"call-progress-event"}, open: true},
		{name: "hangupOnStar", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "passports", kind: kindString},
		{name: "record", kind: kindEnum, enum: []string{"do-not-record", "record-from-answer", "record-from-ringing", "record-from-answer-dual", "record-from-ringing-dual", "true", "false"}},
		{name: "recordingConfigurationId", kind: kindString},
		{name: "recordingStatusCallback", kind: kindURL},
		{name: "recordingStatusCallbackEvent", kind: kindEnum, enum: []string{"in-progress", "completed", "absent"}, list: true},
		{name: "recordingStatusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "recordingTrack", kind: kindEnum, enum: []string{"both", "inbound", "outbound"}},
		{name: "referMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "referUrl", kind: kindURL},
		{name: "ringTone", kind: kindString},
		{name: "sequential", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "timeLimit", kind: kindSeconds},
		{name: "timeout", kind: kindSeconds},
		{name: "trim", kind: kindEnum, enum: []string{"trim-silence", "do-not-trim"}},
	}},
	classEcho: {name: "Echo"},
	classEnqueue: {name: "Enqueue", text: true, children: []classID{classTask}, attrs: []rule{
		{name: "action", kind: kindURL},
		{name: "maxQueueSize", kind: kindInt},
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "waitUrl", kind: kindURL},
		{name: "waitUrlMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "workflowSid", kind: kindString},
	}},
	classFailover: {name: "Failover", open: true},
	classGather: {name: "Gather", children: []classID{classPause, classPlay, classSay}, attrs: []rule{
		{name: "action", kind: kindURL},
		{name: "actionOnEmptyResult", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "bargeIn", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "debug", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "enhanced", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "finishOnKey", kind: kindString, maxLen: 1, chars: "0123456789#*"},
		{name: "hints", kind: kindString},
		{name: "input", kind: kindEnum, enum: []string{"dtmf", "speech"}, list: true},
		{name: "language", kind: kindString},
		{name: "maxSpeechTime", kind: kindSeconds, min: 1},
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "numDigits", kind: kindInt, min: 1},
		{name: "partialResultCallback", kind: kindURL},
		{name: "partialResultCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "profanityFilter", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "speechModel", kind: kindString},
		{name: "speechTimeout", kind: kindString},
		{name: "timeout", kind: kindSeconds, min: 1},
	}},
	classHangup: {name: "Hangup", children: []classID{classParameter}},
	classHeader: {name: "Header", attrs: []rule{
		{name: "name", kind: kindString, required: true},
		{name: "value", kind: kindString, required: true},
	}},
	classHeaders:  {name: "Headers", children: []classID{classHeader}},
	classIdentity: {name: "Identity", text: true},
	classLanguage: {name: "Language", attrs: []rule{
		{name: "asrSmartFormat", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "code", kind: kindString, required: true},
		{name: "hints", kind: kindString},
		{name: "speechModel", kind: kindString},
		{name: "transcriptionProvider", kind: kindString},
		{name: "ttsLanguageTextNormalization", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "ttsProvider", kind: kindString},
		{name: "ttsTextNormalization", kind: kindEnum, enum: []string{"on", "auto", "off"}, open: true},
		{name: "voice", kind: kindString},
	}},
	classLeave: {name: "Leave"},
	classMediaFilter: {name: "MediaFilter", children: []classID{classParameter}, attrs: []rule{
		{name: "filterType", kind: kindEnum, enum: []string{"noise"}, open: true},
		{name: "model", kind: kindString},
		{name: "name", kind: kindString},
		{name: "track", kind: kindEnum, enum: []string{"inbound_track", "outbound_track", "both_tracks"}},
	}},
	classNumber: {name: "Number", text: true, attrs: []rule{
		{name: "amdStatusCallback", kind: kindURL},
		{name: "amdStatusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "byoc", kind: kindString},
		{name: "machineDetection", kind: kindEnum, enum: []string{"Enable", "DetectMessageEnd"}, open: true},
		{name: "machineDetectionSilenceTimeout", kind: kindMilliseconds, min: 2000, max: 10000},
		{name: "machineDetectionSpeechEndThreshold", kind: kindMilliseconds, min: 500, max: 5000},
		{name: "machineDetectionSpeechThreshold", kind: kindMilliseconds, min: 1000, max: 6000},
		{name: "machineDetectionTimeout", kind: kindSeconds, min: 3, max: 60},
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "sendDigits", kind: kindString, chars: "0123456789ABCD#*wW"},
		{name: "statusCallback", kind: kindURL},
		{name: "statusCallbackEvent", kind: kindEnum, enum: []string{"initiated", "ringing", "answered", "completed"}, list: true},
		{name: "statusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "url", kind: kindURL},
	}},
	classParameter: {name: "Parameter", attrs: []rule{
		{name: "name", kind: kindString, required: true},
		{name: "value", kind: kindString, required: true},
	}},
	classPause: {name: "Pause", attrs: []rule{
		{name: "length", kind: kindSeconds},
	}},
	classPay: {name: "Pay", children: []classID{classParameter, classPrompt}, attrs: []rule{
		{name: "action", kind: kindURL},
		{name: "bankAccountType", kind: kindEnum, enum: []string{"consumer-checking", "consumer-savings", "commercial-checking", "commercial-savings"}, open: true},
		{name: "chargeAmount", kind: kindString},
		{name: "currency", kind: kindString},
		{name: "description", kind: kindString},
		{name: "input", kind: kindEnum, enum: []string{"dtmf", "speech"}},
		{name: "language", kind: kindString},
		{name: "maxAttempts", kind: kindInt},
		{name: "minPostalCodeLength", kind: kindInt},
		{name: "paymentConnector", kind: kindString},
		{name: "paymentMethod", kind: kindEnum, enum: []string{"ach-debit", "credit-card"}, open: true},
		{name: "postalCode", kind: kindString},
		{name: "securityCode", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "statusCallback", kind: kindURL},
		{name: "statusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "timeout", kind: kindSeconds},
		{name: "tokenType", kind: kindEnum, enum: []string{"one-time", "reusable", "payment-method"}, open: true},
		{name: "validCardTypes", kind: kindEnum, enum: []string{"visa", "mastercard", "amex", "maestro", "discover", "optima", "jcb", "diners-club", "enroute"}, open: true, list: true},
	}},
	classPlay: {name: "Play", text: true, attrs: []rule{
		{name: "digits", kind: kindString, chars: "0123456789ABCD#*wW"},
		{name: "loop", kind: kindInt, max: 1000},
	}},
	classPrompt: {name: "Prompt", children: []classID{classPause, classPlay, classSay}, attrs: []rule{
		{name: "attempt", kind: kindInt, list: true},
		{name: "cardType", kind: kindEnum, enum: []string{"visa", "mastercard", "amex", "maestro", "discover", "optima", "jcb", "diners-club", "enroute"}, open: true, list: true},
		{name: "errorType", kind: kindEnum, enum: []string{"timeout", "invalid-card-number", "invalid-card-type", "invalid-date", "invalid-security-code", "internal-error", "input-matching-failed", "invalid-bank-account-number", "invalid-bank-routing-number", "invalid-postal-code"}, open: true, list: true},
		{name: "for", kind: kindEnum, enum: []string{"payment-card-number", "expiration-date", "security-code", "postal-code", "payment-processing", "bank-account-number", "bank-routing-number"}, open: true, required: true},
		{name: "requireMatchingInputs", kind: kindEnum, enum: []string{"true", "false"}},
	}},
	classQueue: {name: "Queue", text: true, attrs: []rule{
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "postWorkActivitySid", kind: kindString},
		{name: "reservationSid", kind: kindString},
		{name: "url", kind: kindURL},
	}},
	classRecord: {name: "Record", attrs: []rule{
		{name: "action", kind: kindURL},
		{name: "finishOnKey", kind: kindString, chars: "0123456789#*"},
		{name: "maxLength", kind: kindSeconds, min: 2, max: 86400},
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "playBeep", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "recordingConfigurationId", kind: kindString},
		{name: "recordingStatusCallback", kind: kindURL},
		{name: "recordingStatusCallbackEvent", kind: kindEnum, enum: []string{"in-progress", "completed", "absent"}, list: true},
		{name: "recordingStatusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "timeout", kind: kindSeconds},
		{name: "transcribe", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "transcribeCallback", kind: kindURL},
		{name: "trim", kind: kindEnum, enum: []string{"trim-silence", "do-not-trim"}},
	}},
	classRecording: {name: "Recording", attrs: []rule{
		{name: "channels", kind: kindEnum, enum: []string{"mono", "dual"}},
		{name: "name", kind: kindString},
		{name: "recordingConfigurationId", kind: kindString},
		{name: "recordingStatusCallback", kind: kindURL},
		{name: "recordingStatusCallbackEvent", kind: kindEnum, enum: []string{"in-progress", "completed", "absent"}, list: true},
		{name: "recordingStatusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "track", kind: kindEnum, enum: []string{"both", "inbound", "outbound"}},
		{name: "trim", kind: kindEnum, enum: []string{"trim-silence", "do-not-trim"}},
	}},
	classRedirect: {name: "Redirect", text: true, attrs: []rule{
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
	}},
	classRefer: {name: "Refer", children: []classID{classReferSip}, attrs: []rule{
		{name: "action", kind: kindURL},
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
	}},
	classReferSip: {name: "Sip", text: true},
	classReject: {name: "Reject", children: []classID{classParameter}, attrs: []rule{
		{name: "reason", kind: kindEnum, enum: []string{"rejected", "busy"}},
	}},
	classRoom: {name: "Room", text: true, attrs: []rule{
		{name: "participantIdentity", kind: kindString},
	}},
	classSay: {name: "Say", text: true, children: []classID{classBreak, classEmphasis, classLang, classParagraph, classPhoneme, classProsody, classSentence, classSayAs, classSub, classWord}, attrs: []rule{
		{name: "language", kind: kindString},
		{name: "loop", kind: kindInt, max: 1000},
		{name: "voice", kind: kindString},
	}},
	classSim: {name: "Sim", text: true},
	classSip: {name: "Sip", text: true, children: []classID{classHeaders, classSipURI}, attrs: []rule{
		{name: "amdStatusCallback", kind: kindURL},
		{name: "amdStatusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "machineDetection", kind: kindEnum, enum: []string{"Enable", "DetectMessageEnd"}, open: true},
		{name: "machineDetectionSilenceTimeout", kind: kindMilliseconds, min: 2000, max: 10000},
		{name: "machineDetectionSpeechEndThreshold", kind: kindMilliseconds, min: 500, max: 5000},
		{name: "machineDetectionSpeechThreshold", kind: kindMilliseconds, min: 1000, max: 6000},
		{name: "machineDetectionTimeout", kind: kindSeconds, min: 3, max: 60},
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "password", kind: kindString},
		{name: "statusCallback", kind: kindURL},
		{name: "statusCallbackEvent", kind: kindEnum, enum: []string{"initiated", "ringing", "answered", "completed"}, list: true},
		{name: "statusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "url", kind: kindURL},
		{name: "username", kind: kindString},
	}},
	classSipURI: {name: "Uri", text: true, attrs: []rule{
		{name: "password", kind: kindString},
		{name: "priority", kind: kindString},
		{name: "username", kind: kindString},
		{name: "weight", kind: kindString},
	}},
	classSiprec: {name: "Siprec", children: []classID{classParameter}, attrs: []rule{
		{name: "connectorName", kind: kindString},
		{name: "name", kind: kindString},
		{name: "statusCallback", kind: kindURL},
		{name: "statusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "track", kind: kindEnum, enum: []string{"inbound_track", "outbound_track", "both_tracks"}},
	}},
	classSms: {name: "Sms", text: true, attrs: []rule{
		{name: "action", kind: kindURL},
		{name: "from", kind: kindString},
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "statusCallback", kind: kindURL},
		{name: "to", kind: kindString},
	}},
	classBreak: {name: "break", attrs: []rule{
		{name: "strength", kind: kindEnum, enum: []string{"none", "x-weak", "weak", "medium", "strong", "x-strong"}},
		{name: "time", kind: kindDuration, max: 10000},
	}},
	classEmphasis: {name: "emphasis", text: true, children: []classID{classBreak, classEmphasis, classLang, classPhoneme, classProsody, classSayAs, classSub, classWord}, attrs: []rule{
		{name: "level", kind: kindEnum, enum: []string{"strong", "moderate", "reduced"}},
	}},
	classLang: {name: "lang", text: true, children: []classID{classBreak, classEmphasis, classLang, classParagraph, classPhoneme, classProsody, classSentence, classSayAs, classSub, classWord}, attrs: []rule{
		{name: "xml:lang", kind: kindString, required: true},
	}},
	classParagraph: {name: "p", text: true, children: []classID{classBreak, classEmphasis, classLang, classPhoneme, classProsody, classSentence, classSayAs, classSub, classWord}},
	classPhoneme: {name: "phoneme", text: true, attrs: []rule{
		{name: "alphabet", kind: kindEnum, enum: []string{"ipa", "x-sampa", "x-amazon-jyutping", "x-amazon-pinyin", "x-amazon-pron-kana", "x-amazon-yomigana"}, open: true},
		{name: "ph", kind: kindString, required: true},
	}},
	classProsody: {name: "prosody", text: true, children: []classID{classBreak, classEmphasis, classLang, classParagraph, classPhoneme, classProsody, classSentence, classSayAs, classSub, classWord}, attrs: []rule{
		{name: "pitch", kind: kindString},
		{name: "rate", kind: kindString},
		{name: "volume", kind: kindString},
	}},
	classSentence: {name: "s", text: true, children: []classID{classBreak, classEmphasis, classLang, classPhoneme, classProsody, classSayAs, classSub, classWord}},
	classSayAs: {name: "say-as", text: true, attrs: []rule{
		{name: "format", kind: kindEnum, enum: []string{"mdy", "dmy", "ymd", "md", "dm", "ym", "my", "d", "m", "y", "yyyymmdd"}},
		{name: "interpret-as", kind: kindEnum, enum: []string{"characters", "spell-out", "cardinal", "number", "ordinal", "digits", "fraction", "unit", "date", "time", "address", "expletive", "telephone"}, open: true, required: true},
	}},
	classSub: {name: "sub", text: true, attrs: []rule{
		{name: "alias", kind: kindString, required: true},
	}},
	classWord: {name: "w", text: true, children: []classID{classBreak, classEmphasis, classPhoneme, classProsody, classSayAs, classSub}, attrs: []rule{
		{name: "role", kind: kindString},
	}},
	classStart: {name: "Start", children: []classID{classMediaFilter, classRecording, classSiprec, classStream, classTranscription}, attrs: []rule{
		{name: "action", kind: kindURL},
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
	}},
	classStop: {name: "Stop", children: []classID{classMediaFilter, classRecording, classSiprec, classStream, classTranscription}},
	classStream: {name: "Stream", children: []classID{classParameter}, attrs: []rule{
		{name: "audioFormat", kind: kindString},
		{name: "connectorName", kind: kindString},
		{name: "name", kind: kindString},
		{name: "sampleRate", kind: kindString},
		{name: "statusCallback", kind: kindAbsoluteURL},
		{name: "statusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "track", kind: kindEnum, enum: []string{"inbound_track", "outbound_track", "both_tracks"}},
		{name: "url", kind: kindWSS},
	}},
	classTask: {name: "Task", text: true, attrs: []rule{
		{name: "priority", kind: kindInt},
		{name: "timeout", kind: kindSeconds},
	}},
	classTranscription: {name: "Transcription", children: []classID{classConfig, classParameter}, attrs: []rule{
		{name: "conversationConfiguration", kind: kindString},
		{name: "conversationId", kind: kindString},
		{name: "enableAutomaticPunctuation", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "enableProviderData", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "hints", kind: kindString},
		{name: "inboundTrackLabel", kind: kindString},
		{name: "intelligenceService", kind: kindString},
		{name: "languageCode", kind: kindString},
		{name: "name", kind: kindString},
		{name: "outboundTrackLabel", kind: kindString},
		{name: "partialResults", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "profanityFilter", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "speechModel", kind: kindString},
		{name: "statusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "statusCallbackUrl", kind: kindAbsoluteURL},
		{name: "track", kind: kindEnum, enum: []string{"inbound_track", "outbound_track", "both_tracks"}},
		{name: "transcriptionEngine", kind: kindString},
	}},
	classVirtualAgent: {name: "VirtualAgent", children: []classID{classConfig, classParameter}, attrs: []rule{
		{name: "connectorName", kind: kindString, required: true},
		{name: "language", kind: kindString},
		{name: "sentimentAnalysis", kind: kindEnum, enum: []string{"true", "false"}},
		{name: "statusCallback", kind: kindURL},
		{name: "statusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
	}},
	classWhatsApp: {name: "WhatsApp", text: true, attrs: []rule{
		{name: "method", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "statusCallback", kind: kindURL},
		{name: "statusCallbackEvent", kind: kindEnum, enum: []string{"initiated", "ringing", "answered", "completed"}, list: true},
		{name: "statusCallbackMethod", kind: kindEnum, enum: []string{"GET", "POST"}},
		{name: "url", kind: kindURL},
	}},
}

// retired are elements that Twilio had once. It is never written to.
var retired = [...]string{
	"Assistant",
}
