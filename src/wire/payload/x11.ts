/**
 * X11 (X Window System Protocol, connection setup): the client sends its byte order (`B` or `l`),
 * version 11.0 and the lengths of its authorization; the server success (0 to 2), version, length.
 */
import { isText } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';

const BIG = 0x42;
const LITTLE = 0x6c;
const REQUEST = 12;
const MOST_AUTHORIZATION = 1024;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  const first = bytes[at]!;
  if (end - at < REQUEST) return 0;
  if (first === BIG || first === LITTLE) {
    const little = first === LITTLE;
    if (bytes[at + 1] !== 0 && !little) return 0;
    if (view.getUint16(at + 2, little) !== 11 || view.getUint16(at + 4, little) !== 0) return 0;
    const name = view.getUint16(at + 6, little);
    const data = view.getUint16(at + 8, little);
    if (name > MOST_AUTHORIZATION || data > MOST_AUTHORIZATION) return 0;
    return length === REQUEST + padded(name) + padded(data) ? CERTAIN | ASKS : 0;
  }
  for (let order = 0; order < 2; order++) {
    const little = order === 1;
    if (view.getUint16(at + 2, little) !== 11 || view.getUint16(at + 4, little) !== 0) continue;
    const units = view.getUint16(at + 6, little);
    if (first === 0 && bytes[at + 1]! === 0) continue;
    if (8 + 4 * units === length || (first === 1 && units >= 8 && 8 + 4 * units > length)) {
      // Success has the vendor's name length and at least one screen.
      if (first === 1 && isSetup(view, at, end, little)) return CERTAIN | ANSWERS;
      if (first !== 1 && isReason(bytes, at, end, units)) return CERTAIN | ANSWERS;
    }
  }
  return 0;
}

/** Whether the answer's rest is a text; of a refusal its length is in the second octet. */
function isReason(bytes: Uint8Array, at: number, end: number, units: number): boolean {
  let octets = bytes[at + 1]!;
  if (bytes[at] === 0) {
    if (padded(octets) !== 4 * units) return false;
  } else octets = Math.max(0, 4 * units - 3);
  let stop = Math.min(end, at + 8 + octets);
  while (stop > at + 8 && bytes[stop - 1] === 0) stop--;
  return stop > at + 8 && isText(bytes, at + 8, stop);
}

/** Resource mask of contiguous bits, image byte order and bitmap order of 0 or 1. */
function isSetup(view: DataView, at: number, end: number, little: boolean): boolean {
  if (end - at < 40) return false;
  const mask = view.getUint32(at + 16, little);
  const lowest = mask & -mask;
  const contiguous = mask !== 0 && ((mask / (lowest >>> 0) + 1) & (mask / (lowest >>> 0))) === 0;
  return contiguous && view.getUint8(at + 30) <= 1 && view.getUint8(at + 31) <= 1;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

/** The vendor's release, as in the setup's first field. */
function facts({ bytes, view, at, end, fromServer }: Payload, to: FactSink): void {
  if (!fromServer || bytes[at] !== 1 || end - at < 40) return;
  const little = view.getUint16(at + 2) !== 11;
  to.service('release', String(view.getUint32(at + 8, little)));
}

export const X11: Detector = {
  protocol: 'x11',
  transports: [6],
  ports: [6000, 6001, 6002, 6003, 6010, 6011],
  begins: [0, 1, 2, BIG, LITTLE],
  detect,
  facts,
};
