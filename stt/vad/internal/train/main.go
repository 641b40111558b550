// Command train makes the weights of the voice activity network, from nothing
// but espeak-ng's synthetic voices and computed noise:
//
//	apt-get install espeak-ng
//	go run ./stt/vad/internal/train -out stt/vad/weights.bin
//
// With -echo it makes those of the echo guard, which builds on the first, and needs
// recordings of people as well, the few seconds of stt/vad/testdata, the voices of
// festival, and music: docs/vad.md says which packages and how.
//
//	go run ./stt/vad/internal/train -echo -music music -clips 7000 -epochs 5 -seed 4 -out stt/vad/echo.bin
//
// The same espeak-ng on the same architecture gives the same weights.
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"

	"agentos.dev/dialtone/internal/corpus"
	"agentos.dev/dialtone/stt/vad/internal/model"
)

func main() {
	var o options
	flag.StringVar(&o.out, "out", "stt/vad/weights.bin", "file to write the weights to")
	flag.IntVar(&o.clips, "clips", 1800, "training clips of 20 s, or calls of 24 s with -echo")
	flag.IntVar(&o.epochs, "epochs", 16, "passes over them")
	flag.BoolVar(&o.echo, "echo", false, "make the weights of the echo guard")
	flag.StringVar(&o.weights, "weights", "stt/vad/weights.bin", "with -echo, the detector that it builds on")
	flag.StringVar(&o.people, "people", "stt/vad/testdata", "with -echo, the recordings of people")
	flag.StringVar(&o.music, "music", "music", "with -echo, a folder of music")
	flag.Float64Var(&o.threshold, "threshold", 0.55, "with -echo, the probability that the weights are to call 0.5")
	flag.Uint64Var(&o.seed, "seed", 2, "of the weights before training, and with -echo of the calls")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	make := run
	if o.echo {
		make = runEcho
	}
	if err := make(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type options struct {
	out                    string
	clips, epochs          int
	seed                   uint64
	threshold              float64
	echo                   bool
	weights, people, music string
}

func run(ctx context.Context, o options) error {
	data, err := makeData(ctx, o.clips)
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

	t := newTrainer(data, o.seed)
	for epoch := range o.epochs {
		loss := t.epoch(float64(epoch)/float64(o.epochs), 1/float64(o.epochs))
		fmt.Printf("epoch %2d  loss %.4f  mean F1 on other voices %.4f\n", epoch+1, loss, meanF1(t.network(), cells))
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return os.WriteFile(o.out, t.network().Append(nil), 0o644)
}

func meanF1(network *model.Network, cells []corpus.Cell) float64 {
	net, sum := network.Detector(), 0.0
	for _, cell := range cells {
		var score corpus.Score
		for _, clip := range cell.Clips {
			var state model.State
			verdicts := make([]bool, len(clip.Voiced))
			e := newExample(clip)
			for i := range verdicts {
				verdicts[i] = net.Step(&state, e.frame(i)) > 0
			}
			score.Add(clip, verdicts)
		}
		sum += score.F1()
	}
	return sum / float64(len(cells))
}

func runEcho(ctx context.Context, o options) error {
	weights, err := os.ReadFile(o.weights)
	if err != nil {
		return err
	}
	detector := model.Load(model.Features, string(weights)).Detector()
	s, err := findSpeakers(ctx, 160, o.people, o.music)
	if err != nil {
		return err
	}
	fmt.Println("speakers found")
	data, err := makeTalks(ctx, s, detector, o.seed, o.clips)
	if err != nil {
		return err
	}
	trials, err := makeTrials(ctx, s, detector, 24)
	if err != nil {
		return err
	}
	fmt.Println("calls played")
	t := newTrainer(data, o.seed)
	for epoch := range o.epochs {
		loss := t.epoch(float64(epoch)/float64(o.epochs), 1/float64(o.epochs))
		fmt.Printf("epoch %2d  loss %.4f\n", epoch+1, loss)
		if epoch+1 == o.epochs {
			fmt.Print(report(t.network(), trials))
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	n := t.network()
	n.Out[model.Hidden] -= logit(o.threshold)
	return os.WriteFile(o.out, n.Append(nil), 0o644)
}

func logit(p float64) float32 { return float32(math.Log(p / (1 - p))) }
