//go:build purego || !amd64

package model

const vector = false

func combineVector(dst, m *float32, stride int, x *float32, n int) {}
