//go:build purego || !(amd64 || arm64)

package codec

// kernelSets lists the kernels that this processor can run, the best one last.
func kernelSets() []kernelSet { return []kernelSet{portable} }

func decodeMulaw(dst []int16, src []byte)          { decodeMulawGeneric(dst, src) }
func decodeMulawFloat32(dst []float32, src []byte) { decodeMulawFloat32Generic(dst, src) }
func encodeMulaw(dst []byte, src []int16)          { encodeMulawGeneric(dst, src) }
func decodeAlaw(dst []int16, src []byte)           { decodeAlawGeneric(dst, src) }
func encodeAlaw(dst []byte, src []int16)           { encodeAlawGeneric(dst, src) }
func decodePayload(dst []int16, src []byte) bool   { return decodePayloadGeneric(dst, src) }
func encodePayload(dst []byte, src []int16)        { encodePayloadGeneric(dst, src) }
func fir(dst, x []int16, p *phase)                 { firGeneric(dst, x, p) }
func dot(x []int16, p *phase) int16                { return dotGeneric(x, p) }
func firPairs(dst, x, keep []int16, p *phase)      { firPairsGeneric(dst, x, keep, p) }
