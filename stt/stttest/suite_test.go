package stttest_test

import (
	"testing"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

func TestSegmented(t *testing.T) {
	stttest.Suite{Bubble: true, New: func(t *testing.T, texts []string) stt.Engine {
		return stt.Segmented(perCall{texts}, stt.Segmentation{})
	}}.Run(t)
}

func TestPooledAndFailingOver(t *testing.T) {
	stttest.Suite{Bubble: true, New: func(t *testing.T, texts []string) stt.Engine {
		down := &stttest.Engine{OpenError: &stt.Error{Kind: stt.ErrUnavailable}}
		pool := stt.NewPool(perCall{texts}, stt.PoolOptions{Workers: 4})
		return stt.Failover(stt.FailoverOptions{}, down, stt.Segmented(pool, stt.Segmentation{}))
	}}.Run(t)
}
