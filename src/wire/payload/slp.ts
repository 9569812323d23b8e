/**
 * The service location protocol, version 2 (RFC 2608 section 8): version, function, length, flags,
 * next extension, transaction, language. Its answers may be much larger than questions.
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

const HEADER = 14;
const LAST_FUNCTION = 11;
const SERVICE_REPLY = 2;
const MOST_ENTRIES = 16;

/** Replies and acknowledgements: 2, 5, 7, 10; advertisements 8 and 11 come from either. */
function sideOf(purpose: number): Detection {
  if (purpose === 2 || purpose === 5 || purpose === 7 || purpose === 10) return ANSWERS;
  return purpose === 8 || purpose === 11 ? 0 : ASKS;
}

function detect({ bytes, view, at, end, length, transport }: Payload): Detection {
  if (end - at < HEADER + 2 || bytes[at] !== 2) return 0;
  const purpose = bytes[at + 1]!;
  const octets = (bytes[at + 2]! << 16) | view.getUint16(at + 3);
  if (purpose < 1 || purpose > LAST_FUNCTION || octets < HEADER + 2) return 0;
  if (transport === 17 ? octets !== length : octets < length) return 0;
  // Flags: overflow, fresh, multicast; the rest is reserved.
  if ((view.getUint16(at + 5) & 0x1fff) !== 0) return 0;
  const language = view.getUint16(at + 12);
  if (language < 1 || language > 16) return 0;
  if (at + HEADER + language > end) return LIKELY | sideOf(purpose);
  return isLanguage(bytes, at + HEADER, language) ? CERTAIN | sideOf(purpose) : 0;
}

/** Letters, and parts behind hyphens (RFC 1766): `en`, `en-GB`. */
function isLanguage(bytes: Uint8Array, at: number, octets: number): boolean {
  if (octets < 2) return false;
  for (let index = 0; index < octets; index++) {
    const letter = bytes[at + index]! | 0x20;
    const isLetter = letter >= 0x61 && letter <= 0x7a;
    if (!isLetter && (index < 2 || bytes[at + index] !== 0x2d)) return false;
  }
  return true;
}

/** Service reply: error 2, count 2, then entries: reserved 1, lifetime 2, length 2, address. */
function facts({ bytes, view, at, end }: Payload, to: FactSink): void {
  if (bytes[at + 1] !== SERVICE_REPLY) return;
  let next = at + HEADER + view.getUint16(at + 12);
  if (next + 4 > end || view.getUint16(next) !== 0) return;
  const count = Math.min(view.getUint16(next + 2), MOST_ENTRIES);
  next += 4;
  for (let index = 0; index < count && next + 5 <= end; index++) {
    const after = next + 5 + view.getUint16(next + 3);
    if (after > end) return;
    to.service('service', textAt(bytes, next + 5, after));
    // Authentication blocks are rare: nothing after them is read.
    if (after >= end || bytes[after] !== 0) return;
    next = after + 1;
  }
}

export const SLP: Detector = {
  protocol: 'slp',
  transports: [6, 17],
  ports: [427],
  begins: [2],
  detect,
  facts,
};
