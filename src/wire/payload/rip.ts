/**
 * RIP versions 1 and 2 (RFC 1058, RFC 2453 section 4) and for IPv6 (RFC 2080): command, version,
 * zero, then routes of twenty octets each whose metric is 1 to 16.
 */
import {
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';

const HEADER = 4;
const ROUTE = 20;
const MOST_ROUTES = 80;
const REQUEST = 1;
const INTERNET = 2;
const AUTHENTICATION = 0xffff;
const INFINITE = 16;
/** The metric of RIPng's next hop entries. */
const NEXT_HOP = 0xff;

function detect({ bytes, view, at, end, length, sourcePort, destinationPort }: Payload): Detection {
  if (end - at < HEADER + ROUTE || (length - HEADER) % ROUTE !== 0) return 0;
  const command = bytes[at]!;
  const version = bytes[at + 1]!;
  if (command < 1 || command > 2 || view.getUint16(at + 2) !== 0) return 0;
  if (length > HEADER + MOST_ROUTES * ROUTE) return 0;
  const side = command === REQUEST ? ASKS : 0;
  if (sourcePort === 521 || destinationPort === 521) {
    return version === 1 && areRoutes6(bytes, at + HEADER, end) ? CERTAIN | side : 0;
  }
  if (version < 1 || version > 2) return 0;
  return areRoutes4(view, at + HEADER, end, version) ? CERTAIN | side : 0;
}

function areRoutes4(view: DataView, at: number, end: number, version: number): boolean {
  for (let next = at; next + ROUTE <= end; next += ROUTE) {
    const family = view.getUint16(next);
    const metric = view.getUint32(next + 16);
    if (version === 2 && family === AUTHENTICATION && next === at) continue;
    // A request for the whole table has no family, and the metric 16.
    if (family !== INTERNET && (family !== 0 || metric !== INFINITE)) return false;
    if (metric < 1 || metric > INFINITE) return false;
    if (version === 1 && (view.getInt32(next + 8) !== 0 || view.getInt32(next + 12) !== 0))
      return false;
  }
  return true;
}

function areRoutes6(bytes: Uint8Array, at: number, end: number): boolean {
  for (let next = at; next + ROUTE <= end; next += ROUTE) {
    const metric = bytes[next + 19]!;
    if (bytes[next + 18]! > 128 || metric === 0 || (metric > INFINITE && metric !== NEXT_HOP)) {
      return false;
    }
  }
  return true;
}

function facts({ bytes, at, sourcePort, destinationPort }: Payload, to: FactSink): void {
  const isNew = sourcePort === 521 || destinationPort === 521;
  to.service('version', isNew ? 'RIPng' : String(bytes[at + 1]));
}

export const RIP: Detector = {
  protocol: 'rip',
  transports: [17],
  ports: [520, 521],
  begins: [1, 2],
  detect,
  facts,
};
