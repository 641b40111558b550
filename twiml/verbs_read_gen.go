// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

import "time"

func (x *Connect) set(name, value string) bool {
	switch name {
	case "action":
		x.Action = present(value)
		return true
	case "method":
		x.Method = Method(present(value))
		return true
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
		x.Action = present(value)
		return true
	case "answerOnBridge":
		x.AnswerOnBridge = Bool(present(value))
		return true
	case "callReason":
		x.CallReason = present(value)
		return true
	case "callerId":
		x.CallerID = present(value)
		return true
	case "events":
		x.Events = DialEvents(present(value))
		return true
	case "hangupOnStar":
		x.HangupOnStar = Bool(present(value))
		return true
	case "method":
		x.Method = Method(present(value))
		return true
	case "passports":
		x.Passports = present(value)
		return true
	case "record":
		x.Record = CallRecording(present(value))
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
	case "recordingTrack":
		x.RecordingTrack = RecordedTrack(present(value))
		return true
	case "referMethod":
		x.ReferMethod = Method(present(value))
		return true
	case "referUrl":
		x.ReferURL = present(value)
		return true
	case "ringTone":
		x.RingTone = present(value)
		return true
	case "sequential":
		x.Sequential = Bool(present(value))
		return true
	case "timeLimit":
		return readUnits(&x.TimeLimit, value, time.Second)
	case "timeout":
		return readUnits(&x.Timeout, value, time.Second)
	case "trim":
		x.Trim = Trim(present(value))
		return true
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
	x.Number += trimSpace(s)
}

func (x *Dial) foreign(n Node) { x.Nouns = append(x.Nouns, n.(DialNoun)) }

func (x *Echo) set(_, _ string) bool { return false }

func (x *Echo) add(string) element { return nil }

func (x *Echo) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Enqueue) set(name, value string) bool {
	switch name {
	case "action":
		x.Action = present(value)
		return true
	case "maxQueueSize":
		return readInt(&x.MaxQueueSize, value)
	case "method":
		x.Method = Method(present(value))
		return true
	case "waitUrl":
		x.WaitURL = present(value)
		return true
	case "waitUrlMethod":
		x.WaitURLMethod = Method(present(value))
		return true
	case "workflowSid":
		x.WorkflowSID = present(value)
		return true
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
	x.Name += trimSpace(s)
}

func (x *Gather) set(name, value string) bool {
	switch name {
	case "action":
		x.Action = present(value)
		return true
	case "actionOnEmptyResult":
		x.ActionOnEmptyResult = Bool(present(value))
		return true
	case "bargeIn":
		x.BargeIn = Bool(present(value))
		return true
	case "debug":
		x.Debug = Bool(present(value))
		return true
	case "enhanced":
		x.Enhanced = Bool(present(value))
		return true
	case "finishOnKey":
		x.FinishOnKey = present(value)
		return true
	case "hints":
		x.Hints = present(value)
		return true
	case "input":
		x.Input = readList[Input](value)
		return true
	case "language":
		x.Language = present(value)
		return true
	case "maxSpeechTime":
		return readUnits(&x.MaxSpeechTime, value, time.Second)
	case "method":
		x.Method = Method(present(value))
		return true
	case "numDigits":
		return readInt(&x.NumDigits, value)
	case "partialResultCallback":
		x.PartialResultCallback = present(value)
		return true
	case "partialResultCallbackMethod":
		x.PartialResultCallbackMethod = Method(present(value))
		return true
	case "profanityFilter":
		x.ProfanityFilter = Bool(present(value))
		return true
	case "speechModel":
		x.SpeechModel = present(value)
		return true
	case "speechTimeout":
		x.SpeechTimeout = present(value)
		return true
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

func (x *Hangup) set(_, _ string) bool { return false }

func (x *Hangup) add(name string) element {
	switch name {
	case "Parameter":
		x.Parameters = grow(x.Parameters, Parameter{})
		return &x.Parameters[len(x.Parameters)-1]
	}
	return nil
}

func (x *Hangup) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Leave) set(_, _ string) bool { return false }

func (x *Leave) add(string) element { return nil }

func (x *Leave) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Pause) set(name, value string) bool {
	switch name {
	case "length":
		return readUnits(&x.Length, value, time.Second)
	}
	return false
}

func (x *Pause) add(string) element { return nil }

func (x *Pause) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Pay) set(name, value string) bool {
	switch name {
	case "action":
		x.Action = present(value)
		return true
	case "bankAccountType":
		x.BankAccountType = BankAccountType(present(value))
		return true
	case "chargeAmount":
		x.ChargeAmount = present(value)
		return true
	case "currency":
		x.Currency = present(value)
		return true
	case "description":
		x.Description = present(value)
		return true
	case "input":
		x.Input = Input(present(value))
		return true
	case "language":
		x.Language = present(value)
		return true
	case "maxAttempts":
		return readInt(&x.MaxAttempts, value)
	case "minPostalCodeLength":
		return readInt(&x.MinPostalCodeLength, value)
	case "paymentConnector":
		x.PaymentConnector = present(value)
		return true
	case "paymentMethod":
		x.PaymentMethod = PaymentMethod(present(value))
		return true
	case "postalCode":
		x.PostalCode = present(value)
		return true
	case "securityCode":
		x.SecurityCode = Bool(present(value))
		return true
	case "statusCallback":
		x.StatusCallback = present(value)
		return true
	case "statusCallbackMethod":
		x.StatusCallbackMethod = Method(present(value))
		return true
	case "timeout":
		return readUnits(&x.Timeout, value, time.Second)
	case "tokenType":
		x.TokenType = TokenType(present(value))
		return true
	case "validCardTypes":
		x.ValidCardTypes = readList[CardType](value)
		return true
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

func (x *Pay) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Play) set(name, value string) bool {
	switch name {
	case "digits":
		x.Digits = present(value)
		return true
	case "loop":
		return readInt(&x.Loop, value)
	}
	return false
}

func (x *Play) add(string) element { return nil }

func (x *Play) chars(s string) {
	x.URL += trimSpace(s)
}

func (x *Prompt) set(name, value string) bool {
	switch name {
	case "attempt":
		return readInts(&x.Attempt, value)
	case "cardType":
		x.CardType = readList[CardType](value)
		return true
	case "errorType":
		x.ErrorType = readList[PaymentError](value)
		return true
	case "for":
		x.For = PaymentStep(present(value))
		return true
	case "requireMatchingInputs":
		x.RequireMatchingInputs = Bool(present(value))
		return true
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
		x.Action = present(value)
		return true
	case "finishOnKey":
		x.FinishOnKey = present(value)
		return true
	case "maxLength":
		return readUnits(&x.MaxLength, value, time.Second)
	case "method":
		x.Method = Method(present(value))
		return true
	case "playBeep":
		x.PlayBeep = Bool(present(value))
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
	case "timeout":
		return readUnits(&x.Timeout, value, time.Second)
	case "transcribe":
		x.Transcribe = Bool(present(value))
		return true
	case "transcribeCallback":
		x.TranscribeCallback = present(value)
		return true
	case "trim":
		x.Trim = Trim(present(value))
		return true
	}
	return false
}

func (x *Record) add(string) element { return nil }

func (x *Record) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Redirect) set(name, value string) bool {
	switch name {
	case "method":
		x.Method = Method(present(value))
		return true
	}
	return false
}

func (x *Redirect) add(string) element { return nil }

func (x *Redirect) chars(s string) {
	x.URL += trimSpace(s)
}

func (x *Refer) set(name, value string) bool {
	switch name {
	case "action":
		x.Action = present(value)
		return true
	case "method":
		x.Method = Method(present(value))
		return true
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

func (x *Refer) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Reject) set(name, value string) bool {
	switch name {
	case "reason":
		x.Reason = RejectReason(present(value))
		return true
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

func (x *Reject) chars(s string) {
	if !isSpace(s) {
		x.foreign(Text(s))
	}
}

func (x *Say) set(name, value string) bool {
	switch name {
	case "language":
		x.Language = present(value)
		return true
	case "loop":
		return readInt(&x.Loop, value)
	case "voice":
		x.Voice = present(value)
		return true
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
		x.Action = present(value)
		return true
	case "from":
		x.From = present(value)
		return true
	case "method":
		x.Method = Method(present(value))
		return true
	case "statusCallback":
		x.StatusCallback = present(value)
		return true
	case "to":
		x.To = present(value)
		return true
	}
	return false
}

func (x *Sms) add(string) element { return nil }

func (x *Sms) chars(s string) {
	x.Text += s
}

func (x *Start) set(name, value string) bool {
	switch name {
	case "action":
		x.Action = present(value)
		return true
	case "method":
		x.Method = Method(present(value))
		return true
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

func (x *Stop) set(_, _ string) bool { return false }

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
