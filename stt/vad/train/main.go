// Command train makes the weights of the voice activity network, from nothing
// but espeak-ng's synthetic voices and computed noise:
//
//	apt-get install espeak-ng
//	go run ./stt/vad/train -out stt/vad/weights.bin
//
// The same espeak-ng on the same architecture gives the same weights.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"

	"agentos.dev/dialtone/stt/vad/internal/model"
	"agentos.dev/dialtone/stt/vad/train/corpus"
)

func main() {
	out := flag.String("out", "stt/vad/weights.bin", "file to write the weights to")
	clips := flag.Int("clips", 1800, "training clips of 20 s")
	epochs := flag.Int("epochs", 16, "passes over them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *clips, *epochs); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string, clips, epochs int) error {
	data, err := makeData(ctx, clips)
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(7, 0))
	voices := corpus.ValidationVoices(rng, 12)
	dialogues, err := corpus.Dialogues(ctx, rng, voices, 2)
	if err != nil {
		return err
	}
	babble, err := corpus.Babble(ctx, rng, voices[:6], 30*corpus.Rate)
	if err != nil {
		return err
	}
	cells := corpus.Evaluate(rng, dialogues, corpus.TestNoises(babble))

	t := newTrainer(data)
	for epoch := range epochs {
		loss := t.epoch(float64(epoch)/float64(epochs), 1/float64(epochs))
		fmt.Printf("epoch %2d  loss %.4f  mean F1 on other voices %.4f\n", epoch+1, loss, meanF1(t.network(), cells))
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return os.WriteFile(out, t.network().Append(nil), 0o644)
}

func meanF1(network *model.Network, cells []corpus.Cell) float64 {
	net, sum := network.Detector(), 0.0
	for _, cell := range cells {
		var score corpus.Score
		for _, clip := range cell.Clips {
			var state model.State
			verdicts := make([]bool, len(clip.Voiced))
			for i, f := range extract(clip) {
				verdicts[i] = net.Step(&state, &f) > 0
			}
			score.Add(clip, verdicts)
		}
		sum += score.F1()
	}
	return sum / float64(len(cells))
}
