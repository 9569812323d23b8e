/**
 * L2TP versions 2 (RFC 2661 section 3.1) and 3 (RFC 3931): flags and version, length, tunnel and
 * session, sequence numbers, attributes of which the first is the message's type.
 */
import { textAt } from './octets.ts';
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

const HEADER = 12;
/** Control messages have type, length and sequence bits, and a version. */
const CONTROL_2 = 0xc802;
const CONTROL_3 = 0xc803;
const LAST_MESSAGE = 28;
const MOST_ATTRIBUTES = 32;
const FIRMWARE = 6;
const HOST_NAME = 7;
const VENDOR = 8;

function detect({ view, at, end, length }: Payload): Detection {
  if (end - at < HEADER) return 0;
  const flags = view.getUint16(at);
  if (flags !== CONTROL_2 && flags !== CONTROL_3) return 0;
  if (view.getUint16(at + 2) !== length) return 0;
  // An acknowledgement alone has no attributes.
  if (length === HEADER) return LIKELY;
  if (end - at < HEADER + 8) return 0;
  // Mandatory, 8 octets, vendor 0, attribute 0, type.
  const type = view.getUint16(at + HEADER + 6);
  if ((view.getUint16(at + HEADER) & 0x7fff) !== 8 || view.getInt32(at + HEADER + 2) !== 0)
    return 0;
  if (type < 1 || type > LAST_MESSAGE) return 0;
  // Start-Control-Connection-Request and -Reply.
  return CERTAIN | (type === 1 ? ASKS : type === 2 ? ANSWERS : 0);
}

/** Attribute: flags and length 2, vendor 2, type 2, value. The names are the sender's. */
function facts({ bytes, view, at, end }: Payload, to: FactSink): void {
  to.service('version', view.getUint16(at) === CONTROL_2 ? '2' : '3');
  if (end - at < HEADER + 8) return;
  const isReply = view.getUint16(at + HEADER + 6) === 2;
  let next = at + HEADER;
  for (let count = 0; next + 6 <= end && count < MOST_ATTRIBUTES; count++) {
    const octets = view.getUint16(next) & 0x3ff;
    const after = next + octets;
    if (octets < 6 || after > end) return;
    const type = view.getInt32(next + 2);
    if (type === HOST_NAME) to.name('l2tp', textAt(bytes, next + 6, after), 'source');
    if (type === VENDOR && isReply) to.service('product', textAt(bytes, next + 6, after));
    if (type === FIRMWARE && isReply && octets === 8) {
      to.service('firmware', view.getUint16(next + 6).toString(16));
    }
    next = after;
  }
}

export const L2TP: Detector = {
  protocol: 'l2tp',
  transports: [17],
  ports: [1701],
  begins: [0xc8],
  detect,
  facts,
};
