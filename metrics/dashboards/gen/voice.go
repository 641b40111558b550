package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// defaultJob is the job of the runbook, as metrics.DefaultJob.
const defaultJob = "agentos_webui"

// voice is the dashboard of the runbook's key figures. Limits are those of its
// table of targets.
func voice() *dashboard.DashboardBuilder {
	job := dashboard.StringOrMap{String: cog.ToPtr("label_values(twilio_active_calls, job)")}
	return dashboard.NewDashboardBuilder("Twilio voice").
		Uid("dialtone-voice").
		Description("Calls, speech recognition and capacity of a voice service built with dialtone. docs/runbook.md says what to do.").
		Tags([]string{"dialtone", "twilio", "voice"}).
		Time("now-6h", "now").Timezone("browser").Refresh("30s").Editable().
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Link(dashboard.NewDashboardLinkBuilder("Runbook").Type(dashboard.DashboardLinkTypeLink).Url("https://docs.agentos.dev/voice/runbook").TargetBlank(true)).
		WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Label("Data source").Type("prometheus")).
		WithVariable(dashboard.NewQueryVariableBuilder("job").Label("Job").Query(job).Datasource(source()).
			Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
			Current(dashboard.VariableOption{
				Text:  dashboard.StringOrArrayOfString{String: cog.ToPtr(defaultJob)},
				Value: dashboard.StringOrArrayOfString{String: cog.ToPtr(defaultJob)},
			})).
		WithRow(dashboard.NewRowBuilder("Key figures")).
		WithPanel(kpi("Call success", "Of calls that completed or failed. Target 99 %.", "percentunit", `job:twilio_calls_success:ratio_rate5m{job="$job"}`, 0.98, 0.95, true)).
		WithPanel(kpi("Speech to result, p95", "From the caller's last word. Target 500 ms.", "s", `job:twilio_e2e_latency_seconds:p95_5m{job="$job"}`, 0.6, 1, false)).
		WithPanel(kpi("Word accuracy", "Of checked samples, over a day. Target 95 %.", "percentunit", `job:twilio_stt_word_accuracy:ratio1d{job="$job"}`, 0.9, 0.85, true)).
		WithPanel(kpi("Webhook, p95", "Inbound webhooks. Target 200 ms.", "s", `job:twilio_webhook_duration_seconds:p95_5m{job="$job"}`, 0.5, 1, false)).
		WithPanel(kpi("Stream set-up, p95", "WebSocket handshake to start. Target 1 s.", "s", `job:twilio_websocket_connect_seconds:p95_5m{job="$job"}`, 2, 5, false)).
		WithPanel(kpi("Transcoding errors", "Of audio chunks. Target 0.1 %.", "percentunit", `job:twilio_transcoding_errors:ratio_rate5m{job="$job"}`, 0.01, 0.05, false)).
		WithPanel(kpi("Active calls", "On all instances. The alert is at 80.", "short", `job:twilio_active_calls:sum{job="$job"}`, 80, 95, false)).
		WithPanel(count("Calls a day", "Calls that ended in the last 24 hours.", `job:twilio_calls:increase1d{job="$job"}`)).
		WithPanel(count("Instances up", "Instances of the job that answer.", `sum(up{job="$job"})`)).
		WithRow(dashboard.NewRowBuilder("Calls")).
		WithPanel(graph("Calls an hour", "And what the same hour of past weeks had.", "short", nil,
			query{`job:twilio_calls:rate1h{job="$job"}`, "calls"}, query{`job:twilio_calls:expected1h{job="$job"}`, "expected"})).
		WithPanel(graph("Calls by status", "Terminal states, a minute.", "short", nil,
			query{`sum by (status) (rate(twilio_calls_total{job="$job"}[$__rate_interval])) * 60`, "{{status}}"})).
		WithPanel(graph("Active calls", "By instance, and the account's limit.", "short", nil,
			query{`twilio_active_calls{job="$job"}`, "{{instance}}"}, query{`max(twilio_concurrent_calls_limit{job="$job"})`, "limit"})).
		WithPanel(graph("Calls by country", "The ten with most calls, a minute.", "short", nil,
			query{`topk(10, sum by (from_country) (rate(twilio_calls_total{job="$job"}[$__rate_interval])) * 60)`, "{{from_country}}"})).
		WithPanel(graph("Call duration", "Of streams.", "s", nil,
			query{`histogram_quantile(0.5, sum by (le) (rate(twilio_call_duration_seconds_bucket{job="$job"}[$__rate_interval])))`, "p50"},
			query{`histogram_quantile(0.95, sum by (le) (rate(twilio_call_duration_seconds_bucket{job="$job"}[$__rate_interval])))`, "p95"})).
		WithPanel(graph("Policy decisions", "About inbound calls, a minute.", "short", nil,
			query{`sum by (decision, reason) (rate(twilio_policy_decisions_total{job="$job"}[$__rate_interval])) * 60`, "{{decision}} {{reason}}"})).
		WithRow(dashboard.NewRowBuilder("Speech to text")).
		WithPanel(graph("STT latency", "From the caller's last word to the transcript.", "s", []float64{1},
			query{`job:twilio_stt_latency_seconds:p50_5m{job="$job"}`, "p50"}, query{`job:twilio_stt_latency_seconds:p95_5m{job="$job"}`, "p95"},
			query{`job:twilio_stt_latency_seconds:p99_5m{job="$job"}`, "p99"})).
		WithPanel(graph("Speech to result", "Until the handler can have the transcript.", "s", []float64{0.6, 1},
			query{`job:twilio_e2e_latency_seconds:p95_5m{job="$job"}`, "p95"})).
		WithPanel(graph("Recognition errors", "A minute, by kind.", "short", nil,
			query{`sum by (error_type) (rate(twilio_stt_errors_total{job="$job"}[$__rate_interval])) * 60`, "{{error_type}}"})).
		WithPanel(graph("Speech engine", "Utterances in work and waiting; whether the model is ready.", "short", nil,
			query{`sum(twilio_stt_workers_busy{job="$job"})`, "busy"}, query{`sum(twilio_stt_queue_depth{job="$job"})`, "waiting"},
			query{`min by (model) (twilio_stt_model_ready{job="$job"})`, "{{model}} ready"})).
		WithPanel(graph("Transcripts", "A minute, and how long their texts are.", "short", nil,
			query{`sum(rate(twilio_stt_transcript_length_chars_count{job="$job"}[$__rate_interval])) * 60`, "transcripts"},
			query{`histogram_quantile(0.5, sum by (le) (rate(twilio_stt_transcript_length_chars_bucket{job="$job"}[$__rate_interval])))`, "characters, p50"})).
		WithPanel(graph("Word accuracy", "Of checked samples: words, and errors, a day.", "short", nil,
			query{`sum(increase(twilio_stt_words_total{job="$job"}[1d]))`, "words"}, query{`sum(increase(twilio_stt_word_errors_total{job="$job"}[1d]))`, "errors"})).
		WithRow(dashboard.NewRowBuilder("Webhooks and streams")).
		WithPanel(graph("Webhook duration", "p95 by endpoint.", "s", []float64{0.5, 1},
			query{`histogram_quantile(0.95, sum by (le, endpoint) (rate(http_request_duration_seconds_bucket{job="$job",endpoint=~".*/twilio/(inbound|status)"}[$__rate_interval])))`, "{{endpoint}}"})).
		WithPanel(graph("Requests", "A minute, by endpoint and code.", "short", nil,
			query{`sum by (endpoint, code) (rate(http_request_duration_seconds_count{job="$job"}[$__rate_interval])) * 60`, "{{endpoint}} {{code}}"})).
		WithPanel(graph("Stream set-up", "WebSocket handshake to start.", "s", []float64{2, 5},
			query{`job:twilio_websocket_connect_seconds:p95_5m{job="$job"}`, "p95"})).
		WithPanel(graph("WebSocket errors", "A minute, by kind. A normal hang-up is none.", "short", nil,
			query{`sum by (error_type) (rate(twilio_websocket_errors_total{job="$job"}[$__rate_interval])) * 60`, "{{error_type}}"})).
		WithPanel(graph("Transcoding", "Share of chunks that cannot be decoded, and errors by kind a minute.", "percentunit", []float64{0.01, 0.05},
			query{`job:twilio_transcoding_errors:ratio_rate5m{job="$job"}`, "share"},
			query{`sum by (error_type) (rate(twilio_transcoding_errors_total{job="$job"}[$__rate_interval]))`, "{{error_type}} a second"})).
		WithPanel(graph("Signatures", "Checks a minute, by result and key.", "short", nil,
			query{`sum by (result, key) (rate(twilio_signature_checks_total{job="$job"}[$__rate_interval])) * 60`, "{{result}} {{key}}"})).
		WithRow(dashboard.NewRowBuilder("Capacity and budgets")).
		WithPanel(graph("Audio", "Chunks a second and stream; 50 are expected. And frames dropped a second.", "short", nil,
			query{`sum(rate(twilio_audio_chunks_received_total{job="$job"}[$__rate_interval])) / (sum(avg_over_time(twilio_websocket_connections{job="$job"}[$__rate_interval])) > 0)`, "chunks a stream"},
			query{`sum by (reason) (rate(twilio_audio_frames_dropped_total{job="$job"}[$__rate_interval]))`, "dropped {{reason}}"})).
		WithPanel(graph("Share of the account's limit", "Active calls. New ones are refused at 100 %.", "percentunit", []float64{0.8, 0.95},
			query{`job:twilio_active_calls:sum{job="$job"} / max by (job) (twilio_concurrent_calls_limit{job="$job"})`, "calls"})).
		WithPanel(graph("Process", "Memory and CPU of each instance, and whether it drains.", "short", nil,
			query{`process_resident_memory_bytes{job="$job"} / 1048576`, "{{instance}} MiB"}, query{`rate(process_cpu_seconds_total{job="$job"}[$__rate_interval])`, "{{instance}} cores"},
			query{`max(twilio_draining{job="$job"})`, "draining"}, query{`go_goroutines{job="$job"}`, "{{instance}} goroutines"})).
		WithPanel(graph("Budget of failed calls", "How many times as fast as 1 % in 30 days allows.", "short", []float64{1, 14.4},
			query{`job:twilio_calls_failed:ratio_rate1h{job="$job"} / 0.01`, "1 h"}, query{`job:twilio_calls_failed:ratio_rate6h{job="$job"} / 0.01`, "6 h"},
			query{`job:twilio_calls_failed:ratio_rate3d{job="$job"} / 0.01`, "3 d"})).
		WithPanel(graph("Budget of late results", "How many times as fast as 5 % in 30 days allows.", "short", []float64{1, 14.4},
			query{`job:twilio_e2e_latency_slow:ratio_rate1h{job="$job"} / 0.05`, "1 h"}, query{`job:twilio_e2e_latency_slow:ratio_rate6h{job="$job"} / 0.05`, "6 h"},
			query{`job:twilio_e2e_latency_slow:ratio_rate3d{job="$job"} / 0.05`, "3 d"})).
		WithPanel(graph("Versions", "Instances by version.", "short", nil,
			query{`count by (version) (twilio_build_info{job="$job"})`, "{{version}}"}))
}
