package mediastream

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
)

// TestParseCost and TestEncodeCost measure against encoding/json what the other
// benchmarks, in internal/bench, cannot reach:
//
//	go test ./mediastream -v -run 'ParseCost|EncodeCost'
func TestParseCost(t *testing.T) {
	inOrder := frames(t, `{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%[1]d","timestamp":"%[2]d","payload":"%[3]s"},"streamSid":"`+testSID+`"}`)
	anyOrder := frames(t, `{"streamSid":"`+testSID+`","event":"media","media":{"payload":"%[3]s","chunk":%[1]d,"track":"inbound","timestamp":"%[2]d"},"sequenceNumber":"%[1]d"}`)
	tw := begun()
	var e Event
	pcm := make([]int16, 160)
	raw := make([]byte, 160)
	own := func(list [][]byte, parse func(*Event, []byte) bool, decode func()) func(int) {
		return func(i int) {
			if !parse(&e, list[i%len(list)]) {
				t.Fatal("not taken")
			}
			decode()
		}
	}
	toPCM := func() { _, _ = codec.DecodePayload(pcm, e.Media.Payload) }
	toMulaw := func() { _, _ = base64.StdEncoding.Strict().Decode(raw, e.Media.Payload) }
	parse := func(e *Event, msg []byte) bool { return tw.parse(e, msg) == nil }
	compare(t, "a media message of 160 bytes of audio",
		contestant{"encoding/json into structs, base64 to mu-law", tutorialParse(t, inOrder)},
		contestant{"dialtone, Twilio's order, to PCM16", own(inOrder, parse, toPCM)},
		contestant{"dialtone, Twilio's order, base64 to mu-law", own(inOrder, parse, toMulaw)},
		contestant{"dialtone, Twilio's order, parse only", own(inOrder, parse, func() {})},
		contestant{"dialtone, any order, to PCM16", own(anyOrder, parse, toPCM)},
		contestant{"dialtone, any order, base64 to mu-law", own(anyOrder, parse, toMulaw)},
		contestant{"dialtone, any order, parse only", own(anyOrder, parse, func() {})},
		contestant{"dialtone, by encoding/json, parse only", own(inOrder, func(e *Event, m []byte) bool { return parseJSON(e, m) == nil }, func() {})},
	)
	for name, list := range map[string][][]byte{"in order": inOrder, "any order": anyOrder} {
		run := own(list, parse, toPCM)
		require.Zero(t, testing.AllocsPerRun(1000, func() { run(7) }), name)
	}
}

func TestEncodeCost(t *testing.T) {
	type media struct {
		Payload string `json:"payload"`
	}
	type message struct {
		Event     string `json:"event"`
		StreamSID string `json:"streamSid"`
		Media     media  `json:"media"`
	}
	tw := begun()
	audio := make([]byte, 160)
	for i := range audio {
		audio[i] = byte(i * 7)
	}
	dst := make([]byte, 0, 4096)
	own := func(int) { dst = tw.appendMedia(dst[:0], audio) }
	compare(t, "an outbound media message of 160 bytes of audio",
		contestant{"json.Marshal of a struct", func(int) {
			_, _ = json.Marshal(message{"media", testSID, media{base64.StdEncoding.EncodeToString(audio)}})
		}},
		contestant{"dialtone", own},
	)
	require.Zero(t, testing.AllocsPerRun(1000, func() { own(0) }))
}

// tutorialParse does it as the tutorials do.
func tutorialParse(t *testing.T, list [][]byte) func(int) {
	type message struct {
		Event          string `json:"event"`
		SequenceNumber string `json:"sequenceNumber"`
		StreamSID      string `json:"streamSid"`
		Media          *struct {
			Track     string `json:"track"`
			Chunk     string `json:"chunk"`
			Timestamp string `json:"timestamp"`
			Payload   string `json:"payload"`
		} `json:"media"`
	}
	return func(i int) {
		var m message
		if err := json.Unmarshal(list[i%len(list)], &m); err != nil {
			t.Fatal(err)
		}
		if _, err := base64.StdEncoding.DecodeString(m.Media.Payload); err != nil {
			t.Fatal(err)
		}
	}
}

// frames returns 1024 distinct messages.
func frames(t *testing.T, format string) (list [][]byte) {
	audio := make([]byte, 160)
	for i := range 1024 {
		for j := range audio {
			audio[j] = byte(i*31 + j*j*7)
		}
		list = append(list, fmt.Appendf(nil, format, i+2, i*20+88, base64.StdEncoding.EncodeToString(audio)))
	}
	var e Event
	require.Nil(t, begun().parse(&e, list[5]))
	return list
}

type contestant struct {
	name string
	run  func(i int)
}

// compare runs the contestants in turns, many rounds, and prints the cost of
// each as a share of the first one's.
func compare(t *testing.T, title string, contestants ...contestant) {
	rounds := 3
	if testing.Verbose() && !testing.Short() {
		rounds = 400
	}
	const jobs = 200
	samples := make([][]float64, len(contestants))
	for range rounds {
		for i, c := range contestants {
			before := cpu(t)
			for j := range jobs {
				c.run(j)
			}
			samples[i] = append(samples[i], float64(cpu(t)-before)/jobs)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s (%d interleaved rounds, CPU time)\n  %-46s %9s %9s %8s %8s\n", title, rounds, "", "p10 ns", "median ns", "p10 1/", "median 1/")
	var base [2]float64
	for i, s := range samples {
		slices.Sort(s)
		p10, median := s[len(s)/10], s[len(s)/2]
		if i == 0 {
			base = [2]float64{p10, median}
		}
		fmt.Fprintf(&b, "  %-46s %9.1f %9.1f %8.1f %8.1f\n", contestants[i].name, p10, median, base[0]/p10, base[1]/median)
	}
	t.Log(b.String())
}
