/**
 * RDP ([MS-RDPBCGR] 2.2.1.1): a TPKT (version 3, zero, length) with an X.224 connection request
 * (0xe0) or confirmation (0xd0), and in it a cookie `Cookie: mstshash=` or a negotiation: type
 * (1), flags (1), length 8 (2), protocols (4), the last three little endian. What S7 and H.323
 * put into TPKT has none of these.
 */
import { ascii, findAnyCase } from './octets.ts';
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

const TPKT = 4;
const X224 = 7;
const REQUEST = 0xe0;
const CONFIRM = 0xd0;
const COOKIE = ascii('COOKIE: MSTS');
const NEGOTIATION = 8;
const ASK = 1;
const AGREE = 2;
const FAIL = 3;
const SECURITY = ['RDP', 'TLS', 'CredSSP', 'CredSSP', 'RDSTLS'];

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < TPKT + X224 || bytes[at] !== 3 || bytes[at + 1] !== 0) return 0;
  const size = view.getUint16(at + 2);
  if (size !== length || bytes[at + 4] !== size - 5) return 0;
  const kind = bytes[at + 5]!;
  // Class 0, and nobody has given references yet.
  if (bytes[at + 10] !== 0) return 0;
  if (kind === REQUEST) {
    if (view.getUint16(at + 6) !== 0) return 0;
    if (findAnyCase(bytes, at + 11, Math.min(end, at + 24), COOKIE) === at + 11)
      return CERTAIN | ASKS;
    return isNegotiation(bytes, view, at + 11, end, ASK) ? CERTAIN | ASKS : 0;
  }
  if (kind !== CONFIRM) return 0;
  if (size === TPKT + X224) return LIKELY | ANSWERS;
  const agreed =
    isNegotiation(bytes, view, at + 11, end, AGREE) ||
    isNegotiation(bytes, view, at + 11, end, FAIL);
  return agreed && size === TPKT + X224 + NEGOTIATION ? CERTAIN | ANSWERS : 0;
}

function isNegotiation(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  type: number,
): boolean {
  if (end - at < NEGOTIATION || bytes[at] !== type) return false;
  return view.getUint16(at + 2, true) === NEGOTIATION && view.getUint32(at + 4, true) < 32;
}

function facts({ bytes, view, at, end, fromServer }: Payload, to: FactSink): void {
  if (!fromServer || !isNegotiation(bytes, view, at + 11, end, AGREE)) return;
  const chosen = view.getUint32(at + 15, true);
  to.service('security', SECURITY[chosen === 8 ? 3 : chosen] ?? String(chosen));
}

export const RDP: Detector = {
  protocol: 'rdp',
  transports: [6],
  ports: [3389],
  begins: [3],
  detect,
  facts,
};
