/**
 * iSCSI (RFC 7143 section 11.12 and 11.13): a connection begins with a login request, which names the
 * initiator in its text, and a login response.
 */
import { ascii, findAnyCase, textAt } from './octets.ts';
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

const HEADER = 48;
/** Opcode 3 with the immediate bit; opcode 23. */
const LOGIN = 0x43;
const RESPONSE = 0x23;
const INITIATOR = ascii('INITIATORNAME=');
const TARGET = ascii('TARGETNAME=');
const KEYS = [
  ascii('TARGETPORTALGROUPTAG='),
  ascii('AUTHMETHOD='),
  ascii('HEADERDIGEST='),
] as const;
const SEARCHED = 512;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < HEADER) return 0;
  const opcode = bytes[at]!;
  if (opcode !== LOGIN && opcode !== RESPONSE) return 0;
  // Stages 0, 1 and 3, two bits each; versions are 0; there are no additional headers.
  const stages = bytes[at + 1]!;
  if ((stages & 0x30) !== 0 || (stages & 3) === 2 || ((stages >>> 2) & 3) === 2) return 0;
  if (bytes[at + 2] !== 0 || bytes[at + 3] !== 0 || bytes[at + 4] !== 0) return 0;
  const octets = view.getUint32(at + 4);
  if (octets > 8192 || HEADER + octets > length + 3) return 0;
  const stop = Math.min(end, at + HEADER + SEARCHED);
  if (opcode === LOGIN) {
    if (findAnyCase(bytes, at + HEADER, stop, INITIATOR) >= 0) return CERTAIN | ASKS;
    return octets > 0 ? LIKELY | ASKS : 0;
  }
  for (let index = 0; index < KEYS.length; index++) {
    if (findAnyCase(bytes, at + HEADER, stop, KEYS[index]!) >= 0) return CERTAIN | ANSWERS;
  }
  // A failure has a status class of 1 to 3 and no text.
  return octets === 0 && bytes[at + 36]! <= 3 && length === HEADER ? LIKELY | ANSWERS : 0;
}

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  if (bytes[at] !== LOGIN) return;
  const stop = Math.min(end, at + HEADER + SEARCHED);
  const target = findAnyCase(bytes, at + HEADER, stop, TARGET);
  if (target < 0) return;
  const name = /^[^\0]*/.exec(textAt(bytes, target + TARGET.length, stop))?.[0];
  if (name) to.service('target', name);
}

export const ISCSI: Detector = {
  protocol: 'iscsi',
  transports: [6],
  ports: [3260],
  begins: [LOGIN, RESPONSE],
  detect,
  facts,
};
