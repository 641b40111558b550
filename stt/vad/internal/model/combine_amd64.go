//go:build !purego

package model

import "golang.org/x/sys/cpu"

// vector says whether combineVector works on this processor.
var vector = cpu.X86.HasAVX

// combineVector is combine over n numbers of x, with AVX.
//
//go:noescape
func combineVector(dst, m *float32, stride int, x *float32, n int)
