#!/usr/bin/env bash
# Answers one call of a built-in fake Twilio with a real speech recogniser and in spoken
# words, and shows what happens; as "demo.sh phone", is a telephone in the browser that calls
# the same server. Installs their Debian packages when they are missing.
# Flags are passed on: -stay keeps serving, and -target URL has the phone call another server.
set -euo pipefail
cd "$(dirname "$0")/.."

packages="pocketsphinx pocketsphinx-en-us flite"
installed=$(dpkg-query -W -f '${Status}\n' $packages 2>/dev/null | grep -c 'ok installed' || true)
if [ "${STT:-pocketsphinx}" = pocketsphinx ] && [ "$installed" != 3 ]; then
	command -v apt-get >/dev/null || {
		cat >&2 <<-EOF
			The recogniser comes as Debian packages ($packages). Elsewhere the demo needs a server with OpenAI's API for
			transcriptions. Homebrew has whisper.cpp; a model is at https://huggingface.co/ggerganov/whisper.cpp:
			  brew install whisper-cpp ffmpeg
			  whisper-server -m ggml-base.en.bin --port 8000 --convert --inference-path /v1/audio/transcriptions
			  STT=openai STT_URL=http://127.0.0.1:8000/v1 examples/demo.sh
		EOF
		exit 1
	}
	echo "The speech recogniser or the synthesiser is missing: installing the Debian packages $packages."
	sudo=$([ "$(id -u)" = 0 ] || echo sudo)
	$sudo apt-get update -q >/dev/null
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages >/dev/null
fi
mode=-demo
if [ "${1:-}" = phone ]; then
	mode=-phone
	shift
fi
exec go run ./examples/server "$mode" "$@"
