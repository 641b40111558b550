package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gorilla/websocket"
	"github.com/zaf/g711"
)

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

// message is how the tutorials read a message.
type message struct {
	Event          string `json:"event"`
	SequenceNumber string `json:"sequenceNumber"`
	StreamSID      string `json:"streamSid"`
	Media          *struct {
		Track     string `json:"track"`
		Chunk     string `json:"chunk"`
		Timestamp string `json:"timestamp"`
		Payload   string `json:"payload"`
	} `json:"media"`
}

// tutorial is the server of a usual Go tutorial on Media Streams.
func tutorial(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	active.Add(1)
	defer active.Add(-1)
	defer conn.Close()
	audio := make(chan []byte, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for pcm := range audio {
			frames.Add(1)
			samples.Add(int64(len(pcm) / 2))
		}
	}()
	defer func() { close(audio); <-done }()
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		var m message
		if err := json.Unmarshal(data, &m); err != nil {
			continue
		}
		if m.Event == "stop" {
			return
		}
		if m.Event != "media" || m.Media == nil {
			continue
		}
		mulaw, err := base64.StdEncoding.DecodeString(m.Media.Payload)
		if err != nil {
			continue
		}
		if chunk, _ := strconv.Atoi(m.Media.Chunk); chunk%every == 0 {
			delays.addRaw(mulaw)
		}
		audio <- g711.DecodeUlaw(mulaw)
	}
}
