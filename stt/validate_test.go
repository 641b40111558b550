package stt

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt/vad"
)

// TestValidate: an engine that cannot work says why, however deep it is.
func TestValidate(t *testing.T) {
	engine := EngineFunc(func(context.Context, Config) (Stream, error) { return nil, nil })
	rec := RecognizerFunc(func(context.Context, []byte, Config) (Transcript, error) { return Transcript{}, nil })
	segmented := func(s Segmentation) Engine { return Segmented(rec, s) }
	recognises := func(r Recognizer) Engine { return Segmented(r, Segmentation{}) }
	for name, test := range map[string]struct {
		engine Engine
		want   string // "" = nothing
	}{
		"fine": {Failover(FailoverOptions{Reconnects: 2}, engine,
			recognises(NewPool(rec, PoolOptions{})), engine), ""},
		"nil":            {nil, "engine is nil"},
		"nil function":   {EngineFunc(nil), "engine is nil"},
		"nil pointer":    {(*segmentedEngine)(nil), "engine is nil"},
		"no engines":     {Failover(FailoverOptions{}), "failover has no engines"},
		"nil in a list":  {Failover(FailoverOptions{}, engine, nil), "engine 1 of a failover is nil"},
		"recogniser":     {recognises(nil), "recogniser of a segmented engine is nil"},
		"nil recogniser": {recognises(RecognizerFunc(nil)), "recogniser of a segmented engine is nil"},
		"pool":           {recognises(NewPool(nil, PoolOptions{})), "recogniser of a pool is nil"},
		"pool's options": {recognises(NewPool(rec, PoolOptions{Workers: -1, MaxWait: 2})), "pool: Workers is negative: -1\nstt: pool: MaxWait is 2ns: a number without a unit"},
		"failover": {Failover(FailoverOptions{Keep: -1, Patience: -1, Reconnects: -1, Breaker: BreakerOptions{Failures: -1}}, engine),
			"Keep is negative: -1ns\nstt: failover: Patience is negative: -1ns\nstt: failover: Reconnects is negative: -1\nstt: breaker: Failures"},
		"segmentation": {segmented(Segmentation{Timeout: -1, Backlog: 60}), "Timeout is negative: -1ns\nstt: segmentation: Backlog is 60ns"},
		"join":         {segmented(Segmentation{Join: -1, MinAudio: -1}), ""}, // never, none
		"threshold":    {segmented(Segmentation{VAD: vad.Options{Threshold: 1.1, Release: -1}}), "VAD.Threshold is 1.1: no sound is more likely speech than 1\nstt: segmentation: VAD.Release"},
		"discards":     {segmented(Segmentation{VAD: vad.Options{MinSpeech: 3 * time.Second, MaxLength: 2 * time.Second}}), "every utterance would be discarded"},
		"hang-over":    {segmented(Segmentation{VAD: vad.Options{HangOver: 300}}), "VAD.HangOver is 300ns"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Validate(test.engine)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
		})
	}
}

// segmentedEngine is an engine by pointer.
type segmentedEngine struct{ Engine }
