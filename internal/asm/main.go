// Command asm writes the amd64 kernels of package codec. Run it through go generate
// ./codec; the output is committed, and .ci/run checks that it is up to date.
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("!purego")

	mulawDecodeAVX2()
	mulawDecodeFloat32AVX2()
	alawDecodeAVX2()
	mulawEncodeAVX2()
	alawEncodeAVX2()
	payloadDecodeAVX2()
	payloadEncodeAVX2()

	firAVX2()
	firPairsAVX2()
	dotAVX2()

	decodeVBMI("mulawDecodeVBMI", "mulawTable", mulawMagnitude)
	decodeVBMI("alawDecodeVBMI", "alawTable", alawMagnitude)
	encodeVBMI(mulaw)
	encodeVBMI(alaw)
	payloadDecodeVBMI()
	payloadEncodeVBMI()

	Generate()
}
