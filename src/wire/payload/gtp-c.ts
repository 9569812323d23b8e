/**
 * The GPRS tunnelling protocol's control plane: version 1 (3GPP TS 29.060 section 6) and 2 (TS
 * 29.274 section 5). User packets are decoded as a tunnel elsewhere.
 */
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

/** Information elements of version 2 have type 1, length 2, instance 1. */
const ELEMENT = 4;
const MOST_ELEMENTS = 64;
const USER_PACKET = 255;

function detect(payload: Payload): Detection {
  const { bytes, view, at, end, length } = payload;
  if (end - at < 8) return 0;
  const octets = view.getUint16(at + 2);
  const version = bytes[at]! >>> 5;
  if (version === 2) return detectV2(payload, octets);
  // Version 1, protocol type GTP; spare bit zero; the length counts from the ninth octet.
  if ((bytes[at]! & 0xf8) !== 0x30 || octets + 8 !== length) return 0;
  const type = bytes[at + 1]!;
  if (type === USER_PACKET || type === 0) return 0;
  const side = sideOf(type);
  if (side < 0) return 0;
  const hasSequence = (bytes[at]! & 7) !== 0;
  // An echo belongs to no tunnel. The user plane asks for echoes in the same words on a port of its
  // own (TS 29.281 section 7.2), so an echo alone is never certain.
  if (type <= 2 && view.getInt32(at + 4) !== 0) return 0;
  return hasSequence && octets >= 4 ? LIKELY | side : 0;
}

/** Version 1's pairs of request and answer: echo, context create, update, delete. */
function sideOf(type: number): Detection {
  if (type === 1 || type === 16 || type === 18 || type === 20) return ASKS;
  if (type === 2 || type === 17 || type === 19 || type === 21) return ANSWERS;
  return (type >= 3 && type <= 7) || (type >= 22 && type <= 60) || type === 26 || type === 31
    ? 0
    : -1;
}

function detectV2({ bytes, view, at, end, length }: Payload, octets: number): Detection {
  // Piggybacked messages come after the length's end; a tunnel id is there by the T flag.
  const isPiggybacked = (bytes[at]! & 0x10) !== 0;
  const hasTunnel = (bytes[at]! & 0x08) !== 0;
  if (isPiggybacked ? octets + 4 > length : octets + 4 !== length) return 0;
  const type = bytes[at + 1]!;
  if (type === 0 || (bytes[at]! & 3) !== 0 || octets < (hasTunnel ? 8 : 4)) return 0;
  let next = at + (hasTunnel ? 12 : 8);
  const stop = at + 4 + octets;
  let elements = 0;
  while (next + ELEMENT <= Math.min(end, stop) && elements < MOST_ELEMENTS) {
    if (bytes[next] === 0 || (bytes[next + 3]! & 0xf0) !== 0) return 0;
    next += ELEMENT + view.getUint16(next + 1);
    elements += 1;
  }
  if (next > stop) return 0;
  const side = type === 1 || type === 32 ? ASKS : type === 2 || type === 33 ? ANSWERS : 0;
  return (next === stop && elements > 0 ? CERTAIN : LIKELY) | side;
}

function facts({ bytes, at }: Payload, to: FactSink): void {
  to.service('version', String(bytes[at]! >>> 5));
}

export const GTP_CONTROL: Detector = {
  protocol: 'gtp-c',
  transports: [17],
  ports: [2123],
  begins: [
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x40, 0x48, 0x50, 0x58, 0x44, 0x4c, 0x54, 0x5c,
  ],
  detect,
  facts,
};
