/**
 * Cisco's hot standby router protocol: version 0 (RFC 2281 section 5) in twenty octets, version 2 in
 * elements of type and length.
 */
import { ascii, isAt } from './octets.ts';
import {
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  LIKELY,
  type Payload,
} from './payload.ts';

const LENGTH = 20;
/** What a digest adds: type, length, algorithm, flags, address, key, MD5. */
const SIGNED = 30;
const DEFAULT_PASSWORD = ascii('cisco\0\0\0');
/** Version 2: group state, type 1, 40 octets. */
const GROUP_STATE = 1;
const GROUP_LENGTH = 40;

function isState(state: number): boolean {
  return state === 0 || state === 1 || state === 2 || state === 4 || state === 8 || state === 16;
}

function detect({ bytes, at, end, length }: Payload): Detection {
  if (end - at < LENGTH) return 0;
  if (bytes[at] === GROUP_STATE && bytes[at + 1] === GROUP_LENGTH) {
    // Version 2, operation, state 1 to 6, address family.
    const known = bytes[at + 2] === 2 && bytes[at + 3]! <= 3 && bytes[at + 4]! <= 6;
    return known && length >= 42 && (bytes[at + 5] === 4 || bytes[at + 5] === 6) ? CERTAIN : 0;
  }
  if (bytes[at] !== 0 || bytes[at + 1]! > 2 || !isState(bytes[at + 2]!)) return 0;
  if (length !== LENGTH && length !== LENGTH + SIGNED) return 0;
  if (isAt(bytes, at + 8, end, DEFAULT_PASSWORD)) return CERTAIN;
  // The group has an address.
  const isGroup = bytes[at + 16]! > 0 && bytes[at + 16]! < 224;
  return isGroup && bytes[at + 3]! > 0 && bytes[at + 4]! > bytes[at + 3]! && bytes[at + 7] === 0
    ? LIKELY
    : 0;
}

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  const isNew = bytes[at] === GROUP_STATE;
  to.service('version', isNew ? '2' : '0');
  if (!isNew) to.service('virtual-address', bytes.slice(at + 16, at + 20).join('.'));
  else if (bytes[at + 5] === 4 && end - at >= 30) {
    to.service('virtual-address', bytes.slice(at + 26, at + 30).join('.'));
  }
}

export const HSRP: Detector = {
  protocol: 'hsrp',
  transports: [17],
  ports: [1985, 2029],
  begins: [0, 1],
  detect,
  facts,
};
