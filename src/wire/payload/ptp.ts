/**
 * The precision time protocol, version 2 (IEEE 1588-2019 section 13.3): kind of message, version,
 * length, domain, flags, correction, port identity, sequence, control, interval. The control octet
 * repeats the kind for devices of version 1.
 */
import { octetsBetween } from './first-octets.ts';
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

const HEADER = 34;
/** 2.1. */
const LAST_VERSION = 0x12;
const DELAY_REQUEST = 1;
const DELAY_RESPONSE = 9;
const ANNOUNCE = 11;

/** Shortest message of each kind; 0 where a kind is not assigned. */
const SHORTEST = [44, 44, 54, 54, 0, 0, 0, 0, 44, 54, 54, 64, 44, 48, 0, 0] as const;
/** Where a message of these kinds has nanoseconds, which are below 10^9: after 48 bits of seconds. */
const NANOSECONDS = 40;
const TIMED = 0b0000_1111_0000_1111;
/** Control octets: sync 0, delay request 1, follow-up 2, delay response 3, management 4, other 5. */
const CONTROL = [0, 1, 5, 5, 0, 0, 0, 0, 2, 3, 5, 5, 5, 4, 0, 0] as const;

function detect({ bytes, view, at, end, length, sourcePort, destinationPort }: Payload): Detection {
  if (end - at < HEADER || (bytes[at + 1]! & 15) !== 2 || bytes[at + 1]! > LAST_VERSION) return 0;
  const kind = bytes[at]! & 15;
  const shortest = SHORTEST[kind]!;
  const octets = view.getUint16(at + 2);
  // Over UDP and IPv6 two octets may be added (annex D).
  if (shortest === 0 || octets < shortest || octets > length || length > octets + 2) return 0;
  const isTimed = ((TIMED >>> kind) & 1) !== 0 && end - at >= NANOSECONDS + 4;
  if (isTimed && view.getUint32(at + NANOSECONDS) >= 1_000_000_000) return 0;
  if (!isFollowed(view, at + shortest, Math.min(end, at + octets), at + octets)) return 0;
  const side = kind === DELAY_REQUEST ? ASKS : kind === DELAY_RESPONSE ? ANSWERS : 0;
  const control = bytes[at + 32]!;
  // Reserved in the edition of 2008; the later one has a profile's number there, and zeros still.
  // The ports are the same on both sides; the clock that sends has an identity, from a MAC address.
  const onPorts = sourcePort === destinationPort && (sourcePort === 319 || sourcePort === 320);
  if (!onPorts && view.getInt32(at + 20) === 0 && view.getInt32(at + 24) === 0) return 0;
  const isUsual = bytes[at + 5] === 0 && view.getInt32(at + 16) === 0;
  if (control === CONTROL[kind]) {
    const isNamed = view.getInt32(at + 20) !== 0 || view.getInt32(at + 24) !== 0;
    return (isUsual && isNamed ? CERTAIN : LIKELY) | side;
  }
  // The edition of 2019 lets senders leave it zero.
  return onPorts && control === 0 ? LIKELY | side : 0;
}

/** Whether values of a type, an even length and so many octets fill the rest (section 14.1). */
function isFollowed(view: DataView, at: number, end: number, stop: number): boolean {
  let next = at;
  while (next + 4 <= end) {
    const octets = view.getUint16(next + 2);
    // Type 0 is reserved.
    if (view.getUint16(next) === 0 || (octets & 1) !== 0) return false;
    next += 4 + octets;
  }
  return next === stop || end < stop;
}

/** An announcement names the grandmaster: priority, class, accuracy and its identity. */
function facts({ bytes, at, end }: Payload, to: FactSink): void {
  to.service('version', `2.${bytes[at + 1]! >>> 4}`);
  to.service('domain', String(bytes[at + 4]));
  if ((bytes[at]! & 15) !== ANNOUNCE || end - at < 64) return;
  let identity = '';
  for (let next = at + 53; next < at + 61; next++) {
    identity += bytes[next]!.toString(16).padStart(2, '0');
  }
  to.service('grandmaster', identity);
}

export const PTP: Detector = {
  protocol: 'ptp',
  transports: [17],
  ports: [319, 320],
  // The upper half is a profile's number: 0, or 1 for gPTP.
  begins: [...octetsBetween(0x00, 0x0d), ...octetsBetween(0x10, 0x1d)],
  detect,
  facts,
};
