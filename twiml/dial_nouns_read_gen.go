// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

import "time"

func (x *Application) form() form { return formName }

func (x *Application) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i == 0 && x.ApplicationSID != nil:
		return x.ApplicationSID, true
	case s == slotFields+1 && i < len(x.Parameters):
		return &x.Parameters[i], true
	}
	return nil, false
}

func (x *Application) set(name, value string) fit {
	switch name {
	case "copyParentTo":
		return readBool(&x.CopyParentTo, value)
	case "customerId":
		return read(&x.CustomerID, value)
	case "method":
		return read(&x.Method, value)
	case "statusCallback":
		return read(&x.StatusCallback, value)
	case "statusCallbackEvent":
		return readList(&x.StatusCallbackEvent, value)
	case "statusCallbackMethod":
		return read(&x.StatusCallbackMethod, value)
	case "url":
		return read(&x.URL, value)
	}
	return unfit
}

func (x *Application) add(name string) (element, slot) {
	switch name {
	case "ApplicationSid":
		if x.ApplicationSID == nil {
			x.ApplicationSID = new(ApplicationSID)
			return x.ApplicationSID, slotFields
		}
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1], slotFields + 1
	}
	return nil, slotNodes
}

func (x *Application) chars(s string) {
	x.SID = trimSpace(s)
}

func (x *ApplicationSID) form() form { return formName }

func (x *ApplicationSID) chars(s string) {
	x.SID = trimSpace(s)
}

func (x *Client) form() form { return formName }

func (x *Client) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i == 0 && x.Identity != nil:
		return x.Identity, true
	case s == slotFields+1 && i < len(x.Parameters):
		return &x.Parameters[i], true
	}
	return nil, false
}

func (x *Client) set(name, value string) fit {
	switch name {
	case "clientNotificationUrl":
		return read(&x.ClientNotificationURL, value)
	case "method":
		return read(&x.Method, value)
	case "statusCallback":
		return read(&x.StatusCallback, value)
	case "statusCallbackEvent":
		return readList(&x.StatusCallbackEvent, value)
	case "statusCallbackMethod":
		return read(&x.StatusCallbackMethod, value)
	case "url":
		return read(&x.URL, value)
	}
	return unfit
}

func (x *Client) add(name string) (element, slot) {
	switch name {
	case "Identity":
		if x.Identity == nil {
			x.Identity = new(Identity)
			return x.Identity, slotFields
		}
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1], slotFields + 1
	}
	return nil, slotNodes
}

func (x *Client) chars(s string) {
	x.Name = trimSpace(s)
}

func (x *Conference) form() form { return formName }

func (x *Conference) set(name, value string) fit {
	switch name {
	case "beep":
		return read(&x.Beep, value)
	case "coach":
		return read(&x.Coach, value)
	case "endConferenceOnExit":
		return readBool(&x.EndConferenceOnExit, value)
	case "eventCallbackUrl":
		return read(&x.EventCallbackURL, value)
	case "jitterBufferSize":
		return read(&x.JitterBufferSize, value)
	case "maxParticipants":
		return readUnits(&x.MaxParticipants, value, 1)
	case "muted":
		return readBool(&x.Muted, value)
	case "participantLabel":
		return read(&x.ParticipantLabel, value)
	case "record":
		return read(&x.Record, value)
	case "recordingConfigurationId":
		return read(&x.RecordingConfigurationID, value)
	case "recordingStatusCallback":
		return read(&x.RecordingStatusCallback, value)
	case "recordingStatusCallbackEvent":
		return readList(&x.RecordingStatusCallbackEvent, value)
	case "recordingStatusCallbackMethod":
		return read(&x.RecordingStatusCallbackMethod, value)
	case "region":
		return read(&x.Region, value)
	case "startConferenceOnEnter":
		return readBool(&x.StartConferenceOnEnter, value)
	case "statusCallback":
		return read(&x.StatusCallback, value)
	case "statusCallbackEvent":
		return readList(&x.StatusCallbackEvent, value)
	case "statusCallbackMethod":
		return read(&x.StatusCallbackMethod, value)
	case "trim":
		return read(&x.Trim, value)
	case "waitMethod":
		return read(&x.WaitMethod, value)
	case "waitUrl":
		return read(&x.WaitURL, value)
	}
	return unfit
}

func (x *Conference) chars(s string) {
	x.Name = trimSpace(s)
}

func (x *Header) set(name, value string) fit {
	switch name {
	case "name":
		return read(&x.Name, value)
	case "value":
		return read(&x.Value, value)
	}
	return unfit
}

func (x *Headers) form() form { return formFields }

func (x *Headers) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Headers):
		return &x.Headers[i], true
	}
	return nil, false
}

func (x *Headers) add(name string) (element, slot) {
	switch name {
	case "Header":
		x.Headers = grow(x.Headers, Header{})
		return &x.Headers[len(x.Headers)-1], slotFields
	}
	return nil, slotNodes
}

func (x *Identity) form() form { return formName }

func (x *Identity) chars(s string) {
	x.Name = trimSpace(s)
}

func (x *Number) form() form { return formName }

func (x *Number) set(name, value string) fit {
	switch name {
	case "amdStatusCallback":
		return read(&x.AMDStatusCallback, value)
	case "amdStatusCallbackMethod":
		return read(&x.AMDStatusCallbackMethod, value)
	case "byoc":
		return read(&x.BYOC, value)
	case "machineDetection":
		return read(&x.MachineDetection, value)
	case "machineDetectionSilenceTimeout":
		return readUnits(&x.MachineDetectionSilenceTimeout, value, time.Millisecond)
	case "machineDetectionSpeechEndThreshold":
		return readUnits(&x.MachineDetectionSpeechEndThreshold, value, time.Millisecond)
	case "machineDetectionSpeechThreshold":
		return readUnits(&x.MachineDetectionSpeechThreshold, value, time.Millisecond)
	case "machineDetectionTimeout":
		return readUnits(&x.MachineDetectionTimeout, value, time.Second)
	case "method":
		return read(&x.Method, value)
	case "sendDigits":
		return read(&x.SendDigits, value)
	case "statusCallback":
		return read(&x.StatusCallback, value)
	case "statusCallbackEvent":
		return readList(&x.StatusCallbackEvent, value)
	case "statusCallbackMethod":
		return read(&x.StatusCallbackMethod, value)
	case "url":
		return read(&x.URL, value)
	}
	return unfit
}

func (x *Number) chars(s string) {
	x.PhoneNumber = trimSpace(s)
}

func (x *Queue) form() form { return formName }

func (x *Queue) set(name, value string) fit {
	switch name {
	case "method":
		return read(&x.Method, value)
	case "postWorkActivitySid":
		return read(&x.PostWorkActivitySID, value)
	case "reservationSid":
		return read(&x.ReservationSID, value)
	case "url":
		return read(&x.URL, value)
	}
	return unfit
}

func (x *Queue) chars(s string) {
	x.Name = trimSpace(s)
}

func (x *ReferSip) form() form { return formName }

func (x *ReferSip) chars(s string) {
	x.URI = trimSpace(s)
}

func (x *Sim) form() form { return formName }

func (x *Sim) chars(s string) {
	x.SID = trimSpace(s)
}

func (x *Sip) form() form { return formName }

func (x *Sip) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i == 0 && x.Headers != nil:
		return x.Headers, true
	case s == slotFields+1 && i < len(x.URIs):
		return &x.URIs[i], true
	}
	return nil, false
}

func (x *Sip) set(name, value string) fit {
	switch name {
	case "amdStatusCallback":
		return read(&x.AMDStatusCallback, value)
	case "amdStatusCallbackMethod":
		return read(&x.AMDStatusCallbackMethod, value)
	case "machineDetection":
		return read(&x.MachineDetection, value)
	case "machineDetectionSilenceTimeout":
		return readUnits(&x.MachineDetectionSilenceTimeout, value, time.Millisecond)
	case "machineDetectionSpeechEndThreshold":
		return readUnits(&x.MachineDetectionSpeechEndThreshold, value, time.Millisecond)
	case "machineDetectionSpeechThreshold":
		return readUnits(&x.MachineDetectionSpeechThreshold, value, time.Millisecond)
	case "machineDetectionTimeout":
		return readUnits(&x.MachineDetectionTimeout, value, time.Second)
	case "method":
		return read(&x.Method, value)
	case "password":
		return read(&x.Password, value)
	case "statusCallback":
		return read(&x.StatusCallback, value)
	case "statusCallbackEvent":
		return readList(&x.StatusCallbackEvent, value)
	case "statusCallbackMethod":
		return read(&x.StatusCallbackMethod, value)
	case "url":
		return read(&x.URL, value)
	case "username":
		return read(&x.Username, value)
	}
	return unfit
}

func (x *Sip) add(name string) (element, slot) {
	switch name {
	case "Headers":
		if x.Headers == nil {
			x.Headers = new(Headers)
			return x.Headers, slotFields
		}
	case "Uri":
		x.URIs = grow(x.URIs, SipURI{})
		return &x.URIs[len(x.URIs)-1], slotFields + 1
	}
	return nil, slotNodes
}

func (x *Sip) chars(s string) {
	x.URI = trimSpace(s)
}

func (x *SipURI) form() form { return formName }

func (x *SipURI) set(name, value string) fit {
	switch name {
	case "password":
		return read(&x.Password, value)
	case "priority":
		return read(&x.Priority, value)
	case "username":
		return read(&x.Username, value)
	case "weight":
		return read(&x.Weight, value)
	}
	return unfit
}

func (x *SipURI) chars(s string) {
	x.URI = trimSpace(s)
}

func (x *WhatsApp) form() form { return formName }

func (x *WhatsApp) set(name, value string) fit {
	switch name {
	case "method":
		return read(&x.Method, value)
	case "statusCallback":
		return read(&x.StatusCallback, value)
	case "statusCallbackEvent":
		return readList(&x.StatusCallbackEvent, value)
	case "statusCallbackMethod":
		return read(&x.StatusCallbackMethod, value)
	case "url":
		return read(&x.URL, value)
	}
	return unfit
}

func (x *WhatsApp) chars(s string) {
	x.PhoneNumber = trimSpace(s)
}
