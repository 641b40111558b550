package twiml

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wrongDocuments has what Validate must find: the content of <Response>, Twilio's
// code and the whole text of the first error, without its prefix.
var wrongDocuments = []struct {
	doc  string
	code int
	want string
}{
	// nesting
	{`<Gather><Gather/></Gather>`, 12200, `Response/Gather/Gather: <Gather> does not belong in <Gather>`},
	{`<Gather><Stream url="wss://h/"/></Gather>`, 12200, `Response/Gather/Stream: <Stream> does not belong in <Gather>`},
	{`<Gather><Record/></Gather>`, 12200, `Response/Gather/Record: <Record> does not belong in <Gather>`},
	{`<Say>a<Say>b</Say></Say>`, 12200, `Response/Say/Say: <Say> does not belong in <Say>`},
	{`<Stream url="wss://h/"/>`, 12200, `Response/Stream: <Stream> does not belong in <Response>`},
	{`<Number>+14155550100</Number>`, 12200, `Response/Number: <Number> does not belong in <Response>`},
	{`<Dial><Say>x</Say></Dial>`, 12200, `Response/Dial/Say: <Say> does not belong in <Dial>`},
	{`<Dial>+14155550100</Dial><Dial><Number>+14155550100</Number><Stream/></Dial>`, 12200, `Response/Dial[2]/Stream: <Stream> does not belong in <Dial>`},
	{`<Connect><Recording/></Connect>`, 12200, `Response/Connect/Recording: <Recording> does not belong in <Connect>`},
	{`<Connect><Room>a</Room><Room>b</Room></Connect>`, 12200, `Response/Connect/Room[2]: <Connect> has one noun`},
	{`<Stop><Say>x</Say></Stop>`, 12200, `Response/Stop/Say: <Say> does not belong in <Stop>`},
	{`<Start><ConversationRelay url="wss://h/"/></Start>`, 12200, `Response/Start/ConversationRelay: <ConversationRelay> does not belong in <Start>`},
	{`<Say>a<s>b<p>c</p></s></Say>`, 12200, `Response/Say/s/p: <p> does not belong in <s>`},
	{`<Say><p><p>x</p></p></Say>`, 12200, `Response/Say/p/p: <p> does not belong in <p>`},
	{`<Say><w>a<lang xml:lang="de-DE">b</lang></w></Say>`, 12200, `Response/Say/w/lang: <lang> does not belong in <w>`},
	{`<Say>a <break><s>b</s></break></Say>`, 12200, `Response/Say/break/s: <s> does not belong in <break>`},
	{`<Hangup><Say>x</Say></Hangup>`, 12200, `Response/Hangup/Say: <Say> does not belong in <Hangup>`},
	{`<Queue>support</Queue>`, 12200, `Response/Queue: <Queue> belongs in <Dial>`},
	{`<Prompt for="security-code"><Say>x</Say></Prompt>`, 12200, `Response/Prompt: <Prompt> belongs in <Pay>`},
	{`<Enqueue workflowSid="W"><Task>{}</Task><Task>{}</Task></Enqueue>`, 12200, `Response/Enqueue/Task[2]: <Enqueue> has one <Task>`},
	{`<Refer><Sip>sip:a@b</Sip><Sip>sip:c@d</Sip></Refer>`, 12200, `Response/Refer/Sip[2]: <Refer> has one <Sip>`},
	{`<Dial><Client><Identity>a</Identity><Identity>b</Identity></Client></Dial>`, 12200, `Response/Dial/Client/Identity[2]: <Client> has one <Identity>`},

	// required
	{`<Connect><Stream/></Connect>`, 0, `Response/Connect/Stream: url: missing`},
	{`<Start><Stream name="a"/></Start>`, 0, `Response/Start/Stream: url: missing`},
	{`<Stop><Stream/></Stop>`, 0, `Response/Stop/Stream: name: missing: it tells what to stop`},
	{`<Stop><Siprec/></Stop>`, 0, `Response/Stop/Siprec: name: missing: it tells what to stop`},
	{`<Stop><Transcription/></Stop>`, 0, `Response/Stop/Transcription: name: missing: it tells what to stop`},
	{`<Stop><Recording/></Stop>`, 0, `Response/Stop/Recording: name: missing: it tells what to stop`},
	{`<Start><Siprec name="a"/></Start>`, 0, `Response/Start/Siprec: connectorName: missing`},
	{`<Connect><ConversationRelay/></Connect>`, 0, `Response/Connect/ConversationRelay: url: missing`},
	{`<Connect><ConversationRelay url="wss://h/"><Language/></ConversationRelay></Connect>`, 0, `Response/Connect/ConversationRelay/Language: code: missing`},
	{`<Connect><Stream url="wss://h/"><Parameter value="1"/></Stream></Connect>`, 0, `Response/Connect/Stream/Parameter: name: missing`},
	{`<Connect><Stream url="wss://h/"><Parameter name="a"/></Stream></Connect>`, 0, `Response/Connect/Stream/Parameter: value: missing`},
	{`<Connect><Stream url="wss://h/"><Parameter name="" value="1"/></Stream></Connect>`, 0, `Response/Connect/Stream/Parameter: name: empty`},
	{`<Connect/>`, 12200, `Response/Connect: no noun`},
	{`<Start/>`, 14300, `Response/Start: no noun`},
	{`<Stop><!-- a --></Stop>`, 14300, `Response/Stop: no noun`},
	{`<Dial><?a?></Dial>`, 13223, `Response/Dial: nobody to dial`},
	{`<Connect><!-- a --></Connect>`, 12200, `Response/Connect: no noun`},
	{`<Stop/>`, 14300, `Response/Stop: no noun`},
	{`<Refer/>`, 12200, `Response/Refer: no <Sip>`},
	{`<Dial/>`, 13223, `Response/Dial: nobody to dial`},
	{`<Dial><Client/></Dial>`, 0, `Response/Dial/Client: no client name`},
	{`<Dial><Conference/></Dial>`, 0, `Response/Dial/Conference: no conference name`},
	{`<Dial><Queue/></Dial>`, 0, `Response/Dial/Queue: no queue name`},
	{`<Dial><Sim/></Dial>`, 0, `Response/Dial/Sim: no SIM SID`},
	{`<Dial><Application/></Dial>`, 0, `Response/Dial/Application: no application SID`},
	{`<Connect><Room/></Connect>`, 0, `Response/Connect/Room: no room name`},
	{`<Connect><VirtualAgent/></Connect>`, 0, `Response/Connect/VirtualAgent: connectorName: missing`},
	{`<Say/>`, 0, `Response/Say: nothing to say`},
	{`<Play/>`, 0, `Response/Play: nothing to play: neither a URL nor digits`},
	{`<Sms/>`, 0, `Response/Sms: no message`},
	{`<Enqueue/>`, 0, `Response/Enqueue: neither a queue name nor a workflowSid`},
	{`<Say>a<phoneme alphabet="ipa">b</phoneme></Say>`, 0, `Response/Say/phoneme: ph: missing`},
	{`<Say>a<say-as>b</say-as></Say>`, 0, `Response/Say/say-as: interpret-as: missing`},
	{`<Say>a<prosody>b</prosody></Say>`, 0, `Response/Say/prosody: changes nothing: neither pitch nor rate nor volume`},
	{`<Pay><Prompt/></Pay>`, 0, `Response/Pay/Prompt: for: missing`},

	{`<Connect><Stream url=""/></Connect>`, 0, `Response/Connect/Stream: url: missing`},
	{`<Stop><Stream name=""/></Stop>`, 0, `Response/Stop/Stream: name: missing: it tells what to stop`},
	{`<Start><Siprec connectorName=""/></Start>`, 0, `Response/Start/Siprec: connectorName: missing`},
	{`<Stop><Transcription name=""/></Stop>`, 0, `Response/Stop/Transcription: name: missing: it tells what to stop`},
	{`<Play digits=""/>`, 0, `Response/Play: nothing to play: neither a URL nor digits`},
	{`<Enqueue workflowSid=""/>`, 0, `Response/Enqueue: neither a queue name nor a workflowSid`},
	{`<Enqueue workflowSid="">a<Task>{}</Task></Enqueue>`, 0, `Response/Enqueue: <Task> needs a workflowSid`},
	{`<Dial><Queue reservationSid=""/></Dial>`, 0, `Response/Dial/Queue: no queue name`},
	{`<Say>a<prosody rate="">b</prosody></Say>`, 0, `Response/Say/prosody: changes nothing: neither pitch nor rate nor volume`},

	// values
	{`<Gather input="voice"/>`, 12200, `Response/Gather: input: "voice" is none of dtmf speech`},
	{`<Gather input="dtmf,speech"/>`, 12200, `Response/Gather: input: "dtmf,speech" is none of dtmf speech`},
	{`<Gather input="dtmf&#160;speech"/>`, 12200, `Response/Gather: input: "dtmf\u00a0speech" is none of dtmf speech`},
	{`<Gather input=""/>`, 12200, `Response/Gather: input: empty`},
	{`<Gather method="PUT"/>`, 12200, `Response/Gather: method: "PUT" is none of GET POST`},
	{`<Gather bargeIn="yes"/>`, 12200, `Response/Gather: bargeIn: "yes" is none of true false`},
	{`<Gather numDigits="0"/>`, 12200, `Response/Gather: numDigits: 0 is less than 1`},
	{`<Gather numDigits="four"/>`, 12200, `Response/Gather: numDigits: "four" is not a number`},
	{`<Gather finishOnKey="##"/>`, 0, `Response/Gather: finishOnKey: 2 characters; at most 1`},
	{`<Gather finishOnKey="x"/>`, 0, `Response/Gather: finishOnKey: "x" has other characters than 0123456789#*`},
	{`<Gather speechTimeout="soon"/>`, 12200, `Response/Gather: speechTimeout: "soon" is neither auto nor a positive number`},
	{`<Gather speechTimeout="auto" speechModel="phone_call"/>`, 13335, `Response/Gather: speechTimeout: auto does not go with a speechModel`},
	{`<Gather hints="` + strings.Repeat("a,", 500) + `a"/>`, 0, `Response/Gather: hints: 501 hints; at most 500`},
	{`<Pause length="soon"/>`, 12200, `Response/Pause: length: "soon" is not a number`},
	{`<Pause length="-1"/>`, 12200, `Response/Pause: length: -1 is less than 0`},
	{`<Pause length="1.5"/>`, 12200, `Response/Pause: length: "1.5" is not a number`},
	{`<Pause length="99999999999"/>`, 12200, `Response/Pause: length: "99999999999" is not a number`},
	{`<Say loop="1001">x</Say>`, 12200, `Response/Say: loop: 1001 is more than 1000`},
	{`<Say>a<break time="fast"/></Say>`, 12200, `Response/Say/break: time: "fast" is not a time such as 3s or 500ms`},
	{`<Say>a<break time="11s"/></Say>`, 12200, `Response/Say/break: time: 11000 is more than 10000`},
	{`<Say>a<say-as interpret-as="digits" format="mdy">1</say-as></Say>`, 0, `Response/Say/say-as: format: is for dates`},
	{`<Say voice="Polly.Joanna">` + strings.Repeat("a", 3001) + `</Say>`, 13521, `Response/Say: 3001 characters; a Polly voice speaks 3000`},
	{`<Say>` + strings.Repeat("a", 4097) + `</Say>`, 13521, `Response/Say: 4097 characters; a voice speaks 4096`},
	{`<Say>` + strings.Repeat("é", 1000) + `</Say>`, 13521, `Response/Say: 6000 bytes URL encoded; a voice speaks 4500`},
	{`<Play digits="12x"/>`, 0, `Response/Play: digits: "12x" has other characters than 0123456789ABCD#*wW`},
	{`<Play>ftp://example.com/a.mp3</Play>`, 11100, `Response/Play: "ftp://example.com/a.mp3" is not an http or https URL`},
	{`<Redirect>http:///a</Redirect>`, 11100, `Response/Redirect: "http:///a" has no host`},
	{`<Redirect>http://exa mple.com/</Redirect>`, 11100, `Response/Redirect: "http://exa mple.com/" is not a URL`},
	{`<Redirect>/a b</Redirect>`, 11100, `Response/Redirect: "/a b" is not a URL`},
	{`<Record maxLength="1"/>`, 12200, `Response/Record: maxLength: 1 is less than 2`},
	{`<Record maxLength="86401"/>`, 12200, `Response/Record: maxLength: 86401 is more than 86400`},
	{`<Record transcribeCallback="/t"/>`, 0, `Response/Record: transcribeCallback: needs transcribe`},
	{`<Record transcribe="true" maxLength="121"/>`, 0, `Response/Record: maxLength: 2m1s; transcribe takes 2 minutes`},
	{`<Record trim="trim"/>`, 12200, `Response/Record: trim: "trim" is none of trim-silence do-not-trim`},
	{`<Reject reason="away"/>`, 12200, `Response/Reject: reason: "away" is none of rejected busy`},
	{`<Dial callReason="` + strings.Repeat("a", 51) + `">+14155550100</Dial>`, 0, `Response/Dial: callReason: 51 characters; at most 50`},
	{`<Dial callerId="not a number">+14155550100</Dial>`, 13214, `Response/Dial: callerId: "not a number" is neither a number nor client:name`},
	{`<Dial>alice</Dial>`, 13223, `Response/Dial: "alice" is not a phone number`},
	{`<Dial><Number>sip:a@b</Number></Dial>`, 13223, `Response/Dial/Number: "sip:a@b" is not a phone number`},
	{`<Dial>+1<Number>+14155550100</Number></Dial>`, 0, `Response/Dial: a number beside nouns`},
	{`<Dial>` + strings.Repeat(`<Client>a</Client>`, 11) + `</Dial>`, 0, `Response/Dial: 11 numbers and clients; at most 10`},
	{`<Dial><Number sendDigits="1,2">+14155550100</Number></Dial>`, 0, `Response/Dial/Number: sendDigits: "1,2" has other characters than 0123456789ABCD#*wW`},
	{`<Dial><Number machineDetectionTimeout="2">+14155550100</Number></Dial>`, 12200, `Response/Dial/Number: machineDetectionTimeout: 2 is less than 3`},
	{`<Dial><Number statusCallbackEvent="initiated done">+14155550100</Number></Dial>`, 12200, `Response/Dial/Number: statusCallbackEvent: "done" is none of initiated ringing answered completed`},
	{`<Dial><Sip>tel:+14155550100</Sip></Dial>`, 0, `Response/Dial/Sip: "tel:+14155550100" is not a SIP address`},
	{`<Dial><Conference maxParticipants="251">a</Conference></Dial>`, 12200, `Response/Dial/Conference: maxParticipants: 251 is more than 250`},
	{`<Dial><Conference participantLabel="a/b">a</Conference></Dial>`, 16023, `Response/Dial/Conference: participantLabel: "a/b" has a slash or is a CallSid`},
	{`<Dial><Conference beep="loud">a</Conference></Dial>`, 12200, `Response/Dial/Conference: beep: "loud" is none of true false onEnter onExit`},
	{`<Enqueue>a<Task>{}</Task></Enqueue>`, 0, `Response/Enqueue: <Task> needs a workflowSid`},
	{`<Enqueue workflowSid="W"><Task>{a}</Task></Enqueue>`, 0, `Response/Enqueue/Task: not JSON`},
	{`<Gather speechTimeout=""/>`, 12200, `Response/Gather: speechTimeout: "" is neither auto nor a positive number`},
	{`<Dial callerId="">+14155550100</Dial>`, 13214, `Response/Dial: callerId: "" is neither a number nor client:name`},
	{`<Pay input="speech"/>`, 12200, `Response/Pay: input: "speech" is not dtmf, the only one here`},
	{`<Pay chargeAmount="ten"/>`, 12200, `Response/Pay: chargeAmount: "ten" is not an amount`},
	{`<Pay chargeAmount=""/>`, 12200, `Response/Pay: chargeAmount: "" is not an amount`},
	{`<Pay chargeAmount="NaN"/>`, 12200, `Response/Pay: chargeAmount: "NaN" is not an amount`},
	{`<Pay chargeAmount="1e3"/>`, 12200, `Response/Pay: chargeAmount: "1e3" is not an amount`},
	{`<Pay><Prompt for="security-code" attempt="first"/></Pay>`, 12200, `Response/Pay/Prompt: attempt: "first" is not a number`},
	{`<Pay><Prompt for="security-code" attempt="0"/></Pay>`, 12200, `Response/Pay/Prompt: attempt: 0 is not positive`},
	{`<Gather>Press 1.</Gather>`, 12200, `Response/Gather: text "Press 1." does not belong in <Gather>`},
	{`Hello`, 12200, `Response: text "Hello" does not belong in <Response>`},

	// streams
	{`<Connect><Stream url="ws://h/"/></Connect>`, 31922, `Response/Connect/Stream: url: "ws://h/" is not a wss URL`},
	{`<Connect><Stream url="https://h/"/></Connect>`, 31922, `Response/Connect/Stream: url: "https://h/" is not a wss URL`},
	{`<Connect><Stream url="wss://h/s?token=1"/></Connect>`, 31920, `Response/Connect/Stream: url: query strings do not reach the server; use <Parameter> or the path`},
	{`<Connect><Stream url="wss:///s"/></Connect>`, 31923, `Response/Connect/Stream: url: "wss:///s" has no host`},
	{`<Connect><Stream url="wss://%zz/"/></Connect>`, 31923, `Response/Connect/Stream: url: "wss://%zz/" is not a URL`},
	{`<Connect><Stream url="wss://h/" track="both_tracks"/></Connect>`, 31941, `Response/Connect/Stream: track: both_tracks; under <Connect> it is inbound_track`},
	{`<Start><Stream url="wss://h/" track="both"/></Start>`, 12200, `Response/Start/Stream: track: "both" is none of inbound_track outbound_track both_tracks`},
	{`<Start><Stream url="wss://h/" statusCallback="/status"/></Start>`, 11100, `Response/Start/Stream: statusCallback: "/status" is not absolute`},
	{`<Connect><Stream url="wss://h/"><Parameter name="a" value="` + strings.Repeat("v", 499) + `"/></Stream></Connect>`, 0, `Response/Connect/Stream: <Parameter> a: 500 characters; less than 500 reach the server`},

	{`<Connect><ConversationRelay url="wss://h/" eagerEotThreshold="0.2"/></Connect>`, 12200, `Response/Connect/ConversationRelay: eagerEotThreshold: "0.2" is not between 0.3 and 0.9`},
	{`<Connect><ConversationRelay url="wss://h/" eotThreshold="high"/></Connect>`, 12200, `Response/Connect/ConversationRelay: eotThreshold: "high" is not between 0.5 and 0.9`},
	{`<Connect><ConversationRelay url="wss://h/" eotThreshold=""/></Connect>`, 12200, `Response/Connect/ConversationRelay: eotThreshold: "" is not between 0.5 and 0.9`},
	{`<Connect><ConversationRelay url="wss://h/" eotThreshold="NaN"/></Connect>`, 12200, `Response/Connect/ConversationRelay: eotThreshold: "NaN" is not between 0.5 and 0.9`},
	{`<Connect><ConversationRelay url="wss://h/" turnDetection="maybe"/></Connect>`, 12200, `Response/Connect/ConversationRelay: turnDetection: "maybe" is none of true false`},

	// addresses
	{`<Gather action="https://my_host.example.com/"/>`, 11100, `Response/Gather: action: underscore in host name my_host.example.com`},
	{`<Gather action="/a#rc=6"/>`, 11243, `Response/Gather: action: #rc=6 is not between 0 and 5`},
	{`<Gather action="/a#ct=50"/>`, 11243, `Response/Gather: action: #ct=50 is not between 100 and 10000`},
	{`<Gather action="/a#rc=2&amp;rp=6xx"/>`, 11243, `Response/Gather: action: #rp: "6xx" is none of 4xx 5xx ct rt all`},
	{`<Gather action="/a#sni=maybe"/>`, 11243, `Response/Gather: action: #sni: "maybe" is none of y n`},
	{`<Gather action="/a#tt=15001"/>`, 11243, `Response/Gather: action: #tt=15001 is not between 100 and 15000`},
	{`<Gather action="/a#e=berlin"/>`, 11240, `Response/Gather: action: #e: "berlin" is none of ` + strings.Join(edges, " ")},

	// order
	{`<Hangup/><Say>x</Say>`, 0, `Response/Say: nothing after <Hangup> is reached`},
	{`<Redirect>/a</Redirect><Say>x</Say>`, 0, `Response/Say: nothing after <Redirect> is reached`},
	{`<Say>x</Say><Reject/>`, 0, `Response/Reject: the call is already answered by <Say>`},
	{`<Say>x</Say><Pause/><Reject/>`, 0, `Response/Reject: the call is already answered by <Say>`},
	{`<Say>x</Say><Dial answerOnBridge="true">+14155550100</Dial>`, 0, `Response/Dial: answerOnBridge: the call is already answered by <Say>`},
}

// doubtfulDocuments has what Twilio may not know: a warning, and no error.
var doubtfulDocuments = []struct{ doc, want string }{
	{`<say>x</say>`, `Response/say: unknown element; it is spelled <Say>`},
	{`<Say>a<SayAs interpret-as="date">b</SayAs></Say>`, `Response/Say/SayAs: unknown element; it is spelled <say-as>`},
	{`<Say>a<Break/></Say>`, `Response/Say/Break: unknown element; it is spelled <break>`},
	{`<Start><SipRec connectorName="c"/></Start>`, `Response/Start/SipRec: unknown element; it is spelled <Siprec>`},
	{`<Answer/>`, `Response/Answer: unknown element`},
	{`<Say Voice="man">x</Say>`, `Response/Say: Voice: unknown attribute; it is spelled voice`},
	{`<Gather num_digits="1"/>`, `Response/Gather: num_digits: unknown attribute; it is spelled numDigits`},
	{`<Say><lang xmlLang="de-DE">x</lang></Say>`, `Response/Say/lang: xmlLang: unknown attribute; it is spelled xml:lang`},
	{`<Pay><Prompt for_="security-code"/></Pay>`, `Response/Pay/Prompt: for_: unknown attribute; it is spelled for`},
	{`<Connect><ConversationRelay url="wss://h/" speechtimeout="1"/></Connect>`, `Response/Connect/ConversationRelay: speechtimeout: unknown attribute; it is spelled speechTimeout`},
	{`<Hangup now="true"/>`, `Response/Hangup: now: unknown attribute`},

	// newer than the schema, or older
	{`<Connect><Avatar url="wss://h/"><Parameter a="1"/></Avatar></Connect>`, `Response/Connect/Avatar: unknown element`},
	{`<Connect><!-- a --><Newer/><Stream url="wss://h/"/></Connect>`, `Response/Connect/Newer: unknown element`},
	{`<Dial>+14155550100<Newer/></Dial>`, `Response/Dial/Newer: unknown element`},
	{`<Dial><Newer/></Dial>`, `Response/Dial/Newer: unknown element`},
	{`<Connect><Stream url="wss://h/"><Codec name="opus"/></Stream></Connect>`, `Response/Connect/Stream/Codec: unknown element`},
	{`<Connect><Stream url="wss://h/" codec="opus"/></Connect>`, `Response/Connect/Stream: codec: unknown attribute`},
	{`<Connect><ConversationRelay url="wss://h/" sentiment="on"><Language code="en-US" accent="scottish"/></ConversationRelay></Connect>`, `Response/Connect/ConversationRelay/Language: accent: unknown attribute`},
	{`<Connect><Assistant id="as1"><Language code="en-US"/></Assistant></Connect>`, `Response/Connect/Assistant: retired by Twilio`},

	// values
	{`<Connect><ConversationRelay url="wss://h/" debug="tokens-played new-kind"/></Connect>`, `Response/Connect/ConversationRelay: debug: "new-kind" is none of debugging speaker-events tokens-played`},
	{`<Connect><ConversationRelay url="wss://h/" reportInputDuringAgentSpeech="true"/></Connect>`, `Response/Connect/ConversationRelay: reportInputDuringAgentSpeech: "true" is none of none dtmf speech any`},
	{`<Dial><Conference region="in1">a</Conference></Dial>`, `Response/Dial/Conference: region: "in1" is none of us1 us2 ie1 sg1 br1 au1 jp1 de1`},
	{`<Start><MediaFilter filterType="echo"/></Start>`, `Response/Start/MediaFilter: filterType: "echo" is none of noise`},
	{`<Pay validCardTypes="visa unionpay"/>`, `Response/Pay: validCardTypes: "unionpay" is none of visa mastercard amex maestro discover optima jcb diners-club enroute`},
	{`<Redirect method="post">/a</Redirect>`, `Response/Redirect: method: "post" is spelled POST`},
	{`<Gather input="DTMF"/>`, `Response/Gather: input: "DTMF" is spelled dtmf`},
	{`<Dial><Number machineDetection="enable">+14155550100</Number></Dial>`, `Response/Dial/Number: machineDetection: "enable" is spelled Enable`},
}

func TestWarnings(t *testing.T) {
	for _, test := range doubtfulDocuments {
		r, err := Parse(strings.NewReader("<Response>" + test.doc + "</Response>"))
		require.NoError(t, err, test.doc)
		var found []string
		for _, w := range r.Warnings() {
			require.Equal(t, 12200, w.Code)
			found = append(found, w.Error())
		}
		require.Contains(t, found, "twiml: "+test.want+" (error 12200)", test.doc)
		for _, e := range problems(r.Validate()) {
			require.NotContains(t, found, e.Error())
			require.Contains(t, e.Msg, "missing", test.doc)
		}
	}
	require.Empty(t, (*Response)(nil).Warnings())
}

func TestValidateFinds(t *testing.T) {
	for _, test := range wrongDocuments {
		r, err := Parse(strings.NewReader("<Response>" + test.doc + "</Response>"))
		require.NoError(t, err, test.doc)
		errs := problems(r.Validate())
		require.NotEmpty(t, errs, test.doc)
		var found bool
		for _, e := range errs {
			text := strings.TrimPrefix(e.Error(), "twiml: ")
			text, _, _ = strings.Cut(text, " (error ")
			found = found || text == test.want && e.Code == test.code
		}
		require.True(t, found, "%s\nwant %s (%d)\ngot  %v", test.doc, test.want, test.code, r.Validate())
	}
}

// problems takes the error of Validate apart.
func problems(err error) []*Error {
	if err == nil {
		return nil
	}
	var all []*Error
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var problem *Error
		if errors.As(e, &problem) {
			all = append(all, problem)
		}
	}
	return all
}

// TestValidateTyped has what only a document made in Go can have wrong.
func TestValidateTyped(t *testing.T) {
	for want, verbs := range map[string][]Verb{
		"twiml: Response: nil element":                                              {nil},
		"twiml: Response/Gather: nil element":                                       {&Gather{Verbs: []Audible{(*Say)(nil)}}},
		"twiml: Response/Dial: nil element":                                         {&Dial{Number: "1", Extra: Extra{Nodes: []Node{nil}}}},
		"twiml: Response/Pause: length: 1.5s is not a multiple of 1s":               {&Pause{Length: 1500 * time.Millisecond}},
		"twiml: Response/Say: character U+0001 (error 12100)":                       {&Say{Text: "a\x01"}},
		"twiml: Response/Say: not UTF-8 (error 12100)":                              {&Say{Text: "a\xff"}},
		"twiml: Response/Say: voice: character U+0000 (error 12100)":                {&Say{Text: "a", Voice: "a\x00"}},
		"twiml: Response/Say: voice: written twice (error 12100)":                   {&Say{Text: "a", Voice: "b", Extra: Extra{Attrs: []Attr{{"voice", "c"}}}}},
		"twiml: Response/Say: a b: not a name (error 12100)":                        {&Say{Text: "a", Extra: Extra{Attrs: []Attr{{"a b", "c"}}}}},
		`twiml: Response/: "" cannot name an element (error 12100)`:                 {&Element{}},
		"twiml: Response: -- in a comment (error 12100)":                            {Comment("a--b")},
		`twiml: Response: "xml a" cannot be a processing instruction (error 12100)`: {ProcInst("xml a")},
		`twiml: Response: "a?>b" cannot be a processing instruction (error 12100)`:  {ProcInst("a?>b")},
		"twiml: Response/Hangup/Say: <Say> does not belong in <Hangup> (error 12200)": {
			&Hangup{Extra: Extra{Nodes: []Node{&Say{Text: "a"}}}},
		},
	} {
		err := New(verbs...).Validate()
		require.EqualError(t, err, want)
	}
	require.EqualError(t, (*Response)(nil).Validate(), "twiml: Response: nil element")
}

func TestValidateReportsAll(t *testing.T) {
	err := New(
		&Gather{Method: "PUT", NumDigits: Zero},
		&Dial{Nouns: []DialNoun{&Number{}, &Sip{}}},
		&Connect{Noun: &Stream{URL: "ws://h/?a=b", Track: BothTracks}},
	).Validate()
	require.EqualError(t, err, strings.Join([]string{
		`twiml: Response/Gather: method: "PUT" is none of GET POST (error 12200)`,
		`twiml: Response/Gather: numDigits: 0 is less than 1 (error 12200)`,
		`twiml: Response/Dial/Number: "" is not a phone number (error 13223)`,
		`twiml: Response/Dial/Sip: "" is not a SIP address`,
		`twiml: Response/Connect/Stream: url: "ws://h/?a=b" is not a wss URL (error 31922)`,
		`twiml: Response/Connect/Stream: track: both_tracks; under <Connect> it is inbound_track (error 31941)`,
	}, "\n"))
}

func TestValidateREST(t *testing.T) {
	relative := New(&Gather{Action: "/next"}, &Play{URL: "a.mp3"}, &Record{}, &Record{Action: Empty})
	require.NoError(t, relative.Validate())
	require.EqualError(t, relative.ValidateREST(), strings.Join([]string{
		`twiml: Response/Gather: action: "/next" is relative: without a document URL it leads nowhere (error 15004)`,
		`twiml: Response/Play: "a.mp3" is relative: without a document URL it leads nowhere (error 15004)`,
		`twiml: Response/Record: action: missing: without a document URL there is no default (error 11100)`,
		`twiml: Response/Record[2]: action: missing: without a document URL there is no default (error 11100)`,
	}, "\n"))
	require.NoError(t, New(&Gather{Action: "https://example.com/next"}).ValidateREST())

	long := New(&Say{Text: strings.Repeat("a", 3900)})
	require.NoError(t, long.Validate())
	require.NoError(t, New(&Say{Text: strings.Repeat("a", 3900-49)}).ValidateREST())
	long.Verbs = append(long.Verbs, &Say{Text: strings.Repeat("é", 50)})
	require.EqualError(t, long.ValidateREST(), "twiml: Response: 4031 characters; the REST API takes 4000 (error 32018)")
}

func TestValidateSize(t *testing.T) {
	r := new(Response)
	for range 22 {
		r.Verbs = append(r.Verbs, &Say{Text: strings.Repeat("a", 3000)})
	}
	require.EqualError(t, r.Validate(), "twiml: Response: 66301 bytes; Twilio reads 64 kB (error 11750)")
}

func TestValidateTakes(t *testing.T) {
	for _, doc := range []string{
		``,
		`<Say voice="Google.en-US-Chirp3-HD-Kore" language="xx-XX">x</Say>`, // open sets
		`<Pause length="1"/><Pause/><Reject reason="busy"/>`,
		`<Record/><Say>I did not hear you.</Say>`,
		`<Gather speechTimeout="auto" input="speech"/>`,
		`<Gather finishOnKey=""/>`,
		`<Gather speechTimeout="auto" speechModel=""/>`,
		`<Record transcribeCallback=""/>`,
		`<Gather action="https://example.com/a#rc=2&amp;rp=4xx,ct&amp;ct=2000"/>`,
		`<Gather action="#section"/>`,
		`<Enqueue waitUrl="">support</Enqueue>`,
		`<Dial callerId="client:al ice"><Sip>sips:a@b:5061;transport=tls</Sip></Dial>`,
		`<Dial>(415) 555-01.00</Dial>`,
		`<Dial><Queue reservationSid="WR1"/></Dial>`,
		`<Stop><Stream name="a"/></Stop>`,
		`<Start><Stream url="wss://h/"/><Stream url="wss://h/b" track="both_tracks"/></Start>`,
		`<Connect><Stream url="wss://h:443/a/b#rc=1"><Parameter name="a" value=""/></Stream></Connect>`,
		`<!-- note --><Say xmlns:x="urn:x" x:mood="glad">x</Say>`,
		`<Say><break time="10s"/></Say>`,
		`<Record transcribe="TRUE" playBeep="False"/>`, // as the page of error 13614 spells it
		`<Dial record="True"><Conference beep="FALSE">a</Conference></Dial>`,
		`<Connect><ConversationRelay url="wss://h/" interruptible="TRUE" reportInputDuringAgentSpeech="dtmf" eotThreshold="0.5"/></Connect>`,
		`<Connect><ConversationRelay url="wss://h/"><Failover anything="1">text<Backup for="tts"/><Language/></Failover></ConversationRelay></Connect>`,
		`<Start><MediaFilter name="a" track="both_tracks" filterType="noise" model="b"><Parameter name="c" value="d"/></MediaFilter></Start><Stop><MediaFilter name="a"/><Recording name="b"/></Stop>`,
		`<Connect><Stream url="wss://h/" audioFormat="a" sampleRate="16000"/></Connect>`,
		`<Dial>+14155550100<!-- the office --></Dial>`,
		`<Dial><!-- a -->+1 415<?b?> 555 0100</Dial>`,
		`<Gather timeout="007" numDigits=" 4 "/>`,
		`<Say><break time="0.5s"/></Say>`,
	} {
		r, err := Parse(strings.NewReader("<Response>" + doc + "</Response>"))
		require.NoError(t, err, doc)
		require.NoError(t, r.Validate(), doc)
		require.Empty(t, r.Warnings(), doc)
	}
}

// TestValidatePaths: a long name is not repeated for each element below it.
func TestValidatePaths(t *testing.T) {
	name := strings.Repeat("n", 20_000)
	doc := "<Response><" + name + ">" + strings.Repeat("<a/>", 5_000) + "</" + name + "></Response>"
	r := parse(t, doc)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	warnings := r.Warnings()
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(200*len(doc)))
	require.Len(t, warnings, 1)
	require.EqualError(t, warnings[0], "twiml: Response/"+name[:40]+"...: unknown element (error 12200)")
}
