// The phone: one call at a time, over one WebSocket, which brings events as JSON and audio in
// frames of 20 ms.

import { element, clock, within, Levels, Transcript, Latencies, milliseconds } from "./parts.js";

const $ = (id) => document.getElementById(id);
const maxLog = 500;

const said = new Levels($("said"), "--you"), heard = new Levels($("heard"), "--service");
const announce = (text) => { $("announcer").textContent = text; };
const transcript = new Transcript($("turns"), { announce });
const latencies = new Latencies($("latency"), $("latency-summary"));

let socket = null, audio = null, answered = 0, lastAnswer = null, pending = null, lastSaid = null, keyTurn = 0, setup = {};

// ---- Audio.

// Sound is the audio of a call: the microphone, and the loudspeaker with a volume and a level.
class Sound {
  static async open(onFrame) {
    const s = new Sound();
    s.context = new AudioContext({ latencyHint: "interactive" });
    await s.context.audioWorklet.addModule("worklet.js");
    s.speaker = new AudioWorkletNode(s.context, "loudspeaker", { numberOfInputs: 0, outputChannelCount: [1] });
    s.gain = s.context.createGain();
    s.meter = s.context.createAnalyser();
    s.meter.fftSize = 1024;
    s.speaker.connect(s.gain).connect(s.meter).connect(s.context.destination);
    s.onFrame = onFrame;
    await s.context.resume();
    return s;
  }

  // listen turns the microphone on. It fails if the browser has none, or may not use it.
  async listen() {
    if (this.stream) return;
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
    this.source = this.context.createMediaStreamSource(this.stream);
    this.ear = new AudioWorkletNode(this.context, "microphone", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    this.ear.port.onmessage = ({ data }) => this.onFrame(data);
    this.source.connect(this.ear);
  }

  mute() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.source?.disconnect();
    this.stream = this.source = this.ear = null;
  }

  play(frame) { this.speaker.port.postMessage(frame); }

  // level is how loud the page is, after its volume.
  level() {
    const samples = new Float32Array(this.meter.fftSize);
    this.meter.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, v) => sum + v * v, 0) / samples.length);
  }

  close() { this.mute(); this.context.close(); }
}

async function microphone(on) {
  const button = $("microphone");
  let failed = "";
  if (audio && on) {
    try {
      await audio.listen();
    } catch (error) {
      on = false;
      failed = `No microphone: ${error.message}. Recordings and writing work without one.`;
    }
  } else {
    audio?.mute();
  }
  button.setAttribute("aria-pressed", String(on));
  button.textContent = on ? "Microphone on" : "Microphone off";
  if (failed) note(performance.now() / 1000 - begun, failed);
}

const wantsMicrophone = () => $("microphone").getAttribute("aria-pressed") === "true";

// ---- The call.

let begun = 0;

function show(state, look = "") {
  $("state").textContent = state;
  $("state").className = look;
}

async function dial(event) {
  event.preventDefault();
  if (socket) return;
  clear();
  inCall(true);
  show("Calling");
  begun = performance.now() / 1000;
  const own = socket = new WebSocket(new URL("call", location.href.replace(/^http/, "ws")));
  own.binaryType = "arraybuffer";
  own.onmessage = ({ data }) => typeof data === "string" ? on(JSON.parse(data)) : hear(new Uint8Array(data));
  own.onclose = ({ reason }) => hungUp(own, reason);
  own.onopen = async () => {
    try {
      audio = await Sound.open((frame) => own.readyState === WebSocket.OPEN && own.bufferedAmount < 1 << 16 && own.send(frame));
      setVolume();
    } catch (error) {
      note(0, `No sound: ${error.message}`);
    }
    if (own.readyState !== WebSocket.OPEN) return;
    send({ type: "dial", from: $("from").value.trim(), to: $("to").value.trim() });
    await microphone(wantsMicrophone());
  };
}

function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function hungUp(own, reason) {
  if (socket !== own) return;
  socket = null;
  audio?.close();
  audio = null;
  answered = 0;
  $("level").value = 0;
  inCall(false);
  if (!$("state").dataset.ended) show(reason ? `Not connected: ${reason}` : "Not connected: the phone has gone, or has no place for another call", "bad");
  $("call").focus();
}

function inCall(is) {
  $("dial").hidden = is;
  $("hangup").hidden = !is;
  for (const button of document.querySelectorAll(".keypad button, .recordings button, .type button")) button.disabled = !is;
  if (is) $("hangup").focus();
}

function clear() {
  transcript.clear();
  latencies.clear();
  said.clear();
  heard.clear();
  $("log").replaceChildren();
  $("timer").textContent = "0:00";
  delete $("state").dataset.ended;
  lastAnswer = pending = lastSaid = null;
  $("turns-empty").hidden = $("log-empty").hidden = true;
  $("latency-empty").hidden = false;
  seen.clear();
  run = null;
}

// hear takes a frame: how loud the caller is, whether he speaks, and 20 ms of what he hears.
const peaks = Float32Array.from({ length: 256 }, (_, code) => ((((~code & 15) << 3) + 132 << (~code >> 4 & 7)) - 132) / 32768);
function hear(data) {
  said.add(data[0] / 255);
  const frame = data.subarray(2);
  heard.add(frame.reduce((most, code) => Math.max(most, peaks[code]), 0));
  audio?.play(frame);
}

// ---- Events.

const seen = new Map(); // when a turn began
function since(id, at) {
  if (!seen.has(id)) seen.set(id, at);
  return seen.get(id);
}

const handlers = {
  state({ state }) {
    if (state === "in-progress" && !answered) {
      answered = performance.now();
      show("In the call", "up");
    } else if (state === "ringing") {
      show("Ringing");
    }
  },
  said({ id, at, text, final }) {
    transcript.said(id, since(id, at), text, final);
    lastSaid = id;
  },
  answer(a) {
    transcript.answer(a.id, since(a.id, a.at), a);
    if (a.id !== lastAnswer) {
      lastAnswer = a.id;
      if (pending) transcript.fact(a.id, pending);
      pending = null;
    }
  },
  latency({ at, ms, greeting }) {
    $("latency-empty").hidden = true;
    latencies.add(ms);
    const text = `${milliseconds(ms)} ${greeting ? "after the call began" : "after you"}`;
    // What is heard may come before what is known of it.
    const fresh = lastAnswer && at - since(lastAnswer, at) < 5 && (!lastSaid || lastAnswer > lastSaid);
    if (fresh) transcript.fact(lastAnswer, text);
    else pending = text;
  },
  barge({ ms }) {
    if (lastAnswer) transcript.fact(lastAnswer, `silent ${milliseconds(ms)} after you began`);
  },
  keys({ at, keys }) { transcript.keys(`keys ${++keyTurn}`, at, keys); },
  recording({ name, on }) {
    for (const button of document.querySelectorAll(".recordings button")) {
      if (button.textContent === name) button.classList.toggle("playing", Boolean(on));
    }
  },
  relay() { $("type").hidden = false; },
  mark,
  media({ id, at, sent, received }) { media(id, at, sent, received); },
  wire(entry) { log(entry); },
  note({ at, text }) { note(at, text); },
  ended({ at, state, seconds, reason, gaps, sent, received }) {
    const how = { completed: "Call ended", busy: "Busy", "no-answer": "No answer", canceled: "Canceled", failed: "Call failed" }[state] ?? state;
    show(how, reason ? "bad" : "");
    $("state").dataset.ended = state;
    $("timer").textContent = clock(seconds);
    note(at, `The call is over: ${state}; ${sent} messages sent, ${received} received, ${gaps} gaps in what you heard` + (reason ? `. ${reason}` : ""), Boolean(reason));
  },
};

function on(event) { handlers[event.type]?.(event); }

// ---- The wire.

function add(row) {
  within($("log"), maxLog, () => $("log").append(row));
}

const stamp = (at) => element("time", {}, at.toFixed(2));

function note(at, text, bad = false) {
  const row = element("li", { className: bad ? "bad" : "" },
    element("div", { className: "row note" }, stamp(at), element("span", { className: "arrow" }, "·"), element("span", { className: "title" }, text)));
  row.dataset.kind = "note";
  add(row);
}

// Media messages, and the marks between them, are one row.
let run = null;
function runOf(id, at) {
  if (run?.id === id) return run;
  const result = element("span", { className: "result" }), marks = element("ol", { className: "inside" });
  run = { id, result, marks, sent: 0, received: 0, number: 0 };
  run.row = element("li", {}, element("details", {}, element("summary", {}, stamp(at), element("span", { className: "arrow" }, "≈"), element("span", { className: "title" }, "media"), result), marks));
  run.row.dataset.kind = "message";
  add(run.row);
  return run;
}

function countRun({ result, sent, received, number }) {
  result.textContent = `${sent} out, ${received} in` + (number ? `, ${number} marks` : "");
}

function media(id, at, sent, received) {
  countRun(Object.assign(runOf(id, at), { sent, received }));
}

function mark({ id, at, in: from, body }) {
  const r = runOf(id, at);
  r.number++;
  r.marks.append(element("li", {}, element("pre", {}, `${at.toFixed(2)} ${from ? "←" : "→"} ${body}`)));
  if (r.marks.children.length > 200) r.marks.firstElementChild.remove();
  countRun(r);
}

const titleOf = (e) => {
  switch (e.kind) {
    case "webhook": case "callback": return `${e.method} ${pathOf(e.url)}`;
    case "handshake": return `WebSocket ${pathOf(e.url)}`;
    case "message": return e.name || "message without a name";
    default: return e.name;
  }
};

function pathOf(url) {
  try { return new URL(url).pathname; } catch { return url; }
}

function resultOf(e) {
  if (e.kind === "message") return e.in ? "from the service" : "to the service";
  if (e.status === undefined) return "";
  return `${e.status || "no answer"}, ${milliseconds(e.ms)}`;
}

function log(e) {
  const request = e.kind === "webhook" || e.kind === "callback" || e.kind === "handshake";
  const [arrow, look] = e.kind === "message" ? (e.in ? ["←", "in"] : ["→", "out"]) : request ? ["→", "out"] : [e.bad ? "!" : "·", ""];
  const heading = [stamp(e.at), element("span", { className: `arrow ${look}` }, arrow), element("span", { className: "title", title: e.url ?? "" }, titleOf(e)), element("span", { className: "result" }, resultOf(e))];
  const row = element("li", { className: e.bad ? "bad" : "" });
  row.dataset.kind = request ? "request" : e.kind === "message" ? "message" : "note";
  if (!request && e.kind !== "message") {
    row.append(element("div", { className: "row note" }, ...heading.slice(0, 3)));
  } else {
    const details = element("details", {}, element("summary", {}, ...heading));
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(inside(e));
    });
    row.append(details);
    if (e.bad) details.open = true;
  }
  add(row);
}

// inside is what an entry has to show when it is opened.
function inside(e) {
  const box = element("div", { className: "inside" });
  if (e.why) box.append(element("p", { className: "why" }, e.why));
  if (e.url) box.append(element("pre", {}, `${e.method} ${e.url}`));
  if (e.form?.length) box.append(element("dl", {}, ...e.form.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])));
  if (e.body) box.append(element("pre", {}, pretty(e.body)));
  return box;
}

// pretty breaks a document or a message into lines.
function pretty(body) {
  if (body.startsWith("<")) {
    let depth = 0;
    return body.replace(/>\s*</g, ">\n<").split("\n").map((line) => {
      if (/^<\//.test(line)) depth--;
      const text = "  ".repeat(Math.max(0, depth)) + line;
      if (/^<[^?!/]/.test(line) && !/\/>$/.test(line) && !/<\//.test(line)) depth++;
      return text;
    }).join("\n");
  }
  try { return JSON.stringify(JSON.parse(body), null, 2); } catch { return body; }
}

// ---- The page.

function setVolume() {
  if (audio) audio.gain.gain.value = $("volume").value / 100;
}

function press(key) {
  send({ type: "digits", digits: key });
  const button = document.querySelector(`.keypad [data-key="${key}"]`);
  button.classList.add("pressed");
  setTimeout(() => button.classList.remove("pressed"), 150);
}

const letters = { 2: "ABC", 3: "DEF", 4: "GHI", 5: "JKL", 6: "MNO", 7: "PQRS", 8: "TUV", 9: "WXYZ", 0: "+" };
for (const key of "123456789*0#") {
  const button = element("button", { type: "button", disabled: true, onclick: () => press(key) }, key, element("small", { ariaHidden: "true" }, letters[key] ?? ""));
  button.setAttribute("aria-label", { "*": "star", "#": "hash" }[key] ?? key);
  button.dataset.key = key;
  $("keypad").append(button);
}
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([type=range])");
  if (socket && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && /^[0-9*#]$/.test(event.key)) press(event.key);
});

$("dial").addEventListener("submit", dial);
$("hangup").addEventListener("click", () => { show("Hanging up"); send({ type: "hangup" }); });
$("microphone").addEventListener("click", () => microphone(!wantsMicrophone()));
$("volume").addEventListener("input", setVolume);
$("type").addEventListener("submit", (event) => {
  event.preventDefault();
  send({ type: "type", text: $("words").value });
  $("words").value = "";
});
for (const button of document.querySelectorAll(".filter button")) {
  button.addEventListener("click", () => {
    for (const other of document.querySelectorAll(".filter button")) other.setAttribute("aria-pressed", String(other === button));
    $("log").dataset.show = button.dataset.show;
  });
}

function frames() {
  if (audio) $("level").value = Math.min(1, audio.level() * 3);
  if (answered && socket) $("timer").textContent = clock((performance.now() - answered) / 1000);
  requestAnimationFrame(frames);
}
requestAnimationFrame(frames);

setup = await (await fetch("setup.json")).json();
$("from").value = setup.from;
$("to").value = setup.to;
$("service").textContent = setup.service;
$("type").hidden = !setup.types;
$("recordings").hidden = !setup.recordings.length;
setup.recordings.forEach((name, i) => {
  $("recordings").append(element("button", { type: "button", disabled: true, onclick: () => send({ type: "recording", recording: i }) }, name));
});
document.documentElement.dataset.ready = "true";
