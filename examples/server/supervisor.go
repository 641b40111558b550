package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
)

// supervisor is who started the process, if it is systemd or speaks its protocol: it may
// have opened the listening socket, as sd_listen_fds(3) has it, and wait to be told the
// state, as sd_notify(3) has it.
type supervisor struct{ getenv func(string) string }

// inherited is the first descriptor that is passed on.
const inherited = 3

// listener returns the socket that the supervisor opened, or nil. What waits there while
// no process runs is answered by the next one.
func (s supervisor) listener() (net.Listener, error) {
	count, pid := s.getenv("LISTEN_FDS"), s.getenv("LISTEN_PID")
	if count == "" || pid != strconv.Itoa(os.Getpid()) { // it is meant for another process
		return nil, nil
	}
	if count != "1" {
		return nil, fmt.Errorf("LISTEN_FDS: %s sockets are passed on, and one is taken: that of the calls", shown(count))
	}
	file := os.NewFile(inherited, "the socket of LISTEN_FDS")
	defer file.Close() // helper programs do not inherit it
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("LISTEN_FDS: %w", err)
	}
	return listener, nil
}

// tell tells the supervisor a state, as READY=1, if it wants to know.
func (s supervisor) tell(state string) error {
	path := s.getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	defer conn.Close()
	if _, err = conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	return nil
}
