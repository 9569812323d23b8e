/**
 * Sends Ethernet frames out of an interface of the namespace it runs in (packet(7)): reads a file
 * of frames, each after its length in two octets, and paces itself so that queues hold them.
 * `node send-frames.mjs eth0 frames.bin`
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import koffi from 'koffi';

const [name, file] = process.argv.slice(2);
const libc = koffi.load('libc.so.6');
const socket = libc.func('int socket(int, int, int)');
const ifIndex = libc.func('unsigned int if_nametoindex(const char *)');
const sendto = libc.func('long sendto(int, const void *, size_t, int, const void *, uint32_t)');

const AF_PACKET = 17;
const SOCK_RAW = 3;
const index = ifIndex(name);
if (index === 0) throw new Error(`no interface ${name} among ${Object.keys(networkInterfaces())}`);
const handle = socket(AF_PACKET, SOCK_RAW, 0);
if (handle < 0) throw new Error('no packet socket');
const target = Buffer.alloc(20);
target.writeUInt16LE(AF_PACKET, 0);
target.writeInt32LE(index, 4);
target.writeUInt8(6, 11);

const frames = readFileSync(file);
const wait = new Int32Array(new SharedArrayBuffer(4));
for (let at = 0, count = 1; at < frames.length; count++) {
  const length = frames.readUInt16BE(at);
  const frame = frames.subarray(at + 2, at + 2 + length);
  for (let tries = 0; sendto(handle, frame, length, 0, target, 20) < 0; tries++) {
    if (tries > 1000) throw new Error('the interface takes no more frames');
    Atomics.wait(wait, 0, 0, 1);
  }
  if (count % 100 === 0) Atomics.wait(wait, 0, 0, 1);
  at += 2 + length;
}
