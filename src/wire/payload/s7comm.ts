/**
 * Siemens S7 communication: TPKT (RFC 1006), COTP (RFC 905), then 32 (hex; 72 in the newer form),
 * kind of message, reserved, reference, lengths of parameters and data. A connection is asked for
 * with transport selectors that name rack and slot. As published by the makers of Wireshark.
 */
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  LIKELY,
  type Payload,
} from './payload.ts';

const TPKT = 4;
const DATA = 0xf0;
const REQUEST = 0xe0;
const CONFIRM = 0xd0;
const S7 = 0x32;
const S7_PLUS = 0x72;
const CALLED = 0xc2;
const CALLING = 0xc1;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < TPKT + 3 || view.getUint16(at) !== 0x0300) return 0;
  const octets = view.getUint16(at + 2);
  if (octets < TPKT + 3 || octets > length) return 0;
  const header = bytes[at + TPKT]!;
  const kind = bytes[at + TPKT + 1]!;
  if (kind === DATA && header === 2) return detectData(bytes, view, at + TPKT + 3, end);
  if ((kind !== REQUEST && kind !== CONFIRM) || header + TPKT + 1 !== octets) return 0;
  // References 4, class 1, then parameters: both selectors have two octets.
  const side = kind === REQUEST ? ASKS : ANSWERS;
  let called = false;
  let calling = false;
  for (let next = at + 11; next + 2 <= Math.min(end, at + octets); next += 2 + bytes[next + 1]!) {
    if (bytes[next] === CALLED)
      called = bytes[next + 1] === 2 && next + 2 < end && isDevice(bytes[next + 2]!);
    if (bytes[next] === CALLING) calling = bytes[next + 1] === 2;
  }
  return called && calling ? LIKELY | side : 0;
}

/** Programming device, operator panel or other: 1 to 3; 6 in S7 plus is a text. */
function isDevice(octet: number): boolean {
  return octet >= 1 && octet <= 3;
}

/** Job 1, acknowledgement 2, answer 3, user data 7. */
function detectData(bytes: Uint8Array, view: DataView, at: number, end: number): Detection {
  if (end - at < 10) return 0;
  if (bytes[at] === S7_PLUS) return bytes[at + 1]! >= 1 && bytes[at + 1]! <= 3 ? CERTAIN : 0;
  const kind = bytes[at + 1]!;
  if (bytes[at] !== S7 || view.getUint16(at + 2) !== 0) return 0;
  if (kind === 1) return CERTAIN | ASKS;
  if (kind === 2 || kind === 3) return CERTAIN | ANSWERS;
  return kind === 7 ? CERTAIN : 0;
}

export const S7COMM: Detector = {
  protocol: 's7comm',
  transports: [6],
  ports: [102],
  begins: [3],
  detect,
};
