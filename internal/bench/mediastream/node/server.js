// A Media Streams server as the Node tutorials write it: ws, JSON.parse,
// Buffer.from(base64), alawmulaw's table. Needs `npm install` in this folder.
const http = require('http');
const { WebSocketServer } = require('ws');

const table = new Int16Array(256);
for (let i = 0; i < 256; i++) {
  const u = ~i & 0xff;
  const t = (((u & 0x0f) << 3) + 0x84) << ((u & 0x70) >> 4);
  table[i] = u & 0x80 ? 0x84 - t : t - 0x84;
}

let frames = 0, samples = 0, active = 0;
const server = http.createServer((req, res) => {
  if (req.url.includes('gc') && global.gc) { global.gc(); global.gc(); }
  const cpu = process.cpuUsage();
  const m = process.memoryUsage();
  res.end(JSON.stringify({
    frames, samples, active, lost: 0, played: 0,
    cpu: (cpu.user + cpu.system) * 1000, user: cpu.user * 1000,
    memory: m.rss, mallocs: 0, delay50: 0, delay99: 0, delay999: 0,
  }));
});
new WebSocketServer({ server }).on('connection', (ws) => {
  active++;
  ws.on('close', () => { active--; });
  ws.on('message', (data) => {
    const m = JSON.parse(data);
    if (m.event !== 'media') return;
    const mulaw = Buffer.from(m.media.payload, 'base64');
    const pcm = new Int16Array(mulaw.length);
    for (let i = 0; i < mulaw.length; i++) pcm[i] = table[mulaw[i]];
    frames++;
    samples += pcm.length;
  });
});
server.listen(0, '127.0.0.1', () => console.log('127.0.0.1:' + server.address().port));
