// Draws what a call consists of: for the phone, and for the console of a server.

// element makes an element: with properties, and children or text inside.
export function element(name, properties = {}, ...inside) {
  const e = Object.assign(document.createElement(name), properties);
  e.append(...inside);
  return e;
}

// clock writes seconds as a stopwatch does.
export function clock(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const of = [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60];
  return (of[0] ? `${of[0]}:${String(of[1]).padStart(2, "0")}` : of[1]) + ":" + String(of[2]).padStart(2, "0");
}

// within keeps a list that grows at its end, and its newest entry in sight unless somebody
// has scrolled up.
export function within(list, most, change) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  change();
  while (list.children.length > most) list.firstElementChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

// Levels draws loudness over the last seconds, one bar for each few frames.
export class Levels {
  #canvas; #color; #bars = []; #frames = 0; #peak = 0; #drawn = -1; #count = 0; #per;

  // color is the name of a custom property of the style sheet; per is how many frames make a bar.
  constructor(canvas, color, per = 4) {
    this.#canvas = canvas;
    this.#color = color;
    this.#per = per;
    const draw = () => { this.#draw(); requestAnimationFrame(draw); };
    requestAnimationFrame(draw);
  }

  // add adds a frame's level, from 0 to 1.
  add(level) {
    this.#peak = Math.max(this.#peak, level);
    if (++this.#frames % this.#per) return;
    this.#bars.push(this.#peak);
    this.#peak = 0;
    this.#count++;
    if (this.#bars.length > 400) this.#bars.shift();
  }

  clear() { this.#bars = []; this.#count++; }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = window.devicePixelRatio || 1;
    const color = getComputedStyle(document.documentElement).getPropertyValue(this.#color).trim();
    const drawn = `${this.#count} ${width} ${scale} ${color}`;
    if (drawn === this.#drawn || !width) return;
    this.#drawn = drawn;
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    const g = this.#canvas.getContext("2d");
    g.scale(scale, scale);
    g.fillStyle = color;
    const pitch = 3, bars = this.#bars.slice(-Math.floor((width - 12) / pitch));
    bars.forEach((level, i) => {
      // As loud as it sounds: the square root brings quiet speech into sight.
      const tall = Math.max(1.5, Math.sqrt(level) * (height - 10));
      g.fillRect(width - 6 - (bars.length - i) * pitch, (height - tall) / 2, 2, tall);
    });
  }
}

// Transcript is what both sides say: you, or with { caller: "Caller" } somebody else, and the
// service. Its list is for eyes; announce is told what a screen reader is to read, once and
// complete.
export class Transcript {
  #list; #announce; #caller; #rows = new Map();

  constructor(list, { announce = () => {}, caller = "You" } = {}) {
    this.#list = list;
    this.#announce = announce;
    this.#caller = caller;
  }

  clear() { this.#list.replaceChildren(); this.#rows.clear(); }

  #row(key, at, who) {
    let row = this.#rows.get(key);
    if (!row) {
      const text = element("p"), fact = element("p", { className: "fact", hidden: true });
      row = { text, fact, told: false };
      row.line = element("li", { className: who === this.#caller ? "you" : "service" },
        element("time", {}, clock(at)), element("b", {}, who), text, fact);
      within(this.#list, 500, () => this.#list.append(row.line));
      this.#rows.set(key, row);
      if (this.#rows.size > 1000) this.#rows.delete(this.#rows.keys().next().value);
    }
    return row;
  }

  // said is what was understood of the caller.
  said(id, at, text, final, who = this.#caller) {
    const row = this.#row(id, at, who);
    within(this.#list, 500, () => {
      row.text.textContent = text;
      row.text.className = final ? "" : "interim";
    });
    if (final) this.#announce(`${who}: ${text}`);
  }

  // keys are those that were pressed.
  keys(id, at, keys, who = this.#caller) {
    const row = this.#row(id, at, who);
    row.text.replaceChildren(...[...keys].map((k) => element("span", { className: "key" }, k)));
    this.#announce(`${who} pressed ${[...keys].join(" ")}`);
  }

  // answer is what the service says: what was heard of its text, and what was not.
  answer(id, at, { text, heard, state, seconds }, who = "Service") {
    const row = this.#row(id, at, who);
    const over = state !== "playing";
    const rest = text.slice(heard.length);
    within(this.#list, 500, () => {
      row.text.className = text ? "" : "coming";
      if (!text) {
        row.text.textContent = over ? `a recording: ${seconds.toFixed(1)} s were heard` : "…";
      } else if (over && state !== "said" && rest.trim()) {
        const gap = rest.length - rest.trimStart().length;
        row.text.replaceChildren(heard + rest.slice(0, gap), element("s", {}, element("span", { className: "unseen" }, " not heard: "), rest.slice(gap)));
      } else {
        row.text.replaceChildren(heard, element("span", { className: "coming" }, rest));
      }
      if (state === "interrupted") this.fact(id, this.#caller === "You" ? "interrupted by you" : "interrupted");
      if (state === "failed") this.fact(id, "could not be said to its end");
    });
    if (over && !row.told && text) {
      row.told = true;
      this.#announce(`${who}: ${state === "interrupted" ? heard + ", interrupted" : text}`);
    }
  }

  // fact adds a remark below a turn.
  fact(id, text) {
    const row = this.#rows.get(id);
    if (!row || !text) return;
    const facts = new Set(row.fact.textContent.split(" · ").filter(Boolean));
    row.fact.textContent = [...facts.add(text)].join(" · ");
    row.fact.hidden = false;
  }
}

const svg = (name, attributes, ...inside) => {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...inside);
  return e;
};

// milliseconds writes a latency.
export const milliseconds = (ms) => ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;

// Latencies is a chart of how long each answer took.
export class Latencies {
  #box; #summary; #all = [];
  static slow = 1500; // ms from which a pause feels like a broken line
  static most = 16;

  constructor(box, summary) {
    this.#box = box;
    this.#summary = summary;
  }

  clear() { this.#all = []; this.#box.replaceChildren(); this.#summary.textContent = ""; }

  add(ms) {
    this.#all.push(ms);
    if (this.#all.length > 1000) this.#all.shift();
    this.draw(this.#all);
  }

  draw(all) {
    const shown = all.slice(-Latencies.most), sorted = [...all].sort((a, b) => a - b);
    this.#summary.textContent = all.length ? `median ${milliseconds(sorted[(sorted.length - 1) >> 1])}, last ${milliseconds(all.at(-1))}` : "";
    const width = 420, height = 108, left = 44, base = height - 6, top = 20;
    const most = Math.max(1000, ...shown);
    const y = (ms) => base - (ms / most) * (base - top);
    const marks = most <= 2000 ? [500, 1000, 1500, 2000] : [Math.round(most / 2000) * 1000 || 1000, Math.round(most / 1000) * 1000];
    const lines = marks.filter((ms) => ms <= most).flatMap((ms) => [
      svg("line", { x1: left, x2: width, y1: y(ms), y2: y(ms) }),
      svg("text", { x: left - 8, y: y(ms) + 4, "text-anchor": "end" }, `${ms / 1000} s`),
    ]);
    const pitch = (width - left) / Latencies.most, bar = Math.min(22, pitch - 6);
    const bars = shown.flatMap((ms, i) => {
      const x = left + 6 + i * pitch;
      return [
        svg("rect", { x, y: y(ms), width: bar, height: Math.max(1, base - y(ms)), rx: 3, class: ms > Latencies.slow ? "slow" : "" }, svg("title", {}, milliseconds(ms))),
        svg("text", { x: x + bar / 2, y: y(ms) - 5, "text-anchor": "middle", class: "value" }, ms < 1000 ? String(Math.round(ms)) : (ms / 1000).toFixed(1)),
      ];
    });
    this.#box.replaceChildren(svg("svg", {
      viewBox: `0 0 ${width} ${height}`, role: "img", preserveAspectRatio: "xMinYMid meet",
      "aria-label": `Latency of the last ${shown.length} answers: ${shown.map(milliseconds).join(", ")}`,
    }, svg("line", { x1: left, x2: width, y1: base, y2: base }), ...lines, ...bars));
  }
}
