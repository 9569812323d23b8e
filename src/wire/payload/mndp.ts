/**
 * MikroTik's neighbour discovery on UDP 5678 (help.mikrotik.com, "Neighbor discovery"; the fields as
 * Wireshark reads them): four octets, then type, length, value; a request is four zeros or nine octets.
 */
import { textAt } from './octets.ts';
import {
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  LIKELY,
  type Payload,
} from './payload.ts';

const HEADER = 4;
const MAC = 1;
const IDENTITY = 5;
const VERSION = 7;
const PLATFORM = 8;
const BOARD = 12;
/** A bit for each type that is in use: also time, licence, packing, addresses and interface. */
const TYPES =
  (1 << MAC) |
  (1 << IDENTITY) |
  (1 << VERSION) |
  (1 << PLATFORM) |
  (1 << 10) |
  (1 << 11) |
  (1 << BOARD) |
  (1 << 14) |
  (1 << 15) |
  (1 << 16) |
  (1 << 17);
/** Of them, those that hold a text. */
const TEXTS =
  (1 << IDENTITY) | (1 << VERSION) | (1 << PLATFORM) | (1 << 11) | (1 << BOARD) | (1 << 16);
const MOST_FIELDS = 32;

function detect({ bytes, view, at, end, length, sourcePort, destinationPort }: Payload): Detection {
  if (end - at < HEADER) return 0;
  if (length === HEADER || length === 9) {
    const onPort = sourcePort === 5678 || destinationPort === 5678;
    return onPort && view.getInt32(at) === 0 ? LIKELY : 0;
  }
  // The hardware address comes first.
  if (end - at < HEADER + 10 || view.getInt32(at + HEADER) !== ((MAC << 16) | 6)) return 0;
  let next = at + HEADER;
  let fields = 0;
  while (next + 4 <= end && fields < MOST_FIELDS) {
    const type = view.getUint16(next);
    if (type > 31 || (TYPES & (1 << type)) === 0) return 0;
    const isText = (TEXTS & (1 << type)) !== 0 && view.getUint16(next + 2) > 0;
    if (isText && next + 4 < end && bytes[next + 4]! < 0x20) return 0;
    next += 4 + view.getUint16(next + 2);
    fields += 1;
  }
  if (next > at + length) return 0;
  return next === at + length && fields > 2 ? CERTAIN : LIKELY;
}

function facts({ bytes, view, at, end, length }: Payload, to: FactSink): void {
  if (length === HEADER || length === 9) return;
  let next = at + HEADER;
  for (let count = 0; next + 4 <= end && count < MOST_FIELDS; count++) {
    const after = next + 4 + view.getUint16(next + 2);
    if (after > end) return;
    const type = view.getUint16(next);
    const text = textAt(bytes, next + 4, after);
    if (type === IDENTITY && text) to.name('mndp', text, 'source');
    if (type === VERSION && text) to.service('version', text);
    if (type === PLATFORM && text) to.service('product', text);
    if (type === BOARD && text) to.service('board', text);
    next = after;
  }
}

export const MNDP: Detector = {
  protocol: 'mndp',
  transports: [17],
  ports: [5678],
  detect,
  facts,
};
