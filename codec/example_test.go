package codec_test

import (
	"bytes"
	"fmt"
	"log"

	"agentos.dev/dialtone/codec"
)

// A media message's payload becomes samples without allocating; here each frame is
// then converted to the 16 kHz that most speech engines want.
func Example() {
	payload := []byte("//79/Pv6+fj39vX08/Lx8O/u7ezr6uno") // media.payload of a message

	up, err := codec.NewResampler(codec.Rate, 16000)
	if err != nil {
		log.Fatal(err)
	}
	frame := make([]int16, 160) // 20 ms
	n, err := codec.DecodePayload(frame, payload)
	if err != nil {
		log.Fatal(err)
	}
	wide := up.Resample(nil, frame[:n])
	fmt.Println(frame[:6])
	fmt.Println(n, "samples became", len(wide), "and are", up.Latency(), "late")
	// Output:
	// [0 8 16 24 32 40]
	// 24 samples became 48 and are 1.9375ms late
}

func ExampleReadMulaw() {
	var file bytes.Buffer // a prompt as an editor saves it: 44.1 kHz
	w, err := codec.NewWAVWriter(&file, codec.Format{Encoding: codec.PCM16, Rate: 44100})
	if err != nil {
		log.Fatal(err)
	}
	if err := w.WritePCM(make([]int16, 44100)); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	prompt, err := codec.ReadMulaw(&file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d codes, %#02x is silence\n", len(prompt), prompt[0])
	// Output: 8000 codes, 0xff is silence
}

// A neural network that listens takes samples in [-1, 1); here one frame of a call is
// converted into its input, which is used again for the next frame.
func ExampleDecodeMulawFloat32() {
	input := make([]float32, 160) // 20 ms
	n := codec.DecodeMulawFloat32(input, []byte{0xff, 0x9f, 0x1f, 0x80})
	fmt.Println(input[:n])
	// Output: [0 0.25378418 -0.25378418 0.9803467]
}

// A European telephone line takes A-law; here a call's mu-law is converted for it, and what
// the line answers is converted back.
func ExampleAppendEncodeAlaw() {
	samples := codec.AppendDecodeMulaw(nil, []byte{0xff, 0x9f, 0x1f})
	line := codec.AppendEncodeAlaw(nil, samples)
	fmt.Printf("% x\n", line)
	fmt.Printf("% x\n", codec.AppendEncodeMulaw(nil, codec.AppendDecodeAlaw(nil, line)))
	// Output:
	// d5 b5 35
	// fe 9f 1f
}

// The same into buffers of one's own, which allocates nothing.
func ExampleEncodeAlaw() {
	samples, line := make([]int16, 160), make([]byte, 160)
	n := codec.DecodeMulaw(samples, []byte{0xff, 0x9f, 0x1f})
	n = codec.EncodeAlaw(line, samples[:n])
	fmt.Printf("% x\n", line[:n])
	// Output: d5 b5 35
}

func ExampleLevel() {
	var level codec.Level
	level.AddMulaw([]byte{0xff, 0x9f, 0xff, 0x1f}) // decoded: 0, 8316, 0, -8316
	fmt.Printf("%.1f dBov, peak %d, %d clipped\n", level.DBov(), level.Peak, level.Clipped)
	// Output: -14.9 dBov, peak 8316, 0 clipped
}

func ExampleAppendPayload() {
	silence := make([]int16, 4)
	fmt.Printf("%s\n", codec.AppendPayload(nil, silence))
	// Output: /////w==
}

func ExampleWAVWriter() {
	var recording bytes.Buffer // in an *os.File Close would also write the sizes into the header
	w, err := codec.NewWAVWriter(&recording, codec.Format{})
	if err != nil {
		log.Fatal(err)
	}
	for range 3 { // media messages
		if _, err := w.Write(bytes.Repeat([]byte{0xff}, 160)); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	r, err := codec.NewWAVReader(&recording)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Format())
	// Output: mu-law, 8000 Hz, mono
}
