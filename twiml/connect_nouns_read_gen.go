// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

import "time"

func (x *AISession) set(name, value string) fit {
	switch name {
	case "aiConnector":
		return read(&x.AIConnector, value)
	case "aiSessionConfiguration":
		return read(&x.AISessionConfiguration, value)
	}
	return unfit
}

func (x *Autopilot) form() form { return formName }

func (x *Autopilot) chars(s string) {
	x.Name = trimSpace(s)
}

func (x *Config) set(name, value string) fit {
	switch name {
	case "name":
		return read(&x.Name, value)
	case "value":
		return read(&x.Value, value)
	}
	return unfit
}

func (x *Conversation) set(name, value string) fit {
	switch name {
	case "inboundAutocreation":
		return readBool(&x.InboundAutocreation, value)
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
	return unfit
}

func (x *ConversationRelay) form() form { return formFields }

func (x *ConversationRelay) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Languages):
		return &x.Languages[i], true
	case s == slotFields+1 && i < len(x.Failovers):
		return &x.Failovers[i], true
	case s == slotFields+2 && i < len(x.Parameters):
		return &x.Parameters[i], true
	}
	return nil, false
}

func (x *ConversationRelay) set(name, value string) fit {
	switch name {
	case "applicationReconnect":
		return readBool(&x.ApplicationReconnect, value)
	case "asrSmartFormat":
		return readBool(&x.ASRSmartFormat, value)
	case "backgroundNoiseReduction":
		return read(&x.BackgroundNoiseReduction, value)
	case "conversationConfiguration":
		return read(&x.ConversationConfiguration, value)
	case "conversationId":
		return read(&x.ConversationID, value)
	case "customerName":
		return read(&x.CustomerName, value)
	case "debug":
		return readList(&x.Debug, value)
	case "deepgramSmartFormat":
		return read(&x.DeepgramSmartFormat, value)
	case "dtmfDetection":
		return readBool(&x.DTMFDetection, value)
	case "eagerEotThreshold":
		return read(&x.EagerEOTThreshold, value)
	case "echoPromptFiltering":
		return readBool(&x.EchoPromptFiltering, value)
	case "elevenlabsLanguageTextNormalization":
		return readBool(&x.ElevenlabsLanguageTextNormalization, value)
	case "elevenlabsTextNormalization":
		return read(&x.ElevenlabsTextNormalization, value)
	case "eotThreshold":
		return read(&x.EOTThreshold, value)
	case "events":
		return read(&x.Events, value)
	case "hints":
		return read(&x.Hints, value)
	case "ignoreBackchannel":
		return read(&x.IgnoreBackchannel, value)
	case "includeInPrompt":
		return read(&x.IncludeInPrompt, value)
	case "intelligenceService":
		return read(&x.IntelligenceService, value)
	case "interruptSensitivity":
		return read(&x.InterruptSensitivity, value)
	case "interruptible":
		return read(&x.Interruptible, value)
	case "language":
		return read(&x.Language, value)
	case "partialPromptOnHangup":
		return readBool(&x.PartialPromptOnHangup, value)
	case "partialPrompts":
		return readBool(&x.PartialPrompts, value)
	case "preemptible":
		return readBool(&x.Preemptible, value)
	case "profanityFilter":
		return readBool(&x.ProfanityFilter, value)
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
	case "ttsLanguageTextNormalization":
		return readBool(&x.TTSLanguageTextNormalization, value)
	case "ttsProvider":
		return read(&x.TTSProvider, value)
	case "ttsTextNormalization":
		return read(&x.TTSTextNormalization, value)
	case "turnDetection":
		return readBool(&x.TurnDetection, value)
	case "url":
		return read(&x.URL, value)
	case "voice":
		return read(&x.Voice, value)
	case "welcomeGreeting":
		return read(&x.WelcomeGreeting, value)
	case "welcomeGreetingInterruptible":
		return read(&x.WelcomeGreetingInterruptible, value)
	}
	return unfit
}

func (x *ConversationRelay) add(name string) (element, slot) {
	switch name {
	case "Language":
		x.Languages = grow(x.Languages, Language{})
		return &x.Languages[len(x.Languages)-1], slotFields
	case "Failover":
		x.Failovers = grow(x.Failovers, Failover{})
		return &x.Failovers[len(x.Failovers)-1], slotFields + 1
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1], slotFields + 2
	}
	return nil, slotNodes
}

func (x *ConversationRelaySession) set(name, value string) fit {
	switch name {
	case "connector":
		return read(&x.Connector, value)
	case "sessionConfiguration":
		return read(&x.SessionConfiguration, value)
	}
	return unfit
}

func (x *Language) set(name, value string) fit {
	switch name {
	case "asrSmartFormat":
		return readBool(&x.ASRSmartFormat, value)
	case "code":
		return read(&x.Code, value)
	case "hints":
		return read(&x.Hints, value)
	case "speechModel":
		return read(&x.SpeechModel, value)
	case "transcriptionProvider":
		return read(&x.TranscriptionProvider, value)
	case "ttsLanguageTextNormalization":
		return readBool(&x.TTSLanguageTextNormalization, value)
	case "ttsProvider":
		return read(&x.TTSProvider, value)
	case "ttsTextNormalization":
		return read(&x.TTSTextNormalization, value)
	case "voice":
		return read(&x.Voice, value)
	}
	return unfit
}

func (x *MediaFilter) form() form { return formFields }

func (x *MediaFilter) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Parameters):
		return &x.Parameters[i], true
	}
	return nil, false
}

func (x *MediaFilter) set(name, value string) fit {
	switch name {
	case "filterType":
		return read(&x.FilterType, value)
	case "model":
		return read(&x.Model, value)
	case "name":
		return read(&x.Name, value)
	case "track":
		return read(&x.Track, value)
	}
	return unfit
}

func (x *MediaFilter) add(name string) (element, slot) {
	switch name {
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1], slotFields
	}
	return nil, slotNodes
}

func (x *Parameter) set(name, value string) fit {
	switch name {
	case "name":
		return read(&x.Name, value)
	case "value":
		return read(&x.Value, value)
	}
	return unfit
}

func (x *Recording) set(name, value string) fit {
	switch name {
	case "channels":
		return read(&x.Channels, value)
	case "name":
		return read(&x.Name, value)
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
	return unfit
}

func (x *Room) form() form { return formName }

func (x *Room) set(name, value string) fit {
	switch name {
	case "participantIdentity":
		return read(&x.ParticipantIdentity, value)
	}
	return unfit
}

func (x *Room) chars(s string) {
	x.Name = trimSpace(s)
}

func (x *Siprec) form() form { return formFields }

func (x *Siprec) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Parameters):
		return &x.Parameters[i], true
	}
	return nil, false
}

func (x *Siprec) set(name, value string) fit {
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
	return unfit
}

func (x *Siprec) add(name string) (element, slot) {
	switch name {
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1], slotFields
	}
	return nil, slotNodes
}

func (x *Stream) form() form { return formFields }

func (x *Stream) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Parameters):
		return &x.Parameters[i], true
	}
	return nil, false
}

func (x *Stream) set(name, value string) fit {
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
	return unfit
}

func (x *Stream) add(name string) (element, slot) {
	switch name {
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1], slotFields
	}
	return nil, slotNodes
}

func (x *Task) form() form { return formName }

func (x *Task) set(name, value string) fit {
	switch name {
	case "priority":
		return readUnits(&x.Priority, value, 1)
	case "timeout":
		return readUnits(&x.Timeout, value, time.Second)
	}
	return unfit
}

func (x *Task) chars(s string) {
	x.JSON = trimSpace(s)
}

func (x *Transcription) form() form { return formFields }

func (x *Transcription) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Configs):
		return &x.Configs[i], true
	case s == slotFields+1 && i < len(x.Parameters):
		return &x.Parameters[i], true
	}
	return nil, false
}

func (x *Transcription) set(name, value string) fit {
	switch name {
	case "conversationConfiguration":
		return read(&x.ConversationConfiguration, value)
	case "conversationId":
		return read(&x.ConversationID, value)
	case "enableAutomaticPunctuation":
		return readBool(&x.EnableAutomaticPunctuation, value)
	case "enableProviderData":
		return readBool(&x.EnableProviderData, value)
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
		return readBool(&x.PartialResults, value)
	case "profanityFilter":
		return readBool(&x.ProfanityFilter, value)
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
	return unfit
}

func (x *Transcription) add(name string) (element, slot) {
	switch name {
	case "Config":
		x.Configs = grow(x.Configs, Config{})
		return &x.Configs[len(x.Configs)-1], slotFields
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1], slotFields + 1
	}
	return nil, slotNodes
}

func (x *VirtualAgent) form() form { return formFields }

func (x *VirtualAgent) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Configs):
		return &x.Configs[i], true
	case s == slotFields+1 && i < len(x.Parameters):
		return &x.Parameters[i], true
	}
	return nil, false
}

func (x *VirtualAgent) set(name, value string) fit {
	switch name {
	case "connectorName":
		return read(&x.ConnectorName, value)
	case "language":
		return read(&x.Language, value)
	case "sentimentAnalysis":
		return readBool(&x.SentimentAnalysis, value)
	case "statusCallback":
		return read(&x.StatusCallback, value)
	case "statusCallbackMethod":
		return read(&x.StatusCallbackMethod, value)
	}
	return unfit
}

func (x *VirtualAgent) add(name string) (element, slot) {
	switch name {
	case "Config":
		x.Configs = grow(x.Configs, Config{})
		return &x.Configs[len(x.Configs)-1], slotFields
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1], slotFields + 1
	}
	return nil, slotNodes
}
