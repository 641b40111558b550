package text_test

import (
	"fmt"

	"agentos.dev/dialtone/voice/tts/text"
)

func ExampleSplit() {
	for _, p := range text.Split("**Dr. Lee** is in at 10:30 a.m. on March 3rd; call 555-0100. 😀", text.Options{}) {
		fmt.Println(p.Text)
	}
	// Output:
	// Doctor Lee is in at ten thirty A M on March third;
	// call five five five, zero one zero zero.
}
