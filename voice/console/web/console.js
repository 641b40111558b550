// The console: what the calls of a running server are doing. The server tells it once a second,
// as lines of JSON, to whoever has the token.

import { element, clock, Levels, Transcript, Latencies } from "./parts.js";

const $ = (id) => document.getElementById(id);
const transcript = new Transcript($("turns"), { caller: "Caller" });
const latencies = new Latencies($("latency"), $("latency-summary"));
const level = new Levels($("level"), "--you", 1);

let token = "", chosen = "", listens = true, reading = null, drawn = "";

// read follows the server until another call is chosen or the token is forgotten.
async function read() {
  reading?.abort();
  const own = reading = new AbortController();
  while (reading === own && token) {
    try {
      const answer = await fetch(`${listens ? "words" : "events"}?call=${encodeURIComponent(chosen)}`, {
        headers: { Authorization: `Bearer ${token}` }, signal: own.signal, cache: "no-store",
      });
      if (answer.status === 403 && listens) {
        listens = false;
        continue;
      }
      if (!answer.ok) {
        if (answer.status === 503) {
          $("stats").textContent = "Too many consoles are open; trying again.";
        } else {
          return leave({ 401: "The server does not know this token.", 403: "This token lacks the scope calls:read.", 429: "Too many wrong tokens: wait a minute." }[answer.status] ?? `The server answered ${answer.status}.`);
        }
      } else {
        enter();
        await lines(answer.body, show);
        continue; // its minute is over
      }
    } catch (error) {
      if (own.signal.aborted) return;
      $("stats").textContent = "The server does not answer; trying again.";
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

// lines reads JSON, one value a line.
async function lines(body, each) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    parts.filter(Boolean).forEach((line) => each(JSON.parse(line)));
  }
}

function enter() {
  $("enter").hidden = true;
  $("desk").hidden = $("leave").hidden = false;
}

function leave(why = "") {
  token = "";
  chosen = "";
  listens = true;
  reading?.abort();
  reading = null;
  $("enter").hidden = false;
  $("desk").hidden = $("leave").hidden = true;
  $("stats").textContent = "";
  $("refused").textContent = why;
  $("calls").replaceChildren();
  $("ended").replaceChildren();
  forgetCall();
  $("token").focus();
}

function forgetCall() {
  transcript.clear();
  latencies.clear();
  level.clear();
  $("facts").replaceChildren();
  drawn = "";
}

function choose(sid) {
  if (sid === chosen) return;
  chosen = sid;
  forgetCall();
  $("turns-empty").hidden = true;
  read();
}

// show draws what the server has told.
function show({ stats, calls, ended, turns, latencies: all }) {
  $("stats").textContent = [
    `${stats.streams} of ${stats.most} places taken`,
    stats.draining && "draining: no new calls",
    stats.lacking && `short of ${stats.lacking}`,
    stats.log_dropped && `${stats.log_dropped} lines of the log dropped`,
  ].filter(Boolean).join(" · ");
  $("number").textContent = stats.active;
  $("calls-empty").hidden = calls.length > 0;
  list($("calls"), calls);
  list($("ended"), ended);
  $("ended-title").hidden = !ended.length;

  const call = calls.find((c) => c.sid === chosen) ?? ended.find((c) => c.sid === chosen);
  $("which").textContent = call ? call.from : "";
  if (!call) return;
  if (!call.reason) level.add(loud(call.level));
  const now = JSON.stringify([turns, all]);
  if (now === drawn) return facts(call);
  drawn = now;
  for (const t of turns) {
    if (t.who === "server") transcript.answer(t.id, t.at, listens || !t.text && !t.words ? t : hidden(t), "Server");
    else transcript.said(t.id, t.at, listens ? t.text : words(t.words), t.final, { caller: "Caller", inbound: "Caller", outbound: "Other side" }[t.who] ?? "Caller");
  }
  if (all.length) latencies.draw(all);
  facts(call);
}

const words = (n) => n === 1 ? "one word" : `${n} words`;

// hidden is an answer whose text this token may not read.
const hidden = (t) => ({ ...t, text: words(t.words), heard: words(t.words), state: "said" });

// loud is a level in dBov as a part of what there can be.
const loud = (dBov) => 10 ** (Math.max(-60, Math.min(0, dBov + 12)) / 20) - (dBov < -60 ? 10 ** -3 : 0);

// list draws calls, each in a row that stays.
function list(box, calls) {
  const rows = new Map([...box.children].map((row) => [row.dataset.sid, row]));
  for (const call of calls) {
    const row = rows.get(call.sid) ?? newRow(call.sid);
    rows.delete(call.sid);
    const [who, time, state, bar] = row.firstElementChild.children;
    who.textContent = call.from || "unknown";
    time.textContent = clock(call.seconds);
    const drops = call.lost + call.dropped + call.gaps + call.skipped;
    state.textContent = [
      call.reason ? call.reason.replaceAll("_", " ") : call.speaking ? "caller speaks" : call.playbacks ? "server speaks" : "quiet",
      call.listening && "listened to", call.leg > 1 && `stream ${call.leg}`, drops && `${drops} drops`,
    ].filter(Boolean).join(" · ");
    state.classList.toggle("bad", drops > 0);
    bar.value = Math.max(0, Math.sqrt(loud(call.level)));
    bar.hidden = Boolean(call.reason);
    row.firstElementChild.setAttribute("aria-pressed", String(call.sid === chosen));
    box.append(row);
  }
  for (const row of rows.values()) row.remove();
}

function newRow(sid) {
  const row = element("li", {}, element("button", { type: "button", onclick: () => choose(sid) },
    element("b", { className: "figures" }), element("time"), element("span", { className: "dim" }), element("meter", { min: 0, max: 1, ariaLabel: "Level" })));
  row.dataset.sid = sid;
  return row;
}

function facts(c) {
  const all = [
    ["Call", c.sid], ["From, to", `${c.from} → ${c.to}`], ["Direction", c.direction], ["Stream", `number ${c.leg}`], ["Turns", c.turns],
    ["Messages lost", c.lost], ["Messages dropped", c.dropped], ["Messages skipped", c.skipped], ["Gaps", c.gaps],
    ["Waits to be heard", `${c.queued_ms} ms`], ["Waits for the server", `${c.backlog_ms} ms`],
  ];
  $("facts").replaceChildren(...all.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, String(value))]));
}

$("login").addEventListener("submit", (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  $("token").value = "";
  $("refused").textContent = "";
  read();
});
$("leave").addEventListener("click", () => leave());
document.documentElement.dataset.ready = "true";
