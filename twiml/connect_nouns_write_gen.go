// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

func (x *AISession) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<AiSession", classAISession, x)
	w = w.str(` aiConnector="`, x.AIConnector)
	w = w.str(` aiSessionConfiguration="`, x.AISessionConfiguration)
	return w.leaf(&x.Extra, "</AiSession>")
}

func (x *Autopilot) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Autopilot", classAutopilot, x)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Name, "</Autopilot>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Name)
	return w.close(mark, "</Autopilot>")
}

func (x *Config) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Config", classConfig, x)
	w = w.str(` name="`, x.Name)
	w = w.str(` value="`, x.Value)
	return w.leaf(&x.Extra, "</Config>")
}

func (x *Conversation) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Conversation", classConversation, x)
	w = w.str(` inboundAutocreation="`, string(x.InboundAutocreation))
	w = w.seconds(` inboundTimeout="`, x.InboundTimeout)
	w = w.str(` method="`, string(x.Method))
	w = w.str(` record="`, string(x.Record))
	w = w.str(` recordingStatusCallback="`, x.RecordingStatusCallback)
	w = writeList(w, ` recordingStatusCallbackEvent="`, x.RecordingStatusCallbackEvent)
	w = w.str(` recordingStatusCallbackMethod="`, string(x.RecordingStatusCallbackMethod))
	w = w.seconds(` routingAssignmentTimeout="`, x.RoutingAssignmentTimeout)
	w = w.str(` serviceInstanceSid="`, x.ServiceInstanceSID)
	w = w.str(` statusCallback="`, x.StatusCallback)
	w = writeList(w, ` statusCallbackEvent="`, x.StatusCallbackEvent)
	w = w.str(` statusCallbackMethod="`, string(x.StatusCallbackMethod))
	w = w.str(` trim="`, string(x.Trim))
	w = w.str(` url="`, x.URL)
	return w.leaf(&x.Extra, "</Conversation>")
}

func (x *ConversationRelay) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<ConversationRelay", classConversationRelay, x)
	w = w.str(` applicationReconnect="`, string(x.ApplicationReconnect))
	w = w.str(` asrSmartFormat="`, string(x.ASRSmartFormat))
	w = w.str(` backgroundNoiseReduction="`, x.BackgroundNoiseReduction)
	w = w.str(` conversationConfiguration="`, x.ConversationConfiguration)
	w = w.str(` conversationId="`, x.ConversationID)
	w = w.str(` customerName="`, x.CustomerName)
	w = writeList(w, ` debug="`, x.Debug)
	w = w.str(` deepgramSmartFormat="`, x.DeepgramSmartFormat)
	w = w.str(` dtmfDetection="`, string(x.DTMFDetection))
	w = w.str(` eagerEotThreshold="`, x.EagerEOTThreshold)
	w = w.str(` echoPromptFiltering="`, string(x.EchoPromptFiltering))
	w = w.str(` elevenlabsLanguageTextNormalization="`, string(x.ElevenlabsLanguageTextNormalization))
	w = w.str(` elevenlabsTextNormalization="`, string(x.ElevenlabsTextNormalization))
	w = w.str(` eotThreshold="`, x.EOTThreshold)
	w = w.str(` events="`, x.Events)
	w = w.str(` hints="`, x.Hints)
	w = w.str(` ignoreBackchannel="`, x.IgnoreBackchannel)
	w = w.str(` includeInPrompt="`, x.IncludeInPrompt)
	w = w.str(` intelligenceService="`, x.IntelligenceService)
	w = w.str(` interruptSensitivity="`, string(x.InterruptSensitivity))
	w = w.str(` interruptible="`, string(x.Interruptible))
	w = w.str(` language="`, x.Language)
	w = w.str(` partialPromptOnHangup="`, string(x.PartialPromptOnHangup))
	w = w.str(` partialPrompts="`, string(x.PartialPrompts))
	w = w.str(` preemptible="`, string(x.Preemptible))
	w = w.str(` profanityFilter="`, string(x.ProfanityFilter))
	w = w.str(` reportInputDuringAgentSpeech="`, string(x.ReportInputDuringAgentSpeech))
	w = w.str(` speechModel="`, x.SpeechModel)
	w = w.str(` speechTimeout="`, x.SpeechTimeout)
	w = w.str(` transcriptionLanguage="`, x.TranscriptionLanguage)
	w = w.str(` transcriptionProvider="`, x.TranscriptionProvider)
	w = w.str(` ttsLanguage="`, x.TTSLanguage)
	w = w.str(` ttsLanguageTextNormalization="`, string(x.TTSLanguageTextNormalization))
	w = w.str(` ttsProvider="`, x.TTSProvider)
	w = w.str(` ttsTextNormalization="`, string(x.TTSTextNormalization))
	w = w.str(` turnDetection="`, string(x.TurnDetection))
	w = w.str(` url="`, x.URL)
	w = w.str(` voice="`, x.Voice)
	w = w.str(` welcomeGreeting="`, x.WelcomeGreeting)
	w = w.str(` welcomeGreetingInterruptible="`, string(x.WelcomeGreetingInterruptible))
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</ConversationRelay>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for i := range x.Languages {
		w = x.Languages[i].write(w)
	}
	for i := range x.Failovers {
		w = x.Failovers[i].write(w)
	}
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	return w.close(mark, "</ConversationRelay>")
}

func (x *ConversationRelaySession) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<ConversationRelaySession", classConversationRelaySession, x)
	w = w.str(` connector="`, x.Connector)
	w = w.str(` sessionConfiguration="`, x.SessionConfiguration)
	return w.leaf(&x.Extra, "</ConversationRelaySession>")
}

func (x *Failover) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Failover", classFailover, x)
	return w.leaf(&x.Extra, "</Failover>")
}

func (x *Language) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Language", classLanguage, x)
	w = w.str(` asrSmartFormat="`, string(x.ASRSmartFormat))
	w = w.str(` code="`, x.Code)
	w = w.str(` hints="`, x.Hints)
	w = w.str(` speechModel="`, x.SpeechModel)
	w = w.str(` transcriptionProvider="`, x.TranscriptionProvider)
	w = w.str(` ttsLanguageTextNormalization="`, string(x.TTSLanguageTextNormalization))
	w = w.str(` ttsProvider="`, x.TTSProvider)
	w = w.str(` ttsTextNormalization="`, string(x.TTSTextNormalization))
	w = w.str(` voice="`, x.Voice)
	return w.leaf(&x.Extra, "</Language>")
}

func (x *MediaFilter) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<MediaFilter", classMediaFilter, x)
	w = w.str(` filterType="`, string(x.FilterType))
	w = w.str(` model="`, x.Model)
	w = w.str(` name="`, x.Name)
	w = w.str(` track="`, string(x.Track))
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</MediaFilter>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	return w.close(mark, "</MediaFilter>")
}

func (x *Parameter) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Parameter", classParameter, x)
	w = w.str(` name="`, x.Name)
	w = w.str(` value="`, x.Value)
	return w.leaf(&x.Extra, "</Parameter>")
}

func (x *Recording) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Recording", classRecording, x)
	w = w.str(` channels="`, string(x.Channels))
	w = w.str(` name="`, x.Name)
	w = w.str(` recordingConfigurationId="`, x.RecordingConfigurationID)
	w = w.str(` recordingStatusCallback="`, x.RecordingStatusCallback)
	w = writeList(w, ` recordingStatusCallbackEvent="`, x.RecordingStatusCallbackEvent)
	w = w.str(` recordingStatusCallbackMethod="`, string(x.RecordingStatusCallbackMethod))
	w = w.str(` track="`, string(x.Track))
	w = w.str(` trim="`, string(x.Trim))
	return w.leaf(&x.Extra, "</Recording>")
}

func (x *Room) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Room", classRoom, x)
	w = w.str(` participantIdentity="`, x.ParticipantIdentity)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Name, "</Room>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Name)
	return w.close(mark, "</Room>")
}

func (x *Siprec) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Siprec", classSiprec, x)
	w = w.str(` connectorName="`, x.ConnectorName)
	w = w.str(` name="`, x.Name)
	w = w.str(` statusCallback="`, x.StatusCallback)
	w = w.str(` statusCallbackMethod="`, string(x.StatusCallbackMethod))
	w = w.str(` track="`, string(x.Track))
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</Siprec>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	return w.close(mark, "</Siprec>")
}

func (x *Stream) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Stream", classStream, x)
	w = w.str(` audioFormat="`, x.AudioFormat)
	w = w.str(` connectorName="`, x.ConnectorName)
	w = w.str(` name="`, x.Name)
	w = w.str(` sampleRate="`, x.SampleRate)
	w = w.str(` statusCallback="`, x.StatusCallback)
	w = w.str(` statusCallbackMethod="`, string(x.StatusCallbackMethod))
	w = w.str(` track="`, string(x.Track))
	w = w.str(` url="`, x.URL)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</Stream>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	return w.close(mark, "</Stream>")
}

func (x *Task) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Task", classTask, x)
	w = w.num(` priority="`, x.Priority)
	w = w.seconds(` timeout="`, x.Timeout)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.JSON, "</Task>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.JSON)
	return w.close(mark, "</Task>")
}

func (x *Transcription) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Transcription", classTranscription, x)
	w = w.str(` conversationConfiguration="`, x.ConversationConfiguration)
	w = w.str(` conversationId="`, x.ConversationID)
	w = w.str(` enableAutomaticPunctuation="`, string(x.EnableAutomaticPunctuation))
	w = w.str(` enableProviderData="`, string(x.EnableProviderData))
	w = w.str(` hints="`, x.Hints)
	w = w.str(` inboundTrackLabel="`, x.InboundTrackLabel)
	w = w.str(` intelligenceService="`, x.IntelligenceService)
	w = w.str(` languageCode="`, x.LanguageCode)
	w = w.str(` name="`, x.Name)
	w = w.str(` outboundTrackLabel="`, x.OutboundTrackLabel)
	w = w.str(` partialResults="`, string(x.PartialResults))
	w = w.str(` profanityFilter="`, string(x.ProfanityFilter))
	w = w.str(` speechModel="`, x.SpeechModel)
	w = w.str(` statusCallbackMethod="`, string(x.StatusCallbackMethod))
	w = w.str(` statusCallbackUrl="`, x.StatusCallbackURL)
	w = w.str(` track="`, string(x.Track))
	w = w.str(` transcriptionEngine="`, x.TranscriptionEngine)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</Transcription>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for i := range x.Configs {
		w = x.Configs[i].write(w)
	}
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	return w.close(mark, "</Transcription>")
}

func (x *VirtualAgent) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<VirtualAgent", classVirtualAgent, x)
	w = w.str(` connectorName="`, x.ConnectorName)
	w = w.str(` language="`, x.Language)
	w = w.str(` sentimentAnalysis="`, string(x.SentimentAnalysis))
	w = w.str(` statusCallback="`, x.StatusCallback)
	w = w.str(` statusCallbackMethod="`, string(x.StatusCallbackMethod))
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</VirtualAgent>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for i := range x.Configs {
		w = x.Configs[i].write(w)
	}
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	return w.close(mark, "</VirtualAgent>")
}
