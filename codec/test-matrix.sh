#!/bin/sh
# Tests package codec in the builds that a plain "go test ./codec" does not cover,
# and that the committed assembly is what its generator writes. Needs qemu-user.
set -eu
cd "$(dirname "$0")"

# What the resampler's spectra are does not depend on the processor once its samples
# are the same, and a checksum test holds those; emulated, these tests take minutes.
spectra='FilterResponses|TonesFrom|TonesTo|MatchesTheKernel'
# The emulator hangs now and then in a fork, and these tests run other programs.
forks='SoxAgrees'

leg() {
	echo "codec: $*"
	env "$@"
}

echo 'codec: generated assembly'
fresh=$(mktemp -d)
trap 'rm -r "$fresh"' EXIT
go run -C ../internal/asm . -pkg codec -out "$fresh/asm_amd64.s" -stubs "$fresh/asm_amd64.go"
for file in asm_amd64.s asm_amd64.go; do
	tail -n +2 "$file" >"$fresh/committed" # the first line names the command
	tail -n +2 "$fresh/$file" | cmp - "$fresh/committed" || {
		echo "$file is not what internal/asm writes: go generate ./codec" >&2
		exit 1
	}
done

leg go test -tags purego -skip "$spectra" .
leg GOARCH=386 go vet .
if GOARCH=386 go test -run '^$' . >/dev/null 2>&1; then
	leg GOARCH=386 go test -skip "$spectra" .
else # the kernel runs no 32-bit programs, and Go's do not run under qemu-i386
	leg GOARCH=arm go test -exec qemu-arm -skip "$spectra|$forks" .
fi
leg GOARCH=arm64 go vet .
leg GOARCH=arm64 go test -exec qemu-aarch64 -skip "$spectra|$forks" .
leg GOARCH=arm64 go vet -tags purego .
leg GOARCH=s390x go test -exec qemu-s390x -skip "$spectra|$forks|PayloadWithAnyWrongByte" . # big-endian
