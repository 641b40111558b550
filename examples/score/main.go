// Command score measures speech recognition over the telephone, end to end:
//
//	go run ./examples/score -phrases phrases.txt manifest.json
//
// A fake Twilio calls a voice.Server once for each recording of the manifest,
// which answers with PocketSphinx and the phrases, one a line; without -phrases
// they are the texts of the recordings. For each recording a line
// "file<TAB>recognised text" is printed, and the totals last.
//
// WAV files in the place of a manifest are recordings in which nothing is said, so
// that every text is invented; lists of prompts are read as Asterisk's packages
// bring them. People, and hold music, with what Debian has:
//
//	apt-get install asterisk-core-sounds-en asterisk-core-sounds-en-wav asterisk-moh-opsound-wav
//	go run ./examples/score -limit 150 -sounds /usr/share/asterisk/sounds/en_US_f_Allison /usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz
//	go run ./examples/score -calls 5 -phrases examples/server/phrases.txt /usr/share/asterisk/moh/*.wav
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/pocketsphinx"
	"agentos.dev/dialtone/stt/wer"
)

func main() {
	phrases := flag.String("phrases", "", "file with what callers may say, a phrase a line; # begins a comment; none = what is said in the recordings")
	sounds := flag.String("sounds", "/usr/share/asterisk/sounds/en", "folder of the WAV files that a list of prompts names")
	limit := flag.Int("limit", 0, "how many of the recordings to play, taken from all parts of the list; 0 = all")
	calls := flag.Int("calls", 4, "how many calls are up at the same time")
	textfile := flag.String("textfile", "", "file of a node exporter's textfile collector whose accuracy counters are to be added to")
	plain := flag.Bool("plain", false, "leave out the transform that fits the model to the telephone, to see what it is worth")
	flag.Parse()
	if err := checkFlags(flag.Args(), *limit, *calls); err != nil {
		fmt.Fprintf(os.Stderr, "score: %v\nusage: score [-phrases phrases.txt] manifest.json | prompts.txt | recording.wav ...\n", err)
		flag.PrintDefaults()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	recordings, err := readRecordings(flag.Args(), *sounds, *limit)
	var total wer.Errors
	if err == nil {
		total, err = run(ctx, os.Stdout, recordings, *phrases, *calls, *plain)
	}
	if err == nil && *textfile != "" {
		err = addToTextfile(*textfile, total)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// checkFlags returns everything that is wrong with the command line.
func checkFlags(args []string, limit, calls int) error {
	var errs []error
	if len(args) == 0 {
		errs = append(errs, errors.New("want a manifest, a list of prompts or WAV files after the flags"))
	}
	if limit < 0 {
		errs = append(errs, fmt.Errorf("-limit %d: want 0 or more", limit))
	}
	if calls < 1 {
		errs = append(errs, fmt.Errorf("-calls %d: want 1 or more", calls))
	}
	return errors.Join(errs...)
}

func run(ctx context.Context, out io.Writer, recordings []recording, phraseFile string, calls int, plain bool) (total wer.Errors, err error) {
	phrases, err := readPhrases(phraseFile, recordings)
	if err != nil {
		return total, err
	}
	engine, err := pocketsphinx.New(pocketsphinx.Options{
		Phrases:  phrases,
		Wideband: plain,
		Logger:   slog.Default(),
		// A busy machine is slow, which the latency tells, and not deaf.
		MaxWait:      patience,
		Timeout:      patience,
		Segmentation: stt.Segmentation{Timeout: patience},
	})
	if err != nil {
		return total, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	if err := engine.Prewarm(ctx); err != nil {
		return total, err
	}
	exchange, err := newExchange(engine)
	if err != nil {
		return total, err
	}
	defer func() { err = errors.Join(err, exchange.Close()) }()

	answers, err := exchange.callAll(ctx, recordings, calls)
	if err != nil {
		return total, err
	}
	return report(out, recordings, answers)
}

// readPhrases reads a phrase a line, or without a file takes what is said in the
// recordings.
func readPhrases(file string, recordings []recording) ([]string, error) {
	if file == "" {
		var said []string
		for _, r := range recordings {
			if r.Text != "" {
				said = append(said, r.Text)
			}
		}
		return said, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var phrases []string
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			phrases = append(phrases, line)
		}
	}
	return phrases, nil
}

// report prints a line for each recording, and the totals.
func report(out io.Writer, recordings []recording, answers []answer) (total wer.Errors, err error) {
	var spoken, exact, silent, invented, texts, held int
	var latencies []time.Duration
	var lost []error
	w := bufio.NewWriter(out)
	for i, r := range recordings {
		text := strings.Join(answers[i].texts, " ")
		fmt.Fprintf(w, "%s\t%s\n", r.File, text)
		latencies = append(latencies, answers[i].latencies...)
		lost = append(lost, answers[i].lost...)
		if answers[i].held {
			held++
		}
		e := wer.Compare(r.Text, text)
		total = total.Add(e)
		switch {
		case r.Text == "":
			silent++
			if texts += len(answers[i].texts); text != "" {
				invented++
			}
		default:
			spoken++
			if e.Total() == 0 {
				exact++
			}
		}
	}
	fmt.Fprintf(w, "exact\t%d of %d recordings with speech (%.1f %%)\n", exact, spoken, 100*float64(exact)/float64(max(spoken, 1)))
	fmt.Fprintf(w, "invented\t%d texts in %d of %d recordings without speech\n", texts, invented, silent)
	if held > 0 {
		fmt.Fprintf(w, "on hold\t%d of %d recordings sounded like music for a while\n", held, len(recordings))
	}
	if len(lost) > 0 {
		fmt.Fprintf(w, "lost\t%d utterances, the first because: %v\n", len(lost), lost[0])
	}
	if n := len(latencies); n > 0 {
		slices.Sort(latencies)
		fmt.Fprintf(w, "latency\tfrom the last voiced sample: median %d ms, p95 %d ms, longest %d ms, of %d utterances\n",
			latencies[n/2].Milliseconds(), latencies[n*95/100].Milliseconds(), latencies[n-1].Milliseconds(), n)
	}
	rate := "none can be told"
	if total.Words > 0 {
		rate = fmt.Sprintf("%.1f %%", 100*total.Rate())
	}
	fmt.Fprintf(w, "word errors\t%s: %d of %d words (%d substituted, %d deleted, %d inserted)\n", rate,
		total.Total(), total.Words, total.Substitutions, total.Deletions, total.Insertions)
	return total, w.Flush()
}
