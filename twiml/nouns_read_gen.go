// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

import "time"

func (x *AISession) set(name, value string) bool {
	switch name {
	case "aiConnector":
		x.AIConnector = present(value)
		return true
	case "aiSessionConfiguration":
		x.AISessionConfiguration = present(value)
		return true
	}
	return false
}

func (x *AISession) add(string) element { return nil }

func (x *AISession) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Application) set(name, value string) bool {
	switch name {
	case "copyParentTo":
		x.CopyParentTo = Bool(present(value))
		return true
	case "customerId":
		x.CustomerID = present(value)
		return true
	case "method":
		x.Method = Method(present(value))
		return true
	case "statusCallback":
		x.StatusCallback = present(value)
		return true
	case "statusCallbackEvent":
		x.StatusCallbackEvent = readList[CallEvent](value)
		return true
	case "statusCallbackMethod":
		x.StatusCallbackMethod = Method(present(value))
		return true
	case "url":
		x.URL = present(value)
		return true
	}
	return false
}

func (x *Application) add(name string) element {
	switch name {
	case "ApplicationSid":
		if x.ApplicationSID == nil {
			x.ApplicationSID = new(ApplicationSID)
			return x.ApplicationSID
		}
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1]
	}
	return nil
}

func (x *Application) chars(s string) {
	x.SID += trimSpace(s)
}

func (x *ApplicationSID) set(_, _ string) bool { return false }

func (x *ApplicationSID) add(string) element { return nil }

func (x *ApplicationSID) chars(s string) {
	x.SID += trimSpace(s)
}

func (x *Assistant) set(name, value string) bool {
	switch name {
	case "debug":
		x.Debug = present(value)
		return true
	case "dtmfDetection":
		x.DTMFDetection = Bool(present(value))
		return true
	case "elevenlabsTextNormalization":
		x.ElevenlabsTextNormalization = present(value)
		return true
	case "hints":
		x.Hints = present(value)
		return true
	case "id":
		x.ID = present(value)
		return true
	case "intelligenceService":
		x.IntelligenceService = present(value)
		return true
	case "interruptSensitivity":
		x.InterruptSensitivity = present(value)
		return true
	case "interruptible":
		x.Interruptible = present(value)
		return true
	case "language":
		x.Language = present(value)
		return true
	case "partialPrompts":
		x.PartialPrompts = Bool(present(value))
		return true
	case "preemptible":
		x.Preemptible = Bool(present(value))
		return true
	case "profanityFilter":
		x.ProfanityFilter = Bool(present(value))
		return true
	case "reportInputDuringAgentSpeech":
		x.ReportInputDuringAgentSpeech = Bool(present(value))
		return true
	case "speechModel":
		x.SpeechModel = present(value)
		return true
	case "transcriptionLanguage":
		x.TranscriptionLanguage = present(value)
		return true
	case "transcriptionProvider":
		x.TranscriptionProvider = present(value)
		return true
	case "ttsLanguage":
		x.TTSLanguage = present(value)
		return true
	case "ttsProvider":
		x.TTSProvider = present(value)
		return true
	case "voice":
		x.Voice = present(value)
		return true
	case "welcomeGreeting":
		x.WelcomeGreeting = present(value)
		return true
	case "welcomeGreetingInterruptible":
		x.WelcomeGreetingInterruptible = present(value)
		return true
	}
	return false
}

func (x *Assistant) add(name string) element {
	switch name {
	case "Language":
		x.Languages = grow(x.Languages, Language{})
		return &x.Languages[len(x.Languages)-1]
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1]
	}
	return nil
}

func (x *Assistant) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Autopilot) set(_, _ string) bool { return false }

func (x *Autopilot) add(string) element { return nil }

func (x *Autopilot) chars(s string) {
	x.Name += trimSpace(s)
}

func (x *Client) set(name, value string) bool {
	switch name {
	case "clientNotificationUrl":
		x.ClientNotificationURL = present(value)
		return true
	case "method":
		x.Method = Method(present(value))
		return true
	case "statusCallback":
		x.StatusCallback = present(value)
		return true
	case "statusCallbackEvent":
		x.StatusCallbackEvent = readList[CallEvent](value)
		return true
	case "statusCallbackMethod":
		x.StatusCallbackMethod = Method(present(value))
		return true
	case "url":
		x.URL = present(value)
		return true
	}
	return false
}

func (x *Client) add(name string) element {
	switch name {
	case "Identity":
		if x.Identity == nil {
			x.Identity = new(Identity)
			return x.Identity
		}
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1]
	}
	return nil
}

func (x *Client) chars(s string) {
	x.Name += trimSpace(s)
}

func (x *Conference) set(name, value string) bool {
	switch name {
	case "beep":
		x.Beep = Beep(present(value))
		return true
	case "coach":
		x.Coach = present(value)
		return true
	case "endConferenceOnExit":
		x.EndConferenceOnExit = Bool(present(value))
		return true
	case "eventCallbackUrl":
		x.EventCallbackURL = present(value)
		return true
	case "jitterBufferSize":
		x.JitterBufferSize = JitterBuffer(present(value))
		return true
	case "maxParticipants":
		return readInt(&x.MaxParticipants, value)
	case "muted":
		x.Muted = Bool(present(value))
		return true
	case "participantLabel":
		x.ParticipantLabel = present(value)
		return true
	case "record":
		x.Record = ConferenceRecording(present(value))
		return true
	case "recordingConfigurationId":
		x.RecordingConfigurationID = present(value)
		return true
	case "recordingStatusCallback":
		x.RecordingStatusCallback = present(value)
		return true
	case "recordingStatusCallbackEvent":
		x.RecordingStatusCallbackEvent = readList[RecordingEvent](value)
		return true
	case "recordingStatusCallbackMethod":
		x.RecordingStatusCallbackMethod = Method(present(value))
		return true
	case "region":
		x.Region = Region(present(value))
		return true
	case "startConferenceOnEnter":
		x.StartConferenceOnEnter = Bool(present(value))
		return true
	case "statusCallback":
		x.StatusCallback = present(value)
		return true
	case "statusCallbackEvent":
		x.StatusCallbackEvent = readList[ConferenceEvent](value)
		return true
	case "statusCallbackMethod":
		x.StatusCallbackMethod = Method(present(value))
		return true
	case "trim":
		x.Trim = Trim(present(value))
		return true
	case "waitMethod":
		x.WaitMethod = Method(present(value))
		return true
	case "waitUrl":
		x.WaitURL = present(value)
		return true
	}
	return false
}

func (x *Conference) add(string) element { return nil }

func (x *Conference) chars(s string) {
	x.Name += trimSpace(s)
}

func (x *Config) set(name, value string) bool {
	switch name {
	case "name":
		x.Name = present(value)
		return true
	case "value":
		x.Value = present(value)
		return true
	}
	return false
}

func (x *Config) add(string) element { return nil }

func (x *Config) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Conversation) set(name, value string) bool {
	switch name {
	case "inboundAutocreation":
		x.InboundAutocreation = Bool(present(value))
		return true
	case "inboundTimeout":
		return readUnits(&x.InboundTimeout, value, time.Second)
	case "method":
		x.Method = Method(present(value))
		return true
	case "record":
		x.Record = CallRecording(present(value))
		return true
	case "recordingStatusCallback":
		x.RecordingStatusCallback = present(value)
		return true
	case "recordingStatusCallbackEvent":
		x.RecordingStatusCallbackEvent = readList[RecordingEvent](value)
		return true
	case "recordingStatusCallbackMethod":
		x.RecordingStatusCallbackMethod = Method(present(value))
		return true
	case "routingAssignmentTimeout":
		return readUnits(&x.RoutingAssignmentTimeout, value, time.Second)
	case "serviceInstanceSid":
		x.ServiceInstanceSID = present(value)
		return true
	case "statusCallback":
		x.StatusCallback = present(value)
		return true
	case "statusCallbackEvent":
		x.StatusCallbackEvent = readList[ConversationEvent](value)
		return true
	case "statusCallbackMethod":
		x.StatusCallbackMethod = Method(present(value))
		return true
	case "trim":
		x.Trim = Trim(present(value))
		return true
	case "url":
		x.URL = present(value)
		return true
	}
	return false
}

func (x *Conversation) add(string) element { return nil }

func (x *Conversation) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *ConversationRelay) set(name, value string) bool {
	switch name {
	case "backgroundNoiseReduction":
		x.BackgroundNoiseReduction = present(value)
		return true
	case "conversationConfiguration":
		x.ConversationConfiguration = present(value)
		return true
	case "debug":
		x.Debug = readList[RelayDebug](value)
		return true
	case "deepgramSmartFormat":
		x.DeepgramSmartFormat = present(value)
		return true
	case "dtmfDetection":
		x.DTMFDetection = Bool(present(value))
		return true
	case "elevenlabsTextNormalization":
		x.ElevenlabsTextNormalization = Normalization(present(value))
		return true
	case "events":
		x.Events = present(value)
		return true
	case "hints":
		x.Hints = present(value)
		return true
	case "ignoreBackchannel":
		x.IgnoreBackchannel = present(value)
		return true
	case "intelligenceService":
		x.IntelligenceService = present(value)
		return true
	case "interruptSensitivity":
		x.InterruptSensitivity = Sensitivity(present(value))
		return true
	case "interruptible":
		x.Interruptible = Interruption(present(value))
		return true
	case "language":
		x.Language = present(value)
		return true
	case "partialPrompts":
		x.PartialPrompts = Bool(present(value))
		return true
	case "preemptible":
		x.Preemptible = Bool(present(value))
		return true
	case "profanityFilter":
		x.ProfanityFilter = Bool(present(value))
		return true
	case "reportInputDuringAgentSpeech":
		x.ReportInputDuringAgentSpeech = Interruption(present(value))
		return true
	case "speechModel":
		x.SpeechModel = present(value)
		return true
	case "speechTimeout":
		x.SpeechTimeout = present(value)
		return true
	case "transcriptionLanguage":
		x.TranscriptionLanguage = present(value)
		return true
	case "transcriptionProvider":
		x.TranscriptionProvider = present(value)
		return true
	case "ttsLanguage":
		x.TTSLanguage = present(value)
		return true
	case "ttsProvider":
		x.TTSProvider = present(value)
		return true
	case "url":
		x.URL = present(value)
		return true
	case "voice":
		x.Voice = present(value)
		return true
	case "welcomeGreeting":
		x.WelcomeGreeting = present(value)
		return true
	case "welcomeGreetingInterruptible":
		x.WelcomeGreetingInterruptible = Interruption(present(value))
		return true
	}
	return false
}

func (x *ConversationRelay) add(name string) element {
	switch name {
	case "Language":
		x.Languages = grow(x.Languages, Language{})
		return &x.Languages[len(x.Languages)-1]
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1]
	}
	return nil
}

func (x *ConversationRelay) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *ConversationRelaySession) set(name, value string) bool {
	switch name {
	case "connector":
		x.Connector = present(value)
		return true
	case "sessionConfiguration":
		x.SessionConfiguration = present(value)
		return true
	}
	return false
}

func (x *ConversationRelaySession) add(string) element { return nil }

func (x *ConversationRelaySession) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Header) set(name, value string) bool {
	switch name {
	case "name":
		x.Name = present(value)
		return true
	case "value":
		x.Value = present(value)
		return true
	}
	return false
}

func (x *Header) add(string) element { return nil }

func (x *Header) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Headers) set(_, _ string) bool { return false }

func (x *Headers) add(name string) element {
	switch name {
	case "Header":
		x.Headers = grow(x.Headers, Header{})
		return &x.Headers[len(x.Headers)-1]
	}
	return nil
}

func (x *Headers) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Identity) set(_, _ string) bool { return false }

func (x *Identity) add(string) element { return nil }

func (x *Identity) chars(s string) {
	x.Name += trimSpace(s)
}

func (x *Language) set(name, value string) bool {
	switch name {
	case "code":
		x.Code = present(value)
		return true
	case "speechModel":
		x.SpeechModel = present(value)
		return true
	case "transcriptionProvider":
		x.TranscriptionProvider = present(value)
		return true
	case "ttsProvider":
		x.TTSProvider = present(value)
		return true
	case "voice":
		x.Voice = present(value)
		return true
	}
	return false
}

func (x *Language) add(string) element { return nil }

func (x *Language) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Number) set(name, value string) bool {
	switch name {
	case "amdStatusCallback":
		x.AMDStatusCallback = present(value)
		return true
	case "amdStatusCallbackMethod":
		x.AMDStatusCallbackMethod = Method(present(value))
		return true
	case "byoc":
		x.BYOC = present(value)
		return true
	case "machineDetection":
		x.MachineDetection = MachineDetection(present(value))
		return true
	case "machineDetectionSilenceTimeout":
		return readUnits(&x.MachineDetectionSilenceTimeout, value, time.Millisecond)
	case "machineDetectionSpeechEndThreshold":
		return readUnits(&x.MachineDetectionSpeechEndThreshold, value, time.Millisecond)
	case "machineDetectionSpeechThreshold":
		return readUnits(&x.MachineDetectionSpeechThreshold, value, time.Millisecond)
	case "machineDetectionTimeout":
		return readUnits(&x.MachineDetectionTimeout, value, time.Second)
	case "method":
		x.Method = Method(present(value))
		return true
	case "sendDigits":
		x.SendDigits = present(value)
		return true
	case "statusCallback":
		x.StatusCallback = present(value)
		return true
	case "statusCallbackEvent":
		x.StatusCallbackEvent = readList[CallEvent](value)
		return true
	case "statusCallbackMethod":
		x.StatusCallbackMethod = Method(present(value))
		return true
	case "url":
		x.URL = present(value)
		return true
	}
	return false
}

func (x *Number) add(string) element { return nil }

func (x *Number) chars(s string) {
	x.PhoneNumber += trimSpace(s)
}

func (x *Parameter) set(name, value string) bool {
	switch name {
	case "name":
		x.Name = present(value)
		return true
	case "value":
		x.Value = present(value)
		return true
	}
	return false
}

func (x *Parameter) add(string) element { return nil }

func (x *Parameter) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Queue) set(name, value string) bool {
	switch name {
	case "method":
		x.Method = Method(present(value))
		return true
	case "postWorkActivitySid":
		x.PostWorkActivitySID = present(value)
		return true
	case "reservationSid":
		x.ReservationSID = present(value)
		return true
	case "url":
		x.URL = present(value)
		return true
	}
	return false
}

func (x *Queue) add(string) element { return nil }

func (x *Queue) chars(s string) {
	x.Name += trimSpace(s)
}

func (x *Recording) set(name, value string) bool {
	switch name {
	case "channels":
		x.Channels = Channels(present(value))
		return true
	case "recordingConfigurationId":
		x.RecordingConfigurationID = present(value)
		return true
	case "recordingStatusCallback":
		x.RecordingStatusCallback = present(value)
		return true
	case "recordingStatusCallbackEvent":
		x.RecordingStatusCallbackEvent = readList[RecordingEvent](value)
		return true
	case "recordingStatusCallbackMethod":
		x.RecordingStatusCallbackMethod = Method(present(value))
		return true
	case "track":
		x.Track = RecordedTrack(present(value))
		return true
	case "trim":
		x.Trim = Trim(present(value))
		return true
	}
	return false
}

func (x *Recording) add(string) element { return nil }

func (x *Recording) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *ReferSip) set(_, _ string) bool { return false }

func (x *ReferSip) add(string) element { return nil }

func (x *ReferSip) chars(s string) {
	x.URI += trimSpace(s)
}

func (x *Room) set(name, value string) bool {
	switch name {
	case "participantIdentity":
		x.ParticipantIdentity = present(value)
		return true
	}
	return false
}

func (x *Room) add(string) element { return nil }

func (x *Room) chars(s string) {
	x.Name += trimSpace(s)
}

func (x *Sim) set(_, _ string) bool { return false }

func (x *Sim) add(string) element { return nil }

func (x *Sim) chars(s string) {
	x.SID += trimSpace(s)
}

func (x *Sip) set(name, value string) bool {
	switch name {
	case "amdStatusCallback":
		x.AMDStatusCallback = present(value)
		return true
	case "amdStatusCallbackMethod":
		x.AMDStatusCallbackMethod = Method(present(value))
		return true
	case "machineDetection":
		x.MachineDetection = MachineDetection(present(value))
		return true
	case "machineDetectionSilenceTimeout":
		return readUnits(&x.MachineDetectionSilenceTimeout, value, time.Millisecond)
	case "machineDetectionSpeechEndThreshold":
		return readUnits(&x.MachineDetectionSpeechEndThreshold, value, time.Millisecond)
	case "machineDetectionSpeechThreshold":
		return readUnits(&x.MachineDetectionSpeechThreshold, value, time.Millisecond)
	case "machineDetectionTimeout":
		return readUnits(&x.MachineDetectionTimeout, value, time.Second)
	case "method":
		x.Method = Method(present(value))
		return true
	case "password":
		x.Password = present(value)
		return true
	case "statusCallback":
		x.StatusCallback = present(value)
		return true
	case "statusCallbackEvent":
		x.StatusCallbackEvent = readList[CallEvent](value)
		return true
	case "statusCallbackMethod":
		x.StatusCallbackMethod = Method(present(value))
		return true
	case "url":
		x.URL = present(value)
		return true
	case "username":
		x.Username = present(value)
		return true
	}
	return false
}

func (x *Sip) add(name string) element {
	switch name {
	case "Headers":
		if x.Headers == nil {
			x.Headers = new(Headers)
			return x.Headers
		}
	case "Uri":
		x.URIs = grow(x.URIs, SipURI{})
		return &x.URIs[len(x.URIs)-1]
	}
	return nil
}

func (x *Sip) chars(s string) {
	x.URI += trimSpace(s)
}

func (x *SipURI) set(name, value string) bool {
	switch name {
	case "password":
		x.Password = present(value)
		return true
	case "priority":
		x.Priority = present(value)
		return true
	case "username":
		x.Username = present(value)
		return true
	case "weight":
		x.Weight = present(value)
		return true
	}
	return false
}

func (x *SipURI) add(string) element { return nil }

func (x *SipURI) chars(s string) {
	x.URI += trimSpace(s)
}

func (x *Siprec) set(name, value string) bool {
	switch name {
	case "connectorName":
		x.ConnectorName = present(value)
		return true
	case "name":
		x.Name = present(value)
		return true
	case "statusCallback":
		x.StatusCallback = present(value)
		return true
	case "statusCallbackMethod":
		x.StatusCallbackMethod = Method(present(value))
		return true
	case "track":
		x.Track = Track(present(value))
		return true
	}
	return false
}

func (x *Siprec) add(name string) element {
	switch name {
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1]
	}
	return nil
}

func (x *Siprec) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Stream) set(name, value string) bool {
	switch name {
	case "audioFormat":
		x.AudioFormat = present(value)
		return true
	case "connectorName":
		x.ConnectorName = present(value)
		return true
	case "name":
		x.Name = present(value)
		return true
	case "sampleRate":
		x.SampleRate = present(value)
		return true
	case "statusCallback":
		x.StatusCallback = present(value)
		return true
	case "statusCallbackMethod":
		x.StatusCallbackMethod = Method(present(value))
		return true
	case "track":
		x.Track = Track(present(value))
		return true
	case "url":
		x.URL = present(value)
		return true
	}
	return false
}

func (x *Stream) add(name string) element {
	switch name {
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1]
	}
	return nil
}

func (x *Stream) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Task) set(name, value string) bool {
	switch name {
	case "priority":
		return readInt(&x.Priority, value)
	case "timeout":
		return readUnits(&x.Timeout, value, time.Second)
	}
	return false
}

func (x *Task) add(string) element { return nil }

func (x *Task) chars(s string) {
	x.JSON += trimSpace(s)
}

func (x *Transcription) set(name, value string) bool {
	switch name {
	case "conversationConfiguration":
		x.ConversationConfiguration = present(value)
		return true
	case "conversationId":
		x.ConversationID = present(value)
		return true
	case "enableAutomaticPunctuation":
		x.EnableAutomaticPunctuation = Bool(present(value))
		return true
	case "enableProviderData":
		x.EnableProviderData = Bool(present(value))
		return true
	case "hints":
		x.Hints = present(value)
		return true
	case "inboundTrackLabel":
		x.InboundTrackLabel = present(value)
		return true
	case "intelligenceService":
		x.IntelligenceService = present(value)
		return true
	case "languageCode":
		x.LanguageCode = present(value)
		return true
	case "name":
		x.Name = present(value)
		return true
	case "outboundTrackLabel":
		x.OutboundTrackLabel = present(value)
		return true
	case "partialResults":
		x.PartialResults = Bool(present(value))
		return true
	case "profanityFilter":
		x.ProfanityFilter = Bool(present(value))
		return true
	case "speechModel":
		x.SpeechModel = present(value)
		return true
	case "statusCallbackMethod":
		x.StatusCallbackMethod = Method(present(value))
		return true
	case "statusCallbackUrl":
		x.StatusCallbackURL = present(value)
		return true
	case "track":
		x.Track = Track(present(value))
		return true
	case "transcriptionEngine":
		x.TranscriptionEngine = present(value)
		return true
	}
	return false
}

func (x *Transcription) add(name string) element {
	switch name {
	case "Config":
		x.Configs = grow(x.Configs, Config{})
		return &x.Configs[len(x.Configs)-1]
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1]
	}
	return nil
}

func (x *Transcription) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *VirtualAgent) set(name, value string) bool {
	switch name {
	case "connectorName":
		x.ConnectorName = present(value)
		return true
	case "language":
		x.Language = present(value)
		return true
	case "sentimentAnalysis":
		x.SentimentAnalysis = Bool(present(value))
		return true
	case "statusCallback":
		x.StatusCallback = present(value)
		return true
	case "statusCallbackMethod":
		x.StatusCallbackMethod = Method(present(value))
		return true
	}
	return false
}

func (x *VirtualAgent) add(name string) element {
	switch name {
	case "Config":
		x.Configs = grow(x.Configs, Config{})
		return &x.Configs[len(x.Configs)-1]
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1]
	}
	return nil
}

func (x *VirtualAgent) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *WhatsApp) set(name, value string) bool {
	switch name {
	case "method":
		x.Method = Method(present(value))
		return true
	case "statusCallback":
		x.StatusCallback = present(value)
		return true
	case "statusCallbackEvent":
		x.StatusCallbackEvent = readList[CallEvent](value)
		return true
	case "statusCallbackMethod":
		x.StatusCallbackMethod = Method(present(value))
		return true
	case "url":
		x.URL = present(value)
		return true
	}
	return false
}

func (x *WhatsApp) add(string) element { return nil }

func (x *WhatsApp) chars(s string) {
	x.PhoneNumber += trimSpace(s)
}
