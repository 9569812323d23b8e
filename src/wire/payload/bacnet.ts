/**
 * BACnet/IP (ANSI/ASHRAE 135 annex J): 81, function, length; then the network layer (clause 6.2),
 * whose version is 1, and the application layer (clause 20.1).
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

const FORWARDED = 4;
const UNICAST = 10;
const BROADCAST = 11;
const DISTRIBUTE = 9;
/** Network layer's control octet: a network message; a destination; a source. */
const NETWORK_MESSAGE = 0x80;
const DESTINATION = 0x20;
const SOURCE = 0x08;
const I_AM = 0;
const WHO_HAS = 7;
const WHO_IS = 8;

function detect(payload: Payload): Detection {
  const { bytes, view, at, end, length } = payload;
  if (end - at < 4 || bytes[at] !== 0x81 || view.getUint16(at + 2) !== length) return 0;
  const purpose = bytes[at + 1]!;
  if (purpose > 12) return 0;
  const network = networkAt(payload);
  // Results and tables of broadcast distribution have no network layer.
  if (network < 0) return LIKELY;
  if (network + 2 > end || bytes[network] !== 1) return 0;
  const application = applicationAt(payload, network);
  if (application < 0 || application + 2 > end) return CERTAIN;
  return CERTAIN | sideOf(bytes[application]! >>> 4, bytes[application + 1]!);
}

function networkAt({ bytes, at }: Payload): number {
  const purpose = bytes[at + 1]!;
  if (purpose === FORWARDED) return at + 10;
  return purpose === UNICAST || purpose === BROADCAST || purpose === DISTRIBUTE ? at + 4 : -1;
}

/** Index of the application layer, or -1 for messages between routers and what is cut. */
function applicationAt({ bytes, end }: Payload, network: number): number {
  const control = bytes[network + 1]!;
  if ((control & NETWORK_MESSAGE) !== 0) return -1;
  let next = network + 2;
  if ((control & DESTINATION) !== 0) {
    if (next + 3 > end) return -1;
    next += 3 + bytes[next + 2]!;
  }
  if ((control & SOURCE) !== 0) {
    if (next + 3 > end) return -1;
    next += 3 + bytes[next + 2]!;
  }
  return (control & DESTINATION) !== 0 ? next + 1 : next;
}

/** Kind of message: confirmed, unconfirmed; acknowledgements, errors. `service` of the second. */
function sideOf(kind: number, service: number): Detection {
  if (kind === 0) return ASKS;
  if (kind === 1) return service === WHO_IS || service === WHO_HAS ? ASKS : 0;
  return kind === 2 || kind === 3 || (kind >= 5 && kind <= 7) ? ANSWERS : 0;
}

/** I-Am: the device's object identifier (tag C4), largest size, segmentation, vendor (tag 21, 22). */
function facts(payload: Payload, to: FactSink): void {
  const { bytes, view, end } = payload;
  const network = networkAt(payload);
  if (network < 0 || network + 2 > end) return;
  const application = applicationAt(payload, network);
  if (application < 0 || application + 7 > end) return;
  if (bytes[application] !== 0x10 || bytes[application + 1] !== I_AM) return;
  if (bytes[application + 2] !== 0xc4) return;
  to.service('device', String(view.getUint32(application + 3) & 0x3f_ffff));
  // Two more tagged values lie between: their lengths are in the tags.
  let next = application + 7;
  for (let count = 0; count < 2 && next < end; count++) next += 1 + (bytes[next]! & 7);
  if (next + 1 < end && bytes[next] === 0x21) to.service('vendor', String(bytes[next + 1]));
  if (next + 2 < end && bytes[next] === 0x22)
    to.service('vendor', String(view.getUint16(next + 1)));
}

export const BACNET: Detector = {
  protocol: 'bacnet',
  transports: [17],
  ports: [47808],
  begins: [0x81],
  follows: true,
  detect,
  facts,
};
