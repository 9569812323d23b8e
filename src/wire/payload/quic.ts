/**
 * QUIC's long headers (RFC 8999, RFC 9000 section 17.2, RFC 9369): form and fixed bit, version,
 * connection ids, and for Initial packets a token and a length that fit the datagram. Short headers
 * are all secret. Google's own versions before the standard begin with Q or T.
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
import { looksSealed } from './sealed.ts';

const VERSION_1 = 1;
const VERSION_2 = 0x6b33_43cf;
/** Connection ids of versions 1 and 2 have at most 20 octets. */
const MOST_ID = 20;
const LEAST_FIRST_ID = 8;
const SMALLEST_INITIAL = 1200;
/** Tokens are an address and a time, sealed. */
const LARGEST_RETRY = 600;
const TAG = 16;

const UNKNOWN = 0;
const STANDARD = 1;
const DRAFT = 2;
const GOOGLE = 3;
/** Reserved to make others negotiate: 0x?a?a?a?a (RFC 9000 section 15). */
const RESERVED = 4;

function kindOf(version: number): number {
  if (version === VERSION_1 || version === VERSION_2) return STANDARD;
  const draft = version & 0xff;
  if (version >>> 8 === 0xff_0000 && draft >= 17 && draft <= 34) return DRAFT;
  if ((version & 0x0f0f_0f0f) === 0x0a0a_0a0a) return RESERVED;
  const letter = version >>> 24;
  // Q043 to Q050, T050, T051.
  if ((letter === 0x51 || letter === 0x54) && ((version >>> 16) & 0xff) === 0x30) {
    const tens = (version >>> 8) & 0xff;
    const ones = version & 0xff;
    return tens >= 0x32 && tens <= 0x35 && ones >= 0x30 && ones <= 0x39 ? GOOGLE : UNKNOWN;
  }
  return UNKNOWN;
}

function detect(payload: Payload): Detection {
  const { bytes, view, at, end, length } = payload;
  if (end - at < 7 || bytes[at]! < 0x80) return 0;
  const version = view.getUint32(at + 1);
  const ids = idsEnd(payload);
  if (version === 0) return ids < 0 ? 0 : detectNegotiation(payload, ids);
  const kind = kindOf(version);
  // The fixed bit (RFC 9000 section 17.2) is not set by Google's versions before Q046.
  if (kind === UNKNOWN) return 0;
  if (kind === GOOGLE && version < 0x51303436) return length > 18 ? LIKELY : 0;
  if ((bytes[at]! & 0x40) === 0) return 0;
  if (kind === GOOGLE) return length >= SMALLEST_INITIAL ? CERTAIN : LIKELY;
  if (ids < 0) return 0;
  const type = typeOf(bytes[at]!, version);
  // Small packets without connection ids, or of no version, could be much else.
  const isTelling = ids - at >= 7 + 8 && kind !== RESERVED;
  // A retry: a token and a tag of 16 octets, without lengths and not filled up.
  if (type === 3) {
    if (length <= ids - at + TAG || length > LARGEST_RETRY) return 0;
    // The server chooses the id that it will go by.
    if (bytes[at + 6 + bytes[at + 5]!] === 0) return 0;
    if (end - at < length) return LIKELY | ANSWERS;
    if (!looksSealed(bytes, end - TAG, end)) return 0;
    return (isTelling ? CERTAIN : LIKELY) | ANSWERS;
  }
  const isLarge = length >= SMALLEST_INITIAL && ids - at > 7;
  const sure = isTelling || isLarge ? CERTAIN : LIKELY;
  if (!(type === 0 ? fitsToken(payload, ids) : fitsLength(payload, ids))) return 0;
  return sure | (type === 0 ? sideOfInitial(bytes, at) : type === 1 ? ASKS : 0);
}

/**
 * A client's first Initial goes to an id of 8 octets or more (RFC 9000 section 7.2); clients often
 * have none themselves, servers need one.
 */
function sideOfInitial(bytes: Uint8Array, at: number): Detection {
  const destination = bytes[at + 5]!;
  if (destination === 0) return ANSWERS;
  return destination >= LEAST_FIRST_ID && bytes[at + 6 + destination] === 0 ? ASKS : 0;
}

/** 0 Initial, 1 0-RTT, 2 Handshake, 3 Retry; version 2 numbers them one higher. */
function typeOf(first: number, version: number): number {
  const type = (first >>> 4) & 3;
  return version === VERSION_2 ? (type + 3) & 3 : type;
}

/** Index after both connection ids, or -1. */
function idsEnd({ bytes, at, end }: Payload): number {
  const destination = bytes[at + 5]!;
  if (destination > MOST_ID || at + 6 + destination >= end) return -1;
  const source = bytes[at + 6 + destination]!;
  const after = at + 7 + destination + source;
  return source > MOST_ID || after > end ? -1 : after;
}

/** A list of versions, of which at least one is known (RFC 9000 section 17.2.1). */
function detectNegotiation({ bytes, view, at, end, length }: Payload, ids: number): Detection {
  // The server's id here is the one that the client's first Initial went to.
  if (bytes[at + 6 + bytes[at + 5]!]! < LEAST_FIRST_ID) return 0;
  const octets = at + length - ids;
  if (octets < 4 || octets > 256 || (octets & 3) !== 0) return 0;
  let isKnown = false;
  for (let next = ids; next + 4 <= end; next += 4) {
    const version = view.getUint32(next);
    // Versions with 16 zero bits are for standards (RFC 9000 section 15), of which there is one.
    if (version >>> 16 === 0 && version !== VERSION_1) return 0;
    const kind = kindOf(version);
    if (kind !== UNKNOWN && kind !== RESERVED) isKnown = true;
  }
  return isKnown ? CERTAIN | ANSWERS : 0;
}

/** The length of a variable-length integer's spelling (RFC 9000 section 16). */
function integerOctets(first: number): number {
  return 1 << (first >>> 6);
}

/** Value of the integer at `at`, or -1; those of eight octets are too large for a datagram. */
function integerAt({ bytes, view, end }: Payload, at: number): number {
  if (at >= end || at + integerOctets(bytes[at]!) > end) return -1;
  switch (integerOctets(bytes[at]!)) {
    case 1:
      return bytes[at]!;
    case 2:
      return view.getUint16(at) & 0x3fff;
    case 4:
      return view.getUint32(at) & 0x3fff_ffff;
    default:
      return -1;
  }
}

function fitsToken(payload: Payload, at: number): boolean {
  const token = integerAt(payload, at);
  return token >= 0 && fitsLength(payload, at + integerOctets(payload.bytes[at]!) + token);
}

/**
 * Whether the length at `at` ends within the datagram and holds a number and a tag. The number is
 * under header protection and what follows sealed (RFC 9001 section 5).
 */
function fitsLength(payload: Payload, at: number): boolean {
  const length = integerAt(payload, at);
  if (length < 20) return false;
  const number = at + integerOctets(payload.bytes[at]!);
  if (number + length > payload.at + payload.length) return false;
  return looksSealed(payload.bytes, number, payload.end);
}

function facts({ view, at }: Payload, to: FactSink): void {
  const version = view.getUint32(at + 1);
  const kind = kindOf(version);
  if (kind === STANDARD) to.service('version', version === VERSION_1 ? '1' : '2');
  if (kind === DRAFT) to.service('version', `draft-${version & 0xff}`);
  if (kind === GOOGLE) {
    const letters = [24, 16, 8, 0].map((shift) => (version >>> shift) & 0xff);
    to.service('version', String.fromCharCode(...letters));
  }
}

export const QUIC: Detector = {
  protocol: 'quic',
  transports: [17],
  ports: [443, 80, 853, 784],
  begins: octetsBetween(0x80, 0xff),
  detect,
  facts,
};
