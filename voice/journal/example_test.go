package journal_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"agentos.dev/dialtone/voice/journal"
)

// A server records its calls with Config.Journal. What it has recorded of one is read here as a
// log: what was heard, what the handler did, and how the call ended.
func Example() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	recorder, err := journal.New(journal.Options{Dir: dir, Speech: true})
	if err != nil {
		log.Fatal(err)
	}
	const sid = "CA00000000000000000000000000000001"
	serve(recorder, sid) // what voice.Server does
	if err := recorder.Close(); err != nil {
		log.Fatal(err)
	}

	files, err := journal.Files(dir, sid)
	if err != nil {
		log.Fatal(err)
	}
	record, err := journal.ReadFile(files[0])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("version", record.Version, "of account", record.AccountSID, "digits kept:", record.Digits)
	for _, line := range record.Lines {
		switch line.Kind {
		case journal.KindHeard:
			fmt.Println("heard:", line.Heard.Text)
		case journal.KindDid:
			fmt.Println("did:", line.Did.What, line.Did.Text)
		case journal.KindEnd:
			fmt.Println("stream", line.Stream, "ended:", line.End.Reason)
		case journal.KindFinished:
			fmt.Println("call", line.Status)
		}
	}
	fmt.Println(record.Dropped(), "dropped")
	// Output:
	// version 1 of account AC00000000000000000000000000000001 digits kept: false
	// heard: room for 0
	// did: say It is booked.
	// stream 1 ended: hung_up
	// call completed
	// 0 dropped
}

func serve(recorder *journal.Recorder, sid string) {
	call := recorder.Call(journal.About{SID: sid, AccountSID: "AC00000000000000000000000000000001", From: "+14155550100", To: "+14155550199"})
	stream := call.Open(journal.Open{Wire: journal.WireMedia})
	stream.Heard(journal.Heard{Kind: "transcript", Text: "room for 4"})
	stream.Did(journal.Action{What: "say", Text: "It is booked."})
	stream.End(journal.End{Reason: "hung_up"})
	call.Finished("completed")
}

// A file that is not a journal, or of a later version, is a ParseError.
func ExampleRead() {
	_, err := journal.Read(strings.NewReader(`{"dialtone_journal":99,"call":"CA00000000000000000000000000000001"}` + "\n"))
	var at *journal.ParseError
	fmt.Println(errors.Is(err, journal.ErrVersion), errors.As(err, &at), at.Line, at.Offset)

	_, err = journal.Read(strings.NewReader("level=INFO msg=call\n"))
	fmt.Println(errors.Is(err, journal.ErrNoJournal))
	// Output:
	// true true 1 0
	// true
}
