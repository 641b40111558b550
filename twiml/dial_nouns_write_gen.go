// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

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
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.SID, "</Application>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.SID)
	if x.ApplicationSID != nil {
		w = x.ApplicationSID.write(w)
	}
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	return w.close(mark, "</Application>")
}

func (x *ApplicationSID) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<ApplicationSid", classApplicationSID, x)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.SID, "</ApplicationSid>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.SID)
	return w.close(mark, "</ApplicationSid>")
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
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Name, "</Client>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Name)
	if x.Identity != nil {
		w = x.Identity.write(w)
	}
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
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
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Name, "</Conference>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Name)
	return w.close(mark, "</Conference>")
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
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</Headers>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for i := range x.Headers {
		w = x.Headers[i].write(w)
	}
	return w.close(mark, "</Headers>")
}

func (x *Identity) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Identity", classIdentity, x)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Name, "</Identity>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Name)
	return w.close(mark, "</Identity>")
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
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.PhoneNumber, "</Number>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.PhoneNumber)
	return w.close(mark, "</Number>")
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
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Name, "</Queue>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Name)
	return w.close(mark, "</Queue>")
}

func (x *ReferSip) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Sip", classReferSip, x)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.URI, "</Sip>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.URI)
	return w.close(mark, "</Sip>")
}

func (x *Sim) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Sim", classSim, x)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.SID, "</Sim>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.SID)
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
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.URI, "</Sip>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.URI)
	if x.Headers != nil {
		w = x.Headers.write(w)
	}
	for i := range x.URIs {
		w = x.URIs[i].write(w)
	}
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
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.URI, "</Uri>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.URI)
	return w.close(mark, "</Uri>")
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
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.PhoneNumber, "</WhatsApp>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.PhoneNumber)
	return w.close(mark, "</WhatsApp>")
}
