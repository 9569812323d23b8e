/**
 * Git's own transport (gitprotocol-pack): lines with their length in four hexadecimal digits. The
 * client asks `git-upload-pack /path`, NUL, `host=name`, NUL; the server lists references.
 */
import { ascii, findAnyCase, isAt, textAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';
import { isHostName } from './reply-lines.ts';

const REQUESTS = ['git-upload-pack ', 'git-receive-pack ', 'git-upload-archive '].map(ascii);
const HOST = ascii('HOST=');
const VERSION = ascii('version ');
const SHA1 = 40;

/** Length in the first four octets, or -1. */
function packetLength(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 12) return -1;
  let length = 0;
  for (let next = at; next < at + 4; next++) {
    const digit = hexDigit(bytes[next]!);
    if (digit < 0) return -1;
    length = length * 16 + digit;
  }
  return length;
}

function hexDigit(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  return octet >= 0x61 && octet <= 0x66 ? octet - 0x57 : -1;
}

function detect({ bytes, at, end }: Payload): Detection {
  const length = packetLength(bytes, at, end);
  if (length < 10) return 0;
  for (const word of REQUESTS) if (isAt(bytes, at + 4, end, word)) return CERTAIN | ASKS;
  if (isAt(bytes, at + 4, end, VERSION)) {
    return length === 14 || length === 13 ? CERTAIN | ANSWERS : 0;
  }
  if (end - at < 4 + SHA1 + 2 || bytes[at + 4 + SHA1] !== 0x20) return 0;
  for (let next = at + 4; next < at + 4 + SHA1; next++) if (hexDigit(bytes[next]!) < 0) return 0;
  return CERTAIN | ANSWERS;
}

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  const stop = Math.min(end, at + Math.max(0, packetLength(bytes, at, end)));
  const found = findAnyCase(bytes, at, stop, HOST);
  if (found < 0 || bytes[found - 1] !== 0) return;
  let last = found;
  while (last < stop && bytes[last] !== 0) last++;
  const host = textAt(bytes, found + HOST.length, last).replace(/:\d+$/, '');
  if (isHostName(host) && !/^[\d.]+$/.test(host)) to.name('git', host, 'destination');
}

export const GIT: Detector = {
  protocol: 'git',
  transports: [6],
  ports: [9418],
  begins: [0x30],
  detect,
  facts,
};
