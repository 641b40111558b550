package codec

//go:generate go run -C ../internal/asm . -pkg codec -out ../../codec/asm_amd64.s -stubs ../../codec/asm_amd64.go

// A kernelSet names the instructions that the kernels use.
type kernelSet int

const (
	portable kernelSet = iota // Go alone
	neon                      // arm64
	avx2                      // amd64
	vbmi                      // amd64 with AVX-512 BW, VL and VBMI
)

// kernels is the set in use, the best that this processor has. Tests force the
// others.
var kernels = kernelSets()[len(kernelSets())-1]
