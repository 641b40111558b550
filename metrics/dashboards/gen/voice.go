package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// defaultJob is the job of the runbook, as in the rules of package metrics.
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
		WithPanel(count("Speech to answer, p95", "From the caller's last word until he begins to hear the answer: what the handler and the synthesiser take as well.", `job:twilio_answer_gap_seconds:p95_5m{job="$job"}`).Unit("s").Decimals(2)).
		WithPanel(kpi("Word accuracy", "Of checked samples, over a day. Target 95 %.", "percentunit", `job:twilio_stt_word_accuracy:ratio1d{job="$job"}`, 0.9, 0.85, true)).
		WithPanel(kpi("Webhook, p95", "Inbound webhooks. Target 200 ms.", "s", `job:twilio_webhook_duration_seconds:p95_5m{job="$job"}`, 0.5, 1, false)).
		WithPanel(kpi("Stream set-up, p95", "WebSocket handshake to start. Target 1 s.", "s", `job:twilio_websocket_connect_seconds:p95_5m{job="$job"}`, 2, 5, false)).
		WithPanel(kpi("Transcoding errors", "Of audio chunks. Target 0.1 %.", "percentunit", `job:twilio_transcoding_errors:ratio_rate5m{job="$job"}`, 0.01, 0.05, false)).
		WithPanel(kpi("Calls at once", "On all instances, of the account's limit, which is 100 where none is configured. Alerts above 80 % and from 95 %.", "percentunit", `job:twilio_active_calls:ratio{job="$job"}`, 0.8, 0.95, false)).
		WithPanel(count("Active calls", "On all instances.", `job:twilio_active_calls:sum{job="$job"}`)).
		WithPanel(count("Calls a day", "Calls that ended in the last 24 hours.", `job:twilio_calls:increase1d{job="$job"}`)).
		WithPanel(count("Instances up", "Instances of the job that Prometheus reaches.", `sum(up{job="$job"})`)).
		WithRow(dashboard.NewRowBuilder("Calls")).
		WithPanel(graph("Calls an hour", "And what the same hour of past weeks had.", number("calls an hour"), bands{},
			query{`job:twilio_calls:rate1h{job="$job"}`, "calls"}, query{`job:twilio_calls:expected1h{job="$job"}`, "expected"})).
		WithPanel(graph("Calls by status", "Terminal states.", perMinute("calls"), bands{},
			query{`sum by (status) (rate(twilio_calls_total{job="$job"}[$__rate_interval])) * 60`, "{{status}}"})).
		WithPanel(graph("Active calls", "By instance and of all, and the account's limit.", number("calls"), bands{},
			query{`twilio_active_calls{job="$job"}`, "{{instance}}"}, query{`job:twilio_active_calls:sum{job="$job"}`, "all"},
			query{`job:twilio_concurrent_calls_limit:max{job="$job"}`, "limit"})).
		WithPanel(graph("Calls by country", "The ten with most calls.", perMinute("calls"), bands{},
			query{`topk(10, sum by (from_country) (rate(twilio_calls_total{job="$job"}[$__rate_interval])) * 60)`, "{{from_country}}"})).
		WithPanel(graph("Call duration", "Of calls, in all their streams. Calls that are cut at 5 minutes show between 5 and 10.", seconds, bands{},
			query{`histogram_quantile(0.5, sum by (le) (rate(twilio_call_duration_seconds_bucket{job="$job"}[$__rate_interval])))`, "p50"},
			query{`histogram_quantile(0.95, sum by (le) (rate(twilio_call_duration_seconds_bucket{job="$job"}[$__rate_interval])))`, "p95"})).
		WithPanel(graph("Calls that go on", "Streams that took a call over whose stream before broke or was handed over, and calls that neither side ended.", perMinute("calls"), bands{},
			query{`sum by (cause) (rate(twilio_calls_resumed_total{job="$job"}[$__rate_interval])) * 60`, "resumed: {{cause}}"},
			query{`sum by (reason) (rate(twilio_calls_cut_total{job="$job"}[$__rate_interval])) * 60`, "cut: {{reason}}"})).
		WithPanel(graph("Silence at a move", "How long a caller had no stream, as far as the instances know.", seconds, bands{},
			query{`histogram_quantile(0.5, sum by (le) (rate(twilio_call_resume_gap_seconds_bucket{job="$job"}[$__rate_interval])))`, "p50"},
			query{`histogram_quantile(0.99, sum by (le) (rate(twilio_call_resume_gap_seconds_bucket{job="$job"}[$__rate_interval])))`, "p99"})).
		WithPanel(graph("Policy decisions", "About inbound calls, and the streams that started: as many as calls were allowed.", perMinute("calls"), bands{},
			query{`sum by (decision, reason) (rate(twilio_policy_decisions_total{job="$job"}[$__rate_interval])) * 60`, "{{decision}} {{reason}}"},
			query{`sum(rate(twilio_websocket_connect_seconds_count{job="$job"}[$__rate_interval])) * 60`, "streams"})).
		WithRow(dashboard.NewRowBuilder("Speech to text")).
		WithPanel(graph("STT latency", "From the caller's last word to the transcript. 5 s stands for 5 s or more. The line is the limit of the p95.", seconds, bands{critical: 1},
			query{`job:twilio_stt_latency_seconds:p50_5m{job="$job"}`, "p50"}, query{`job:twilio_stt_latency_seconds:p95_5m{job="$job"}`, "p95"},
			query{`job:twilio_stt_latency_seconds:p99_5m{job="$job"}`, "p99"})).
		WithPanel(graph("Speech to result", "Until the handler can have the transcript. 5 s stands for 5 s or more.", seconds, bands{0.6, 1},
			query{`job:twilio_e2e_latency_seconds:p95_5m{job="$job"}`, "p95"})).
		WithPanel(graph("Answer", "From the caller's last word until he begins to hear the answer. 10 s stands for 10 s or more.", seconds, bands{},
			query{`histogram_quantile(0.5, sum by (le) (rate(twilio_answer_gap_seconds_bucket{job="$job"}[5m])))`, "p50"},
			query{`job:twilio_answer_gap_seconds:p95_5m{job="$job"}`, "p95"})).
		WithPanel(graph("Interruptions", "By what became of them; false: the server has stopped for nothing; echo: for its own words.", perMinute("steps"), bands{},
			query{`sum by (step, cause) (rate(twilio_barge_ins_total{job="$job"}[$__rate_interval])) * 60`, "{{step}} {{cause}}"})).
		WithPanel(graph("Recognition errors", "By kind.", perMinute("errors"), bands{},
			query{`sum by (error_type) (rate(twilio_stt_errors_total{job="$job"}[$__rate_interval])) * 60`, "{{error_type}}"})).
		WithPanel(graph("Synthesis errors", "Texts that were not said to their end, and failures after which another engine went on, by kind.", perMinute("errors"), bands{},
			query{`sum by (error_type) (rate(twilio_tts_errors_total{job="$job"}[$__rate_interval])) * 60`, "{{error_type}}"},
			query{`sum by (error_type) (rate(twilio_tts_failovers_total{job="$job"}[$__rate_interval])) * 60`, "{{error_type}}, survived"})).
		WithPanel(graph("Speech engine", "Utterances in work, and waiting for a worker.", number("utterances"), bands{},
			query{`sum(twilio_stt_workers_busy{job="$job"})`, "busy"}, query{`sum(twilio_stt_queue_depth{job="$job"})`, "waiting"}).Span(6)).
		WithPanel(graph("Transcripts", "Utterances that became text.", perMinute("transcripts"), bands{},
			query{`sum(rate(twilio_stt_transcript_length_chars_count{job="$job"}[$__rate_interval])) * 60`, "transcripts"}).Span(6)).
		WithPanel(graph("Transcript length", "Of their texts.", number("characters"), bands{},
			query{`histogram_quantile(0.5, sum by (le) (rate(twilio_stt_transcript_length_chars_bucket{job="$job"}[$__rate_interval])))`, "p50"}).Span(6)).
		WithPanel(graph("Checked words", "Of samples whose words are known, and the errors among them.", number("words in the last 24 h"), bands{},
			query{`sum(increase(twilio_stt_words_total{job="$job"}[1d]))`, "words"}, query{`sum(increase(twilio_stt_word_errors_total{job="$job"}[1d]))`, "errors"}).Span(6)).
		WithRow(dashboard.NewRowBuilder("Webhooks, streams and audio")).
		WithPanel(graph("Webhook duration", "p95 by endpoint. The lines are the limits of inbound ones.", seconds, bands{0.5, 1},
			query{`histogram_quantile(0.95, sum by (le, endpoint) (rate(http_request_duration_seconds_bucket{job="$job",endpoint=~".*/twilio/(inbound|status)"}[$__rate_interval])))`, "{{endpoint}}"})).
		WithPanel(graph("Requests", "By endpoint and code.", perMinute("requests"), bands{},
			query{`sum by (endpoint, code) (rate(http_request_duration_seconds_count{job="$job"}[$__rate_interval])) * 60`, "{{endpoint}} {{code}}"})).
		WithPanel(graph("Signatures", "Checks, by result and key.", perMinute("checks"), bands{},
			query{`sum by (result, key) (rate(twilio_signature_checks_total{job="$job"}[$__rate_interval])) * 60`, "{{result}} {{key}}"})).
		WithPanel(graph("Stream set-up", "WebSocket handshake to start.", seconds, bands{2, 5},
			query{`job:twilio_websocket_connect_seconds:p95_5m{job="$job"}`, "p95"})).
		WithPanel(graph("WebSocket errors", "By kind. A normal hang-up is none.", perMinute("errors"), bands{},
			query{`sum by (error_type) (rate(twilio_websocket_errors_total{job="$job"}[$__rate_interval])) * 60`, "{{error_type}}"})).
		WithPanel(graph("Audio", "Chunks that a stream brings. 50 a second are expected; below 40 an alert fires.", number("chunks a second and stream"), bands{},
			query{`sum(rate(twilio_audio_chunks_received_total{job="$job"}[$__rate_interval])) / (sum(avg_over_time(twilio_websocket_connections{job="$job"}[$__rate_interval])) > 0)`, "chunks"})).
		WithPanel(graph("Transcoding", "Of audio chunks, those that cannot be decoded.", share, bands{0.01, 0.05},
			query{`job:twilio_transcoding_errors:ratio_rate5m{job="$job"}`, "errors"})).
		WithPanel(graph("Transcoding errors", "By kind.", perMinute("errors"), bands{},
			query{`sum by (error_type) (rate(twilio_transcoding_errors_total{job="$job"}[$__rate_interval])) * 60`, "{{error_type}}"})).
		WithPanel(graph("Dropped audio", "Frames that could not be kept, by reason.", perMinute("frames"), bands{},
			query{`sum by (reason) (rate(twilio_audio_frames_dropped_total{job="$job"}[$__rate_interval])) * 60`, "{{reason}}"})).
		WithRow(dashboard.NewRowBuilder("Capacity and budgets")).
		WithPanel(graph("Calls at once", "On all instances, of the account's limit, which is 100 where none is configured.", share, bands{0.8, 0.95},
			query{`job:twilio_active_calls:ratio{job="$job"}`, "calls"}).Span(6)).
		WithPanel(graph("Budget of failed calls", "How many times as fast as 1 % in 30 days allows.", number("times"), bands{1, 14.4},
			query{`job:twilio_calls_failed:ratio_rate1h{job="$job"} / 0.01`, "1 h"}, query{`job:twilio_calls_failed:ratio_rate6h{job="$job"} / 0.01`, "6 h"},
			query{`job:twilio_calls_failed:ratio_rate3d{job="$job"} / 0.01`, "3 d"}).Span(6)).
		WithPanel(graph("Budget of late results", "How many times as fast as 5 % in 30 days allows.", number("times"), bands{1, 14.4},
			query{`job:twilio_e2e_latency_slow:ratio_rate1h{job="$job"} / 0.05`, "1 h"}, query{`job:twilio_e2e_latency_slow:ratio_rate6h{job="$job"} / 0.05`, "6 h"},
			query{`job:twilio_e2e_latency_slow:ratio_rate3d{job="$job"} / 0.05`, "3 d"}).Span(6)).
		WithPanel(graph("Cost", "Of the last 24 hours, estimated from the length of streams, and what the month's budget allows a day.", dollars, bands{},
			query{`sum by (direction) (increase(twilio_cost_dollars_total{job="$job"}[1d]))`, "{{direction}}"},
			query{`max(twilio_budget_dollars{job="$job"}) / 30`, "budget"}).Span(6)).
		WithPanel(graph("Memory", "Resident, of each instance.", size, bands{},
			query{`process_resident_memory_bytes{job="$job"}`, "{{instance}}"}).Span(6)).
		WithPanel(graph("CPU", "Of each instance.", number("cores"), bands{},
			query{`rate(process_cpu_seconds_total{job="$job"}[$__rate_interval])`, "{{instance}}"}).Span(6)).
		WithPanel(graph("Goroutines", "Of each instance.", number("goroutines"), bands{},
			query{`go_goroutines{job="$job"}`, "{{instance}}"}).Span(6)).
		WithPanel(graph("Instances", "By version; those whose speech model is ready; those that drain.", number("instances"), bands{},
			query{`count by (version) (twilio_build_info{job="$job"})`, "version {{version}}"},
			query{`sum by (model) (twilio_stt_model_ready{job="$job"})`, "{{model}} ready"}, query{`sum(twilio_draining{job="$job"})`, "draining"}).Span(6)).
		WithPanel(graph("Instances without the store", "Those that decide by themselves, because the store that they share does not answer.", number("instances"), bands{warning: 1},
			query{`count(twilio_store_up{job="$job"} == 0) or vector(0)`, "alone"}).Span(6)).
		WithPanel(graph("Store latency", "Of questions to the store that the instances share; 0 where there are none.", seconds, bands{},
			query{`histogram_quantile(0.95, sum by (le) (rate(twilio_store_latency_seconds_bucket{job="$job"}[$__rate_interval]))) >= 0 or vector(0)`, "p95"}).Span(6))
}
