// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

import "time"

func (x *Connect) set(name, value string) bool {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "method":
		return read(&x.Method, value)
	}
	return false
}

func (x *Connect) add(name string) element {
	if x.Noun != nil {
		return nil
	}
	n := newConnectNoun(name)
	if n == nil {
		return nil
	}
	x.Noun = n
	return n.(element)
}

func (x *Connect) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Connect) foreign(n Node) {
	if e, ok := n.(*Element); ok && x.Noun == nil {
		x.Noun = e
		return
	}
	x.Extra.foreign(n)
}

func (x *Dial) set(name, value string) bool {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "answerOnBridge":
		return read(&x.AnswerOnBridge, value)
	case "callReason":
		return read(&x.CallReason, value)
	case "callerId":
		return read(&x.CallerID, value)
	case "events":
		return read(&x.Events, value)
	case "hangupOnStar":
		return read(&x.HangupOnStar, value)
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
		return read(&x.Sequential, value)
	case "timeLimit":
		return readUnits(&x.TimeLimit, value, time.Second)
	case "timeout":
		return readUnits(&x.Timeout, value, time.Second)
	case "trim":
		return read(&x.Trim, value)
	}
	return false
}

func (x *Dial) add(name string) element {
	n := newDialNoun(name)
	if n == nil {
		return nil
	}
	x.Nouns = grow(x.Nouns, n)
	return n.(element)
}

func (x *Dial) chars(s string) {
	x.Number = trimSpace(s)
}

func (x *Dial) apart() bool { return true }

func (x *Dial) foreign(n Node) { x.Nouns = append(x.Nouns, n.(DialNoun)) }

func (x *Enqueue) set(name, value string) bool {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "maxQueueSize":
		return readInt(&x.MaxQueueSize, value)
	case "method":
		return read(&x.Method, value)
	case "waitUrl":
		return read(&x.WaitURL, value)
	case "waitUrlMethod":
		return read(&x.WaitURLMethod, value)
	case "workflowSid":
		return read(&x.WorkflowSID, value)
	}
	return false
}

func (x *Enqueue) add(name string) element {
	switch name {
	case "Task":
		if x.Task == nil {
			x.Task = new(Task)
			return x.Task
		}
	}
	return nil
}

func (x *Enqueue) chars(s string) {
	x.Name = trimSpace(s)
}

func (x *Enqueue) apart() bool { return true }

func (x *Gather) set(name, value string) bool {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "actionOnEmptyResult":
		return read(&x.ActionOnEmptyResult, value)
	case "bargeIn":
		return read(&x.BargeIn, value)
	case "debug":
		return read(&x.Debug, value)
	case "enhanced":
		return read(&x.Enhanced, value)
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
		return readInt(&x.NumDigits, value)
	case "partialResultCallback":
		return read(&x.PartialResultCallback, value)
	case "partialResultCallbackMethod":
		return read(&x.PartialResultCallbackMethod, value)
	case "profanityFilter":
		return read(&x.ProfanityFilter, value)
	case "speechModel":
		return read(&x.SpeechModel, value)
	case "speechTimeout":
		return read(&x.SpeechTimeout, value)
	case "timeout":
		return readUnits(&x.Timeout, value, time.Second)
	}
	return false
}

func (x *Gather) add(name string) element {
	n := newAudible(name)
	if n == nil {
		return nil
	}
	x.Verbs = grow(x.Verbs, n)
	return n.(element)
}

func (x *Gather) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Gather) foreign(n Node) { x.Verbs = append(x.Verbs, n.(Audible)) }

func (x *Hangup) add(name string) element {
	switch name {
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1]
	}
	return nil
}

func (x *Pause) set(name, value string) bool {
	switch name {
	case "length":
		return readUnits(&x.Length, value, time.Second)
	}
	return false
}

func (x *Pay) set(name, value string) bool {
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
		return readInt(&x.MaxAttempts, value)
	case "minPostalCodeLength":
		return readInt(&x.MinPostalCodeLength, value)
	case "paymentConnector":
		return read(&x.PaymentConnector, value)
	case "paymentMethod":
		return read(&x.PaymentMethod, value)
	case "postalCode":
		return read(&x.PostalCode, value)
	case "securityCode":
		return read(&x.SecurityCode, value)
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
	return false
}

func (x *Pay) add(name string) element {
	switch name {
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1]
	case "Prompt":
		x.Prompts = grow(x.Prompts, Prompt{})
		return &x.Prompts[len(x.Prompts)-1]
	}
	return nil
}

func (x *Play) set(name, value string) bool {
	switch name {
	case "digits":
		return read(&x.Digits, value)
	case "loop":
		return readInt(&x.Loop, value)
	}
	return false
}

func (x *Play) chars(s string) {
	x.URL = trimSpace(s)
}

func (x *Play) apart() bool { return true }

func (x *Prompt) set(name, value string) bool {
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
		return read(&x.RequireMatchingInputs, value)
	}
	return false
}

func (x *Prompt) add(name string) element {
	n := newAudible(name)
	if n == nil {
		return nil
	}
	x.Verbs = grow(x.Verbs, n)
	return n.(element)
}

func (x *Prompt) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Prompt) foreign(n Node) { x.Verbs = append(x.Verbs, n.(Audible)) }

func (x *Record) set(name, value string) bool {
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
		return read(&x.PlayBeep, value)
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
		return read(&x.Transcribe, value)
	case "transcribeCallback":
		return read(&x.TranscribeCallback, value)
	case "trim":
		return read(&x.Trim, value)
	}
	return false
}

func (x *Redirect) set(name, value string) bool {
	switch name {
	case "method":
		return read(&x.Method, value)
	}
	return false
}

func (x *Redirect) chars(s string) {
	x.URL = trimSpace(s)
}

func (x *Redirect) apart() bool { return true }

func (x *Refer) set(name, value string) bool {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "method":
		return read(&x.Method, value)
	}
	return false
}

func (x *Refer) add(name string) element {
	switch name {
	case "Sip":
		if x.Sip == nil {
			x.Sip = new(ReferSip)
			return x.Sip
		}
	}
	return nil
}

func (x *Reject) set(name, value string) bool {
	switch name {
	case "reason":
		return read(&x.Reason, value)
	}
	return false
}

func (x *Reject) add(name string) element {
	switch name {
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1]
	}
	return nil
}

func (x *Say) set(name, value string) bool {
	switch name {
	case "language":
		return read(&x.Language, value)
	case "loop":
		return readInt(&x.Loop, value)
	case "voice":
		return read(&x.Voice, value)
	}
	return false
}

func (x *Say) add(name string) element {
	n := newSpeech(name)
	if n == nil {
		return nil
	}
	x.SSML = grow(x.SSML, n)
	return n.(element)
}

func (x *Say) chars(s string) {
	if len(x.SSML) != 0 {
		x.SSML = append(x.SSML, Text(s))
	} else {
		x.Text += s
	}
}

func (x *Say) foreign(n Node) { x.SSML = append(x.SSML, n.(Speech)) }

func (x *Sms) set(name, value string) bool {
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
	return false
}

func (x *Sms) chars(s string) {
	x.Text = s
}

func (x *Sms) apart() bool { return true }

func (x *Start) set(name, value string) bool {
	switch name {
	case "action":
		return read(&x.Action, value)
	case "method":
		return read(&x.Method, value)
	}
	return false
}

func (x *Start) add(name string) element {
	n := newStartNoun(name)
	if n == nil {
		return nil
	}
	x.Nouns = grow(x.Nouns, n)
	return n.(element)
}

func (x *Start) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Start) foreign(n Node) { x.Nouns = append(x.Nouns, n.(StartNoun)) }

func (x *Stop) add(name string) element {
	n := newStopNoun(name)
	if n == nil {
		return nil
	}
	x.Nouns = grow(x.Nouns, n)
	return n.(element)
}

func (x *Stop) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Stop) foreign(n Node) { x.Nouns = append(x.Nouns, n.(StopNoun)) }
