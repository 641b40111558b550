// Command load plays many Twilio calls at once against a server of Media Streams: 50
// frames a second each, spread evenly over time, by one goroutine per core that writes
// prepared bytes, so that the generator needs less CPU time than the server.
//
// It connects, says how many calls are up, and then obeys lines on its standard
// input: "run 2s" sends frames for so long and prints how many; "stop" ends all
// calls properly and exits.
package main

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	log.SetFlags(0)
	addr := flag.String("addr", "", "host:port of the server")
	calls := flag.Int("calls", 100, "how many calls")
	secure := flag.Bool("tls", false, "over TLS, without looking at the certificate")
	listen := flag.Bool("listen", false, "only listen to the server")
	token := flag.String("token", "", "begin each call with its webhook, signed with this")
	flag.Parse()

	list := make([]*call, *calls)
	var err error
	for i := range list {
		if list[i], err = dial(*addr, i, *secure, *token); err != nil {
			log.Fatal(err)
		}
		time.Sleep(200 * time.Microsecond)
	}
	fmt.Println("up", len(list))
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		word, rest, _ := strings.Cut(in.Text(), " ")
		switch word {
		case "run":
			d, err := time.ParseDuration(rest)
			if err != nil {
				log.Fatal(err)
			}
			if *listen {
				time.Sleep(d)
				fmt.Println("ran", heard.Load(), "late", 0, "took", d.Milliseconds())
				continue
			}
			begin := time.Now()
			sent, late := run(list, d)
			fmt.Println("ran", sent, "late", late, "took", time.Since(begin).Milliseconds())
		case "keep": // alive: a frame of each call
			for _, c := range list {
				if err := c.media(); err != nil {
					log.Fatal(err)
				}
				time.Sleep(20 * time.Microsecond)
			}
			fmt.Println("kept")
		case "stop":
			for _, c := range list {
				c.stop()
			}
			fmt.Println("stopped")
			return
		}
	}
}

var heard atomic.Int64 // bytes that the server sent

// call is one stream.
type call struct {
	conn     net.Conn
	id       callID
	sequence uint64
	audio    [160]byte
	json     []byte
	frame    []byte
}

func dial(addr string, n int, secure bool, token string) (*call, error) {
	path, sign := "/stream", ""
	id := callID{account: "AC" + strings.Repeat("0", 32), call: fmt.Sprintf("CA%032x", n), stream: fmt.Sprintf("MZ%032x", n)}
	if token != "" {
		var err error
		if path, sign, err = webhook(addr, secure, token, &id); err != nil {
			return nil, err
		}
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if secure {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // the server's certificate is made for the run
	}
	c := &call{conn: conn, id: id}
	for i := range c.audio {
		c.audio[i] = byte(i*31 + n)
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nX-Twilio-Signature: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, addr, sign); err != nil {
		return nil, err
	}
	br := bufio.NewReader(conn)
	status, err := br.ReadString('\n')
	if err != nil || !strings.Contains(status, "101") {
		return nil, fmt.Errorf("no upgrade: %q %v", status, err)
	}
	for line := status; line != "\r\n"; {
		if line, err = br.ReadString('\n'); err != nil {
			return nil, err
		}
	}
	go func() { // answers no close frame: the socket is closed right after
		n, _ := io.Copy(io.Discard, countingReader{br})
		_ = n
	}()
	c.sequence = 1
	return c, c.send(fmt.Appendf(nil, `{"event":"connected","protocol":"Call","version":"1.0.0"}`),
		fmt.Appendf(nil, `{"event":"start","sequenceNumber":"1","start":{"accountSid":"%s","streamSid":"%s","callSid":"%s","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{}},"streamSid":"%s"}`, id.account, id.stream, id.call, id.stream))
}

type countingReader struct{ r io.Reader }

func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	heard.Add(int64(n))
	return n, err
}

// media sends the next frame.
func (c *call) media() error {
	c.sequence++
	binary.BigEndian.PutUint64(c.audio[:], uint64(time.Now().UnixNano()))
	m := append(c.json[:0], `{"event":"media","sequenceNumber":"`...)
	m = strconv.AppendUint(m, c.sequence, 10)
	m = append(m, `","media":{"track":"inbound","chunk":"`...)
	m = strconv.AppendUint(m, c.sequence-1, 10)
	m = append(m, `","timestamp":"`...)
	m = strconv.AppendUint(m, (c.sequence-2)*20+88, 10)
	m = append(m, `","payload":"`...)
	m = base64.StdEncoding.AppendEncode(m, c.audio[:])
	m = append(m, `"},"streamSid":"`...)
	m = append(m, c.id.stream...)
	c.json = append(m, `"}`...)
	return c.send(c.json)
}

func (c *call) stop() {
	c.sequence++
	_ = c.send(fmt.Appendf(nil, `{"event":"stop","sequenceNumber":"%d","streamSid":"%s","stop":{"accountSid":"%s","callSid":"%s"}}`, c.sequence, c.id.stream, c.id.account, c.id.call))
	_ = c.conn.Close()
}

// send writes masked text frames in one go.
func (c *call) send(messages ...[]byte) error {
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	f := c.frame[:0]
	for _, m := range messages {
		if len(m) < 126 {
			f = append(f, 0x81, 0x80|byte(len(m)))
		} else {
			f = append(f, 0x81, 0x80|126, byte(len(m)>>8), byte(len(m)))
		}
		f = append(f, mask[:]...)
		start := len(f)
		f = append(f, m...)
		key := uint64(binary.LittleEndian.Uint32(mask[:])) * (1<<32 + 1)
		body := f[start:]
		for ; len(body) >= 8; body = body[8:] {
			binary.LittleEndian.PutUint64(body, binary.LittleEndian.Uint64(body)^key)
		}
		for i := range body {
			body[i] ^= mask[i&3]
		}
	}
	c.frame = f
	_, err := c.conn.Write(f)
	return err
}

// run sends frames for a time: every call one each 20 ms, the calls one after
// the other. It returns how many frames it sent and how many more than 20 ms late.
func run(list []*call, d time.Duration) (sent, late int64) {
	workers := max(1, min(runtime.GOMAXPROCS(0), len(list)))
	var wg sync.WaitGroup
	var total, behind atomic.Int64
	const period = 20 * time.Millisecond
	begin := time.Now()
	for w := range workers {
		mine := list[w*len(list)/workers : (w+1)*len(list)/workers]
		wg.Go(func() {
			for i := 0; ; i++ {
				at := begin.Add(time.Duration(i) * period / time.Duration(len(mine)))
				if at.Sub(begin) >= d {
					return
				}
				switch wait := time.Until(at); {
				case wait > 500*time.Microsecond:
					time.Sleep(wait)
				case wait < -period:
					behind.Add(1)
				}
				if err := mine[i%len(mine)].media(); err != nil {
					log.Fatal(err)
				}
				total.Add(1)
			}
		})
	}
	wg.Wait()
	return total.Load(), behind.Load()
}
