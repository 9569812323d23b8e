/**
 * DHCP for IPv6 (RFC 8415): message type, transaction id, options of type and length. Relays wrap
 * messages in their own form (section 9). The client's full name is in an option of RFC 4704.
 */
import { labelsAt } from './dhcp.ts';
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

const HEADER = 4;
const RELAY_HEADER = 34;
const RELAY_FORWARD = 12;
const RELAY_REPLY = 13;
/** Highest message and option types assigned by IANA that matter here. */
const LAST_MESSAGE = 23;
const LAST_OPTION = 150;
const LAST_HARDWARE = 257;
const MOST_OPTIONS = 64;
const MOST_HOPS = 32;
const MOST_RELAYS = 8;

const CLIENT_ID = 1;
const SERVER_ID = 2;
const ADDRESS = 5;
const RELAYED = 9;
const FULL_NAME = 39;

/** Message types that servers send: advertise, reply, reconfigure, relay reply, lease query reply. */
function side(type: number): Detection {
  return type === 2 || type === 7 || type === 10 || type === 13 || type === 15 || type === 17
    ? ANSWERS
    : ASKS;
}

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < HEADER + 4) return 0;
  const type = bytes[at]!;
  if (type < 1 || type > LAST_MESSAGE) return 0;
  const isRelay = type === RELAY_FORWARD || type === RELAY_REPLY;
  if (isRelay && (length < RELAY_HEADER + 4 || bytes[at + 1]! > MOST_HOPS)) return 0;
  let next = at + (isRelay ? RELAY_HEADER : HEADER);
  let telling = false;
  let count = 0;
  for (; next + 4 <= end && count < MOST_OPTIONS; count++) {
    const option = view.getUint16(next);
    const size = view.getUint16(next + 2);
    if (option === 0 || option > LAST_OPTION) return 0;
    if (option === RELAYED && isRelay && size >= HEADER) telling = true;
    if ((option === CLIENT_ID || option === SERVER_ID) && size >= 4 && next + 6 <= end) {
      // A DUID's type is 1 to 4 (RFC 8415 section 11, RFC 6355).
      const kind = view.getUint16(next + 4);
      if (kind < 1 || kind > 4 || size > 130) return 0;
      // Hardware types of link-layer addresses are low (IANA, "ARP Parameters").
      const isLink = (kind === 1 || kind === 3) && next + 8 <= end;
      if (isLink && view.getUint16(next + 6) > LAST_HARDWARE) return 0;
      // Numbers of enterprises are below 2^24.
      if (kind === 2 && next + 7 <= end && bytes[next + 6] !== 0) return 0;
      telling = true;
    }
    next += 4 + size;
  }
  if (next > end && end - at === length) return 0;
  if (!telling) return next === at + length && !isRelay && type === 11 ? LIKELY | side(type) : 0;
  // Besides the client's or server's identity there is a time, an address or a wish.
  const isWhole = next === at + length && (isRelay || count > 1);
  return (isWhole ? CERTAIN : LIKELY) | side(type);
}

function facts(payload: Payload, to: FactSink): void {
  const { bytes, view, at, end } = payload;
  let message = at;
  let stop = end;
  for (let depth = 0; depth < MOST_RELAYS && message < stop; depth++) {
    const type = bytes[message]!;
    if (type !== RELAY_FORWARD && type !== RELAY_REPLY) break;
    const inner = optionAt(view, message + RELAY_HEADER, stop, RELAYED);
    if (inner < 0) return;
    stop = Math.min(stop, inner + 4 + view.getUint16(inner + 2));
    message = inner + 4;
  }
  const name = optionAt(view, message + HEADER, stop, FULL_NAME);
  if (name < 0) return;
  // Flags, then the name in labels.
  const nameEnd = Math.min(stop, name + 4 + view.getUint16(name + 2));
  const text = labelsAt(bytes, name + 5, nameEnd);
  if (text !== '') tellAddresses(payload, message + HEADER, stop, text, to);
}

/** Names the addresses within the options for (non-)temporary addresses: 3 and 4. */
function tellAddresses(
  { bytes, view }: Payload,
  at: number,
  end: number,
  name: string,
  to: FactSink,
): void {
  for (const [option, fixed] of [
    [3, 12],
    [4, 4],
  ] as const) {
    const association = optionAt(view, at, end, option);
    if (association < 0) continue;
    const stop = Math.min(end, association + 4 + view.getUint16(association + 2));
    let next = association + 4 + fixed;
    for (let count = 0; count < MOST_OPTIONS; count++) {
      const found = optionAt(view, next, stop, ADDRESS);
      if (found < 0 || found + 20 > stop) break;
      to.name('dhcpv6', name, bytes.slice(found + 4, found + 20));
      next = found + 4 + view.getUint16(found + 2);
    }
  }
}

/** Index of the first option of that type, or -1. */
function optionAt(view: DataView, at: number, end: number, wanted: number): number {
  let next = at;
  for (let count = 0; next + 4 <= end && count < MOST_OPTIONS; count++) {
    if (view.getUint16(next) === wanted) return next;
    next += 4 + view.getUint16(next + 2);
  }
  return -1;
}

export const DHCPV6: Detector = {
  protocol: 'dhcpv6',
  transports: [17],
  ports: [546, 547],
  begins: octetsBetween(1, LAST_MESSAGE),
  follows: true,
  detect,
  facts,
};
