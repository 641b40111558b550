// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

func (x *Connect) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Connect", classConnect, x)
	w = w.str(` action="`, x.Action)
	w = w.str(` method="`, string(x.Method))
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</Connect>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	if x.Noun != nil {
		w = x.Noun.write(w)
	}
	return w.close(mark, "</Connect>")
}

func (x *Dial) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Dial", classDial, x)
	w = w.str(` action="`, x.Action)
	w = w.str(` answerOnBridge="`, string(x.AnswerOnBridge))
	w = w.str(` callReason="`, x.CallReason)
	w = w.str(` callerId="`, x.CallerID)
	w = w.str(` events="`, string(x.Events))
	w = w.str(` hangupOnStar="`, string(x.HangupOnStar))
	w = w.str(` method="`, string(x.Method))
	w = w.str(` passports="`, x.Passports)
	w = w.str(` record="`, string(x.Record))
	w = w.str(` recordingConfigurationId="`, x.RecordingConfigurationID)
	w = w.str(` recordingStatusCallback="`, x.RecordingStatusCallback)
	w = writeList(w, ` recordingStatusCallbackEvent="`, x.RecordingStatusCallbackEvent)
	w = w.str(` recordingStatusCallbackMethod="`, string(x.RecordingStatusCallbackMethod))
	w = w.str(` recordingTrack="`, string(x.RecordingTrack))
	w = w.str(` referMethod="`, string(x.ReferMethod))
	w = w.str(` referUrl="`, x.ReferURL)
	w = w.str(` ringTone="`, x.RingTone)
	w = w.str(` sequential="`, string(x.Sequential))
	w = w.seconds(` timeLimit="`, x.TimeLimit)
	w = w.seconds(` timeout="`, x.Timeout)
	w = w.str(` trim="`, string(x.Trim))
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Number, "</Dial>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Number)
	for _, n := range x.Nouns {
		if n == nil {
			w = w.missing()
		} else {
			w = n.write(w)
		}
	}
	return w.close(mark, "</Dial>")
}

func (x *Echo) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Echo", classEcho, x)
	return w.leaf(&x.Extra, "</Echo>")
}

func (x *Enqueue) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Enqueue", classEnqueue, x)
	w = w.str(` action="`, x.Action)
	w = w.num(` maxQueueSize="`, x.MaxQueueSize)
	w = w.str(` method="`, string(x.Method))
	w = w.str(` waitUrl="`, x.WaitURL)
	w = w.str(` waitUrlMethod="`, string(x.WaitURLMethod))
	w = w.str(` workflowSid="`, x.WorkflowSID)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Name, "</Enqueue>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Name)
	if x.Task != nil {
		w = x.Task.write(w)
	}
	return w.close(mark, "</Enqueue>")
}

func (x *Gather) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Gather", classGather, x)
	w = w.str(` action="`, x.Action)
	w = w.str(` actionOnEmptyResult="`, string(x.ActionOnEmptyResult))
	w = w.str(` bargeIn="`, string(x.BargeIn))
	w = w.str(` debug="`, string(x.Debug))
	w = w.str(` enhanced="`, string(x.Enhanced))
	w = w.str(` finishOnKey="`, x.FinishOnKey)
	w = w.str(` hints="`, x.Hints)
	w = writeList(w, ` input="`, x.Input)
	w = w.str(` language="`, x.Language)
	w = w.seconds(` maxSpeechTime="`, x.MaxSpeechTime)
	w = w.str(` method="`, string(x.Method))
	w = w.num(` numDigits="`, x.NumDigits)
	w = w.str(` partialResultCallback="`, x.PartialResultCallback)
	w = w.str(` partialResultCallbackMethod="`, string(x.PartialResultCallbackMethod))
	w = w.str(` profanityFilter="`, string(x.ProfanityFilter))
	w = w.str(` speechModel="`, x.SpeechModel)
	w = w.str(` speechTimeout="`, x.SpeechTimeout)
	w = w.seconds(` timeout="`, x.Timeout)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</Gather>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for _, n := range x.Verbs {
		if n == nil {
			w = w.missing()
		} else {
			w = n.write(w)
		}
	}
	return w.close(mark, "</Gather>")
}

func (x *Hangup) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Hangup", classHangup, x)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</Hangup>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	return w.close(mark, "</Hangup>")
}

func (x *Leave) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Leave", classLeave, x)
	return w.leaf(&x.Extra, "</Leave>")
}

func (x *Pause) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Pause", classPause, x)
	w = w.seconds(` length="`, x.Length)
	return w.leaf(&x.Extra, "</Pause>")
}

func (x *Pay) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Pay", classPay, x)
	w = w.str(` action="`, x.Action)
	w = w.str(` bankAccountType="`, string(x.BankAccountType))
	w = w.str(` chargeAmount="`, x.ChargeAmount)
	w = w.str(` currency="`, x.Currency)
	w = w.str(` description="`, x.Description)
	w = w.str(` input="`, string(x.Input))
	w = w.str(` language="`, x.Language)
	w = w.num(` maxAttempts="`, x.MaxAttempts)
	w = w.num(` minPostalCodeLength="`, x.MinPostalCodeLength)
	w = w.str(` paymentConnector="`, x.PaymentConnector)
	w = w.str(` paymentMethod="`, string(x.PaymentMethod))
	w = w.str(` postalCode="`, x.PostalCode)
	w = w.str(` securityCode="`, string(x.SecurityCode))
	w = w.str(` statusCallback="`, x.StatusCallback)
	w = w.str(` statusCallbackMethod="`, string(x.StatusCallbackMethod))
	w = w.seconds(` timeout="`, x.Timeout)
	w = w.str(` tokenType="`, string(x.TokenType))
	w = writeList(w, ` validCardTypes="`, x.ValidCardTypes)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</Pay>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	for i := range x.Prompts {
		w = x.Prompts[i].write(w)
	}
	return w.close(mark, "</Pay>")
}

func (x *Play) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Play", classPlay, x)
	w = w.str(` digits="`, x.Digits)
	w = w.num(` loop="`, x.Loop)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.URL, "</Play>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.URL)
	return w.close(mark, "</Play>")
}

func (x *Prompt) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Prompt", classPrompt, x)
	w = w.nums(` attempt="`, x.Attempt)
	w = writeList(w, ` cardType="`, x.CardType)
	w = writeList(w, ` errorType="`, x.ErrorType)
	w = w.str(` for="`, string(x.For))
	w = w.str(` requireMatchingInputs="`, string(x.RequireMatchingInputs))
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</Prompt>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for _, n := range x.Verbs {
		if n == nil {
			w = w.missing()
		} else {
			w = n.write(w)
		}
	}
	return w.close(mark, "</Prompt>")
}

func (x *Record) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Record", classRecord, x)
	w = w.str(` action="`, x.Action)
	w = w.str(` finishOnKey="`, x.FinishOnKey)
	w = w.seconds(` maxLength="`, x.MaxLength)
	w = w.str(` method="`, string(x.Method))
	w = w.str(` playBeep="`, string(x.PlayBeep))
	w = w.str(` recordingConfigurationId="`, x.RecordingConfigurationID)
	w = w.str(` recordingStatusCallback="`, x.RecordingStatusCallback)
	w = writeList(w, ` recordingStatusCallbackEvent="`, x.RecordingStatusCallbackEvent)
	w = w.str(` recordingStatusCallbackMethod="`, string(x.RecordingStatusCallbackMethod))
	w = w.seconds(` timeout="`, x.Timeout)
	w = w.str(` transcribe="`, string(x.Transcribe))
	w = w.str(` transcribeCallback="`, x.TranscribeCallback)
	w = w.str(` trim="`, string(x.Trim))
	return w.leaf(&x.Extra, "</Record>")
}

func (x *Redirect) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Redirect", classRedirect, x)
	w = w.str(` method="`, string(x.Method))
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.URL, "</Redirect>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.URL)
	return w.close(mark, "</Redirect>")
}

func (x *Refer) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Refer", classRefer, x)
	w = w.str(` action="`, x.Action)
	w = w.str(` method="`, string(x.Method))
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</Refer>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	if x.Sip != nil {
		w = x.Sip.write(w)
	}
	return w.close(mark, "</Refer>")
}

func (x *Reject) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Reject", classReject, x)
	w = w.str(` reason="`, string(x.Reason))
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</Reject>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for i := range x.Parameters {
		w = x.Parameters[i].write(w)
	}
	return w.close(mark, "</Reject>")
}

func (x *Say) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Say", classSay, x)
	w = w.str(` language="`, x.Language)
	w = w.num(` loop="`, x.Loop)
	w = w.str(` voice="`, x.Voice)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Text, "</Say>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Text)
	for _, n := range x.SSML {
		if n == nil {
			w = w.missing()
		} else {
			w = n.write(w)
		}
	}
	return w.close(mark, "</Say>")
}

func (x *Sms) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Sms", classSms, x)
	w = w.str(` action="`, x.Action)
	w = w.str(` from="`, x.From)
	w = w.str(` method="`, string(x.Method))
	w = w.str(` statusCallback="`, x.StatusCallback)
	w = w.str(` to="`, x.To)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, x.Text, "</Sms>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	w = w.text(x.Text)
	return w.close(mark, "</Sms>")
}

func (x *Start) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Start", classStart, x)
	w = w.str(` action="`, x.Action)
	w = w.str(` method="`, string(x.Method))
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</Start>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for _, n := range x.Nouns {
		if n == nil {
			w = w.missing()
		} else {
			w = n.write(w)
		}
	}
	return w.close(mark, "</Start>")
}

func (x *Stop) write(w writer) writer {
	if x == nil {
		return w.missing()
	}
	w = w.open("<Stop", classStop, x)
	if w.check != nil || len(x.Attrs)+len(x.Nodes) != 0 || x.source != nil {
		return w.rare(x, &x.Extra, "", "</Stop>")
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for _, n := range x.Nouns {
		if n == nil {
			w = w.missing()
		} else {
			w = n.write(w)
		}
	}
	return w.close(mark, "</Stop>")
}
