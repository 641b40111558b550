package metrics_test

import (
	"regexp"
	"strings"
)

// mutation is a way to break the rules.
type mutation struct {
	name    string
	apply   func(rules string) string
	noticed string // by the case of this name
}

// swap replaces a piece of text everywhere.
func swap(old, new string) func(string) string {
	return func(rules string) string { return strings.ReplaceAll(rules, old, new) }
}

// drop removes a piece of text.
func drop(text string) func(string) string { return swap(text, "") }

// expression gives a rule another expression.
func expression(rule, expr string) func(string) string {
	return func(rules string) string {
		old := regexp.MustCompile(`(?m)(- (?:alert|record): ` + regexp.QuoteMeta(rule) + `\n        expr:)(?: [^|\n]+| \|\n(?:          .*\n)+)`)
		return old.ReplaceAllString(rules, "${1} |\n          "+strings.ReplaceAll(expr, "$", "$$")+"\n")
	}
}

// within changes a rule's text.
func within(rule, old, new string) func(string) string {
	return func(rules string) string {
		begin := strings.Index(rules, ": "+rule+"\n")
		end := begin + 1 + strings.Index(rules[begin+1:], "\n      - ")
		return rules[:begin] + strings.ReplaceAll(rules[begin:end], old, new) + rules[end:]
	}
}

var mutations = []mutation{
	// The runbook's own expressions.
	{"runbook: failed divided by itself", expression("TwilioHighErrorRate", `rate(twilio_calls_total{status="failed"}[5m]) / rate(twilio_calls_total[5m]) > 0.05`), "one call of 1000 fails"},
	{"runbook: latency of the variable's name", expression("TwilioHighLatency", `histogram_quantile(0.95, twilio_stt_latency) > 1.0`), "transcripts slower than a second"},
	{"runbook: up of any instance", expression("TwilioWebhookDown", `up{job="agentos_webui"} == 0`), "nobody is in discovery"},
	{"runbook: calls of one instance", expression("TwilioHighConcurrentCalls", `twilio_active_calls > 80`), "81 calls on two instances"},
	{"runbook: transcoding errors a second", expression("TwilioTranscodingErrors", `rate(twilio_transcoding_errors_total[5m]) > 0.01`), "0.5 % of the chunks of 100 calls are bad"},
	{"runbook: success among all calls", expression("job:twilio_calls_success:ratio_rate5m",
		`sum by (job) (rate(twilio_calls_total{status="completed"}[5m])) / sum by (job) (rate(twilio_calls_total[5m]))`), "callers who hang up while it rings"},
	{"runbook: two sigmas of the past week", expression("TwilioUnusualCallVolume",
		`abs(job:twilio_calls:rate1h - avg_over_time(job:twilio_calls:rate1h[7d])) > 2 * stddev_over_time(job:twilio_calls:rate1h[7d])`), "days and nights, an outage by day"},

	// What a hurried hand leaves out.
	{"no rate", within("job:twilio_stt_latency_seconds:p95_5m", "rate(twilio_stt_latency_seconds_bucket[5m])", "twilio_stt_latency_seconds_bucket"), "transcripts were slow an hour ago"},
	{"no sum by le", within("job:twilio_stt_latency_seconds:p95_5m", "sum by (job, le) (rate(twilio_stt_latency_seconds_bucket[5m]))", "rate(twilio_stt_latency_seconds_bucket[5m])"), "an idle instance is slow"},
	{"no floor of 10 calls", within("TwilioHighErrorRate", ">= 10", ">= 0"), "20 % of 5 calls in 5 minutes fail"},
	{"no floor of 20 calls", within("TwilioElevatedErrorRate", ">= 20", ">= 0"), "20 % of 15 calls in an hour fail"},
	{"no floor of the fast burn", within("TwilioCallSuccessBudgetBurn", ">= 20", ">= 0"), "20 % of 15 calls in an hour fail"},
	{"no floor of results", within("TwilioLatencyBudgetBurn", ">= 20", ">= 0"), "40 % of 12 results in an hour are late"},
	{"no floor of signatures", within("TwilioSignaturesRefused", ">= 10", ">= 0"), "a few wrong signatures on a quiet night"},
	{"no floor of streams", within("TwilioStreamsMissing", ">= 10", ">= 0"), "a few calls have no stream"},
	{"no floor of words", drop(" >= 1000"), "half of 480 words are right"},
	{"no 5 m window of calls", drop(" and job:twilio_calls_failed:ratio_rate5m > 14.4 * 0.01"), "failures that ended half an hour ago"},
	{"no 30 m window of calls", drop(" and job:twilio_calls_failed:ratio_rate30m > 6 * 0.01"), "failures that ended half an hour ago"},
	{"no 2 h window of calls", drop(" and job:twilio_calls_failed:ratio_rate2h > 3 * 0.01"), "failures that ended six hours ago"},
	{"no 6 h window of calls", drop(" and job:twilio_calls_failed:ratio_rate6h > 1 * 0.01"), "failures that ended six hours ago"},
	{"no 5 m window of results", drop(" and job:twilio_e2e_latency_slow:ratio_rate5m > 14.4 * 0.05"), "results were late for most of the last hour of many, and are not now"},
	{"no 30 m window of results", drop(" and job:twilio_e2e_latency_slow:ratio_rate30m > 6 * 0.05"), "results were late half an hour ago"},
	{"no 2 h window of results", drop(" and job:twilio_e2e_latency_slow:ratio_rate2h > 3 * 0.05"), "results were late six hours ago"},
	{"no 6 h window of results", drop(" and job:twilio_e2e_latency_slow:ratio_rate6h > 1 * 0.05"), "results were late six hours ago"},
	{"no Poisson floor", swap("> 4 * sqrt(job:twilio_calls:expected1h + 1)", "> 0"), "two thirds more of few"},
	{"no relative floor", swap("> 0.5 * job:twilio_calls:expected1h", "> 0"), "30 % more of many"},
	{"no floor of volume", swap("(job:twilio_calls:rate1h >= 20 or job:twilio_calls:expected1h >= 20)", "(job:twilio_calls:rate1h >= 0)"), "a few more than few"},
	{"mean instead of median", swap("quantile by (job) (0.5,", "avg by (job) ("), "one odd week of four"},
	{"yesterday instead of last week", expression("job:twilio_calls:expected1h", "job:twilio_calls:rate1h offset 12h"), "days and nights, at night"},
	{"NaN without traffic", within("job:twilio_transcoding_errors:ratio_rate5m", " > 0)", ")"), "no traffic"},
	{"NaN of an empty histogram", swap(" >= 0\n", "\n"), "no traffic"},

	// What is counted.
	{"failures that are the caller's", swap(`{status="failed"}`, `{status!="completed"}`), "callers who hang up while it rings"},
	{"all calls in the denominator", swap(`status=~"completed|failed"`, `status=~".+"`), "10 % of calls fail on two instances, and many are busy"},
	{"failures of recognition against successes only", swap(`(sum by (job) (rate(twilio_stt_errors_total{error_type!="canceled"}[5m])) + sum by (job) (rate(twilio_stt_transcript_length_chars_count[5m])) > 0)`,
		`(sum by (job) (rate(twilio_stt_transcript_length_chars_count[5m])) > 0)`), "no recognition succeeds"},
	{"canceled recognitions", drop(`{error_type!="canceled"}`), "callers hang up while they speak"},
	{"texts that nobody can say", swap(`canceled|bad_text`, `canceled`), "texts that nobody can say"},
	{"4xx with 5xx", swap(`code=~"5.."`, `code=~"[45].."`), "4 % of webhooks answer 5xx, forgers get 403, and a health check 503"},
	{"errors of every endpoint", within("TwilioWebhookErrors", `endpoint=~".*/twilio/inbound"`, `endpoint=~".*"`), "4 % of webhooks answer 5xx, forgers get 403, and a health check 503"},
	{"signatures of strangers", swap(`|missing_signature|malformed_signature|method|body_timeout|overloaded"`, `"`), "strangers do not sign"},
	{"bodies of strangers", swap(`|body_timeout|overloaded"`, `"`), "strangers leave bodies half sent"},
	{"wrong signatures against valid ones", swap(`{result!~"missing_signature|malformed_signature|method|body_timeout|overloaded"}`, `{result="valid"}`), "no signature has been valid since the start"},
	{"streams of refused calls", drop(`{decision="allow"}`), "callers who pass a challenge, and many who are refused"},
	{"streams of each instance", within("TwilioStreamsMissing", "sum by (job) (rate", "sum by (job, instance) (rate"), "no stream starts on two instances"},
	{"time of every endpoint", within("job:twilio_webhook_duration_seconds:p95_5m", `{endpoint=~".*/twilio/inbound"}`, ""), "webhooks within half a second"},

	// Wrong figures.
	{"factor 14.4 halved", swap("14.4 *", "7 *"), "12 % in the last hour of many"},
	{"factor 14.4 tenfold", swap("14.4 *", "144 *"), "20 % in the last hour of many"},
	{"factor 6 halved", swap(" 6 * 0.0", " 3 * 0.0"), "4 % of calls fail"},
	{"factor 6 doubled", swap(" 6 * 0.0", " 12 * 0.0"), "10 % of calls fail"},
	{"factor 1 doubled", swap("> 1 * 0.0", "> 2 * 0.0"), "1.5 % of calls fail"},
	{"budget of results as that of calls", swap("* 0.05", "* 0.01"), "4 % of results are late"},
	{"3 % of signatures", within("TwilioSignaturesRefused", "> 0.05", "> 0.03"), "4 % of signatures are wrong"},
	{"12 % of signatures", within("TwilioSignaturesRefused", "> 0.05", "> 0.12"), "one signature in ten is of another token"},
	{"5 % of streams", within("TwilioStreamsMissing", "> 0.2", "> 0.05"), "one call in ten has no stream"},
	{"60 % of streams", within("TwilioStreamsMissing", "> 0.2", "> 0.6"), "half of the calls have no stream"},
	{"more than 95 %", swap("job:twilio_active_calls:ratio >= 0.95", "job:twilio_active_calls:ratio > 0.95"), "95 calls of 100"},
	{"80 %", swap("job:twilio_active_calls:ratio > 0.8", "job:twilio_active_calls:ratio >= 0.8"), "80 calls of 100"},
	{"80 calls of any limit", expression("TwilioHighConcurrentCalls", "job:twilio_active_calls:sum > 80"), "17 calls of 20 on two instances"},
	{"95 calls of any limit", expression("TwilioConcurrentCallsNearLimit", "job:twilio_active_calls:sum >= 95"), "400 calls of 500"},
	{"limits of all instances", swap("max by (job) (twilio_concurrent_calls_limit)", "sum by (job) (twilio_concurrent_calls_limit)"), "17 calls of 20 on two instances"},
	{"no limit unless exported", drop("or 100 * group by (job) (twilio_active_calls)"), "95 calls"},
	{"100 for no job", swap("or 100 * group by (job) (twilio_active_calls)", "or vector(100)"), "95 calls"},
	{"100 only where no job has a limit", swap("or 100 * group by (job) (twilio_active_calls)", "or on () 100 * group by (job) (twilio_active_calls)"),
		"95 calls, beside a job with a limit of 500"},
	{"100 whatever is exported", expression("job:twilio_concurrent_calls_limit:max", "100 * group by (job) (twilio_active_calls)"), "19 calls of 20"},
	{"a limit of 120", swap("or 100 *", "or 120 *"), "81 calls on two instances"},
	{"audio at 25 chunks a second is enough", swap("< 40", "< 25"), "audio trickles"},
	{"audio of one stream", swap("sum by (job) (avg_over_time(twilio_websocket_connections[5m]))", "max by (job) (avg_over_time(twilio_websocket_connections[5m]))"), "calls trickle on two instances"},

	// Cost.
	{"cost since the start of the process", swap("increase(twilio_cost_dollars_total[30d])", "twilio_cost_dollars_total"), "90 % of the budget on two instances, one of which restarted"},
	{"cost of the dearest instance", swap("sum by (job) (increase(twilio_cost_dollars_total", "max by (job) (increase(twilio_cost_dollars_total"), "90 % of the budget on two instances, one of which restarted"},
	{"budgets of all instances", swap("max by (job) (last_over_time(twilio_budget_dollars[2h]))", "sum by (job) (twilio_budget_dollars)"), "90 % of the budget on two instances, one of which restarted"},
	{"anybody's budget", swap("/ (max by (job) (last_over_time(twilio_budget_dollars[2h])) > 0)", "/ on () group_left () (max(twilio_budget_dollars) > 0)"), "much is spent, and the budget is another job's"},
	{"some budget", swap("(max by (job) (last_over_time(twilio_budget_dollars[2h])) > 0)", "(max by (job) (twilio_budget_dollars) or 100 * group by (job) (twilio_cost_dollars_total))"), "much is spent, and there is no budget"},
	{"infinitely more than nothing", within("job:twilio_cost_dollars:ratio30d", " > 0)", ")"), "a budget of nothing"},
	{"a budget only while it is scraped", swap("last_over_time(twilio_budget_dollars[2h])", "twilio_budget_dollars"), "the whole budget, and a scrape that fails"},
	{"cost of a week", swap("[30d]", "[7d]"), "101 % of the budget"},
	{"cost of two months", swap("[30d]", "[60d]"), "the whole budget, and then a month of nothing"},
	{"78 % of the budget", swap("job:twilio_cost_dollars:ratio30d > 0.8", "job:twilio_cost_dollars:ratio30d > 0.78"), "79 % of the budget"},
	{"82 % of the budget", swap("job:twilio_cost_dollars:ratio30d > 0.8", "job:twilio_cost_dollars:ratio30d > 0.82"), "81 % of the budget"},
	{"more than the budget", swap("job:twilio_cost_dollars:ratio30d >= 1", "job:twilio_cost_dollars:ratio30d > 1"), "the whole budget"},
}
