/**
 * EtherNet/IP, the encapsulation of CIP (ODVA, "The CIP Networks Library" volume 2, chapter 2): all
 * little-endian: command 2, length 2, session 4, status 4, sender's context 8, options 4 (zero).
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

const HEADER = 24;
const LIST_SERVICES = 0x04;
const LIST_IDENTITY = 0x63;
const LIST_INTERFACES = 0x64;
const REGISTER = 0x65;
const UNREGISTER = 0x66;
const SEND_REQUEST = 0x6f;
const SEND_UNIT = 0x70;
/** Item types of an identity, of no address, of a connected address. */
const IDENTITY_ITEM = 0x0c;
const NO_ADDRESS = 0;
const CONNECTED = 0xa1;
const DATA = 0xb2;
const CONNECTED_DATA = 0xb1;
const UDP = 17;

function detect({ view, at, end, length, transport }: Payload): Detection {
  if (end - at < HEADER) return 0;
  const octets = view.getUint16(at + 2, true);
  const status = view.getUint32(at + 8, true);
  if (octets + HEADER > length || view.getInt32(at + 20) !== 0) return 0;
  if (transport === UDP && octets + HEADER !== length) return 0;
  // Success, unsupported, no memory, bad data; invalid session, length, version.
  if (status > 3 && status !== 0x64 && status !== 0x65 && status !== 0x69) return 0;
  const session = view.getInt32(at + 4);
  const isExact = octets + HEADER === length;
  switch (view.getUint16(at, true)) {
    case LIST_SERVICES:
    case LIST_IDENTITY:
    case LIST_INTERFACES:
      if (octets === 0) return isExact ? LIKELY | (status === 0 ? ASKS : ANSWERS) : 0;
      // A count of items, then their type.
      if (end - at < HEADER + 2) return isExact ? LIKELY | ANSWERS : 0;
      return isExact && octets >= 6 && view.getUint16(at + HEADER, true) <= 16
        ? CERTAIN | ANSWERS
        : 0;
    case REGISTER: {
      // Version 1, no options; a session's handle comes with the answer.
      if (octets !== 4 || end - at < HEADER + 4 || view.getUint16(at + HEADER, true) !== 1)
        return 0;
      return CERTAIN | (session === 0 && status === 0 ? ASKS : ANSWERS);
    }
    case UNREGISTER:
      return octets === 0 && isExact && session !== 0 ? LIKELY | ASKS : 0;
    case SEND_REQUEST:
    case SEND_UNIT:
      // CIP's interface handle is 0; then a time limit and a count of items.
      if (session === 0 || octets < 16 || end - at < HEADER + 8) return 0;
      if (view.getInt32(at + HEADER) !== 0) return 0;
      return isPacket(view, at + HEADER + 6, end) ? CERTAIN : 0;
    default:
      return 0;
  }
}

/** A count of items: no address, or that of a connection, then data, perhaps socket addresses. */
function isPacket(view: DataView, at: number, end: number): boolean {
  const count = view.getUint16(at, true);
  if (count < 2 || count > 4) return false;
  if (at + 6 > end) return true;
  const type = view.getUint16(at + 2, true);
  const octets = view.getUint16(at + 4, true);
  if (type === NO_ADDRESS ? octets !== 0 : type !== CONNECTED || octets !== 4) return false;
  const data = at + 6 + octets;
  if (data + 2 > end) return true;
  return view.getUint16(data, true) === (type === CONNECTED ? CONNECTED_DATA : DATA);
}

/** Identity: version 2, socket address 16, vendor, type, product, revision 2, status, serial, name. */
function facts({ bytes, view, at, end }: Payload, to: FactSink): void {
  if (view.getUint16(at, true) !== LIST_IDENTITY || end - at < HEADER + 6 + 33) return;
  const item = at + HEADER + 2;
  if (view.getUint16(item, true) !== IDENTITY_ITEM) return;
  const vendor = item + 4 + 18;
  const name = vendor + 14;
  const after = name + 1 + bytes[name]!;
  to.service('vendor', String(view.getUint16(vendor, true)));
  to.service('version', `${bytes[vendor + 6]}.${bytes[vendor + 7]}`);
  if (after <= end && after > name + 1) to.service('product', textAt(bytes, name + 1, after));
}

export const ETHERNET_IP: Detector = {
  protocol: 'ethernet-ip',
  transports: [6, 17],
  ports: [44818],
  begins: [
    LIST_SERVICES,
    LIST_IDENTITY,
    LIST_INTERFACES,
    REGISTER,
    UNREGISTER,
    SEND_REQUEST,
    SEND_UNIT,
  ],
  detect,
  facts,
};
