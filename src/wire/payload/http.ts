/**
 * HTTP/1 (RFC 9112): a request line `METHOD target HTTP/1.x`, or a status line `HTTP/1.x NNN`,
 * then header lines. The version is what tells: other protocols have lines like these too.
 */
import { ascii, findAnyCase, isAt, isAtAnyCase, lineEnd, textAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  LIKELY,
  type Payload,
} from './payload.ts';

const VERSION = ascii('HTTP/1.');
const VERSION_BEFORE_END = ascii(' HTTP/1.');
const HOST = ascii('HOST:');
const SERVER = ascii('SERVER:');
const BASIC = ascii('AUTHORIZATION: BASIC ');
const CONNECT = ascii('CONNECT ');
const CAPITAL_A = 0x41;
const CAPITAL_Z = 0x5a;
/** The longest registered method is 17 letters. */
const MOST_METHOD = 17;
/** Octets of a line that goes on in another segment. */
const LONG_LINE = 512;
/** Header lines looked through. */
const MOST_LINES = 64;

/** Octets of the method at `at`, when a blank follows; else 0. */
function methodLength(bytes: Uint8Array, at: number, end: number): number {
  const most = Math.min(end, at + MOST_METHOD + 1);
  for (let next = at; next < most; next++) {
    const octet = bytes[next]!;
    if (octet === 0x20) return next - at >= 3 ? next - at : 0;
    if ((octet < CAPITAL_A || octet > CAPITAL_Z) && octet !== 0x2d && octet !== 0x5f) return 0;
  }
  return 0;
}

function detect({ bytes, at, end, length }: Payload): Detection {
  if (end - at < 5) return 0;
  if (isAt(bytes, at, end, VERSION)) {
    // HTTP/1.1 200
    if (end - at < 12 || bytes[at + 8] !== 0x20) return 0;
    const status = bytes[at + 9]!;
    return status >= 0x31 && status <= 0x35 ? CERTAIN | ANSWERS : 0;
  }
  const method = methodLength(bytes, at, end);
  if (method === 0) return 0;
  const target = bytes[at + method + 1];
  const line = lineEnd(bytes, at, end);
  if (line - 9 > at + method && isAt(bytes, line - 9, line, VERSION_BEFORE_END)) {
    // A line that ends where the payload does may be a part of something else.
    return (line < end || end - at < length ? CERTAIN : LIKELY) | ASKS;
  }
  // A line longer than what was captured, or than the segment.
  const whole = line < end;
  const isLong = length >= LONG_LINE || end - at < length;
  return !whole && target === 0x2f && isLong && end - at >= 64 ? LIKELY | ASKS : 0;
}

function facts({ bytes, at, end, fromServer }: Payload, to: FactSink): void {
  const answer = isAt(bytes, at, end, VERSION);
  if (answer !== fromServer) return;
  const first = lineEnd(bytes, at, end);
  // Requests through a proxy name a host that is not the one they are sent to.
  const method = answer ? 0 : methodLength(bytes, at, end);
  const proxied = isAt(bytes, at, end, CONNECT) || (!answer && bytes[at + method + 1] !== 0x2f);
  if (answer) to.service('version', textAt(bytes, at, at + 8));
  else if (proxied && bytes[at + method + 1] !== 0x2a) to.service('role', 'proxy');
  let next = after(bytes, first);
  for (let line = 0; line < MOST_LINES && next < end; line++) {
    const stop = lineEnd(bytes, next, end);
    if (stop === next || stop === end) return;
    if (answer && isAtAnyCase(bytes, next, stop, SERVER)) {
      to.service('product', textAt(bytes, next + SERVER.length, stop).trim());
    } else if (!answer) {
      if (!proxied && isAtAnyCase(bytes, next, stop, HOST)) {
        readHost(textAt(bytes, next + HOST.length, stop).trim(), to);
      }
      if (findAnyCase(bytes, next, Math.min(stop, next + BASIC.length), BASIC) === next) {
        to.service('login', 'in clear (basic)');
      }
    }
    next = after(bytes, stop);
  }
}

/** Index of the line after the one that ends at `stop`. */
function after(bytes: Uint8Array, stop: number): number {
  return bytes[stop] === 13 ? stop + 2 : stop + 1;
}

/** A name is a hint about the server; an address in its place says nothing. */
function readHost(host: string, to: FactSink): void {
  const name = host.replace(/:\d{1,5}$/, '');
  if (/^[\d.]+$/.test(name) || name.startsWith('[') || /[\s/]/.test(name)) return;
  to.name('http-host', name, 'destination');
}

export const HTTP: Detector = {
  protocol: 'http',
  transports: [6],
  ports: [
    80, 81, 591, 631, 3000, 3128, 5000, 5357, 5985, 8000, 8008, 8080, 8081, 8082, 8088, 8090, 8118,
    8123, 8530, 8888, 9000, 9090, 9200, 10080,
  ],
  begins: Array.from({ length: 26 }, (_, index) => CAPITAL_A + index),
  detect,
  facts,
};
