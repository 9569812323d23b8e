/**
 * Flow export: NetFlow 5 and 9 (Cisco; RFC 3954 section 5) and IPFIX (RFC 7011 section 3). Version,
 * count or length, times; records of fixed size, or sets that fill the datagram.
 */
import {
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  LIKELY,
  type Payload,
} from './payload.ts';

const HEADER_5 = 24;
const RECORD_5 = 48;
const MOST_RECORDS_5 = 30;
const HEADER_9 = 20;
const HEADER_IPFIX = 16;
const MOST_SETS = 64;
/** The exporter's clock: between 1996 and 2106. */
const EARLIEST = 820_000_000;

/** Who exports is the client: nobody answers. */
function detect(payload: Payload): Detection {
  const { view, at, end, length } = payload;
  if (end - at < HEADER_IPFIX) return 0;
  switch (view.getUint16(at)) {
    case 5: {
      const count = view.getUint16(at + 2);
      if (count === 0 || count > MOST_RECORDS_5 || end - at < HEADER_5) return 0;
      if (view.getUint32(at + 8) < EARLIEST || view.getUint32(at + 12) >= 1e9) return 0;
      return length === HEADER_5 + count * RECORD_5 ? CERTAIN | ASKS : 0;
    }
    case 9:
      if (end - at < HEADER_9 + 4) return 0;
      if (view.getUint16(at + 2) === 0 || view.getUint16(at + 2) > 512) return 0;
      return detectSets(payload, at + HEADER_9, 0, 1, view.getUint32(at + 8));
    case 10:
      if (view.getUint16(at + 2) !== length) return 0;
      return detectSets(payload, at + HEADER_IPFIX, 2, 3, view.getUint32(at + 4));
    default:
      return 0;
  }
}

/**
 * Sets are templates, optional templates, or data: numbers from 256. Some exporters fill what is
 * left of the datagram with zeros, some never set their clock: these are likely only.
 */
function detectSets(
  { view, at, end, length }: Payload,
  first: number,
  template: number,
  optional: number,
  clock: number,
): Detection {
  let next = first;
  let filled = false;
  for (let count = 0; next + 4 <= end && count < MOST_SETS; count++) {
    const set = view.getUint16(next);
    const octets = view.getUint16(next + 2);
    filled = next > first && view.getInt32(next) === 0;
    if (filled) break;
    if ((set < 256 && set !== template && set !== optional) || octets < 4) return 0;
    next += octets;
  }
  if (next > at + length) return 0;
  if (next === first) return 0;
  return (next + 4 > at + length && !filled && clock >= EARLIEST ? CERTAIN : LIKELY) | ASKS;
}

function facts({ view, at }: Payload, to: FactSink): void {
  const version = view.getUint16(at);
  to.service('version', version === 10 ? 'IPFIX' : `NetFlow ${version}`);
}

export const NETFLOW: Detector = {
  protocol: 'netflow',
  transports: [17],
  ports: [2055, 4739, 9995, 9996],
  begins: [0],
  detect,
  facts,
};
