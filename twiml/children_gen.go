// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

// Verb is a child of Response: one step of the call.
// Every one takes [Text], [Comment], [ProcInst] and *[Element] too. Its elements are
// [Connect], [Dial], [Echo], [Enqueue], [Gather], [Hangup], [Leave], [Pause],
// [Pay], [Play], [Prompt], [Queue], [Record], [Redirect], [Refer], [Reject],
// [Say], [Sms], [Start], [Stop].
type Verb interface {
	Node
	isVerb()
}

// Audible is a child of Gather and Prompt: audio for the caller meanwhile.
// Every one takes [Text], [Comment], [ProcInst] and *[Element] too. Its elements are
// [Pause], [Play], [Say].
type Audible interface {
	Node
	isAudible()
}

// DialNoun is a child of Dial: the party to call.
// Every one takes [Text], [Comment], [ProcInst] and *[Element] too. Its elements are
// [Application], [Client], [Conference], [Number], [Queue], [Sim], [Sip],
// [WhatsApp].
type DialNoun interface {
	Node
	isDialNoun()
}

// ConnectNoun is the child of Connect: the service that takes the call over.
// Every one takes [Text], [Comment], [ProcInst] and *[Element] too. Its elements are
// [AISession], [Autopilot], [Conversation], [ConversationRelay],
// [ConversationRelaySession], [Room], [Stream], [VirtualAgent].
type ConnectNoun interface {
	Node
	isConnectNoun()
}

// StartNoun is a child of Start: a process that starts to run beside the call.
// Every one takes [Text], [Comment], [ProcInst] and *[Element] too. Its elements are
// [MediaFilter], [Recording], [Siprec], [Stream], [Transcription].
type StartNoun interface {
	Node
	isStartNoun()
}

// StopNoun is a child of Stop: a process that Start began.
// Every one takes [Text], [Comment], [ProcInst] and *[Element] too. Its elements are
// [MediaFilter], [Recording], [Siprec], [Stream], [Transcription].
type StopNoun interface {
	Node
	isStopNoun()
}

// Speech is a piece of speech: a child of Say, Lang and Prosody.
// Every one takes [Text], [Comment], [ProcInst] and *[Element] too. Its elements are
// [Break], [Emphasis], [Lang], [Paragraph], [Phoneme], [Prosody], [Sentence],
// [SayAs], [Sub], [Word].
type Speech interface {
	Node
	isSpeech()
}

// ParagraphSpeech is a piece of speech inside a Paragraph.
// Every one takes [Text], [Comment], [ProcInst] and *[Element] too. Its elements are
// [Break], [Emphasis], [Lang], [Phoneme], [Prosody], [Sentence], [SayAs],
// [Sub], [Word].
type ParagraphSpeech interface {
	Node
	isParagraphSpeech()
}

// SentenceSpeech is a piece of speech inside a Sentence or an Emphasis.
// Every one takes [Text], [Comment], [ProcInst] and *[Element] too. Its elements are
// [Break], [Emphasis], [Lang], [Phoneme], [Prosody], [SayAs], [Sub], [Word].
type SentenceSpeech interface {
	Node
	isSentenceSpeech()
}

// WordSpeech is a piece of speech inside a Word.
// Every one takes [Text], [Comment], [ProcInst] and *[Element] too. Its elements are
// [Break], [Emphasis], [Phoneme], [Prosody], [SayAs], [Sub].
type WordSpeech interface {
	Node
	isWordSpeech()
}

func (*Connect) isVerb()  {}
func (*Dial) isVerb()     {}
func (*Echo) isVerb()     {}
func (*Enqueue) isVerb()  {}
func (*Gather) isVerb()   {}
func (*Hangup) isVerb()   {}
func (*Leave) isVerb()    {}
func (*Pause) isVerb()    {}
func (*Pay) isVerb()      {}
func (*Play) isVerb()     {}
func (*Prompt) isVerb()   {}
func (*Queue) isVerb()    {}
func (*Record) isVerb()   {}
func (*Redirect) isVerb() {}
func (*Refer) isVerb()    {}
func (*Reject) isVerb()   {}
func (*Say) isVerb()      {}
func (*Sms) isVerb()      {}
func (*Start) isVerb()    {}
func (*Stop) isVerb()     {}
func (*Element) isVerb()  {}
func (Comment) isVerb()   {}
func (ProcInst) isVerb()  {}
func (Text) isVerb()      {}

func (*Pause) isAudible()   {}
func (*Play) isAudible()    {}
func (*Say) isAudible()     {}
func (*Element) isAudible() {}
func (Comment) isAudible()  {}
func (ProcInst) isAudible() {}
func (Text) isAudible()     {}

func (*Application) isDialNoun() {}
func (*Client) isDialNoun()      {}
func (*Conference) isDialNoun()  {}
func (*Number) isDialNoun()      {}
func (*Queue) isDialNoun()       {}
func (*Sim) isDialNoun()         {}
func (*Sip) isDialNoun()         {}
func (*WhatsApp) isDialNoun()    {}
func (*Element) isDialNoun()     {}
func (Comment) isDialNoun()      {}
func (ProcInst) isDialNoun()     {}
func (Text) isDialNoun()         {}

func (*AISession) isConnectNoun()                {}
func (*Autopilot) isConnectNoun()                {}
func (*Conversation) isConnectNoun()             {}
func (*ConversationRelay) isConnectNoun()        {}
func (*ConversationRelaySession) isConnectNoun() {}
func (*Room) isConnectNoun()                     {}
func (*Stream) isConnectNoun()                   {}
func (*VirtualAgent) isConnectNoun()             {}
func (*Element) isConnectNoun()                  {}
func (Comment) isConnectNoun()                   {}
func (ProcInst) isConnectNoun()                  {}
func (Text) isConnectNoun()                      {}

func (*MediaFilter) isStartNoun()   {}
func (*Recording) isStartNoun()     {}
func (*Siprec) isStartNoun()        {}
func (*Stream) isStartNoun()        {}
func (*Transcription) isStartNoun() {}
func (*Element) isStartNoun()       {}
func (Comment) isStartNoun()        {}
func (ProcInst) isStartNoun()       {}
func (Text) isStartNoun()           {}

func (*MediaFilter) isStopNoun()   {}
func (*Recording) isStopNoun()     {}
func (*Siprec) isStopNoun()        {}
func (*Stream) isStopNoun()        {}
func (*Transcription) isStopNoun() {}
func (*Element) isStopNoun()       {}
func (Comment) isStopNoun()        {}
func (ProcInst) isStopNoun()       {}
func (Text) isStopNoun()           {}

func (*Break) isSpeech()     {}
func (*Emphasis) isSpeech()  {}
func (*Lang) isSpeech()      {}
func (*Paragraph) isSpeech() {}
func (*Phoneme) isSpeech()   {}
func (*Prosody) isSpeech()   {}
func (*Sentence) isSpeech()  {}
func (*SayAs) isSpeech()     {}
func (*Sub) isSpeech()       {}
func (*Word) isSpeech()      {}
func (*Element) isSpeech()   {}
func (Comment) isSpeech()    {}
func (ProcInst) isSpeech()   {}
func (Text) isSpeech()       {}

func (*Break) isParagraphSpeech()    {}
func (*Emphasis) isParagraphSpeech() {}
func (*Lang) isParagraphSpeech()     {}
func (*Phoneme) isParagraphSpeech()  {}
func (*Prosody) isParagraphSpeech()  {}
func (*Sentence) isParagraphSpeech() {}
func (*SayAs) isParagraphSpeech()    {}
func (*Sub) isParagraphSpeech()      {}
func (*Word) isParagraphSpeech()     {}
func (*Element) isParagraphSpeech()  {}
func (Comment) isParagraphSpeech()   {}
func (ProcInst) isParagraphSpeech()  {}
func (Text) isParagraphSpeech()      {}

func (*Break) isSentenceSpeech()    {}
func (*Emphasis) isSentenceSpeech() {}
func (*Lang) isSentenceSpeech()     {}
func (*Phoneme) isSentenceSpeech()  {}
func (*Prosody) isSentenceSpeech()  {}
func (*SayAs) isSentenceSpeech()    {}
func (*Sub) isSentenceSpeech()      {}
func (*Word) isSentenceSpeech()     {}
func (*Element) isSentenceSpeech()  {}
func (Comment) isSentenceSpeech()   {}
func (ProcInst) isSentenceSpeech()  {}
func (Text) isSentenceSpeech()      {}

func (*Break) isWordSpeech()    {}
func (*Emphasis) isWordSpeech() {}
func (*Phoneme) isWordSpeech()  {}
func (*Prosody) isWordSpeech()  {}
func (*SayAs) isWordSpeech()    {}
func (*Sub) isWordSpeech()      {}
func (*Element) isWordSpeech()  {}
func (Comment) isWordSpeech()   {}
func (ProcInst) isWordSpeech()  {}
func (Text) isWordSpeech()      {}

// newVerb returns an empty element, or nil when none has that name.
func newVerb(name string) Verb {
	switch name {
	case "Connect":
		return new(Connect)
	case "Dial":
		return new(Dial)
	case "Echo":
		return new(Echo)
	case "Enqueue":
		return new(Enqueue)
	case "Gather":
		return new(Gather)
	case "Hangup":
		return new(Hangup)
	case "Leave":
		return new(Leave)
	case "Pause":
		return new(Pause)
	case "Pay":
		return new(Pay)
	case "Play":
		return new(Play)
	case "Prompt":
		return new(Prompt)
	case "Queue":
		return new(Queue)
	case "Record":
		return new(Record)
	case "Redirect":
		return new(Redirect)
	case "Refer":
		return new(Refer)
	case "Reject":
		return new(Reject)
	case "Say":
		return new(Say)
	case "Sms":
		return new(Sms)
	case "Start":
		return new(Start)
	case "Stop":
		return new(Stop)
	}
	return nil
}

// newAudible returns an empty element, or nil when none has that name.
func newAudible(name string) Audible {
	switch name {
	case "Pause":
		return new(Pause)
	case "Play":
		return new(Play)
	case "Say":
		return new(Say)
	}
	return nil
}

// newDialNoun returns an empty element, or nil when none has that name.
func newDialNoun(name string) DialNoun {
	switch name {
	case "Application":
		return new(Application)
	case "Client":
		return new(Client)
	case "Conference":
		return new(Conference)
	case "Number":
		return new(Number)
	case "Queue":
		return new(Queue)
	case "Sim":
		return new(Sim)
	case "Sip":
		return new(Sip)
	case "WhatsApp":
		return new(WhatsApp)
	}
	return nil
}

// newConnectNoun returns an empty element, or nil when none has that name.
func newConnectNoun(name string) ConnectNoun {
	switch name {
	case "AiSession":
		return new(AISession)
	case "Autopilot":
		return new(Autopilot)
	case "Conversation":
		return new(Conversation)
	case "ConversationRelay":
		return new(ConversationRelay)
	case "ConversationRelaySession":
		return new(ConversationRelaySession)
	case "Room":
		return new(Room)
	case "Stream":
		return new(Stream)
	case "VirtualAgent":
		return new(VirtualAgent)
	}
	return nil
}

// newStartNoun returns an empty element, or nil when none has that name.
func newStartNoun(name string) StartNoun {
	switch name {
	case "MediaFilter":
		return new(MediaFilter)
	case "Recording":
		return new(Recording)
	case "Siprec":
		return new(Siprec)
	case "Stream":
		return new(Stream)
	case "Transcription":
		return new(Transcription)
	}
	return nil
}

// newStopNoun returns an empty element, or nil when none has that name.
func newStopNoun(name string) StopNoun {
	switch name {
	case "MediaFilter":
		return new(MediaFilter)
	case "Recording":
		return new(Recording)
	case "Siprec":
		return new(Siprec)
	case "Stream":
		return new(Stream)
	case "Transcription":
		return new(Transcription)
	}
	return nil
}

// newSpeech returns an empty element, or nil when none has that name.
func newSpeech(name string) Speech {
	switch name {
	case "break":
		return new(Break)
	case "emphasis":
		return new(Emphasis)
	case "lang":
		return new(Lang)
	case "p":
		return new(Paragraph)
	case "phoneme":
		return new(Phoneme)
	case "prosody":
		return new(Prosody)
	case "s":
		return new(Sentence)
	case "say-as":
		return new(SayAs)
	case "sub":
		return new(Sub)
	case "w":
		return new(Word)
	}
	return nil
}

// newParagraphSpeech returns an empty element, or nil when none has that name.
func newParagraphSpeech(name string) ParagraphSpeech {
	switch name {
	case "break":
		return new(Break)
	case "emphasis":
		return new(Emphasis)
	case "lang":
		return new(Lang)
	case "phoneme":
		return new(Phoneme)
	case "prosody":
		return new(Prosody)
	case "s":
		return new(Sentence)
	case "say-as":
		return new(SayAs)
	case "sub":
		return new(Sub)
	case "w":
		return new(Word)
	}
	return nil
}

// newSentenceSpeech returns an empty element, or nil when none has that name.
func newSentenceSpeech(name string) SentenceSpeech {
	switch name {
	case "break":
		return new(Break)
	case "emphasis":
		return new(Emphasis)
	case "lang":
		return new(Lang)
	case "phoneme":
		return new(Phoneme)
	case "prosody":
		return new(Prosody)
	case "say-as":
		return new(SayAs)
	case "sub":
		return new(Sub)
	case "w":
		return new(Word)
	}
	return nil
}

// newWordSpeech returns an empty element, or nil when none has that name.
func newWordSpeech(name string) WordSpeech {
	switch name {
	case "break":
		return new(Break)
	case "emphasis":
		return new(Emphasis)
	case "phoneme":
		return new(Phoneme)
	case "prosody":
		return new(Prosody)
	case "say-as":
		return new(SayAs)
	case "sub":
		return new(Sub)
	}
	return nil
}
