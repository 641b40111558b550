package pocketsphinx

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Two that prewarm at once do not wait for each other's workers.
func TestPrewarmAtOnce(t *testing.T) {
	e := newEngine(t, Options{Phrases: []string{"yes"}, Workers: 4})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { assert.NoError(t, e.Prewarm(ctx)) })
	}
	wg.Wait()
	assert.True(t, e.Status().Ready)
}
