package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"

	"github.com/gobwas/ws"

	"agentos.dev/dialtone/codec"
)

// gobwas is the least that a server can do with gobwas/ws: its header reader and
// its unmasking over one buffer, and a search for the payload in place of a parser.
// It answers no ping and checks nothing.
func gobwas(w http.ResponseWriter, r *http.Request) {
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	go func() {
		active.Add(1)
		defer active.Add(-1)
		defer conn.Close()
		br := bufio.NewReaderSize(conn, 1<<10)
		buf := make([]byte, 512)
		var pcm [320]int16
		for n := 0; ; n++ {
			h, err := ws.ReadHeader(br)
			if err != nil || h.OpCode != ws.OpText || h.Length > int64(len(buf)) {
				return
			}
			msg := buf[:h.Length]
			if _, err := io.ReadFull(br, msg); err != nil {
				return
			}
			ws.Cipher(msg, h.Mask, 0)
			_, payload, found := bytes.Cut(msg, []byte(`"payload":"`))
			if !found {
				continue
			}
			payload = payload[:bytes.IndexByte(payload, '"')]
			count, err := codec.DecodePayload(pcm[:], payload)
			if err != nil {
				continue
			}
			frames.Add(1)
			samples.Add(int64(count))
			if n%every == 0 {
				delays.add(payload)
			}
		}
	}()
}
