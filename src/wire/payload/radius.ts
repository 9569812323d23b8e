/**
 * RADIUS (RFC 2865 section 3, accounting RFC 2866, dynamic authorisation RFC 5176): code,
 * identifier, length, authenticator, attributes that fill the length. User names and passwords are
 * never read; the access device's own name is.
 */
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
import { looksSealed } from './sealed.ts';

const HEADER = 20;
const AUTHENTICATOR = 4;
const PORTS = [1812, 1813, 1645, 1646, 3799] as const;
const MOST_OCTETS = 4096;
/** Attributes that are an address, a time or a number: six octets (RFC 2865 section 5, RFC 2866, RFC 2869). */
const NUMBERS = new Set([
  4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 23, 27, 28, 29, 37, 38, 40, 41, 42, 43, 45, 46, 47, 48,
  49, 51, 52, 53, 55, 61, 62, 72, 73, 75, 76, 85, 86,
]);
const ACCOUNTED = 5;
const MAKERS = 26;
const EAP = 79;
const DIGEST = 80;
/** IANA's types are up to here, those from 241 to 246 hold more types (RFC 6929). */
const LAST_ATTRIBUTE = 191;
const FIRST_EXTENDED = 241;
const LAST_EXTENDED = 246;
const MOST_ATTRIBUTES = 64;
const ADDRESS = 4;
const IDENTIFIER = 32;

function sideOf(code: number): Detection {
  switch (code) {
    // Access, accounting, status server; disconnect, change of authorisation.
    case 1:
    case 4:
    case 12:
    case 40:
    case 43:
      return ASKS;
    // Accept, reject, accounting response, challenge; acknowledgements of RFC 5176.
    case 2:
    case 3:
    case 5:
    case 11:
    case 41:
    case 42:
    case 44:
    case 45:
      return ANSWERS;
    default:
      return 0;
  }
}

function detect(payload: Payload): Detection {
  const { bytes, view, at, end, length } = payload;
  if (end - at < HEADER) return 0;
  const side = sideOf(bytes[at]!);
  const size = view.getUint16(at + 2);
  if (side === 0 || size < HEADER || size > MOST_OCTETS || size !== length) return 0;
  const stop = at + size;
  let next = at + HEADER;
  let attributes = 0;
  let areKnown = true;
  let isTelling = false;
  while (next + 2 <= end && attributes < MOST_ATTRIBUTES) {
    const octets = bytes[next + 1]!;
    if (octets < 2 || bytes[next] === 0) return 0;
    attributes += 1;
    if (NUMBERS.has(bytes[next]!) && octets !== 6) return 0;
    areKnown &&= isAttribute(bytes[next]!);
    isTelling ||= next + 3 <= end && tells(bytes[next]!, octets, bytes[next + 2]!);
    next += octets;
  }
  if (next > stop || (next < stop && end === stop)) return 0;
  // Only accounting is answered without attributes as a rule.
  const isBare = attributes === 0 && bytes[at] !== ACCOUNTED;
  if ((isBare || (end < stop && attributes < 2)) && !isOnPort(payload)) return 0;
  // Random or a digest; elsewhere than on its ports nothing else would do.
  if (!looksSealed(bytes, at + AUTHENTICATOR, end)) return isOnPort(payload) ? LIKELY | side : 0;
  // A small answer may have no attributes: then little speaks for it.
  return (next === stop && attributes >= 2 && areKnown && isTelling ? CERTAIN : LIKELY) | side;
}

/**
 * Whether an attribute is one that hardly any message lacks, with the length or the first octet that
 * it must have: a number, EAP (codes 1 to 6), a maker's own (numbers below 2^24), a digest.
 */
function tells(type: number, octets: number, first: number): boolean {
  if (type === MAKERS) return first === 0 && octets > 6;
  if (type === EAP) return octets >= 6 && first >= 1 && first <= 6;
  return type === DIGEST ? octets === 18 : NUMBERS.has(type);
}

function isAttribute(type: number): boolean {
  return type <= LAST_ATTRIBUTE || (type >= FIRST_EXTENDED && type <= LAST_EXTENDED);
}

function isOnPort({ sourcePort, destinationPort }: Payload): boolean {
  for (const port of PORTS) if (sourcePort === port || destinationPort === port) return true;
  return false;
}

/** NAS-Identifier, of the NAS-IP-Address if the request has one. */
function facts({ bytes, at, end }: Payload, to: FactSink): void {
  if (bytes[at] !== 1 && bytes[at] !== 4) return;
  let name = '';
  let address: Uint8Array | undefined;
  let next = at + HEADER;
  for (let count = 0; next + 2 <= end && count < MOST_ATTRIBUTES; count++) {
    const after = next + bytes[next + 1]!;
    if (after < next + 2 || after > end) break;
    if (bytes[next] === IDENTIFIER) name = textAt(bytes, next + 2, after);
    if (bytes[next] === ADDRESS && after - next === 6) address = bytes.slice(next + 2, after);
    next = after;
  }
  if (name !== '') to.name('radius', name, address ?? 'source');
}

export const RADIUS: Detector = {
  protocol: 'radius',
  transports: [17],
  ports: PORTS,
  begins: [1, 2, 3, 4, 5, 11, 12, 40, 41, 42, 43, 44, 45],
  detect,
  facts,
};
