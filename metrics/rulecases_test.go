package metrics_test

import (
	"fmt"
	"strings"
	"time"
)

// histogram returns the bucket and count series of a histogram that grows per
// minute by the given amounts, each "le=n", cumulative.
func histogram(name, labels, values string, buckets ...string) []string {
	var series []string
	for _, bucket := range append(buckets, "+Inf=100") {
		le, n, _ := strings.Cut(bucket, "=")
		series = append(series, fmt.Sprintf(`%s_bucket{%sle="%s"} %s`, name, labels, le, strings.ReplaceAll(values, "N", n)))
	}
	return append(series, fmt.Sprintf(`%s_count{%s} %s`, name, labels, strings.ReplaceAll(values, "N", "100")))
}

func with(lists ...[]string) []string {
	var all []string
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

// calls returns calls per minute by status.
func calls(completed, failed string) []string {
	return []string{
		`twilio_calls_total{from_country="US",status="completed"} ` + completed,
		`twilio_calls_total{from_country="US",status="failed"} ` + failed,
	}
}

const (
	steady  = "0+Nx600"
	inbound = `code="200",endpoint="/api/voice/twilio/inbound",method="POST",`
	sttSecs = "twilio_stt_latency_seconds"
	e2eSecs = "twilio_e2e_latency_seconds"
	webSecs = "http_request_duration_seconds"
	wsSecs  = "twilio_websocket_connect_seconds"

	signatures = "twilio_signature_checks_total"
	letIn      = `twilio_policy_decisions_total{decision="allow"}`
)

const hour = time.Hour

// ruleCases are what the alerts are for, and what they must not be bothered by.
var ruleCases = []ruleCase{
	{name: "a job that exports nothing of ours"},
	{name: "no traffic", series: with(calls("0x60", "0x60"), histogram(sttSecs, "", "0x60", "1=0"), histogram(e2eSecs, "", "0x60", "0.5=0"),
		histogram(webSecs, inbound, "0x60", "0.5=0"), histogram(wsSecs, "", "0x60", "1=0"), []string{
			`twilio_transcoding_errors_total{error_type="base64"} 0x60`, `twilio_audio_chunks_received_total{} 0x60`,
			`twilio_stt_errors_total{error_type="timeout"} 0x60`, `twilio_stt_transcript_length_chars_count{} 0x60`,
			`twilio_websocket_connections{} 0x60`, `twilio_active_calls{} 0x60`, `twilio_stt_words_total{} 0x60`, `twilio_stt_word_errors_total{} 0x60`,
		}), recorded: `{__name__=~"job:.+:(ratio|p[0-9]).+"}`},

	// Calls.
	{name: "one call of 1000 fails", series: calls("0+999x60", "0+1x60"),
		recorded: "round(job:twilio_calls_success:ratio_rate5m, 0.001)", samples: []string{`{job="agentos_webui"} 0.999`}},
	{name: "all calls from one country fail, which are few", series: with(calls("0+199x60", "0x60"),
		[]string{`twilio_calls_total{from_country="FJ",status="failed"} 0+1x60`})},
	{name: "1.5 % of calls fail", series: calls("0+197x60", "0+3x60"), fires: []string{"TwilioCallSuccessBudgetBurnSlow"}},
	{name: "4 % of calls fail", series: calls("0+96x60", "0+4x60"),
		fires: []string{"TwilioCallSuccessBudgetBurnSlow", "TwilioElevatedErrorRate"}},
	{name: "10 % of calls fail", series: calls("0+90x60", "0+10x60"),
		fires: []string{"TwilioCallSuccessBudgetBurn", "TwilioCallSuccessBudgetBurnSlow", "TwilioElevatedErrorRate", "TwilioHighErrorRate"}},
	{name: "10 % of calls fail on two instances, and many are busy", series: []string{
		`twilio_calls_total{instance="a",status="completed"} 0+18x60`, `twilio_calls_total{instance="b",status="failed"} 0+2x60`,
		`twilio_calls_total{instance="a",status="busy"} 0+200x60`, `twilio_calls_total{instance="b",status="no-answer"} 0+200x60`},
		fires: []string{"TwilioCallSuccessBudgetBurn", "TwilioCallSuccessBudgetBurnSlow", "TwilioElevatedErrorRate", "TwilioHighErrorRate"}},
	{name: "callers who hang up while it rings", series: with(calls("0+99x60", "0x60"), []string{`twilio_calls_total{status="canceled"} 0+50x60`}),
		recorded: "job:twilio_calls_success:ratio_rate5m", samples: []string{`job:twilio_calls_success:ratio_rate5m{job="agentos_webui"} 1`}},
	{name: "20 % of 5 calls in 5 minutes fail", series: calls("0+0.8x60", "0+0.2x60"),
		fires: []string{"TwilioCallSuccessBudgetBurn", "TwilioCallSuccessBudgetBurnSlow", "TwilioElevatedErrorRate"}},
	{name: "20 % of 15 calls in an hour fail", at: hour, series: calls("0+0.2x60", "0+0.05x60"),
		fires: []string{"TwilioCallSuccessBudgetBurnSlow"}},
	{name: "failures that ended half an hour ago", at: hour, series: calls("0+18x120", "0+10x28 280x100"),
		fires: []string{"TwilioCallSuccessBudgetBurnSlow"}},
	{name: "failures that ended six hours ago", step: 5 * time.Minute, at: 10 * hour, series: calls("0+18x130", "0+10x24 240x110")},
	{name: "12 % in the last hour of many", at: 7 * hour, series: calls("0+100x360 36000+88x60", "0x360 0+12x60"),
		fires: []string{"TwilioCallSuccessBudgetBurnSlow", "TwilioElevatedErrorRate", "TwilioHighErrorRate"}},
	{name: "20 % in the last hour of many", at: 7 * hour, series: calls("0+100x360 36000+80x60", "0x360 0+20x60"),
		fires: []string{"TwilioCallSuccessBudgetBurn", "TwilioCallSuccessBudgetBurnSlow", "TwilioElevatedErrorRate", "TwilioHighErrorRate"}},
	{name: "failures for three minutes", series: calls("0+20x60", "0x26 0+5x4")},

	// Instances.
	{name: "one of two is down", down: true, series: []string{`up{instance="a"} 0x60`, `up{instance="b"} 1x60`}, fires: []string{"TwilioWebhookInstanceDown"}},
	{name: "all are down", down: true, series: []string{`up{instance="a"} 0x60`}, fires: []string{"TwilioWebhookDown", "TwilioWebhookInstanceDown"}},
	{name: "nobody is in discovery", down: true, series: []string{`up{instance="a"} 1x10 stale`}, fires: []string{"TwilioWebhookDown"}},
	{name: "a restart", down: true, series: []string{`up{instance="a"} 1x27 0 1x30`}},

	// Webhooks.
	{name: "10 % of webhooks answer 5xx", series: []string{
		webSecs + `_count{code="200",endpoint="/api/voice/twilio/inbound"} 0+90x60`, webSecs + `_count{code="503",endpoint="/api/voice/twilio/inbound"} 0+10x60`},
		fires: []string{"TwilioWebhookErrors"}},
	{name: "4 % of webhooks answer 5xx, forgers get 403, and a health check 503", series: []string{
		webSecs + `_count{code="200",endpoint="/api/voice/twilio/inbound"} 0+46x60`, webSecs + `_count{code="403",endpoint="/api/voice/twilio/inbound"} 0+50x60`,
		webSecs + `_count{code="503",endpoint="/api/voice/twilio/inbound"} 0+4x60`, webSecs + `_count{code="503",endpoint="/api/voice/health"} 0+500x60`}},
	{name: "webhooks within half a second", series: with(histogram(webSecs, inbound, steady, "0.2=80", "0.5=96", "1=100"),
		histogram(webSecs, `code="200",endpoint="/metrics",`, steady, "0.5=0", "1=0", "2.5=100"))},
	{name: "webhooks slower than half a second", series: histogram(webSecs, inbound, steady, "0.5=94", "1=100"), fires: []string{"TwilioWebhookSlow"}},
	{name: "webhooks slower than a second", series: histogram(webSecs, inbound, steady, "0.5=90", "1=94", "2.5=100"),
		fires: []string{"TwilioWebhookSlow", "TwilioWebhookVerySlow"}},
	{name: "one signature in ten is of another token", series: []string{signatures + `{result="valid",key="0"} 0+9x60`, signatures + `{result="mismatch",key="-1"} 0+1x60`},
		fires: []string{"TwilioSignaturesRefused"}},
	{name: "no signature has been valid since the start", series: []string{signatures + `{result="host",key="-1"} 0+2x60`}, fires: []string{"TwilioSignaturesRefused"}},
	{name: "4 % of signatures are wrong", series: []string{signatures + `{result="valid",key="0"} 0+96x60`, signatures + `{result="mismatch",key="-1"} 0+4x60`}},
	{name: "strangers do not sign", series: []string{signatures + `{result="valid",key="0"} 0+1x60`, signatures + `{result="missing_signature",key="-1"} 0+50x60`,
		signatures + `{result="malformed_signature",key="-1"} 0+50x60`, signatures + `{result="method",key="-1"} 0+50x60`}},
	{name: "strangers leave bodies half sent", series: []string{signatures + `{result="valid",key="0"} 0+1x60`, signatures + `{result="body_timeout",key="-1"} 0+50x60`,
		signatures + `{result="overloaded",key="-1"} 0+50x60`}},
	{name: "one webhook in ten of a shared key has another secret", series: []string{signatures + `{result="valid",key="0"} 0+5x60`, signatures + `{result="valid",key="webhooks_sharedkey_1"} 0+4x60`,
		signatures + `{result="mismatch",key="webhooks_sharedkey_1"} 0+1x60`}, fires: []string{"TwilioSignaturesRefused"}},
	{name: "a few wrong signatures on a quiet night", series: []string{signatures + `{result="mismatch",key="-1"} 0+0.5x60`}},

	// Speech to text.
	{name: "transcripts within a second", series: histogram(sttSecs, "", steady, "0.5=90", "1=96", "2=100"),
		recorded: "job:twilio_stt_latency_seconds:p50_5m < 0.5", samples: []string{`job:twilio_stt_latency_seconds:p50_5m{job="agentos_webui"} 0.2777777777777778`}},
	{name: "transcripts slower than a second", series: histogram(sttSecs, "", steady, "0.5=90", "1=94", "2=100"), fires: []string{"TwilioHighLatency"}},
	{name: "an idle instance is slow", series: with(histogram(sttSecs, `instance="a",`, steady, "0.5=100", "1=100", "2=100"),
		[]string{sttSecs + `_bucket{instance="b",le="1"} 0x60`, sttSecs + `_bucket{instance="b",le="2"} 0+1x60`, sttSecs + `_bucket{instance="b",le="+Inf"} 0+1x60`})},
	{name: "transcripts were slow an hour ago", at: 2 * hour, series: with(
		[]string{sttSecs + `_bucket{le="0.5"} 0x60 0+100x60`, sttSecs + `_bucket{le="1"} 0x60 0+100x60`, sttSecs + `_bucket{le="2"} 0+100x120`, sttSecs + `_bucket{le="+Inf"} 0+100x120`})},
	{name: "4 % of results are late", series: histogram(e2eSecs, "", steady, "0.5=96", "0.6=96", "1=100")},
	{name: "6 % of results are late", series: histogram(e2eSecs, "", steady, "0.5=94", "0.6=96", "1=100"), fires: []string{"TwilioLatencyBudgetBurnSlow"}},
	{name: "results slower than 600 ms", series: histogram(e2eSecs, "", steady, "0.5=90", "0.6=94", "1=100"),
		fires: []string{"TwilioElevatedEndToEndLatency", "TwilioLatencyBudgetBurnSlow"}},
	{name: "results slower than a second", series: histogram(e2eSecs, "", steady, "0.5=90", "0.6=90", "1=94", "2=100"),
		fires: []string{"TwilioElevatedEndToEndLatency", "TwilioHighEndToEndLatency", "TwilioLatencyBudgetBurnSlow"}},
	{name: "25 % of results are a little late", series: histogram(e2eSecs, "", steady, "0.5=75", "0.6=100", "1=100"), fires: []string{"TwilioLatencyBudgetBurnSlow"}},
	{name: "40 % of results are a little late", series: histogram(e2eSecs, "", steady, "0.5=60", "0.6=100", "1=100"),
		fires: []string{"TwilioLatencyBudgetBurn", "TwilioLatencyBudgetBurnSlow"}},
	{name: "40 % of 12 results in an hour are late", at: hour, series: []string{
		e2eSecs + `_bucket{le="0.5"} 0+0.12x60`, e2eSecs + `_bucket{le="0.6"} 0+0.2x60`, e2eSecs + `_bucket{le="+Inf"} 0+0.2x60`, e2eSecs + `_count{} 0+0.2x60`},
		fires: []string{"TwilioLatencyBudgetBurnSlow"}},
	{name: "half of the last hour's results are late", at: 7 * hour, series: with(
		[]string{e2eSecs + `_bucket{le="0.5"} 0+100x360 36000+50x60`, e2eSecs + `_bucket{le="0.6"} 0+100x420`, e2eSecs + `_bucket{le="+Inf"} 0+100x420`, e2eSecs + `_count{} 0+100x420`}),
		fires: []string{"TwilioLatencyBudgetBurnSlow"}},
	{name: "nearly all of the last hour's results are late", at: 7 * hour, series: with(
		[]string{e2eSecs + `_bucket{le="0.5"} 0+100x360 36000+10x60`, e2eSecs + `_bucket{le="0.6"} 0+100x420`, e2eSecs + `_bucket{le="+Inf"} 0+100x420`, e2eSecs + `_count{} 0+100x420`}),
		fires: []string{"TwilioLatencyBudgetBurn", "TwilioLatencyBudgetBurnSlow"}},
	{name: "results were late half an hour ago", at: hour, series: with(
		[]string{e2eSecs + `_bucket{le="0.5"} 0x28 0+100x60`, e2eSecs + `_bucket{le="0.6"} 0+100x90`, e2eSecs + `_bucket{le="+Inf"} 0+100x90`, e2eSecs + `_count{} 0+100x90`}),
		fires: []string{"TwilioLatencyBudgetBurnSlow"}},
	{name: "results were late for most of the last hour of many, and are not now", at: 7 * hour, series: []string{
		e2eSecs + `_bucket{le="0.5"} 0+100x360 36000x49 36000+100x20`, e2eSecs + `_bucket{le="0.6"} 0+100x430`, e2eSecs + `_bucket{le="+Inf"} 0+100x430`, e2eSecs + `_count{} 0+100x430`},
		fires: []string{"TwilioLatencyBudgetBurnSlow"}},
	{name: "results were late six hours ago", step: 5 * time.Minute, at: 10 * hour, series: with(
		[]string{e2eSecs + `_bucket{le="0.5"} 0x24 0+100x100`, e2eSecs + `_bucket{le="0.6"} 0+100x130`, e2eSecs + `_bucket{le="+Inf"} 0+100x130`, e2eSecs + `_count{} 0+100x130`})},
	{name: "4 % of recognitions fail", series: []string{`twilio_stt_errors_total{error_type="timeout"} 0+4x60`, `twilio_stt_transcript_length_chars_count{} 0+96x60`}},
	{name: "10 % of recognitions fail", series: []string{`twilio_stt_errors_total{error_type="timeout"} 0+5x60`, `twilio_stt_errors_total{error_type="panic"} 0+5x60`,
		`twilio_stt_transcript_length_chars_count{} 0+90x60`}, fires: []string{"TwilioSTTErrors"}},
	{name: "no recognition succeeds", series: []string{`twilio_stt_errors_total{error_type="unavailable"} 0+1x60`, `twilio_stt_transcript_length_chars_count{} 0x60`},
		fires: []string{"TwilioSTTErrors"}},
	{name: "callers hang up while they speak", series: []string{`twilio_stt_errors_total{error_type="canceled"} 0+50x60`, `twilio_stt_transcript_length_chars_count{} 0+50x60`}},
	{name: "4 % of the texts fail", series: []string{`twilio_tts_errors_total{error_type="timeout"} 0+4x60`, `twilio_tts_utterances_total{} 0+100x60`}},
	{name: "10 % of the texts fail", series: []string{`twilio_tts_errors_total{error_type="timeout"} 0+5x60`, `twilio_tts_errors_total{error_type="auth"} 0+5x60`,
		`twilio_tts_utterances_total{} 0+100x60`}, fires: []string{"TwilioTTSErrors"}},
	{name: "no text is said", series: []string{`twilio_tts_errors_total{error_type="unavailable"} 0+1x60`, `twilio_tts_utterances_total{} 0+1x60`}, fires: []string{"TwilioTTSErrors"}},
	{name: "texts that nobody can say", series: []string{`twilio_tts_errors_total{error_type="bad_text"} 0+50x60`, `twilio_tts_utterances_total{} 0+100x60`}},
	{name: "engines fail and others go on", series: []string{`twilio_tts_failovers_total{error_type="timeout"} 0+50x60`, `twilio_tts_errors_total{error_type="timeout"} 0x60`, `twilio_tts_utterances_total{} 0+100x60`}},
	{name: "92 % of words are right", step: 5 * time.Minute, at: 4 * hour, series: []string{`twilio_stt_words_total{} 0+100x50`, `twilio_stt_word_errors_total{} 0+8x50`}},
	{name: "88 % of words are right", step: 5 * time.Minute, at: 4 * hour, series: []string{`twilio_stt_words_total{} 0+100x50`, `twilio_stt_word_errors_total{} 0+12x50`},
		fires: []string{"TwilioSTTAccuracyLow"}},
	{name: "80 % of words are right", step: 5 * time.Minute, at: 4 * hour, series: []string{`twilio_stt_words_total{} 0+100x50`, `twilio_stt_word_errors_total{} 0+20x50`},
		fires: []string{"TwilioSTTAccuracyCritical", "TwilioSTTAccuracyLow"}},
	{name: "half of 480 words are right", step: 5 * time.Minute, at: 4 * hour, series: []string{`twilio_stt_words_total{} 0+10x50`, `twilio_stt_word_errors_total{} 0+5x50`}},

	// Streams.
	{name: "streams start within two seconds", series: histogram(wsSecs, "", steady, "1=90", "2=96", "5=100")},
	{name: "streams start slowly", series: histogram(wsSecs, "", steady, "1=90", "2=94", "5=100"), fires: []string{"TwilioWebSocketConnectSlow"}},
	{name: "streams start very slowly", series: histogram(wsSecs, "", steady, "1=90", "2=90", "5=94", "10=100"),
		fires: []string{"TwilioWebSocketConnectSlow", "TwilioWebSocketConnectVerySlow"}},
	{name: "half of the calls have no stream", series: []string{letIn + ` 0+10x60`, wsSecs + `_count{} 0+5x60`}, fires: []string{"TwilioStreamsMissing"}},
	{name: "no stream starts on two instances", series: []string{`twilio_policy_decisions_total{instance="b",decision="allow"} 0+10x60`, wsSecs + `_count{instance="a"} 0x60`},
		fires: []string{"TwilioStreamsMissing"}},
	{name: "one call in ten has no stream", series: []string{letIn + ` 0+10x60`, wsSecs + `_count{} 0+9x60`}},
	{name: "a few calls have no stream", series: []string{letIn + ` 0+0.5x60`, wsSecs + `_count{} 0x60`}},
	{name: "callers who pass a challenge, and many who are refused", series: []string{letIn + ` 0+10x60`, `twilio_policy_decisions_total{decision="challenge"} 0+20x60`,
		`twilio_policy_decisions_total{decision="reject"} 0+50x60`, wsSecs + `_count{} 0+20x60`}},
	{name: "two of three instances without the store", series: []string{`twilio_store_up{instance="a"} 0x60`, `twilio_store_up{instance="b"} 1x60`, `twilio_store_up{instance="c"} 0x60`}, fires: []string{"TwilioStoreDown"}},
	{name: "an instance was killed with its calls", series: []string{`twilio_calls_cut_total{reason="crash"} 0x30 20x30`, `twilio_calls_cut_total{reason="refused"} 0x60`}, at: 35 * time.Minute, fires: []string{"TwilioCallsCut"}},
	{name: "nobody reads the log of an instance", series: []string{`twilio_log_lines_dropped_total{instance="a"} 0x10 0+7x50`, `twilio_log_lines_dropped_total{instance="b"} 0x60`}, fires: []string{"TwilioLogLinesDropped"}},
	{name: "nobody read the log long ago", series: []string{`twilio_log_lines_dropped_total{instance="a"} 0x10 700x49`}},
	{name: "calls were cut long ago, and one a while ago", series: []string{`twilio_calls_cut_total{reason="disconnect"} 20x55 21x5`}},
	{name: "a store that was away for a minute", series: []string{`twilio_store_up{instance="a"} 1x50 0 1x9`}},
	{name: "80 calls on two instances", series: []string{`twilio_active_calls{instance="a"} 40x60`, `twilio_active_calls{instance="b"} 40x60`}},
	{name: "81 calls on two instances", series: []string{`twilio_active_calls{instance="a"} 41x60`, `twilio_active_calls{instance="b"} 40x60`},
		fires: []string{"TwilioHighConcurrentCalls"}, recorded: "job:twilio_active_calls:sum", samples: []string{`job:twilio_active_calls:sum{job="agentos_webui"} 81`}},
	{name: "94 calls", series: []string{`twilio_active_calls{} 94x60`}, fires: []string{"TwilioHighConcurrentCalls"}},
	{name: "95 calls", series: []string{`twilio_active_calls{instance="a"} 50x60`, `twilio_active_calls{instance="b"} 45x60`},
		fires: []string{"TwilioConcurrentCallsNearLimit", "TwilioHighConcurrentCalls"}},
	{name: "80 calls of 100", series: []string{`twilio_active_calls{} 80x60`, `twilio_concurrent_calls_limit{} 100x60`},
		recorded: "job:twilio_active_calls:ratio", samples: []string{`job:twilio_active_calls:ratio{job="agentos_webui"} 0.8`}},
	{name: "81 calls of 100", series: []string{`twilio_active_calls{} 81x60`, `twilio_concurrent_calls_limit{} 100x60`}, fires: []string{"TwilioHighConcurrentCalls"}},
	{name: "95 calls of 100", series: []string{`twilio_active_calls{} 95x60`, `twilio_concurrent_calls_limit{} 100x60`},
		fires: []string{"TwilioConcurrentCallsNearLimit", "TwilioHighConcurrentCalls"}},
	{name: "16 calls of 20", series: []string{`twilio_active_calls{} 16x60`, `twilio_concurrent_calls_limit{} 20x60`}},
	{name: "17 calls of 20 on two instances", series: []string{`twilio_active_calls{instance="a"} 9x60`, `twilio_active_calls{instance="b"} 8x60`,
		`twilio_concurrent_calls_limit{instance="a"} 20x60`, `twilio_concurrent_calls_limit{instance="b"} 20x60`}, fires: []string{"TwilioHighConcurrentCalls"},
		recorded: "job:twilio_concurrent_calls_limit:max", samples: []string{`job:twilio_concurrent_calls_limit:max{job="agentos_webui"} 20`}},
	{name: "19 calls of 20", series: []string{`twilio_active_calls{} 19x60`, `twilio_concurrent_calls_limit{} 20x60`},
		fires: []string{"TwilioConcurrentCallsNearLimit", "TwilioHighConcurrentCalls"}},
	{name: "400 calls of 500", series: []string{`twilio_active_calls{} 400x60`, `twilio_concurrent_calls_limit{} 500x60`}},
	{name: "475 calls of 500", series: []string{`twilio_active_calls{} 475x60`, `twilio_concurrent_calls_limit{} 500x60`},
		fires: []string{"TwilioConcurrentCallsNearLimit", "TwilioHighConcurrentCalls"}},
	{name: "95 calls, beside a job with a limit of 500", series: []string{`twilio_active_calls{} 95x60`,
		`twilio_active_calls{job="phone"} 300x60`, `twilio_concurrent_calls_limit{job="phone"} 500x60`},
		fires: []string{"TwilioConcurrentCallsNearLimit", "TwilioHighConcurrentCalls"}},
	{name: "0.5 % of the chunks of 100 calls are bad", series: []string{`twilio_audio_chunks_received_total{} 0+300000x60`, `twilio_transcoding_errors_total{error_type="base64"} 0+1500x60`},
		recorded: "job:twilio_transcoding_errors:ratio_rate5m", samples: []string{`job:twilio_transcoding_errors:ratio_rate5m{job="agentos_webui"} 0.005`}},
	{name: "2 % of few chunks are bad, in three ways", series: []string{`twilio_audio_chunks_received_total{} 0+30x60`, `twilio_transcoding_errors_total{error_type="base64"} 0+0.2x60`,
		`twilio_transcoding_errors_total{error_type="length"} 0+0.2x60`, `twilio_transcoding_errors_total{error_type="other"} 0+0.2x60`}, fires: []string{"TwilioTranscodingErrors"}},
	{name: "6 % of chunks are bad", series: []string{`twilio_audio_chunks_received_total{} 0+3000x60`, `twilio_transcoding_errors_total{error_type="base64"} 0+180x60`},
		fires: []string{"TwilioTranscodingErrors", "TwilioTranscodingErrorsCritical"}},
	{name: "audio flows", series: []string{`twilio_audio_chunks_received_total{} 0+30000x60`, `twilio_websocket_connections{} 10x60`}},
	{name: "audio trickles", series: []string{`twilio_audio_chunks_received_total{} 0+18000x60`, `twilio_websocket_connections{} 10x60`}, fires: []string{"TwilioAudioStalled"}},
	{name: "calls trickle on two instances", series: []string{`twilio_audio_chunks_received_total{instance="a"} 0+9000x60`, `twilio_audio_chunks_received_total{instance="b"} 0+9000x60`,
		`twilio_websocket_connections{instance="a"} 5x60`, `twilio_websocket_connections{instance="b"} 5x60`}, fires: []string{"TwilioAudioStalled"}},
	{name: "calls connect and no audio comes", series: []string{`twilio_audio_chunks_received_total{} 5x60`, `twilio_websocket_connections{instance="a"} 1x60`, `twilio_websocket_connections{instance="b"} 1x60`},
		fires: []string{"TwilioAudioStalled"}},

	// Volume, from the counters.
	{name: "calls an hour and a day", at: 2 * hour, series: calls("0+2x200", "0x200"),
		recorded: "job:twilio_calls:rate1h", samples: []string{`job:twilio_calls:rate1h{job="agentos_webui"} 120`}},
	{name: "calls a day", at: 24 * hour, step: 5 * time.Minute, series: calls("0+1x300", "0x300"),
		recorded: "job:twilio_calls:increase1d", samples: []string{`job:twilio_calls:increase1d{job="agentos_webui"} 288`}},
}

// volumeRules matches the rules that volumeCases are about.
const volumeRules = `^job:twilio_calls:(rate1h|expected1h)$|^TwilioUnusualCallVolume$`

// The history of a volume case.
const (
	volumeStep = 30 * time.Minute
	weeks      = 4 * 7 * 24 * 2 // steps
)

// volumeCases compare an hour with the same hour of four past weeks.
func volumeCases() []ruleCase {
	var cases []ruleCase
	add := func(name, history string, now int, fires ...string) {
		cases = append(cases, ruleCase{name: name, step: volumeStep, at: weeks*volumeStep + 2*hour, down: true,
			series: []string{fmt.Sprintf(`job:twilio_calls:rate1h{} %s %dx6`, history, now)}, fires: fires})
	}
	unusual := "TwilioUnusualCallVolume"
	flat := func(n int) string { return fmt.Sprintf("%dx%d", n, weeks-1) }
	add("as usual", flat(100), 100)
	add("an outage at noon", flat(100), 0, unusual)
	add("an attack at night", flat(2), 60, unusual)
	add("a few more than few", flat(5), 15)
	add("30 % more of many", flat(400), 520)
	add("two thirds more of few", flat(25), 42)
	add("a service that is new", fmt.Sprintf("_x%d", weeks-1), 500)
	add("days and nights, at night", strings.Repeat("0x23 100x23 ", 28), 0)
	add("days and nights, an outage by day", strings.Repeat("100x23 0x23 ", 28), 0, unusual)
	add("one odd week of four", fmt.Sprintf("%dx%d %dx%d %dx%d", 100, weeks/4-1, 900, weeks/4-1, 100, weeks/2-1), 100)
	return cases
}
