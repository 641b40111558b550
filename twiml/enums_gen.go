// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

// Bool is true, false or, when empty, unset. Twilio takes it in any case.
type Bool string

// Values of [Bool].
const (
	True  Bool = "true"
	False Bool = "false"
)

// Method is the HTTP method of a request that Twilio makes.
type Method string

// Values of [Method].
const (
	GET  Method = "GET"
	POST Method = "POST"
)

// CallEvent is a step in the life of a dialed call that a status callback reports.
type CallEvent string

// Values of [CallEvent].
const (
	CallInitiated CallEvent = "initiated"
	CallRinging   CallEvent = "ringing"
	CallAnswered  CallEvent = "answered"
	CallCompleted CallEvent = "completed"
)

// ConversationEvent is a step in the life of a call of a Conversation.
type ConversationEvent string

// Values of [ConversationEvent].
const (
	ConversationCallInitiated ConversationEvent = "call-initiated"
	ConversationCallRinging   ConversationEvent = "call-ringing"
	ConversationCallAnswered  ConversationEvent = "call-answered"
	ConversationCallCompleted ConversationEvent = "call-completed"
)

// ConferenceEvent is a change in a conference that a status callback reports.
type ConferenceEvent string

// Values of [ConferenceEvent].
const (
	ConferenceStart        ConferenceEvent = "start"
	ConferenceEnd          ConferenceEvent = "end"
	ConferenceJoin         ConferenceEvent = "join"
	ConferenceLeave        ConferenceEvent = "leave"
	ConferenceMute         ConferenceEvent = "mute"
	ConferenceHold         ConferenceEvent = "hold"
	ConferenceModify       ConferenceEvent = "modify"
	ConferenceSpeaker      ConferenceEvent = "speaker"
	ConferenceAnnouncement ConferenceEvent = "announcement"
)

// RecordingEvent is a state of a recording that a callback reports.
type RecordingEvent string

// Values of [RecordingEvent].
const (
	RecordingInProgress RecordingEvent = "in-progress"
	RecordingCompleted  RecordingEvent = "completed"
	RecordingAbsent     RecordingEvent = "absent"
)

// CallRecording says whether and from when a dialed call is recorded, and in how many channels.
type CallRecording string

// Values of [CallRecording].
const (
	DoNotRecord           CallRecording = "do-not-record"
	RecordFromAnswer      CallRecording = "record-from-answer"
	RecordFromRinging     CallRecording = "record-from-ringing"
	RecordFromAnswerDual  CallRecording = "record-from-answer-dual"
	RecordFromRingingDual CallRecording = "record-from-ringing-dual"
)

// ConferenceRecording says whether a conference is recorded.
type ConferenceRecording string

// Values of [ConferenceRecording].
const (
	ConferenceDoNotRecord     ConferenceRecording = "do-not-record"
	ConferenceRecordFromStart ConferenceRecording = "record-from-start"
)

// RecordedTrack says which side of a call is recorded.
type RecordedTrack string

// Values of [RecordedTrack].
const (
	RecordBoth     RecordedTrack = "both"
	RecordInbound  RecordedTrack = "inbound"
	RecordOutbound RecordedTrack = "outbound"
)

// Channels is the number of channels of a recording.
type Channels string

// Values of [Channels].
const (
	Mono Channels = "mono"
	Dual Channels = "dual"
)

// Trim says whether silence is cut from the ends of a recording.
type Trim string

// Values of [Trim].
const (
	TrimSilence Trim = "trim-silence"
	DoNotTrim   Trim = "do-not-trim"
)

// Track says which side of a call is streamed or transcribed.
type Track string

// Values of [Track].
const (
	InboundTrack  Track = "inbound_track"
	OutboundTrack Track = "outbound_track"
	BothTracks    Track = "both_tracks"
)

// MachineDetection turns answering machine detection on.
type MachineDetection string

// Values of [MachineDetection].
const (
	DetectMachine    MachineDetection = "Enable"
	DetectMessageEnd MachineDetection = "DetectMessageEnd"
)

// Input is a way in which the caller answers.
type Input string

// Values of [Input].
const (
	InputDTMF   Input = "dtmf"
	InputSpeech Input = "speech"
)

// Beep says when a conference plays a beep.
type Beep string

// Values of [Beep].
const (
	BeepAlways  Beep = "true"
	BeepNever   Beep = "false"
	BeepOnEnter Beep = "onEnter"
	BeepOnExit  Beep = "onExit"
)

// JitterBuffer is the size of a conference participant's jitter buffer.
type JitterBuffer string

// Values of [JitterBuffer].
const (
	JitterBufferLarge  JitterBuffer = "large"
	JitterBufferMedium JitterBuffer = "medium"
	JitterBufferSmall  JitterBuffer = "small"
	JitterBufferOff    JitterBuffer = "off"
)

// Region is the Twilio region that mixes a conference.
type Region string

// Values of [Region].
const (
	RegionUs1 Region = "us1"
	RegionUs2 Region = "us2"
	RegionIe1 Region = "ie1"
	RegionSg1 Region = "sg1"
	RegionBr1 Region = "br1"
	RegionAu1 Region = "au1"
	RegionJp1 Region = "jp1"
	RegionDe1 Region = "de1"
)

// DialEvents subscribes to the progress events of a Dial.
type DialEvents string

// Values of [DialEvents].
const (
	CallProgressEvent DialEvents = "call-progress-event"
)

// Interruption selects the caller's input that interrupts the agent. Twilio takes true
// for any and false for none.
type Interruption string

// Values of [Interruption].
const (
	InterruptNone   Interruption = "none"
	InterruptDTMF   Interruption = "dtmf"
	InterruptSpeech Interruption = "speech"
	InterruptAny    Interruption = "any"
)

// ReportedInput selects the caller's input that reaches the server while the agent speaks.
type ReportedInput string

// Values of [ReportedInput].
const (
	ReportNone   ReportedInput = "none"
	ReportDTMF   ReportedInput = "dtmf"
	ReportSpeech ReportedInput = "speech"
	ReportAny    ReportedInput = "any"
)

// Sensitivity is the ease with which the caller's voice interrupts the agent.
type Sensitivity string

// Values of [Sensitivity].
const (
	SensitivityLow    Sensitivity = "low"
	SensitivityMedium Sensitivity = "medium"
	SensitivityHigh   Sensitivity = "high"
)

// Normalization selects whether numbers and the like are spelled out before they are spoken.
type Normalization string

// Values of [Normalization].
const (
	NormalizationOn   Normalization = "on"
	NormalizationAuto Normalization = "auto"
	NormalizationOff  Normalization = "off"
)

// MediaFilterType is the kind of sound that a MediaFilter removes.
type MediaFilterType string

// Values of [MediaFilterType].
const (
	FilterNoise MediaFilterType = "noise"
)

// RelayDebug is a kind of message that ConversationRelay sends besides the standard ones.
type RelayDebug string

// Values of [RelayDebug].
const (
	RelayDebugging     RelayDebug = "debugging"
	RelaySpeakerEvents RelayDebug = "speaker-events"
	RelayTokensPlayed  RelayDebug = "tokens-played"
)

// RejectReason selects the message or the busy tone that a rejected caller hears.
type RejectReason string

// Values of [RejectReason].
const (
	ReasonRejected RejectReason = "rejected"
	ReasonBusy     RejectReason = "busy"
)

// PaymentMethod is how the caller pays.
type PaymentMethod string

// Values of [PaymentMethod].
const (
	PayAchDebit   PaymentMethod = "ach-debit"
	PayCreditCard PaymentMethod = "credit-card"
)

// BankAccountType is the kind of account an ACH debit is taken from.
type BankAccountType string

// Values of [BankAccountType].
const (
	ConsumerChecking   BankAccountType = "consumer-checking"
	ConsumerSavings    BankAccountType = "consumer-savings"
	CommercialChecking BankAccountType = "commercial-checking"
	CommercialSavings  BankAccountType = "commercial-savings"
)

// TokenType is the kind of token a tokenized payment yields.
type TokenType string

// Values of [TokenType].
const (
	TokenOneTime       TokenType = "one-time"
	TokenReusable      TokenType = "reusable"
	TokenPaymentMethod TokenType = "payment-method"
)

// CardType is a brand of payment card.
type CardType string

// Values of [CardType].
const (
	Visa       CardType = "visa"
	Mastercard CardType = "mastercard"
	Amex       CardType = "amex"
	Maestro    CardType = "maestro"
	Discover   CardType = "discover"
	Optima     CardType = "optima"
	JCB        CardType = "jcb"
	DinersClub CardType = "diners-club"
	Enroute    CardType = "enroute"
)

// PaymentStep is the step of a payment that a Prompt belongs to.
type PaymentStep string

// Values of [PaymentStep].
const (
	StepPaymentCardNumber PaymentStep = "payment-card-number"
	StepExpirationDate    PaymentStep = "expiration-date"
	StepSecurityCode      PaymentStep = "security-code"
	StepPostalCode        PaymentStep = "postal-code"
	StepPaymentProcessing PaymentStep = "payment-processing"
	StepBankAccountNumber PaymentStep = "bank-account-number"
	StepBankRoutingNumber PaymentStep = "bank-routing-number"
)

// PaymentError is the failure of a payment step that a Prompt answers.
type PaymentError string

// Values of [PaymentError].
const (
	ErrorTimeout                  PaymentError = "timeout"
	ErrorInvalidCardNumber        PaymentError = "invalid-card-number"
	ErrorInvalidCardType          PaymentError = "invalid-card-type"
	ErrorInvalidDate              PaymentError = "invalid-date"
	ErrorInvalidSecurityCode      PaymentError = "invalid-security-code"
	ErrorInternalError            PaymentError = "internal-error"
	ErrorInputMatchingFailed      PaymentError = "input-matching-failed"
	ErrorInvalidBankAccountNumber PaymentError = "invalid-bank-account-number"
	ErrorInvalidBankRoutingNumber PaymentError = "invalid-bank-routing-number"
)

// BreakStrength is the length of a pause in speech, relative to the voice.
type BreakStrength string

// Values of [BreakStrength].
const (
	BreakNone    BreakStrength = "none"
	BreakXWeak   BreakStrength = "x-weak"
	BreakWeak    BreakStrength = "weak"
	BreakMedium  BreakStrength = "medium"
	BreakStrong  BreakStrength = "strong"
	BreakXStrong BreakStrength = "x-strong"
)

// EmphasisLevel is how strongly words are stressed.
type EmphasisLevel string

// Values of [EmphasisLevel].
const (
	EmphasisStrong   EmphasisLevel = "strong"
	EmphasisModerate EmphasisLevel = "moderate"
	EmphasisReduced  EmphasisLevel = "reduced"
)

// Alphabet is the notation of a pronunciation.
type Alphabet string

// Values of [Alphabet].
const (
	IPA            Alphabet = "ipa"
	XSAMPA         Alphabet = "x-sampa"
	AmazonJyutping Alphabet = "x-amazon-jyutping"
	AmazonPinyin   Alphabet = "x-amazon-pinyin"
	AmazonPronKana Alphabet = "x-amazon-pron-kana"
	AmazonYomigana Alphabet = "x-amazon-yomigana"
)

// InterpretAs is the kind of thing that spoken characters stand for.
type InterpretAs string

// Values of [InterpretAs].
const (
	AsCharacters InterpretAs = "characters"
	AsSpellOut   InterpretAs = "spell-out"
	AsCardinal   InterpretAs = "cardinal"
	AsNumber     InterpretAs = "number"
	AsOrdinal    InterpretAs = "ordinal"
	AsDigits     InterpretAs = "digits"
	AsFraction   InterpretAs = "fraction"
	AsUnit       InterpretAs = "unit"
	AsDate       InterpretAs = "date"
	AsTime       InterpretAs = "time"
	AsAddress    InterpretAs = "address"
	AsExpletive  InterpretAs = "expletive"
	AsTelephone  InterpretAs = "telephone"
)

// DateFormat is the order of day, month and year in a spoken date.
type DateFormat string

// Values of [DateFormat].
const (
	DateMDY      DateFormat = "mdy"
	DateDMY      DateFormat = "dmy"
	DateYMD      DateFormat = "ymd"
	DateMD       DateFormat = "md"
	DateDM       DateFormat = "dm"
	DateYM       DateFormat = "ym"
	DateMY       DateFormat = "my"
	DateD        DateFormat = "d"
	DateM        DateFormat = "m"
	DateY        DateFormat = "y"
	DateYYYYMMDD DateFormat = "yyyymmdd"
)
