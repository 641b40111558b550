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

func (x *Application) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Application", classApplication, x)
	w = w.str(` copyParentTo="`, string(x.CopyParentTo))
	w = w.str(` customerId="`, x.CustomerID)
	w = w.str(` method="`, string(x.Method))
	w = w.str(` statusCallback="`, x.StatusCallback)
	w = writeList(w, ` statusCallbackEvent="`, x.StatusCallbackEvent)
	w = w.str(` statusCallbackMethod="`, string(x.StatusCallbackMethod))
	w = w.str(` url="`, x.URL)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.SID)
	if x.ApplicationSID != nil {
		w = x.ApplicationSID.write(w)
	}
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Application>")
}

func (x *ApplicationSID) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<ApplicationSid", classApplicationSID, x)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.SID)
	w = w.nodes(x.Nodes)
	return w.close(mark, "</ApplicationSid>")
}

func (x *Assistant) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Assistant", classAssistant, x)
	w = w.str(` debug="`, x.Debug)
	w = w.str(` dtmfDetection="`, string(x.DTMFDetection))
	w = w.str(` elevenlabsTextNormalization="`, x.ElevenlabsTextNormalization)
	w = w.str(` hints="`, x.Hints)
	w = w.str(` id="`, x.ID)
	w = w.str(` intelligenceService="`, x.IntelligenceService)
	w = w.str(` interruptSensitivity="`, x.InterruptSensitivity)
	w = w.str(` interruptible="`, x.Interruptible)
	w = w.str(` language="`, x.Language)
	w = w.str(` partialPrompts="`, string(x.PartialPrompts))
	w = w.str(` preemptible="`, string(x.Preemptible))
	w = w.str(` profanityFilter="`, string(x.ProfanityFilter))
	w = w.str(` reportInputDuringAgentSpeech="`, string(x.ReportInputDuringAgentSpeech))
	w = w.str(` speechModel="`, x.SpeechModel)
	w = w.str(` transcriptionLanguage="`, x.TranscriptionLanguage)
	w = w.str(` transcriptionProvider="`, x.TranscriptionProvider)
	w = w.str(` ttsLanguage="`, x.TTSLanguage)
	w = w.str(` ttsProvider="`, x.TTSProvider)
	w = w.str(` voice="`, x.Voice)
	w = w.str(` welcomeGreeting="`, x.WelcomeGreeting)
	w = w.str(` welcomeGreetingInterruptible="`, x.WelcomeGreetingInterruptible)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	for i := range x.Languages {
		w = x.Languages[i].write(w)
	}
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Assistant>")
}

func (x *Autopilot) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Autopilot", classAutopilot, x)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.Name)
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Autopilot>")
}

func (x *Client) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Client", classClient, x)
	w = w.str(` clientNotificationUrl="`, x.ClientNotificationURL)
	w = w.str(` method="`, string(x.Method))
	w = w.str(` statusCallback="`, x.StatusCallback)
	w = writeList(w, ` statusCallbackEvent="`, x.StatusCallbackEvent)
	w = w.str(` statusCallbackMethod="`, string(x.StatusCallbackMethod))
	w = w.str(` url="`, x.URL)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.Name)
	if x.Identity != nil {
		w = x.Identity.write(w)
	}
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Client>")
}

func (x *Conference) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Conference", classConference, x)
	w = w.str(` beep="`, string(x.Beep))
	w = w.str(` coach="`, x.Coach)
	w = w.str(` endConferenceOnExit="`, string(x.EndConferenceOnExit))
	w = w.str(` eventCallbackUrl="`, x.EventCallbackURL)
	w = w.str(` jitterBufferSize="`, string(x.JitterBufferSize))
	w = w.num(` maxParticipants="`, x.MaxParticipants)
	w = w.str(` muted="`, string(x.Muted))
	w = w.str(` participantLabel="`, x.ParticipantLabel)
	w = w.str(` record="`, string(x.Record))
	w = w.str(` recordingConfigurationId="`, x.RecordingConfigurationID)
	w = w.str(` recordingStatusCallback="`, x.RecordingStatusCallback)
	w = writeList(w, ` recordingStatusCallbackEvent="`, x.RecordingStatusCallbackEvent)
	w = w.str(` recordingStatusCallbackMethod="`, string(x.RecordingStatusCallbackMethod))
	w = w.str(` region="`, string(x.Region))
	w = w.str(` startConferenceOnEnter="`, string(x.StartConferenceOnEnter))
	w = w.str(` statusCallback="`, x.StatusCallback)
	w = writeList(w, ` statusCallbackEvent="`, x.StatusCallbackEvent)
	w = w.str(` statusCallbackMethod="`, string(x.StatusCallbackMethod))
	w = w.str(` trim="`, string(x.Trim))
	w = w.str(` waitMethod="`, string(x.WaitMethod))
	w = w.str(` waitUrl="`, x.WaitURL)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.Name)
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Conference>")
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
	w = w.str(` backgroundNoiseReduction="`, x.BackgroundNoiseReduction)
	w = w.str(` conversationConfiguration="`, x.ConversationConfiguration)
	w = writeList(w, ` debug="`, x.Debug)
	w = w.str(` deepgramSmartFormat="`, x.DeepgramSmartFormat)
	w = w.str(` dtmfDetection="`, string(x.DTMFDetection))
	w = w.str(` elevenlabsTextNormalization="`, string(x.ElevenlabsTextNormalization))
	w = w.str(` events="`, x.Events)
	w = w.str(` hints="`, x.Hints)
	w = w.str(` ignoreBackchannel="`, x.IgnoreBackchannel)
	w = w.str(` intelligenceService="`, x.IntelligenceService)
	w = w.str(` interruptSensitivity="`, string(x.InterruptSensitivity))
	w = w.str(` interruptible="`, string(x.Interruptible))
	w = w.str(` language="`, x.Language)
	w = w.str(` partialPrompts="`, string(x.PartialPrompts))
	w = w.str(` preemptible="`, string(x.Preemptible))
	w = w.str(` profanityFilter="`, string(x.ProfanityFilter))
	w = w.str(` reportInputDuringAgentSpeech="`, string(x.ReportInputDuringAgentSpeech))
	w = w.str(` speechModel="`, x.SpeechModel)
	w = w.str(` speechTimeout="`, x.SpeechTimeout)
	w = w.str(` transcriptionLanguage="`, x.TranscriptionLanguage)
	w = w.str(` transcriptionProvider="`, x.TranscriptionProvider)
	w = w.str(` ttsLanguage="`, x.TTSLanguage)
	w = w.str(` ttsProvider="`, x.TTSProvider)
	w = w.str(` url="`, x.URL)
	w = w.str(` voice="`, x.Voice)
	w = w.str(` welcomeGreeting="`, x.WelcomeGreeting)
	w = w.str(` welcomeGreetingInterruptible="`, string(x.WelcomeGreetingInterruptible))
	w = w.body(x.Attrs)
	mark := len(w.buf)
	for i := range x.Languages {
		w = x.Languages[i].write(w)
	}
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	w = w.nodes(x.Nodes)
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

func (x *Header) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Header", classHeader, x)
	w = w.str(` name="`, x.Name)
	w = w.str(` value="`, x.Value)
	return w.leaf(&x.Extra, "</Header>")
}

func (x *Headers) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Headers", classHeaders, x)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	for i := range x.Headers {
		w = x.Headers[i].write(w)
	}
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Headers>")
}

func (x *Identity) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Identity", classIdentity, x)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.Name)
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Identity>")
}

func (x *Language) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Language", classLanguage, x)
	w = w.str(` code="`, x.Code)
	w = w.str(` speechModel="`, x.SpeechModel)
	w = w.str(` transcriptionProvider="`, x.TranscriptionProvider)
	w = w.str(` ttsProvider="`, x.TTSProvider)
	w = w.str(` voice="`, x.Voice)
	return w.leaf(&x.Extra, "</Language>")
}

func (x *Number) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Number", classNumber, x)
	w = w.str(` amdStatusCallback="`, x.AMDStatusCallback)
	w = w.str(` amdStatusCallbackMethod="`, string(x.AMDStatusCallbackMethod))
	w = w.str(` byoc="`, x.BYOC)
	w = w.str(` machineDetection="`, string(x.MachineDetection))
	w = w.milliseconds(` machineDetectionSilenceTimeout="`, x.MachineDetectionSilenceTimeout)
	w = w.milliseconds(` machineDetectionSpeechEndThreshold="`, x.MachineDetectionSpeechEndThreshold)
	w = w.milliseconds(` machineDetectionSpeechThreshold="`, x.MachineDetectionSpeechThreshold)
	w = w.seconds(` machineDetectionTimeout="`, x.MachineDetectionTimeout)
	w = w.str(` method="`, string(x.Method))
	w = w.str(` sendDigits="`, x.SendDigits)
	w = w.str(` statusCallback="`, x.StatusCallback)
	w = writeList(w, ` statusCallbackEvent="`, x.StatusCallbackEvent)
	w = w.str(` statusCallbackMethod="`, string(x.StatusCallbackMethod))
	w = w.str(` url="`, x.URL)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.PhoneNumber)
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Number>")
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

func (x *Queue) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Queue", classQueue, x)
	w = w.str(` method="`, string(x.Method))
	w = w.str(` postWorkActivitySid="`, x.PostWorkActivitySID)
	w = w.str(` reservationSid="`, x.ReservationSID)
	w = w.str(` url="`, x.URL)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.Name)
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Queue>")
}

func (x *Recording) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Recording", classRecording, x)
	w = w.str(` channels="`, string(x.Channels))
	w = w.str(` recordingConfigurationId="`, x.RecordingConfigurationID)
	w = w.str(` recordingStatusCallback="`, x.RecordingStatusCallback)
	w = writeList(w, ` recordingStatusCallbackEvent="`, x.RecordingStatusCallbackEvent)
	w = w.str(` recordingStatusCallbackMethod="`, string(x.RecordingStatusCallbackMethod))
	w = w.str(` track="`, string(x.Track))
	w = w.str(` trim="`, string(x.Trim))
	return w.leaf(&x.Extra, "</Recording>")
}

func (x *ReferSip) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Sip", classReferSip, x)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.URI)
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Sip>")
}

func (x *Room) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Room", classRoom, x)
	w = w.str(` participantIdentity="`, x.ParticipantIdentity)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.Name)
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Room>")
}

func (x *Sim) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Sim", classSim, x)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.SID)
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Sim>")
}

func (x *Sip) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Sip", classSip, x)
	w = w.str(` amdStatusCallback="`, x.AMDStatusCallback)
	w = w.str(` amdStatusCallbackMethod="`, string(x.AMDStatusCallbackMethod))
	w = w.str(` machineDetection="`, string(x.MachineDetection))
	w = w.milliseconds(` machineDetectionSilenceTimeout="`, x.MachineDetectionSilenceTimeout)
	w = w.milliseconds(` machineDetectionSpeechEndThreshold="`, x.MachineDetectionSpeechEndThreshold)
	w = w.milliseconds(` machineDetectionSpeechThreshold="`, x.MachineDetectionSpeechThreshold)
	w = w.seconds(` machineDetectionTimeout="`, x.MachineDetectionTimeout)
	w = w.str(` method="`, string(x.Method))
	w = w.str(` password="`, x.Password)
	w = w.str(` statusCallback="`, x.StatusCallback)
	w = writeList(w, ` statusCallbackEvent="`, x.StatusCallbackEvent)
	w = w.str(` statusCallbackMethod="`, string(x.StatusCallbackMethod))
	w = w.str(` url="`, x.URL)
	w = w.str(` username="`, x.Username)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.URI)
	if x.Headers != nil {
		w = x.Headers.write(w)
	}
	for i := range x.URIs {
		w = x.URIs[i].write(w)
	}
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Sip>")
}

func (x *SipURI) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Uri", classSipURI, x)
	w = w.str(` password="`, x.Password)
	w = w.str(` priority="`, x.Priority)
	w = w.str(` username="`, x.Username)
	w = w.str(` weight="`, x.Weight)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.URI)
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Uri>")
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
	w = w.body(x.Attrs)
	mark := len(w.buf)
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	w = w.nodes(x.Nodes)
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
	w = w.body(x.Attrs)
	mark := len(w.buf)
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	w = w.nodes(x.Nodes)
	return w.close(mark, "</Stream>")
}

func (x *Task) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Task", classTask, x)
	w = w.num(` priority="`, x.Priority)
	w = w.seconds(` timeout="`, x.Timeout)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.JSON)
	w = w.nodes(x.Nodes)
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
	w = w.body(x.Attrs)
	mark := len(w.buf)
	for i := range x.Configs {
		w = x.Configs[i].write(w)
	}
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	w = w.nodes(x.Nodes)
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
	w = w.body(x.Attrs)
	mark := len(w.buf)
	for i := range x.Configs {
		w = x.Configs[i].write(w)
	}
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	w = w.nodes(x.Nodes)
	return w.close(mark, "</VirtualAgent>")
}

func (x *WhatsApp) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<WhatsApp", classWhatsApp, x)
	w = w.str(` method="`, string(x.Method))
	w = w.str(` statusCallback="`, x.StatusCallback)
	w = writeList(w, ` statusCallbackEvent="`, x.StatusCallbackEvent)
	w = w.str(` statusCallbackMethod="`, string(x.StatusCallbackMethod))
	w = w.str(` url="`, x.URL)
	w = w.body(x.Attrs)
	mark := len(w.buf)
	w = w.text(x.PhoneNumber)
	w = w.nodes(x.Nodes)
	return w.close(mark, "</WhatsApp>")
}
