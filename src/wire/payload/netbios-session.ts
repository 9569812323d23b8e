/**
 * NetBIOS session service (RFC 1002 section 4.3): a session request is 0x81, flags, length 68 (2),
 * and two names of 34 octets, called and calling; the answers are 0x82 (yes), 0x83 (no, and why).
 * What follows is another protocol, nearly always SMB.
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

const REQUEST = 0x81;
const YES = 0x82;
const NO = 0x83;
const HEADER = 4;
/** Length octet 32, the encoded name, and the octet 0 of an empty scope. */
const NAME = 34;
const ENCODED = 32;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < HEADER || bytes[at + 1] !== 0) return 0;
  const type = bytes[at]!;
  if (type === REQUEST) {
    if (view.getUint16(at + 2) !== 2 * NAME || end - at < HEADER + 2 * NAME) return 0;
    const both = isName(bytes, at + HEADER) && isName(bytes, at + HEADER + NAME);
    return both ? CERTAIN | ASKS : 0;
  }
  if (type === YES) return view.getUint16(at + 2) === 0 && length === HEADER ? LIKELY | ANSWERS : 0;
  if (view.getUint16(at + 2) !== 1 || length !== 5 || end - at < 5) return 0;
  const why = bytes[at + 4]!;
  return (why >= 0x80 && why <= 0x83) || why === 0x8f ? LIKELY | ANSWERS : 0;
}

/** Each half of an octet became a letter from A to P (first-level encoding, RFC 1001). */
function isName(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== ENCODED || bytes[at + NAME - 1] !== 0) return false;
  for (let next = at + 1; next <= at + ENCODED; next++) {
    if (bytes[next]! < 0x41 || bytes[next]! > 0x50) return false;
  }
  return true;
}

function facts({ bytes, at }: Payload, to: FactSink): void {
  if (bytes[at] !== REQUEST) return;
  const called = nameAt(bytes, at + HEADER);
  if (called !== '') to.name('netbios', called, 'destination');
  const calling = nameAt(bytes, at + HEADER + NAME);
  if (calling !== '') to.name('netbios', calling, 'source');
}

/** The name without its padding and its last octet, the kind; empty for `*SMBSERVER`. */
function nameAt(bytes: Uint8Array, at: number): string {
  let name = '';
  for (let index = 0; index < 15; index++) {
    const pair = at + 1 + 2 * index;
    name += String.fromCharCode(((bytes[pair]! - 0x41) << 4) | (bytes[pair + 1]! - 0x41));
  }
  return name.startsWith('*') ? '' : name.trim();
}

export const NETBIOS_SESSION: Detector = {
  protocol: 'netbios-session',
  transports: [6],
  ports: [139],
  begins: [REQUEST, YES, NO],
  detect,
  facts,
};
