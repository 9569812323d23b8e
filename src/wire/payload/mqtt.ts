/**
 * MQTT (OASIS, versions 3.1 to 5): type and flags (1), remaining length (1 to 4 octets of seven
 * bits), then for CONNECT the protocol's name with its length, its level and flags.
 */
import { ascii, isAt } from './octets.ts';
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

const CONNECT = 0x10;
const ACCEPT = 0x20;
const NAME = ascii('\0\x04MQTT');
const OLD_NAME = ascii('\0\x06MQIsdp');
const LEVELS: Readonly<Record<number, string>> = { 3: '3.1', 4: '3.1.1', 5: '5' };
/** User name and password are there. */
const PASSWORD = 0x40;

/** Octets that the remaining length takes, 1 to 4; 0 when it is none. */
function lengthOctets(bytes: Uint8Array, at: number, end: number): number {
  for (let octets = 1; octets <= 4 && at + octets < end; octets++) {
    if (bytes[at + octets]! < 0x80) return octets;
  }
  return 0;
}

/** Index of the protocol's level in a CONNECT, or -1. */
function levelAt(bytes: Uint8Array, at: number, end: number): number {
  const body = at + 1 + lengthOctets(bytes, at, end);
  if (body === at + 1) return -1;
  const word = isAt(bytes, body, end, NAME) ? NAME : OLD_NAME;
  if (!isAt(bytes, body, end, word)) return -1;
  const level = body + word.length;
  return end - level >= 2 && bytes[level]! >= 3 && bytes[level]! <= 5 ? level : -1;
}

function detect({ bytes, at, end, length }: Payload): Detection {
  if (bytes[at] === CONNECT) return levelAt(bytes, at, end) > 0 ? CERTAIN | ASKS : 0;
  if (end - at < 4 || bytes[at + 2]! > 1) return 0;
  // Version 3: two octets, a code up to 5. Version 5: a code, then properties.
  if (bytes[at + 1] === 2) return length === 4 && bytes[at + 3]! <= 5 ? LIKELY | ANSWERS : 0;
  const size = bytes[at + 1]!;
  if (size < 3 || size + 2 !== length || end - at < 5) return 0;
  return bytes[at + 4] === size - 3 ? LIKELY | ANSWERS : 0;
}

function facts({ bytes, at, end, fromServer }: Payload, to: FactSink): void {
  if (fromServer || bytes[at] !== CONNECT) return;
  const level = levelAt(bytes, at, end);
  if (level < 0) return;
  to.service('version', LEVELS[bytes[level]!] ?? '');
  if ((bytes[level + 1]! & PASSWORD) !== 0) to.service('login', 'in clear');
}

export const MQTT: Detector = {
  protocol: 'mqtt',
  transports: [6],
  ports: [1883],
  begins: [CONNECT, ACCEPT],
  detect,
  facts,
};
