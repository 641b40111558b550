package voicetest

import (
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// obeyed lists the attributes that the fake obeys, and those that have no effect here, of all
// elements that are not unsimulated as a whole: what a voice, a recogniser or a carrier makes
// of a call.
var obeyed = map[string]string{
	"Response": "", "ApplicationSid": "", "Config": "name value", "Failover": "", "Language": "*", "Sip/Sip": "",
	"Identity": "", "Header": "name value", "Headers": "", "Parameter": "name value",
	"Client": "method statusCallback statusCallbackEvent statusCallbackMethod url",
	"Conference": "beep coach endConferenceOnExit jitterBufferSize maxParticipants muted participantLabel region startConferenceOnEnter statusCallback " +
		"statusCallbackEvent statusCallbackMethod waitMethod waitUrl",
	"Enqueue": "action maxQueueSize method waitUrl waitUrlMethod", "Queue": "method url",
	"Connect": "action method",
	"ConversationRelay": "applicationReconnect partialPromptOnHangup asrSmartFormat backgroundNoiseReduction debug deepgramSmartFormat dtmfDetection eagerEotThreshold " +
		"echoPromptFiltering elevenlabsLanguageTextNormalization elevenlabsTextNormalization eotThreshold events hints ignoreBackchannel includeInPrompt " +
		"interruptSensitivity interruptible language partialPrompts preemptible profanityFilter reportInputDuringAgentSpeech speechModel speechTimeout " +
		"transcriptionLanguage transcriptionProvider ttsLanguage ttsLanguageTextNormalization ttsProvider ttsTextNormalization turnDetection url voice " +
		"welcomeGreeting welcomeGreetingInterruptible",
	"Dial": "action answerOnBridge callReason callerId hangupOnStar method record referMethod referUrl recordingStatusCallback recordingStatusCallbackEvent " +
		"recordingStatusCallbackMethod recordingTrack ringTone sequential timeLimit timeout trim",
	"Gather": "action actionOnEmptyResult bargeIn debug enhanced finishOnKey hints input language maxSpeechTime method numDigits " +
		"partialResultCallback partialResultCallbackMethod profanityFilter speechModel speechTimeout timeout",
	"Pay": "action bankAccountType chargeAmount currency description input language maxAttempts minPostalCodeLength paymentConnector paymentMethod postalCode " +
		"securityCode statusCallback statusCallbackMethod timeout tokenType validCardTypes",
	"Prompt": "attempt cardType errorType for", "Refer": "action method", "Sms": "action from method statusCallback to",
	"Transcription": "enableAutomaticPunctuation hints inboundTrackLabel languageCode name outboundTrackLabel partialResults profanityFilter speechModel " +
		"statusCallbackMethod statusCallbackUrl track transcriptionEngine",
	"Hangup": "", "Leave": "",
	"Number": "amdStatusCallback amdStatusCallbackMethod machineDetection method sendDigits statusCallback statusCallbackEvent statusCallbackMethod url " +
		"byoc machineDetectionSilenceTimeout machineDetectionSpeechEndThreshold machineDetectionSpeechThreshold machineDetectionTimeout",
	"Record": "action finishOnKey maxLength method playBeep recordingStatusCallback recordingStatusCallbackEvent recordingStatusCallbackMethod " +
		"timeout transcribe transcribeCallback trim",
	"Recording": "channels name recordingStatusCallback recordingStatusCallbackEvent recordingStatusCallbackMethod track trim",
	"Pause":     "length", "Play": "digits loop", "Redirect": "method", "Reject": "reason", "Say": "language loop voice",
	"Sip": "amdStatusCallback amdStatusCallbackMethod machineDetection method statusCallback statusCallbackEvent statusCallbackMethod url " +
		"machineDetectionSilenceTimeout machineDetectionSpeechEndThreshold machineDetectionSpeechThreshold machineDetectionTimeout password username",
	"Start": "", "Stop": "",
	"Stream": "name statusCallback statusCallbackMethod track url",
}

// TestEverythingIsSimulatedOrListed: each attribute and element of Twilio's schema is obeyed
// or listed, and each that is listed is in the schema and in the package comment.
func TestEverythingIsSimulatedOrListed(t *testing.T) {
	doc, err := parser.ParseFile(token.NewFileSet(), "voicetest.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	require.NoError(t, err)
	comment := doc.Doc.Text()

	known := map[string]map[string]bool{}
	for _, e := range readSchema(t).Elements {
		if e.Kind == "ssml" { // has no effect in Say
			continue
		}
		if known[e.Name] == nil {
			known[e.Name] = map[string]bool{}
		}
		listed, isListed := unsimulated[e.Name]
		whole := isListed && listed == nil
		fine, isObeyed := obeyed[e.Name]
		require.True(t, whole || isObeyed, "<%s> is neither simulated nor listed", e.Name)
		for _, a := range e.Attrs {
			known[e.Name][a.Name] = true
			if whole || fine == "*" {
				continue
			}
			require.NotEqual(t, slices.Contains(listed, a.Name), slices.Contains(strings.Fields(fine), a.Name), "%s of <%s> is simulated or listed", a.Name, e.Name)
		}
	}
	words := strings.FieldsFunc(comment, func(r rune) bool { return strings.ContainsRune(" \n,.;:()", r) })
	for _, name := range slices.Sorted(maps.Keys(unsimulated)) {
		last := name[strings.LastIndex(name, "/")+1:]
		require.Contains(t, known, last)
		require.Contains(t, words, "<"+name+">", "the package comment lists it")
		for _, attr := range unsimulated[name] {
			require.True(t, known[name][attr], "%s of <%s>", attr, name)
			require.Contains(t, words, attr, "the package comment lists it")
		}
	}
}

// TestWhatIsNotSimulatedFailsTheTest of New, and is returned by Wait and Close of Start.
func TestWhatIsNotSimulatedFailsTheTest(t *testing.T) {
	mp3 := blocking("/none", nil, `<Response><Play>/song.mp3</Play></Response>`)
	for name, tc := range map[string]struct {
		twiml string
		wants []string
	}{
		"verb":       {`<Response><Echo/></Response>`, []string{"<Echo> is not simulated"}},
		"noun":       {`<Response><Connect><Room>a</Room></Connect></Response>`, []string{"<Room> is not simulated"}},
		"child":      {`<Response><Reject><Parameter name="a" value="b"/></Reject></Response>`, []string{"<Reject/Parameter> is not simulated"}},
		"attribute":  {`<Response><Dial passports="a">+14155550123</Dial></Response>`, []string{"passports of <Dial> is not simulated"}},
		"of a noun":  {`<Response><Stop><Stream name="a" audioFormat="l16"/></Stop></Response>`, []string{"audioFormat of <Stream> is not simulated"}},
		"in Gather":  {`<Response><Gather timeout="1"><Play>https://cdn.example.com/a.wav</Play></Gather></Response>`, []string{"Play https://cdn.example.com/a.wav"}},
		"not a WAV":  {`<Response><Play>/song.mp3</Play></Response>`, []string{"audio that is not WAV is not simulated"}},
		"two":        {`<Response><Start><Siprec name="a"/></Start><Connect><VirtualAgent/></Connect></Response>`, []string{"<Siprec>", "<VirtualAgent>"}},
		"not run":    {`<Response><Hangup/><Echo/></Response>`, nil},
		"unknown":    {`<Response><Shout/></Response>`, nil},
		"no effect":  {`<Response><Say voice="alice"><break/>Hello</Say><Gather timeout="1" hints="a" speechModel="b"><Say voice="alice">Hello</Say></Gather></Response>`, nil},
		"everything": {`<Response><Play digits="1w2"/><Pause/></Response>`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := blocking("/none", nil, tc.twiml)
			if name == "not a WAV" {
				host = mp3
			}
			tw, err := Start(Config{Handler: host, Pace: 100})
			require.NoError(t, err)
			call := tw.Dial("+14155550100", "+14155550199")
			waited, closed := call.Wait(t.Context()), tw.Close()
			if tc.wants == nil {
				require.NoError(t, waited)
				require.NoError(t, closed)
			}
			for i, want := range tc.wants {
				require.ErrorContains(t, closed, want)
				require.Contains(t, call.Warnings()[len(call.Warnings())-len(tc.wants)+i].Error(), "voicetest: ")
				var w Warning
				require.ErrorAs(t, waited, &w)
				require.Zero(t, w.Code)
			}
			f := &failed{TB: t}
			tw = New(f, host, Config{Pace: 100})
			tw.Dial("+14155550100", "+14155550199").Wait(t.Context())
			f.cleanup()
			require.Equal(t, tc.wants != nil, f.err != "", f.err)
			f = &failed{TB: t}
			tw = New(f, host, Config{Pace: 100, Tolerate: func(w Warning) bool { return true }})
			require.NoError(t, tw.Dial("+14155550100", "+14155550199").Wait(t.Context()))
			f.cleanup()
			require.Empty(t, f.err)
		})
	}
}

// failed is a testing.TB that notes its errors.
type failed struct {
	testing.TB
	cleanups []func()
	err      string
}

func (f *failed) Cleanup(fn func()) { f.cleanups = append(f.cleanups, fn) }
func (f *failed) Error(args ...any) { f.err += fmt.Sprint(args...) }
func (f *failed) cleanup() {
	for _, fn := range f.cleanups {
		fn()
	}
}

// TestRequestsThatAreNotSimulated are returned by Close as well: they are about no call.
func TestRequestsThatAreNotSimulated(t *testing.T) {
	tw, err := Start(Config{Handler: blocking("/none", nil, "<Response/>"), Pace: 100})
	require.NoError(t, err)
	call := tw.Dial("+14155550100", "+14155550199")
	for _, path := range []string{"/Usage/Records.json", "/Calls/" + call.SID + ".json"} {
		req, _ := http.NewRequest("POST", tw.RESTURL()+"/2010-04-01/Accounts/"+AccountSID+path, strings.NewReader("Moderation=yes"))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.SetBasicAuth(AccountSID, AuthToken)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
	}
	closed := tw.Close()
	require.ErrorContains(t, closed, "the REST request POST /2010-04-01/Accounts/"+AccountSID+"/Usage/Records.json is not simulated")
	require.ErrorContains(t, closed, "the parameter Moderation of a call's update by REST is not simulated")
}

// TestConnectionOverrides are obeyed.
func TestConnectionOverrides(t *testing.T) {
	for fragment, tries := range map[string]int64{"": 1, "#rc=3": 1, "#rc=2&rp=5xx": 3, "#rc=5&rp=4xx": 1, "#rp=all": 2, "#rc=0&rp=all": 1, "#rt=100&rp=rt": 2, "#tt=100&rp=all&rc=5": 1} {
		t.Run(fragment, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			release := make(chan struct{})
			tw := New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, "/inbound") {
					return
				}
				asked.Add(1)
				if strings.Contains(fragment, "t=") {
					<-release
				}
				w.WriteHeader(500)
			}))
			call := tw.Dial("+14155550100", "+14155550199", Inbound("/inbound"+fragment))
			require.Error(t, call.Wait(t.Context()))
			close(release)
			require.Equal(t, tries, asked.Load())
		})
	}
}
