// Judges requests with the middleware of Twilio's own library: one request a line
// of standard input, as JSON, and for each a line with the status that it is
// answered with, 200 when it is passed on.
//
//   node judge.js webhooks.js < requests
"use strict";
const querystring = require("querystring");
const readline = require("readline");
const twilio = require(require("path").resolve(process.argv[2]));

console.warn = console.error = () => {}; // what it says of every refusal

// The library knows one shared key. Which of several a request names is read from
// the header as it reads the algorithm: the first that is not empty.
function keyOf(settings) {
  for (const part of (settings || "").split(",")) {
    const separator = part.indexOf("=");
    if (separator !== -1 && part.slice(0, separator).trim() === "key") {
      const key = part.slice(separator + 1).trim();
      if (key) return key;
    }
  }
}

// The body as express.urlencoded and express.json hand it over.
function parse(contentType, raw) {
  const type = (contentType || "").split(";")[0].trim().toLowerCase();
  if (type === "application/x-www-form-urlencoded") return querystring.parse(raw);
  if (type === "application/json") {
    try {
      return JSON.parse(raw);
    } catch {}
  }
  return {};
}

function judge({ url, method, headers, body, token, keys }) {
  // Node joins the lines of a header, but for Content-Type, whose first counts, and
  // takes their bytes for Latin-1.
  const header = (name) => {
    const lines = headers[name]?.map((line) => Buffer.from(line, "base64").toString("latin1"));
    return name === "Content-Type" ? lines?.[0] : lines?.join(", ");
  };
  const raw = Buffer.from(body, "base64").toString();
  const request = { header, headers: {}, originalUrl: "", rawBody: raw, body: {} };
  if (method !== "GET") request.body = parse(header("Content-Type"), raw);
  let answer = 500;
  const response = {
    type() { return this; },
    status(code) { answer = code; return this; },
    send() { return this; },
  };
  const key = keyOf(header("X-Twilio-Webhooks-Signature-Settings"));
  const secret = Object.hasOwn(keys, key) ? keys[key] : undefined;
  twilio.webhook(token, { url, sharedKeySecret: secret })(request, response, () => { answer = 200; });
  return answer;
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let answer = 500;
  try {
    answer = judge(JSON.parse(line));
  } catch {
    // A URL that new URL() refuses: express answers an error.
  }
  process.stdout.write(answer + "\n");
});
