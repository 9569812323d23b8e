/**
 * Sends small UDP frames out of an interface as fast as it can, or at a rate, in batches of
 * sendmmsg(2), and prints how many went and how long it took. For bench/capture.mjs.
 * `flood.mjs <interface> <frames> <rate> [flows] [ports]`; a rate of 0 is as fast as it can, and
 * destination ports are 53 and as many more as are asked for.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const koffi = createRequire(import.meta.url)('koffi');
const libc = koffi.load('libc.so.6');
const socket = libc.func('int socket(int, int, int)');
const bind = libc.func('int bind(int, const void *, uint32_t)');
const sendmmsg = libc.func('int sendmmsg(int, void *, uint32_t, int)');

const [device = '', countText = '', rateText = '0', flowsText = '1000', portsText = '1'] =
  process.argv.slice(2);
const count = Number(countText);
/** Packets per second; 0 is as many as there can be. */
const rate = Number(rateText);
/** At a rate, bursts are small: rings are to be filled by the rate, not by one burst. */
const BATCH = rate > 0 ? 16 : 256;
const FRAME = 60;
const FLOWS = Number(flowsText);
const PORTS = Number(portsText);

const index = Number(readFileSync(`/sys/class/net/${device}/ifindex`, 'utf8'));
const frames = Buffer.alloc(FLOWS * FRAME);
for (let flow = 0; flow < FLOWS; flow++) {
  const at = flow * FRAME;
  frames.write('020000000009020000000001080045000020000100004011', at, 'hex');
  frames.writeUInt32BE(0x0a630000 + (flow % 60_000), at + 26);
  frames.writeUInt32BE(0x0a62ffff, at + 30);
  frames.writeUInt16BE(1024 + (flow % 60_000), at + 34);
  frames.writeUInt16BE(53 + (flow % PORTS), at + 36);
  frames.writeUInt16BE(12, at + 38);
  frames.writeUInt16BE(checksum(at + 14), at + 24);
}

/** Of an IPv4 header; iptraf-ng counts no packet with a wrong one. */
function checksum(at) {
  let sum = 0;
  for (let offset = 0; offset < 20; offset += 2) sum += frames.readUInt16BE(at + offset);
  return 0xffff - ((sum & 0xffff) + (sum >>> 16));
}
const memory = koffi.alloc('uint8_t', frames.length);
const start = koffi.address(memory);
new Uint8Array(koffi.view(memory, frames.length)).set(frames);
const vectors = koffi.alloc('uint8_t', FLOWS * 16);
const vectorView = new DataView(koffi.view(vectors, FLOWS * 16));
const headers = koffi.alloc('uint8_t', (FLOWS + BATCH) * 64);
const headerView = new DataView(koffi.view(headers, (FLOWS + BATCH) * 64));
for (let flow = 0; flow < FLOWS; flow++) {
  vectorView.setBigUint64(flow * 16, start + BigInt(flow * FRAME), true);
  vectorView.setBigUint64(flow * 16 + 8, BigInt(FRAME), true);
}
for (let slot = 0; slot < FLOWS + BATCH; slot++) {
  const vector = koffi.address(vectors) + BigInt((slot % FLOWS) * 16);
  headerView.setBigUint64(slot * 64 + 16, vector, true);
  headerView.setBigUint64(slot * 64 + 24, 1n, true);
}
const address = new DataView(new ArrayBuffer(20));
address.setUint16(0, 17, true);
address.setUint16(2, 3);
address.setInt32(4, index, true);
const descriptor = socket(17, 3, 0);
if (descriptor < 0 || bind(descriptor, new Uint8Array(address.buffer), 20) < 0) {
  throw new Error(`cannot send on ${device}: errno ${koffi.errno()}`);
}
const from = koffi.address(headers);
const pointers = Array.from({ length: FLOWS }, (_, slot) => from + BigInt(slot * 64));
const beginMs = performance.now();
let sent = 0;
while (sent < count) {
  if (rate > 0 && sent > ((performance.now() - beginMs) / 1000) * rate) continue;
  const went = sendmmsg(descriptor, pointers[sent % FLOWS], Math.min(BATCH, count - sent), 0);
  if (went > 0) sent += went;
}
const seconds = (performance.now() - beginMs) / 1000;
process.stdout.write(JSON.stringify({ sent, seconds }));
