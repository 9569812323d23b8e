/**
 * Minecraft's Java edition (wiki.vg, "Protocol" and "Server List Ping"): a packet's length and
 * number as variable integers; the first is a handshake that names the server as its user typed it.
 */
import { ascii, findAnyCase, isText, textAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';

const LEGACY_PING = 0xfe;
const LAST_STATE = 3;
const BRACE = 0x7b;
const QUOTE = 0x22;
const NAME = ascii('"NAME":"');
const SEARCHED = 4096;

/** Value of the variable integer at `at` of at most three octets, or -1. */
function integerAt(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let index = 0; index < 3 && at + index < end; index++) {
    const octet = bytes[at + index]!;
    value |= (octet & 0x7f) << (7 * index);
    // A last octet of zero is never written.
    if (octet < 0x80) return octet === 0 && index > 0 ? -1 : value;
  }
  return -1;
}

function integerOctets(bytes: Uint8Array, at: number): number {
  return bytes[at]! < 0x80 ? 1 : bytes[at + 1]! < 0x80 ? 2 : 3;
}

function detect({ bytes, at, end, length }: Payload): Detection {
  if (end - at < 3) return 0;
  if (bytes[at] === LEGACY_PING) return detectLegacy(bytes, at, end);
  const size = integerAt(bytes, at, end);
  const packet = at + (size < 0 ? 0 : integerOctets(bytes, at));
  if (size < 4 || packet >= end || bytes[packet] !== 0) return 0;
  // Status: one text, which is JSON.
  const text = integerAt(bytes, packet + 1, end);
  if (text > 2) {
    const start = packet + 1 + integerOctets(bytes, packet + 1);
    const fills = start + text === packet + size;
    if (fills && start + 1 < end && bytes[start] === BRACE && bytes[start + 1] === QUOTE) {
      return CERTAIN | ANSWERS;
    }
  }
  const host = hostAt(bytes, packet + 1, end);
  if (host < 0) return 0;
  const after = host + 1 + bytes[host]!;
  // Port 2, next state 1: the packet ends there; a request or a login may follow it.
  if (after + 3 !== packet + size || after + 3 > end || packet + size > at + length) return 0;
  if (bytes[after] === 0 && bytes[after + 1] === 0) return 0;
  if (bytes[after + 2]! < 1 || bytes[after + 2]! > LAST_STATE) return 0;
  return isFollowed(bytes, packet + size, end, at + length) ? CERTAIN | ASKS : 0;
}

/** Whether nothing comes after the handshake, or a packet 0: the request of the status, or a login. */
function isFollowed(bytes: Uint8Array, at: number, end: number, stop: number): boolean {
  if (at >= end) return true;
  const size = integerAt(bytes, at, end);
  const packet = at + integerOctets(bytes, at);
  if (size < 1 || packet + size > stop) return false;
  return packet >= end || bytes[packet] === 0;
}

/** Index of the host's length, after the protocol's number; or -1 when no text follows. */
function hostAt(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  // The number of snapshots is negative: five octets.
  while (next < end && next < at + 4 && bytes[next]! >= 0x80) next++;
  const host = next + 1;
  if (host >= end || bytes[host] === 0 || bytes[host]! > 0x7f) return -1;
  const after = host + 1 + bytes[host]!;
  return after <= end && isHost(bytes, host + 1, after) ? host : -1;
}

/** A name or an address. Mods and proxies add fields of text, each after a zero. */
function isHost(bytes: Uint8Array, at: number, end: number): boolean {
  let stop = at;
  while (stop < end && isOfName(bytes[stop]!)) stop++;
  if (stop === at || (stop < end && bytes[stop] !== 0)) return false;
  for (let next = stop + 1; next < end; next = stop + 1) {
    stop = next;
    while (stop < end && bytes[stop] !== 0) stop++;
    if (!isText(bytes, next, stop)) return false;
  }
  return true;
}

/** Letters (names in other scripts are spelled with them), digits, and marks of names and addresses. */
function isOfName(octet: number): boolean {
  const letter = octet | 0x20;
  if (letter >= 0x61 && letter <= 0x7a) return true;
  return (octet >= 0x30 && octet <= 0x3a) || octet === 0x2d || octet === 0x2e || octet === 0x5f;
}

/** FE 01 FA, the length 11 and `MC|PingHost` in UTF-16: servers before 1.7. */
function detectLegacy(bytes: Uint8Array, at: number, end: number): Detection {
  const isPing = bytes[at + 1] === 1 && bytes[at + 2] === 0xfa && end - at > 8;
  return isPing && bytes[at + 4] === 11 && bytes[at + 6] === 0x4d && bytes[at + 8] === 0x43
    ? CERTAIN | ASKS
    : 0;
}

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  if (bytes[at] === LEGACY_PING) return;
  const packet = at + integerOctets(bytes, at);
  const named = findAnyCase(bytes, at, Math.min(end, at + SEARCHED), NAME);
  if (named >= 0) {
    const version = /^[^"]*/.exec(textAt(bytes, named + NAME.length, end))?.[0];
    if (version) to.service('version', version);
    return;
  }
  const host = hostAt(bytes, packet + 1, end);
  if (host < 0) return;
  const name = /^[^\0]*/.exec(textAt(bytes, host + 1, host + 1 + bytes[host]!))?.[0] ?? '';
  if (!/^[\d.]+$/.test(name)) to.name('minecraft', name, 'destination');
}

export const MINECRAFT: Detector = {
  protocol: 'minecraft',
  transports: [6],
  ports: [25565],
  detect,
  facts,
};
