// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

import "time"

func (x *Connect) form() form { return formFields }

func (x *Connect) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i == 0 && x.Noun != nil:
		return x.Noun, true
	}
	return nil, false
}

func (x *Connect) set(name, value string) fit {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "method":
		return read(&x.Method, value)
	}
	return unfit
}

func (x *Connect) add(name string) (element, slot) {
	if x.Noun != nil {
		return nil, slotNodes
	}
	n := newConnectNoun(name)
	if n == nil {
		return nil, slotNodes
	}
	x.Noun = n
	return n.(element), slotFields
}

func (x *Dial) form() form { return formName }

func (x *Dial) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Nouns):
		return x.Nouns[i], true
	}
	return nil, false
}

func (x *Dial) set(name, value string) fit {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "answerOnBridge":
		return readBool(&x.AnswerOnBridge, value)
	case "callReason":
		return read(&x.CallReason, value)
	case "callerId":
		return read(&x.CallerID, value)
	case "events":
		return read(&x.Events, value)
	case "hangupOnStar":
		return readBool(&x.HangupOnStar, value)
	case "method":
		return read(&x.Method, value)
	case "passports":
		return read(&x.Passports, value)
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
	case "recordingTrack":
		return read(&x.RecordingTrack, value)
	case "referMethod":
		return read(&x.ReferMethod, value)
	case "referUrl":
		return read(&x.ReferURL, value)
	case "ringTone":
		return read(&x.RingTone, value)
	case "sequential":
		return readBool(&x.Sequential, value)
	case "timeLimit":
		return readUnits(&x.TimeLimit, value, time.Second)
	case "timeout":
		return readUnits(&x.Timeout, value, time.Second)
	case "trim":
		return read(&x.Trim, value)
	}
	return unfit
}

func (x *Dial) add(name string) (element, slot) {
	n := newDialNoun(name)
	if n == nil {
		return nil, slotFields
	}
	x.Nouns = grow(x.Nouns, n)
	return n.(element), slotFields
}

func (x *Dial) chars(s string) {
	x.Number = trimSpace(s)
}

func (x *Dial) foreign(n Node) slot {
	x.Nouns = append(x.Nouns, n.(DialNoun))
	return slotFields
}

func (x *Enqueue) form() form { return formName }

func (x *Enqueue) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i == 0 && x.Task != nil:
		return x.Task, true
	}
	return nil, false
}

func (x *Enqueue) set(name, value string) fit {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "maxQueueSize":
		return readUnits(&x.MaxQueueSize, value, 1)
	case "method":
		return read(&x.Method, value)
	case "waitUrl":
		return read(&x.WaitURL, value)
	case "waitUrlMethod":
		return read(&x.WaitURLMethod, value)
	case "workflowSid":
		return read(&x.WorkflowSID, value)
	}
	return unfit
}

func (x *Enqueue) add(name string) (element, slot) {
	switch name {
	case "Task":
		if x.Task == nil {
			x.Task = new(Task)
			return x.Task, slotFields
		}
	}
	return nil, slotNodes
}

func (x *Enqueue) chars(s string) {
	x.Name = trimSpace(s)
}

func (x *Gather) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Verbs):
		return x.Verbs[i], true
	}
	return nil, false
}

func (x *Gather) set(name, value string) fit {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "actionOnEmptyResult":
		return readBool(&x.ActionOnEmptyResult, value)
	case "bargeIn":
		return readBool(&x.BargeIn, value)
	case "debug":
		return readBool(&x.Debug, value)
	case "enhanced":
		return readBool(&x.Enhanced, value)
	case "finishOnKey":
		return read(&x.FinishOnKey, value)
	case "hints":
		return read(&x.Hints, value)
	case "input":
		return readList(&x.Input, value)
	case "language":
		return read(&x.Language, value)
	case "maxSpeechTime":
		return readUnits(&x.MaxSpeechTime, value, time.Second)
	case "method":
		return read(&x.Method, value)
	case "numDigits":
		return readUnits(&x.NumDigits, value, 1)
	case "partialResultCallback":
		return read(&x.PartialResultCallback, value)
	case "partialResultCallbackMethod":
		return read(&x.PartialResultCallbackMethod, value)
	case "profanityFilter":
		return readBool(&x.ProfanityFilter, value)
	case "speechModel":
		return read(&x.SpeechModel, value)
	case "speechTimeout":
		return read(&x.SpeechTimeout, value)
	case "timeout":
		return readUnits(&x.Timeout, value, time.Second)
	}
	return unfit
}

func (x *Gather) add(name string) (element, slot) {
	n := newAudible(name)
	if n == nil {
		return nil, slotFields
	}
	x.Verbs = grow(x.Verbs, n)
	return n.(element), slotFields
}

func (x *Gather) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Gather) foreign(n Node) slot {
	x.Verbs = append(x.Verbs, n.(Audible))
	return slotFields
}

func (x *Hangup) form() form { return formFields }

func (x *Hangup) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Parameters):
		return &x.Parameters[i], true
	}
	return nil, false
}

func (x *Hangup) add(name string) (element, slot) {
	switch name {
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1], slotFields
	}
	return nil, slotNodes
}

func (x *Pause) set(name, value string) fit {
	switch name {
	case "length":
		return readUnits(&x.Length, value, time.Second)
	}
	return unfit
}

func (x *Pay) form() form { return formFields }

func (x *Pay) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Parameters):
		return &x.Parameters[i], true
	case s == slotFields+1 && i < len(x.Prompts):
		return &x.Prompts[i], true
	}
	return nil, false
}

func (x *Pay) set(name, value string) fit {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "bankAccountType":
		return read(&x.BankAccountType, value)
	case "chargeAmount":
		return read(&x.ChargeAmount, value)
	case "currency":
		return read(&x.Currency, value)
	case "description":
		return read(&x.Description, value)
	case "input":
		return read(&x.Input, value)
	case "language":
		return read(&x.Language, value)
	case "maxAttempts":
		return readUnits(&x.MaxAttempts, value, 1)
	case "minPostalCodeLength":
		return readUnits(&x.MinPostalCodeLength, value, 1)
	case "paymentConnector":
		return read(&x.PaymentConnector, value)
	case "paymentMethod":
		return read(&x.PaymentMethod, value)
	case "postalCode":
		return read(&x.PostalCode, value)
	case "securityCode":
		return readBool(&x.SecurityCode, value)
	case "statusCallback":
		return read(&x.StatusCallback, value)
	case "statusCallbackMethod":
		return read(&x.StatusCallbackMethod, value)
	case "timeout":
		return readUnits(&x.Timeout, value, time.Second)
	case "tokenType":
		return read(&x.TokenType, value)
	case "validCardTypes":
		return readList(&x.ValidCardTypes, value)
	}
	return unfit
}

func (x *Pay) add(name string) (element, slot) {
	switch name {
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1], slotFields
	case "Prompt":
		x.Prompts = grow(x.Prompts, Prompt{})
		return &x.Prompts[len(x.Prompts)-1], slotFields + 1
	}
	return nil, slotNodes
}

func (x *Play) form() form { return formName }

func (x *Play) set(name, value string) fit {
	switch name {
	case "digits":
		return read(&x.Digits, value)
	case "loop":
		return readUnits(&x.Loop, value, 1)
	}
	return unfit
}

func (x *Play) chars(s string) {
	x.URL = trimSpace(s)
}

func (x *Prompt) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Verbs):
		return x.Verbs[i], true
	}
	return nil, false
}

func (x *Prompt) set(name, value string) fit {
	switch name {
	case "attempt":
		return readInts(&x.Attempt, value)
	case "cardType":
		return readList(&x.CardType, value)
	case "errorType":
		return readList(&x.ErrorType, value)
	case "for":
		return read(&x.For, value)
	case "requireMatchingInputs":
		return readBool(&x.RequireMatchingInputs, value)
	}
	return unfit
}

func (x *Prompt) add(name string) (element, slot) {
	n := newAudible(name)
	if n == nil {
		return nil, slotFields
	}
	x.Verbs = grow(x.Verbs, n)
	return n.(element), slotFields
}

func (x *Prompt) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Prompt) foreign(n Node) slot {
	x.Verbs = append(x.Verbs, n.(Audible))
	return slotFields
}

func (x *Record) set(name, value string) fit {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "finishOnKey":
		return read(&x.FinishOnKey, value)
	case "maxLength":
		return readUnits(&x.MaxLength, value, time.Second)
	case "method":
		return read(&x.Method, value)
	case "playBeep":
		return readBool(&x.PlayBeep, value)
	case "recordingConfigurationId":
		return read(&x.RecordingConfigurationID, value)
	case "recordingStatusCallback":
		return read(&x.RecordingStatusCallback, value)
	case "recordingStatusCallbackEvent":
		return readList(&x.RecordingStatusCallbackEvent, value)
	case "recordingStatusCallbackMethod":
		return read(&x.RecordingStatusCallbackMethod, value)
	case "timeout":
		return readUnits(&x.Timeout, value, time.Second)
	case "transcribe":
		return readBool(&x.Transcribe, value)
	case "transcribeCallback":
		return read(&x.TranscribeCallback, value)
	case "trim":
		return read(&x.Trim, value)
	}
	return unfit
}

func (x *Redirect) form() form { return formName }

func (x *Redirect) set(name, value string) fit {
	switch name {
	case "method":
		return read(&x.Method, value)
	}
	return unfit
}

func (x *Redirect) chars(s string) {
	x.URL = trimSpace(s)
}

func (x *Refer) form() form { return formFields }

func (x *Refer) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i == 0 && x.Sip != nil:
		return x.Sip, true
	}
	return nil, false
}

func (x *Refer) set(name, value string) fit {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "method":
		return read(&x.Method, value)
	}
	return unfit
}

func (x *Refer) add(name string) (element, slot) {
	switch name {
	case "Sip":
		if x.Sip == nil {
			x.Sip = new(ReferSip)
			return x.Sip, slotFields
		}
	}
	return nil, slotNodes
}

func (x *Reject) form() form { return formFields }

func (x *Reject) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Parameters):
		return &x.Parameters[i], true
	}
	return nil, false
}

func (x *Reject) set(name, value string) fit {
	switch name {
	case "reason":
		return read(&x.Reason, value)
	}
	return unfit
}

func (x *Reject) add(name string) (element, slot) {
	switch name {
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1], slotFields
	}
	return nil, slotNodes
}

func (x *Say) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.SSML):
		return x.SSML[i], true
	}
	return nil, false
}

func (x *Say) set(name, value string) fit {
	switch name {
	case "language":
		return read(&x.Language, value)
	case "loop":
		return readUnits(&x.Loop, value, 1)
	case "voice":
		return read(&x.Voice, value)
	}
	return unfit
}

func (x *Say) add(name string) (element, slot) {
	n := newSpeech(name)
	if n == nil {
		return nil, slotFields
	}
	x.SSML = grow(x.SSML, n)
	return n.(element), slotFields
}

func (x *Say) chars(s string) {
	if len(x.SSML) != 0 {
		x.SSML = append(x.SSML, Text(s))
	} else {
		x.Text += s
	}
}

func (x *Say) foreign(n Node) slot {
	x.SSML = append(x.SSML, n.(Speech))
	return slotFields
}

func (x *Sms) form() form { return formSpoken }

func (x *Sms) set(name, value string) fit {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "from":
		return read(&x.From, value)
	case "method":
		return read(&x.Method, value)
	case "statusCallback":
		return read(&x.StatusCallback, value)
	case "to":
		return read(&x.To, value)
	}
	return unfit
}

func (x *Sms) chars(s string) {
	x.Text = s
}

func (x *Start) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Nouns):
		return x.Nouns[i], true
	}
	return nil, false
}

func (x *Start) set(name, value string) fit {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "method":
		return read(&x.Method, value)
	}
	return unfit
}

func (x *Start) add(name string) (element, slot) {
	n := newStartNoun(name)
	if n == nil {
		return nil, slotFields
	}
	x.Nouns = grow(x.Nouns, n)
	return n.(element), slotFields
}

func (x *Start) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Start) foreign(n Node) slot {
	x.Nouns = append(x.Nouns, n.(StartNoun))
	return slotFields
}

func (x *Stop) child(s slot, i int) (Node, bool) {
	switch {
	case s == slotFields && i < len(x.Nouns):
		return x.Nouns[i], true
	}
	return nil, false
}

func (x *Stop) add(name string) (element, slot) {
	n := newStopNoun(name)
	if n == nil {
		return nil, slotFields
	}
	x.Nouns = grow(x.Nouns, n)
	return n.(element), slotFields
}

func (x *Stop) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Stop) foreign(n Node) slot {
	x.Nouns = append(x.Nouns, n.(StopNoun))
	return slotFields
}
