package voicetest_test

import (
	"testing"
	"time"

	"agentos.dev/dialtone/voice/voicetest"

	"github.com/stretchr/testify/require"
)

const pbx = "sip:desk@pbx.example.com"

func TestRefer(t *testing.T) {
	refer := func(attributes string) map[string]string {
		return map[string]string{
			"inbound":  `<Response><Refer ` + attributes + `><Sip>sip:alice@example.com</Sip></Refer><Say>Next</Say></Response>`,
			"referred": `<Response><Say>Referred</Say></Response>`,
		}
	}
	for name, tc := range map[string]struct {
		attributes, from         string
		options                  []voicetest.Option
		status, refused, noticed string
		said                     []string
		codes                    []int
	}{
		"answered":       {`action="referred"`, pbx, nil, "in-progress", "202", "200", []string{"Referred"}, nil},
		"busy":           {`action="referred"`, pbx, []voicetest.Option{voicetest.Referred("busy")}, "busy", "202", "486", []string{"Referred"}, nil},
		"refused":        {`action="referred"`, pbx, []voicetest.Option{voicetest.Referred("405")}, "failed", "405", "", []string{"Referred"}, nil},
		"without action": {``, pbx, nil, "", "", "", []string{"Next"}, nil},
		"not SIP":        {`action="referred"`, alice, nil, "", "", "", nil, []int{13801}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, site(refer(tc.attributes)))
			call := fast(t, h).Dial(tc.from, us, tc.options...)
			err := call.Wait(t.Context())
			require.Equal(t, tc.codes != nil, err != nil)
			require.Equal(t, tc.codes, codes(call))
			require.Equal(t, tc.said, call.Said())
			if tc.status == "" {
				require.Empty(t, h.to("/referred"))
				return
			}
			form := h.to("/referred")[0].form
			require.Equal(t, []string{tc.status, tc.refused, tc.noticed}, []string{form.Get("ReferCallStatus"), form.Get("ReferSipResponseCode"), form.Get("NotifySipResponseCode")})
		})
	}
	t.Run("the caller hangs up", func(t *testing.T) {
		h := newHost(t, site(refer(`action="referred"`)))
		call := voicetest.New(t, h).Dial(pbx, us)
		call.HangUp()
		require.Equal(t, "canceled", h.to("/referred")[0].form.Get("ReferCallStatus"))
	})
}

// TestALegTransfersTheCaller by a SIP REFER, to what the referUrl of the Dial answers.
func TestALegTransfersTheCaller(t *testing.T) {
	documents := dials(`referUrl="moved?a=b"`, `<Sip>`+pbx+`</Sip>`)
	documents["moved"] = `<Response><Say>You are transferred</Say></Response>`
	h := newHost(t, site(documents))
	call := fast(t, h).Dial(alice, us, voicetest.Leg("", voicetest.Talks(time.Hour)))
	leg, err := call.Joined()
	require.NoError(t, err)
	require.NoError(t, leg.Refers("sip:carol@pbx.example.com"))
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"You are transferred"}, call.Said())
	require.Equal(t, "sip:carol@pbx.example.com", h.to("/moved")[0].form.Get("ReferTransferTarget"))
	require.Empty(t, h.to("/dialed"))
	require.Equal(t, "completed", leg.Status())

	h = newHost(t, site(dials("", `<Sip>`+pbx+`</Sip>`)))
	call = fast(t, h).Dial(alice, us)
	leg, err = call.Joined()
	require.NoError(t, err)
	require.NoError(t, leg.Refers("sip:carol@pbx.example.com"))
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []int{13802}, codes(call))
	require.Equal(t, []string{"Goodbye"}, call.Said(), "the two go on talking")
}
