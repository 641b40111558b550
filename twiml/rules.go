package twiml

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits that Twilio documents.
const (
	maxDialed    = 10   // Number and Client nouns of a Dial
	maxHints     = 500  // of a Gather
	maxParameter = 500  // characters of a Stream's parameter, name and value
	maxSay       = 4096 // characters of a Say
	maxSayPolly  = 3000 // with an Amazon Polly voice
	maxSayURL    = 4500 // bytes of the text, URL encoded
)

// sequence checks an element that is allowed where it is against those before it.
func (c *checker) sequence(parent, child *frame, name string) {
	last := parent.last
	parent.last = name
	switch parent.class {
	case classConnect:
		if parent.nouns++; parent.nouns > 1 {
			c.report(12200, "<Connect> has one noun")
		}
	case classDial:
		parent.nouns++
	case classClient, classApplication, classEnqueue, classRefer, classSip:
		if single := name == "Identity" || name == "ApplicationSid" || name == "Task" || name == "Sip" || name == "Headers"; single && parent.kids[name] > 1 {
			c.report(12200, "<%s> has one <%s>", classes[parent.class].name, name)
		}
	case classResponse:
		switch last {
		case "Hangup", "Redirect", "Reject":
			c.report(0, "nothing after <%s> is reached", last)
		}
		if by := parent.answered; by != "" {
			if d, ok := child.node.(*Dial); ok && d.AnswerOnBridge == True {
				c.reportAttr("answerOnBridge", 0, "the call is already answered by <%s>", by)
			}
			if child.class == classReject {
				c.report(0, "the call is already answered by <%s>", by)
			}
		} else if name != "Pause" {
			parent.answered = name
		}
	}
}

// finish checks the rules of more than one attribute, when all of the element has been
// seen.
func (c *checker) finish(f *frame) {
	parent := c.parent()
	switch x := f.node.(type) {
	case *Say:
		c.say(x)
	case *Play:
		c.url("", x.URL, kindURL)
		if x.URL == "" && blank(x.Digits) {
			c.report(0, "nothing to play: neither a URL nor digits")
		}
	case *Redirect:
		c.url("", x.URL, kindURL)
	case *Gather:
		c.gather(x)
	case *Record:
		c.record(x)
	case *Dial:
		c.dial(x, f)
	case *Enqueue:
		if x.Name == "" && blank(x.WorkflowSID) {
			c.report(0, "neither a queue name nor a workflowSid")
		}
		if x.Task != nil && blank(x.WorkflowSID) {
			c.report(0, "<Task> needs a workflowSid")
		}
	case *Task:
		if !json.Valid([]byte(x.JSON)) {
			c.report(0, "not JSON")
		}
	case *Connect:
		if x.Noun == nil {
			c.report(12200, "no noun")
		}
	case *Start:
		c.some(elements(x.Nouns), 14300, "no noun")
	case *Stop:
		c.some(elements(x.Nouns), 14300, "no noun")
	case *Refer:
		if x.Sip == nil {
			c.report(12200, "no <Sip>")
		}
	case *Stream:
		c.stream(x, parent)
	case *ConversationRelay:
		c.between("eagerEotThreshold", x.EagerEOTThreshold, 0.3, 0.9)
		c.between("eotThreshold", x.EOTThreshold, 0.5, 0.9)
	case *Siprec:
		c.background(parent, x.Name, "connectorName", x.ConnectorName)
	case *Transcription:
		c.stopped(parent, x.Name)
	case *Recording:
		c.stopped(parent, x.Name)
	case *Queue:
		c.named(x.Name+Or(x.ReservationSID, ""), "queue name")
		if parent == classResponse {
			c.report(12200, "<Queue> belongs in <Dial>")
		}
	case *Prompt:
		if parent == classResponse {
			c.report(12200, "<Prompt> belongs in <Pay>")
		}
	case *Pay:
		if x.Input == InputSpeech {
			c.reportAttr("input", 12200, "%q is not dtmf, the only one here", x.Input)
		}
		if x.ChargeAmount != "" && !isAmount(x.ChargeAmount) {
			c.reportAttr("chargeAmount", 12200, "%q is not an amount", clip(Or(x.ChargeAmount, "")))
		}
	case *Prosody:
		if blank(x.Pitch) && blank(x.Rate) && blank(x.Volume) {
			c.report(0, "changes nothing: neither pitch nor rate nor volume")
		}
	case *SayAs:
		if x.Format != "" && x.InterpretAs != AsDate {
			c.reportAttr("format", 0, "is for dates")
		}
	default:
		c.callee(f)
	}
}

// blank reports whether an attribute has nothing in it, if it is there at all.
func blank(v string) bool { return v == "" || v == Empty }

// elements counts the elements, in the schema or not.
func elements[T Node](children []T) int {
	n := 0
	for _, child := range children {
		switch any(child).(type) {
		case Text, Comment, ProcInst:
		default:
			n++
		}
	}
	return n
}

func (c *checker) some(n, code int, msg string) {
	if n == 0 {
		c.report(code, "%s", msg)
	}
}

func (c *checker) named(name, what string) {
	if name == "" {
		c.report(0, "no %s", what)
	}
}

func (c *checker) say(x *Say) {
	text := x.PlainText()
	n := utf8.RuneCountInString(text)
	switch polly := strings.HasPrefix(x.Voice, "Polly."); {
	case n == 0 && len(x.SSML) == 0:
		c.report(0, "nothing to say")
	case polly && n > maxSayPolly:
		c.report(13521, "%d characters; a Polly voice speaks %d", n, maxSayPolly)
	case n > maxSay:
		c.report(13521, "%d characters; a voice speaks %d", n, maxSay)
	case len(url.QueryEscape(text)) > maxSayURL:
		c.report(13521, "%d bytes URL encoded; a voice speaks %d", len(url.QueryEscape(text)), maxSayURL)
	}
}

func (c *checker) gather(x *Gather) {
	if t := x.SpeechTimeout; t != "" && t != "auto" {
		if n, ok := number(t); !ok || n < 1 {
			c.reportAttr("speechTimeout", 12200, "%q is neither auto nor a positive number", clip(Or(t, "")))
		}
	} else if t == "auto" && !blank(x.SpeechModel) {
		c.reportAttr("speechTimeout", 13335, "auto does not go with a speechModel")
	}
	if n := 1 + strings.Count(x.Hints, ","); n > maxHints {
		c.reportAttr("hints", 0, "%d hints; at most %d", n, maxHints)
	}
}

func (c *checker) record(x *Record) {
	if !blank(x.TranscribeCallback) && x.Transcribe != True {
		c.reportAttr("transcribeCallback", 0, "needs transcribe")
	}
	if x.Transcribe == True && x.MaxLength > 2*time.Minute {
		c.reportAttr("maxLength", 0, "%v; transcribe takes 2 minutes", x.MaxLength)
	}
	if blank(x.Action) && c.rest {
		c.reportAttr("action", 11100, "missing: without a document URL there is no default")
	}
}

func (c *checker) stream(x *Stream, parent classID) {
	c.background(parent, x.Name, "url", x.URL, x.ConnectorName)
	if parent == classConnect && !blank(string(x.Track)) && x.Track != InboundTrack {
		c.reportAttr("track", 31941, "%s; under <Connect> it is inbound_track", clip(string(x.Track)))
	}
	for _, p := range x.Parameters {
		if n := utf8.RuneCountInString(p.Name + p.Value); n >= maxParameter {
			c.report(0, "<Parameter> %s: %d characters; less than %d reach the server", clip(p.Name), n, maxParameter)
		}
	}
}

// background checks that a noun of Start has one of its targets and a noun of Stop has
// a name.
func (c *checker) background(parent classID, name, attr string, targets ...string) {
	c.stopped(parent, name)
	if parent != classStop && !slices.ContainsFunc(targets, func(s string) bool { return !blank(s) }) {
		c.reportAttr(attr, 0, "missing")
	}
}

// stopped checks that a noun of Stop has a name.
func (c *checker) stopped(parent classID, name string) {
	if parent == classStop && blank(name) {
		c.reportAttr("name", 0, "missing: it tells what to stop")
	}
}

// between checks a decimal number, if there is one.
func (c *checker) between(attr, v string, low, high float64) {
	if v == "" {
		return
	}
	if n, err := strconv.ParseFloat(Or(v, ""), 64); err != nil || !(low <= n && n <= high) {
		c.reportAttr(attr, 12200, "%q is not between %v and %v", clip(Or(v, "")), low, high)
	}
}

func (c *checker) dial(x *Dial, f *frame) {
	switch {
	case x.Number != "" && f.nouns != 0:
		c.report(0, "a number beside nouns")
	case x.Number != "":
		c.phone(x.Number)
	default:
		c.some(elements(x.Nouns), 13223, "nobody to dial")
	}
	if n := f.kids["Number"] + f.kids["Client"]; n > maxDialed {
		c.report(0, "%d numbers and clients; at most %d", n, maxDialed)
	}
	id := strings.TrimPrefix(x.CallerID, "client:")
	if id == x.CallerID && strings.IndexFunc(id, func(r rune) bool { return !isNameChar(r, false) && r != '+' && r != ':' }) >= 0 {
		c.reportAttr("callerId", 13214, "%q is neither a number nor client:name", clip(Or(id, "")))
	}
}

// callee checks the numbers and addresses that the nouns of Dial and Refer call.
func (c *checker) callee(f *frame) {
	switch x := f.node.(type) {
	case *Number:
		c.phone(x.PhoneNumber)
	case *WhatsApp:
		c.phone(x.PhoneNumber)
	case *Client:
		if x.Identity == nil {
			c.named(x.Name, "client name")
		}
	case *Identity:
		c.named(x.Name, "client name")
	case *Application:
		if x.ApplicationSID == nil {
			c.named(x.SID, "application SID")
		}
	case *ApplicationSID:
		c.named(x.SID, "application SID")
	case *Conference:
		c.named(x.Name, "conference name")
		if l := x.ParticipantLabel; strings.Contains(l, "/") || len(l) == 34 && strings.HasPrefix(l, "CA") {
			c.reportAttr("participantLabel", 16023, "%q has a slash or is a CallSid", l)
		}
	case *Sip:
		if len(x.URIs) == 0 {
			c.sip(x.URI)
		}
	case *SipURI:
		c.sip(x.URI)
	case *ReferSip:
		c.sip(x.URI)
	case *Sim:
		c.named(x.SID, "SIM SID")
	case *Room:
		c.named(x.Name, "room name")
	case *Sms:
		c.named(x.Text, "message")
	}
}

// isAmount reports whether v is a sum of money: digits with at most one point.
func isAmount(v string) bool {
	whole, cents, _ := strings.Cut(v, ".")
	return whole+cents != "" && strings.Trim(whole+cents, "0123456789") == ""
}

// phone checks a number as Dial takes it: digits, and the usual characters between
// them.
func (c *checker) phone(number string) {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.()", r) {
			return -1
		}
		return r
	}, number)
	digits = strings.TrimPrefix(strings.TrimPrefix(digits, "whatsapp:"), "+")
	if digits == "" || len(digits) > 20 || strings.Trim(digits, "0123456789") != "" {
		c.report(13223, "%q is not a phone number", clip(number))
	}
}

// sip checks a SIP address. Twilio takes user@host without the scheme too.
func (c *checker) sip(uri string) {
	address := strings.TrimPrefix(strings.TrimPrefix(uri, "sip:"), "sips:")
	user, _, ok := strings.Cut(address, "@")
	if !ok && address == uri || address == "" || strings.ContainsAny(uri, " \t\r\n") || strings.Contains(user, ":") {
		c.report(0, "%q is not a SIP address", clip(uri))
	}
}
