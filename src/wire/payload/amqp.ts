/**
 * AMQP (its specifications 0-9-1 section 4.2.2, and OASIS 1.0 part 2.2): a client opens with `AMQP`
 * and a version (0-9-1: 0 0 9 1; 1.0: 0, 2 or 3, then 1 0 0). The 0-9-1 server answers with
 * Connection.Start: frame type 1, channel 0, size (4), class 10, method 10, version 0 9, a table of
 * properties, and 206 at the frame's end.
 */
import { ascii, findAnyCase, isAt, textAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';

const MAGIC = ascii('AMQP');
const START = Uint8Array.of(0, 10, 0, 10, 0, 9);
const FRAME = 7;
const LONG_STRING = 0x53;
const PRODUCT = ascii('\x07PRODUCT');
const VERSION = ascii('\x07VERSION');

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < 8) return 0;
  if (isAt(bytes, at, end, MAGIC)) {
    const old = view.getUint32(at + 4);
    if (old === 0x00000901 || old === 0x01010009 || old === 0x01010008) return CERTAIN | ASKS;
    // Both ends of AMQP 1.0 send it.
    return bytes[at + 4]! <= 3 && (old & 0xffffff) === 0x010000 ? CERTAIN : 0;
  }
  if (view.getUint32(at) >>> 8 !== 0x010000 || view.getUint32(at + 3) + FRAME + 1 > length)
    return 0;
  return isAt(bytes, at + FRAME, end, START) ? CERTAIN | ANSWERS : 0;
}

function facts({ bytes, view, at, end, fromServer }: Payload, to: FactSink): void {
  if (!fromServer || isAt(bytes, at, end, MAGIC)) return;
  const product = fieldText(bytes, view, at, end, PRODUCT);
  if (product !== '') to.service('product', product);
  const version = fieldText(bytes, view, at, end, VERSION);
  if (version !== '') to.service('version', version);
}

/** The long string that follows a field's name: `S`, length (4), text. */
function fieldText(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  key: Uint8Array,
): string {
  const found = findAnyCase(bytes, at, end, key);
  const from = found + key.length;
  if (found < 0 || end - from < 5 || bytes[from] !== LONG_STRING) return '';
  const stop = from + 5 + view.getUint32(from + 1);
  return stop <= end ? textAt(bytes, from + 5, stop) : '';
}

export const AMQP: Detector = {
  protocol: 'amqp',
  transports: [6],
  ports: [5672],
  begins: [1, 0x41],
  detect,
  facts,
};
