// Command load plays many Twilio calls at once against a server of Media
// Streams: 50 frames a second each, spread evenly over time, by one goroutine
// per core that writes prepared bytes, so that the generator needs less than
// what it measures.
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
	flag.Parse()

	list := make([]*call, *calls)
	var err error
	for i := range list {
		if list[i], err = dial(*addr, i, *secure); err != nil {
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
	sid      string
	sequence uint64
	audio    [160]byte
	json     []byte
	frame    []byte
}

func dial(addr string, n int, secure bool) (*call, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if secure {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // the server's certificate is made for the run
	}
	c := &call{conn: conn, sid: fmt.Sprintf("MZ%032x", n)}
	for i := range c.audio {
		c.audio[i] = byte(i*31 + n)
	}
	if _, err := fmt.Fprintf(conn, "GET /stream HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", addr); err != nil {
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
		fmt.Appendf(nil, `{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC1","streamSid":"%s","callSid":"CA1","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{}},"streamSid":"%s"}`, c.sid, c.sid))
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
	m := fmt.Appendf(c.json[:0], `{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d","timestamp":"%d","payload":"`,
		c.sequence, c.sequence-1, (c.sequence-2)*20+88)
	m = base64.StdEncoding.AppendEncode(m, c.audio[:])
	m = append(m, `"},"streamSid":"`...)
	m = append(m, c.sid...)
	c.json = append(m, `"}`...)
	return c.send(c.json)
}

func (c *call) stop() {
	c.sequence++
	_ = c.send(fmt.Appendf(nil, `{"event":"stop","sequenceNumber":"%d","streamSid":"%s","stop":{"accountSid":"AC1","callSid":"CA1"}}`, c.sequence, c.sid))
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
