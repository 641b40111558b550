package codec

func decodeMulaw(dst []int16, src []byte)          { decodeMulawGeneric(dst, src) }
func encodeMulaw(dst []byte, src []int16)          { encodeMulawGeneric(dst, src) }
func decodeAlaw(dst []int16, src []byte)           { decodeAlawGeneric(dst, src) }
func encodeAlaw(dst []byte, src []int16)           { encodeAlawGeneric(dst, src) }
func decodeMulawFloat32(dst []float32, src []byte) { decodeMulawFloat32Generic(dst, src) }
