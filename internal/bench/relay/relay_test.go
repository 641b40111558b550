// Package relay compares what a call costs the server over ConversationRelay and over a Media
// Stream: the reading of a minute of it, and the memory of a connection. Speech recognition
// and synthesis, which a stream needs besides, are not part of it.
//
//	go test -v -run . ./relay
package relay

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/bench"
	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/voice/relay"
)

// frame is a message of a client, masked with zeros.
func frame(text string) []byte {
	b := []byte{0x81}
	if len(text) < 126 {
		b = append(b, 0x80|byte(len(text)))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(len(text)))
	}
	return append(append(b, 0, 0, 0, 0), text...)
}

// streamMinute is a minute of a Media Stream: 50 messages a second.
func streamMinute() (begin []byte, minute [][]byte) {
	begin = append(frame(`{"event":"connected","protocol":"Call","version":"1.0.0"}`),
		frame(`{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{}},"streamSid":"MZ1"}`)...)
	payload := base64.StdEncoding.EncodeToString(make([]byte, 160))
	for n := range 50 * 60 {
		minute = append(minute, frame(fmt.Sprintf(`{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d","timestamp":"%d","payload":"%s"},"streamSid":"MZ1"}`, n+2, n+1, 20*n, payload)))
	}
	return begin, minute
}

// relayMinute is a minute of a lively conversation: six turns of ten words each way, with a
// partial prompt for each word heard and a message for each word spoken.
func relayMinute() (begin []byte, minute [][]byte) {
	begin = frame(`{"type":"setup","sessionId":"VX1","accountSid":"AC1","callSid":"CA1","from":"+14155550100","to":"+14155550199","direction":"inbound","callStatus":"RINGING","customParameters":{}}`)
	words := strings.Fields("I would like to book a room for two nights")
	say := func(format string, args ...any) { minute = append(minute, frame(fmt.Sprintf(format, args...))) }
	for range 6 {
		say(`{"type":"info","name":"clientSpeaking","value":"on"}`)
		for n := range words {
			say(`{"type":"prompt","voicePrompt":%q,"lang":"en-US","last":%t}`, strings.Join(words[:n+1], " "), n == len(words)-1)
		}
		say(`{"type":"info","name":"clientSpeaking","value":"off"}`)
		say(`{"type":"info","name":"agentSpeaking","value":"on"}`)
		for _, word := range words {
			say(`{"type":"info","name":"tokensPlayed","value":%q}`, word)
		}
		say(`{"type":"info","name":"agentSpeaking","value":"off"}`)
	}
	return begin, minute
}

// open opens a connection as a client, which sends begin.
func open(tb testing.TB, url string, begin []byte) net.Conn {
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(tb, err)
	_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	require.NoError(tb, err)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(tb, err)
	require.Equal(tb, http.StatusSwitchingProtocols, resp.StatusCode)
	_, err = c.Write(begin)
	require.NoError(tb, err)
	return c
}

const noLimit = 1 << 30

// serve accepts connections of either kind and counts what comes.
func serve(tb testing.TB, kind string, came chan<- struct{}) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if kind == "stream" {
			c, err := mediastream.Accept(w, r, &mediastream.Options{MaxRate: noLimit, IdleTimeout: time.Hour})
			if err == nil {
				go func() {
					for range c.Events(tb.Context()) {
						came <- struct{}{}
					}
					c.Close(1000, "")
				}()
			}
			return
		}
		c, err := relay.Accept(w, r, &relay.Options{MaxRate: noLimit})
		if err == nil {
			go func() {
				for range c.Events(tb.Context()) {
					came <- struct{}{}
				}
				c.Close(1000, "")
			}()
		}
	}))
	tb.Cleanup(server.Close)
	return server
}

// TestCallMinute compares the CPU of reading a minute of a call, the client's system calls included.
func TestCallMinute(t *testing.T) {
	contestant := func(kind string, begin []byte, minute [][]byte) bench.Contestant {
		came := make(chan struct{}, 1<<12)
		c := open(t, serve(t, kind, came).URL, begin)
		t.Cleanup(func() { c.Close() })
		for range map[string]int{"stream": 2, "relay": 1}[kind] {
			<-came
		}
		return bench.Contestant{Name: kind, Run: func(n int) {
			for range n {
				for _, message := range minute {
					if _, err := c.Write(message); err != nil {
						panic(err)
					}
					<-came
				}
			}
		}}
	}
	begin, minute := relayMinute()
	over := contestant("relay", begin, minute)
	begin, minute = streamMinute()
	bench.Report(t, "CPU of reading a minute of a call", over, contestant("stream", begin, minute))
}

// TestConnectionMemory compares the memory of connections on which nothing comes.
func TestConnectionMemory(t *testing.T) {
	n := 500
	if testing.Short() {
		n = 50
	}
	used := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	}
	for _, kind := range []string{"relay", "stream"} {
		came := make(chan struct{}, 1<<12)
		server := serve(t, kind, came)
		begin, _ := relayMinute()
		if kind == "stream" {
			begin, _ = streamMinute()
		}
		before := used()
		var conns []net.Conn
		for range n {
			conns = append(conns, open(t, server.URL, begin))
			<-came
		}
		t.Logf("%-7s %d bytes a connection, both ends in this process", kind, (used()-before)/uint64(n))
		for _, c := range conns {
			c.Close()
		}
	}
}
