//go:build !linux

package process

func limit(int, uint64) {}
