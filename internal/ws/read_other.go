//go:build !unix

package ws

import "net"

func (*reader) useRaw(*net.TCPConn) error { return nil }

func (r *reader) fetchRaw() error { return net.ErrClosed }
