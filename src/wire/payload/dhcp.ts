/**
 * DHCP for IPv4 (RFC 2131, options RFC 2132) and BOOTP before it (RFC 951): a fixed form of 236
 * octets, a magic cookie, options. Clients tell their host name; the address it belongs to is the
 * one they have, ask for, or are given, never the packet's source, which is 0.0.0.0 or a relay.
 */
import { skipName } from './dns-name.ts';
import { textAt } from './octets.ts';
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

const FIXED = 236;
const COOKIE = 0x63825363;
const MOST_HOPS = 16;
const MOST_OPTIONS = 64;
/** Offsets of the client's and "your" address, and of the hardware address. */
const CLIENT_ADDRESS = 12;
const YOUR_ADDRESS = 16;
const HARDWARE = 28;

const PAD = 0;
const HOST_NAME = 12;
const REQUESTED_ADDRESS = 50;
const FULL_NAME = 81;
const END = 255;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (length < FIXED || end - at < HARDWARE + 16) return 0;
  const side = bytes[at] === 1 ? ASKS : bytes[at] === 2 ? ANSWERS : 0;
  if (side === 0 || bytes[at + 2]! > 16 || bytes[at + 3]! > MOST_HOPS) return 0;
  if (end - at >= FIXED + 4 && view.getInt32(at + FIXED) === COOKIE) return CERTAIN | side;
  // Without options: Ethernet, and nothing in the rest of the hardware address's field.
  if (bytes[at + 1] !== 1 || bytes[at + 2] !== 6 || view.getUint16(at + 34) !== 0) return 0;
  return view.getInt32(at + 36) === 0 && view.getInt32(at + 40) === 0 ? LIKELY | side : 0;
}

function facts({ bytes, view, at, end }: Payload, to: FactSink): void {
  if (end - at < FIXED + 4 || view.getInt32(at + FIXED) !== COOKIE) return;
  let name = '';
  let requested = -1;
  let next = at + FIXED + 4;
  for (let count = 0; count < MOST_OPTIONS && next < end && bytes[next] !== END; count++) {
    if (bytes[next] === PAD) {
      next += 1;
      continue;
    }
    const value = next + 2;
    const after = value + (next + 1 < end ? bytes[next + 1]! : 0);
    if (after > end || value > end) break;
    if (bytes[next] === HOST_NAME) name ||= textAt(bytes, value, after).replace(/\0+$/, '');
    if (bytes[next] === FULL_NAME) name = fullName(bytes, value, after) || name;
    if (bytes[next] === REQUESTED_ADDRESS && after - value === 4) requested = value;
    next = after;
  }
  if (name === '') return;
  const address = [at + YOUR_ADDRESS, at + CLIENT_ADDRESS, requested].find(
    (field) => field >= 0 && view.getInt32(field) !== 0,
  );
  if (address !== undefined) to.name('dhcp', name, bytes.slice(address, address + 4));
}

/** Client FQDN (RFC 4702): flags 1, two result codes, the name as text or, with flag E, labels. */
function fullName(bytes: Uint8Array, at: number, end: number): string {
  if (end - at < 4) return '';
  if ((bytes[at]! & 4) === 0) return textAt(bytes, at + 3, end);
  return labelsAt(bytes, at + 3, end);
}

/** A domain name that may lack its last, empty label: it then is only a part of one. */
export function labelsAt(bytes: Uint8Array, at: number, end: number): string {
  const stop = skipName(bytes, at, end);
  const labels: string[] = [];
  let next = at;
  const last = stop < 0 ? end : stop - 1;
  while (next < last && bytes[next]! <= 63 && next + 1 + bytes[next]! <= last) {
    labels.push(textAt(bytes, next + 1, next + 1 + bytes[next]!));
    next += 1 + bytes[next]!;
  }
  return labels.join('.');
}

export const DHCP: Detector = {
  protocol: 'dhcp',
  transports: [17],
  ports: [67, 68],
  begins: [1, 2],
  follows: true,
  detect,
  facts,
};
