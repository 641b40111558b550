package main

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/mediastream"
)

// silent only listens, to a caller who says nothing.
func silent(w http.ResponseWriter, r *http.Request) { listen(w, r) }

// listen reads a call to its end in the background. The context ends with it.
func listen(w http.ResponseWriter, r *http.Request) (*mediastream.Conn, context.Context) {
	c, err := mediastream.Accept(w, r, &mediastream.Options{IdleTimeout: time.Hour})
	if err != nil {
		return nil, nil
	}
	ctx, end := context.WithCancel(context.WithoutCancel(r.Context()))
	go func() {
		active.Add(1)
		defer active.Add(-1)
		defer end()
		defer func() { _ = c.Close(1000, "") }()
		for range c.Events(ctx) {
		}
	}()
	return c, ctx
}

// say hands over a piece of audio and flushes it, if it is a message of its own.
func say(c *mediastream.Conn, audio []byte, message bool) error {
	played.Add(int64(len(audio) / 8))
	if err := c.SendMedia(audio); err != nil || !message {
		return err
	}
	return c.Flush()
}

// speak lets every call speak without end, in pieces that are messages of their
// own or left to mediastream to divide. One clock feeds all calls, a share of them
// each 20 ms, so that nothing but the length of the messages differs.
func speak(piece time.Duration, message bool) http.HandlerFunc {
	const packet = 20 * time.Millisecond
	var (
		mu     sync.Mutex
		shares = make([][]*mediastream.Conn, piece/packet)
		next   atomic.Int64
		audio  = noise(piece)
	)
	go func() {
		for tick := range time.Tick(packet) {
			mu.Lock()
			share := &shares[tick.UnixNano()/int64(packet)%int64(len(shares))]
			*share = slices.DeleteFunc(*share, func(c *mediastream.Conn) bool { return say(c, audio, message) != nil })
			mu.Unlock()
		}
	}()
	return func(w http.ResponseWriter, r *http.Request) {
		c, _ := listen(w, r)
		if c == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		share := &shares[next.Add(1)%int64(len(shares))]
		*share = append(*share, c)
	}
}

// tick is speak with a goroutine and a ticker for each call.
func tick(piece time.Duration) http.HandlerFunc {
	audio := noise(piece)
	return func(w http.ResponseWriter, r *http.Request) {
		c, ctx := listen(w, r)
		if c == nil {
			return
		}
		go func() {
			tick := time.NewTicker(piece)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
				if say(c, audio, true) != nil {
					return
				}
			}
		}()
	}
}

// noise returns audio of the given length.
func noise(d time.Duration) []byte {
	audio := make([]byte, d.Milliseconds()*8)
	for i := range audio {
		audio[i] = byte(i * 31)
	}
	return audio
}
