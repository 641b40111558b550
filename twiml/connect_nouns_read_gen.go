// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

import "time"

func (x *AISession) set(name, value string) bool {
	switch name {
	case "aiConnector":
		return read(&x.AIConnector, value)
	case "aiSessionConfiguration":
		return read(&x.AISessionConfiguration, value)
	}
	return false
}

func (x *Assistant) set(name, value string) bool {
	switch name {
	case "debug":
		return read(&x.Debug, value)
	case "dtmfDetection":
		return read(&x.DTMFDetection, value)
	case "elevenlabsTextNormalization":
		return read(&x.ElevenlabsTextNormalization, value)
	case "hints":
		return read(&x.Hints, value)
	case "id":
		return read(&x.ID, value)
	case "intelligenceService":
		return read(&x.IntelligenceService, value)
	case "interruptSensitivity":
		return read(&x.InterruptSensitivity, value)
	case "interruptible":
		return read(&x.Interruptible, value)
	case "language":
		return read(&x.Language, value)
	case "partialPrompts":
		return read(&x.PartialPrompts, value)
	case "preemptible":
		return read(&x.Preemptible, value)
	case "profanityFilter":
		return read(&x.ProfanityFilter, value)
	case "reportInputDuringAgentSpeech":
		return read(&x.ReportInputDuringAgentSpeech, value)
	case "speechModel":
		return read(&x.SpeechModel, value)
	case "transcriptionLanguage":
		return read(&x.TranscriptionLanguage, value)
	case "transcriptionProvider":
		return read(&x.TranscriptionProvider, value)
	case "ttsLanguage":
		return read(&x.TTSLanguage, value)
	case "ttsProvider":
		return read(&x.TTSProvider, value)
	case "voice":
		return read(&x.Voice, value)
	case "welcomeGreeting":
		return read(&x.WelcomeGreeting, value)
	case "welcomeGreetingInterruptible":
		return read(&x.WelcomeGreetingInterruptible, value)
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

func (x *Autopilot) chars(s string) {
	x.Name = trimSpace(s)
}

func (x *Autopilot) apart() bool { return true }

func (x *Config) set(name, value string) bool {
	switch name {
	case "name":
		return read(&x.Name, value)
	case "value":
		return read(&x.Value, value)
	}
	return false
}

func (x *Conversation) set(name, value string) bool {
	switch name {
	case "inboundAutocreation":
		return read(&x.InboundAutocreation, value)
	case "inboundTimeout":
		return readUnits(&x.InboundTimeout, value, time.Second)
	case "method":
		return read(&x.Method, value)
	case "record":
		return read(&x.Record, value)
	case "recordingStatusCallback":
		return read(&x.RecordingStatusCallback, value)
	case "recordingStatusCallbackEvent":
		return readList(&x.RecordingStatusCallbackEvent, value)
	case "recordingStatusCallbackMethod":
		return read(&x.RecordingStatusCallbackMethod, value)
	case "routingAssignmentTimeout":
		return readUnits(&x.RoutingAssignmentTimeout, value, time.Second)
	case "serviceInstanceSid":
		return read(&x.ServiceInstanceSID, value)
	case "statusCallback":
		return read(&x.StatusCallback, value)
	case "statusCallbackEvent":
		return readList(&x.StatusCallbackEvent, value)
	case "statusCallbackMethod":
		return read(&x.StatusCallbackMethod, value)
	case "trim":
		return read(&x.Trim, value)
	case "url":
		return read(&x.URL, value)
	}
	return false
}

func (x *ConversationRelay) set(name, value string) bool {
	switch name {
	case "backgroundNoiseReduction":
		return read(&x.BackgroundNoiseReduction, value)
	case "conversationConfiguration":
		return read(&x.ConversationConfiguration, value)
	case "debug":
		return readList(&x.Debug, value)
	case "deepgramSmartFormat":
		return read(&x.DeepgramSmartFormat, value)
	case "dtmfDetection":
		return read(&x.DTMFDetection, value)
	case "elevenlabsTextNormalization":
		return read(&x.ElevenlabsTextNormalization, value)
	case "events":
		return read(&x.Events, value)
	case "hints":
		return read(&x.Hints, value)
	case "ignoreBackchannel":
		return read(&x.IgnoreBackchannel, value)
	case "intelligenceService":
		return read(&x.IntelligenceService, value)
	case "interruptSensitivity":
		return read(&x.InterruptSensitivity, value)
	case "interruptible":
		return read(&x.Interruptible, value)
	case "language":
		return read(&x.Language, value)
	case "partialPrompts":
		return read(&x.PartialPrompts, value)
	case "preemptible":
		return read(&x.Preemptible, value)
	case "profanityFilter":
		return read(&x.ProfanityFilter, value)
	case "reportInputDuringAgentSpeech":
		return read(&x.ReportInputDuringAgentSpeech, value)
	case "speechModel":
		return read(&x.SpeechModel, value)
	case "speechTimeout":
		return read(&x.SpeechTimeout, value)
	case "transcriptionLanguage":
		return read(&x.TranscriptionLanguage, value)
	case "transcriptionProvider":
		return read(&x.TranscriptionProvider, value)
	case "ttsLanguage":
		return read(&x.TTSLanguage, value)
	case "ttsProvider":
		return read(&x.TTSProvider, value)
	case "url":
		return read(&x.URL, value)
	case "voice":
		return read(&x.Voice, value)
	case "welcomeGreeting":
		return read(&x.WelcomeGreeting, value)
	case "welcomeGreetingInterruptible":
		return read(&x.WelcomeGreetingInterruptible, value)
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

func (x *ConversationRelaySession) set(name, value string) bool {
	switch name {
	case "connector":
		return read(&x.Connector, value)
	case "sessionConfiguration":
		return read(&x.SessionConfiguration, value)
	}
	return false
}

func (x *Language) set(name, value string) bool {
	switch name {
	case "code":
		return read(&x.Code, value)
	case "speechModel":
		return read(&x.SpeechModel, value)
	case "transcriptionProvider":
		return read(&x.TranscriptionProvider, value)
	case "ttsProvider":
		return read(&x.TTSProvider, value)
	case "voice":
		return read(&x.Voice, value)
	}
	return false
}

func (x *Parameter) set(name, value string) bool {
	switch name {
	case "name":
		return read(&x.Name, value)
	case "value":
		return read(&x.Value, value)
	}
	return false
}

func (x *Recording) set(name, value string) bool {
	switch name {
	case "channels":
		return read(&x.Channels, value)
	case "recordingConfigurationId":
		return read(&x.RecordingConfigurationID, value)
	case "recordingStatusCallback":
		return read(&x.RecordingStatusCallback, value)
	case "recordingStatusCallbackEvent":
		return readList(&x.RecordingStatusCallbackEvent, value)
	case "recordingStatusCallbackMethod":
		return read(&x.RecordingStatusCallbackMethod, value)
	case "track":
		return read(&x.Track, value)
	case "trim":
		return read(&x.Trim, value)
	}
	return false
}

func (x *Room) set(name, value string) bool {
	switch name {
	case "participantIdentity":
		return read(&x.ParticipantIdentity, value)
	}
	return false
}

func (x *Room) chars(s string) {
	x.Name = trimSpace(s)
}

func (x *Room) apart() bool { return true }

func (x *Siprec) set(name, value string) bool {
	switch name {
	case "connectorName":
		return read(&x.ConnectorName, value)
	case "name":
		return read(&x.Name, value)
	case "statusCallback":
		return read(&x.StatusCallback, value)
	case "statusCallbackMethod":
		return read(&x.StatusCallbackMethod, value)
	case "track":
		return read(&x.Track, value)
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

func (x *Stream) set(name, value string) bool {
	switch name {
	case "audioFormat":
		return read(&x.AudioFormat, value)
	case "connectorName":
		return read(&x.ConnectorName, value)
	case "name":
		return read(&x.Name, value)
	case "sampleRate":
		return read(&x.SampleRate, value)
	case "statusCallback":
		return read(&x.StatusCallback, value)
	case "statusCallbackMethod":
		return read(&x.StatusCallbackMethod, value)
	case "track":
		return read(&x.Track, value)
	case "url":
		return read(&x.URL, value)
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

func (x *Task) set(name, value string) bool {
	switch name {
	case "priority":
		return readInt(&x.Priority, value)
	case "timeout":
		return readUnits(&x.Timeout, value, time.Second)
	}
	return false
}

func (x *Task) chars(s string) {
	x.JSON = trimSpace(s)
}

func (x *Task) apart() bool { return true }

func (x *Transcription) set(name, value string) bool {
	switch name {
	case "conversationConfiguration":
		return read(&x.ConversationConfiguration, value)
	case "conversationId":
		return read(&x.ConversationID, value)
	case "enableAutomaticPunctuation":
		return read(&x.EnableAutomaticPunctuation, value)
	case "enableProviderData":
		return read(&x.EnableProviderData, value)
	case "hints":
		return read(&x.Hints, value)
	case "inboundTrackLabel":
		return read(&x.InboundTrackLabel, value)
	case "intelligenceService":
		return read(&x.IntelligenceService, value)
	case "languageCode":
		return read(&x.LanguageCode, value)
	case "name":
		return read(&x.Name, value)
	case "outboundTrackLabel":
		return read(&x.OutboundTrackLabel, value)
	case "partialResults":
		return read(&x.PartialResults, value)
	case "profanityFilter":
		return read(&x.ProfanityFilter, value)
	case "speechModel":
		return read(&x.SpeechModel, value)
	case "statusCallbackMethod":
		return read(&x.StatusCallbackMethod, value)
	case "statusCallbackUrl":
		return read(&x.StatusCallbackURL, value)
	case "track":
		return read(&x.Track, value)
	case "transcriptionEngine":
		return read(&x.TranscriptionEngine, value)
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

func (x *VirtualAgent) set(name, value string) bool {
	switch name {
	case "connectorName":
		return read(&x.ConnectorName, value)
	case "language":
		return read(&x.Language, value)
	case "sentimentAnalysis":
		return read(&x.SentimentAnalysis, value)
	case "statusCallback":
		return read(&x.StatusCallback, value)
	case "statusCallbackMethod":
		return read(&x.StatusCallbackMethod, value)
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
