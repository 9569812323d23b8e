/**
 * DCE/RPC over TCP (C706 chapter 12, [MS-RPCE]): version 5, minor 0 or 1, type (1), flags (1), data
 * representation (4), fragment length (2), authentication length (2), call (4). The endpoint mapper
 * (port 135) answers where interfaces are to be found: in a tower of floors, of which the fourth
 * is the TCP port and the fifth the address.
 */
import { readNtlm } from './ntlmssp.ts';
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

const HEADER = 16;
const REQUEST = 0;
const RESPONSE = 2;
const FAULT = 3;
const BIND = 11;
const BIND_ACK = 12;
const BIND_NAK = 13;
const ALTER = 14;
const ALTER_RESPONSE = 15;
const AUTH = 16;
const MOST_FRAGMENT = 65_535;
/** Octets that any full segment has. */
const SEGMENT = 256;
const FIRST_OR_LAST = 3;
/** In a BIND: sizes (2, 2), group (4), number of contexts (4), context (2), transfers (2). */
const INTERFACE = HEADER + 8 + 4 + 4;
const UUID = 16;
/** Number of floors 5; then the first floor's 19 octets, of kind UUID. */
const TOWER_START = [5, 0, 19, 0, 13];
/** From the tower's start: count (2), two floors of UUID (25 each), the RPC floor (7). */
const PORT_FLOOR = 2 + 25 + 25 + 7;
/** What a floor has before its value: length 1, kind, length of the value. */
const TCP_KIND = 7;
const MOST_TOWERS = 8;

/** Interfaces by the first eight digits of their UUIDs, which are unique among these. */
const INTERFACES: ReadonlyMap<number, string> = new Map([
  [0xe1af8308, 'endpoint mapper'],
  [0xafa8bd80, 'management'],
  [0x12345778, 'lsarpc or samr'],
  [0x12345678, 'netlogon or winspool'],
  [0xe3514235, 'drsuapi'],
  [0x367abb81, 'svcctl'],
  [0x338cd001, 'winreg'],
  [0x4b324fc8, 'srvsvc'],
  [0x6bffd098, 'wkssvc'],
  [0x1ff70682, 'atsvc'],
  [0x86d35949, 'task scheduler'],
  [0x99fcfec4, 'dcom object exporter'],
  [0x000001a0, 'dcom activation'],
  [0x00000143, 'dcom'],
  [0x00000131, 'dcom'],
  [0x50abc2a4, 'dns management'],
  [0x82273fdc, 'eventlog'],
  [0xf6beaff7, 'eventlog'],
  [0xf5cc59b4, 'frs'],
  [0x897e2e5f, 'dfs replication'],
  [0x4fc742e0, 'dfs'],
  [0x76f03f96, 'print'],
  [0x3919286a, 'dssetup'],
  [0xc681d488, 'efs'],
  [0xdf1941c5, 'efs'],
  [0xd6d70ef0, 'printing'],
  [0x2f5f6521, 'key distribution'],
  [0xa4f1db00, 'exchange'],
  [0xf5cc5a18, 'exchange directory'],
]);

function detect(payload: Payload): Detection {
  const { bytes, view, at, end, length } = payload;
  if (end - at < HEADER || bytes[at] !== 5 || bytes[at + 1]! > 1) return 0;
  // ASCII and IEEE, either order of octets; the last two are zero.
  const order = bytes[at + 4]!;
  if ((order !== 0x10 && order !== 0) || bytes[at + 5] !== 0 || view.getUint16(at + 6) !== 0)
    return 0;
  const little = order === 0x10;
  const fragment = view.getUint16(at + 8, little);
  if (fragment < HEADER || fragment > MOST_FRAGMENT) return 0;
  if (view.getUint16(at + 10, little) > fragment - HEADER) return 0;
  switch (bytes[at + 2]!) {
    case BIND:
    case ALTER:
      return fragment >= 72 && fragment <= length ? CERTAIN | ASKS : 0;
    case BIND_ACK:
    case ALTER_RESPONSE:
    case BIND_NAK:
      return fragment <= length ? CERTAIN | ANSWERS : 0;
    case REQUEST:
    case AUTH:
      return fragment >= HEADER + 4 ? joined(fragment, payload, ASKS) : 0;
    case RESPONSE:
    case FAULT:
      return fragment >= HEADER + 8 ? joined(fragment, payload, ANSWERS) : 0;
    default:
      return 0;
  }
}

/**
 * How surely a fragment is one: where it is all of the segment, and the first or the last of its call.
 * It goes on in the next segment only where this one is full.
 */
function joined(fragment: number, { bytes, at, length }: Payload, side: Detection): Detection {
  if (fragment > length && length < SEGMENT) return 0;
  const isEnd = (bytes[at + 3]! & FIRST_OR_LAST) !== 0;
  return (fragment === length && isEnd ? CERTAIN : LIKELY) | side;
}

function facts(payload: Payload, to: FactSink): void {
  const { bytes, view, at, end, fromServer } = payload;
  const type = bytes[at]! === 5 ? bytes[at + 2]! : REQUEST;
  const little = bytes[at + 4] === 0x10;
  if (type === BIND && !fromServer && end - at >= INTERFACE + UUID) {
    const first = view.getUint32(at + INTERFACE, little);
    to.service('interface', INTERFACES.get(first) ?? uuidAt(bytes, view, at + INTERFACE, little));
  }
  if (type === BIND_ACK || type === AUTH || type === ALTER)
    readNtlm(bytes, view, at, end, 'rpc', to);
  if (type === RESPONSE && fromServer) readTowers(bytes, view, at + HEADER + 8, end, to);
}

function uuidAt(bytes: Uint8Array, view: DataView, at: number, little: boolean): string {
  const digits = (value: number, count: number): string => value.toString(16).padStart(count, '0');
  let tail = '';
  for (let index = 8; index < UUID; index++) tail += digits(bytes[at + index]!, 2);
  return [
    digits(view.getUint32(at, little), 8),
    digits(view.getUint16(at + 4, little), 4),
    digits(view.getUint16(at + 6, little), 4),
    tail.slice(0, 4),
    tail.slice(4),
  ].join('-');
}

/** Every tower for TCP in an answer of the endpoint mapper; its address is often 0.0.0.0. */
function readTowers(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  to: FactSink,
): void {
  let found = 0;
  for (let next = at; end - next >= PORT_FLOOR + 7 && found < MOST_TOWERS; next++) {
    if (!isTower(bytes, next)) continue;
    found++;
    // Length 1 (2, little endian), kind TCP, length 2 (2), port.
    const floor = next + PORT_FLOOR;
    if (bytes[floor + 2] !== TCP_KIND || bytes[floor + 3] !== 2) continue;
    to.expect('dce-rpc', 'source', view.getUint16(floor + 5));
    next = floor;
  }
}

function isTower(bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < TOWER_START.length; index++) {
    if (bytes[at + index] !== TOWER_START[index]) return false;
  }
  // The second floor begins like the first.
  return bytes[at + 2 + 25] === 19 && bytes[at + 2 + 25 + 2] === 13;
}

export const DCE_RPC: Detector = {
  protocol: 'dce-rpc',
  transports: [6],
  ports: [135],
  begins: [5],
  detect,
  facts,
};
