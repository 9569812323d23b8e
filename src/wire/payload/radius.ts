/**
 * RADIUS (RFC 2865 section 3, accounting RFC 2866, dynamic authorisation RFC 5176): code,
 * identifier, length, authenticator, attributes that fill the length. User names and passwords are
 * never read; the access device's own name is.
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
import { looksSealed } from './sealed.ts';

const HEADER = 20;
const AUTHENTICATOR = 4;
const PORTS = [1812, 1813, 1645, 1646, 3799] as const;
const MOST_OCTETS = 4096;
const MOST_ATTRIBUTES = 64;
const ADDRESS = 4;
const IDENTIFIER = 32;

function sideOf(code: number): Detection {
  switch (code) {
    // Access, accounting, status server; disconnect, change of authorisation.
    case 1:
    case 4:
    case 12:
    case 40:
    case 43:
      return ASKS;
    // Accept, reject, accounting response, challenge; acknowledgements of RFC 5176.
    case 2:
    case 3:
    case 5:
    case 11:
    case 41:
    case 42:
    case 44:
    case 45:
      return ANSWERS;
    default:
      return 0;
  }
}

function detect(payload: Payload): Detection {
  const { bytes, view, at, end, length } = payload;
  if (end - at < HEADER) return 0;
  const side = sideOf(bytes[at]!);
  const size = view.getUint16(at + 2);
  if (side === 0 || size < HEADER || size > MOST_OCTETS || size !== length) return 0;
  const stop = at + size;
  let next = at + HEADER;
  let attributes = 0;
  while (next + 2 <= end && attributes < MOST_ATTRIBUTES) {
    const octets = bytes[next + 1]!;
    if (octets < 2 || bytes[next] === 0) return 0;
    attributes += 1;
    next += octets;
  }
  if (next > stop) return 0;
  // Random or a digest; elsewhere than on its ports nothing else would do.
  if (!looksSealed(bytes, at + AUTHENTICATOR, end)) return isOnPort(payload) ? LIKELY | side : 0;
  // A small answer may have no attributes: then little speaks for it.
  return (next === stop && attributes >= 2 ? CERTAIN : LIKELY) | side;
}

function isOnPort({ sourcePort, destinationPort }: Payload): boolean {
  for (const port of PORTS) if (sourcePort === port || destinationPort === port) return true;
  return false;
}

/** NAS-Identifier, of the NAS-IP-Address if the request has one. */
function facts({ bytes, at, end }: Payload, to: FactSink): void {
  if (bytes[at] !== 1 && bytes[at] !== 4) return;
  let name = '';
  let address: Uint8Array | undefined;
  let next = at + HEADER;
  for (let count = 0; next + 2 <= end && count < MOST_ATTRIBUTES; count++) {
    const after = next + bytes[next + 1]!;
    if (after < next + 2 || after > end) break;
    if (bytes[next] === IDENTIFIER) name = textAt(bytes, next + 2, after);
    if (bytes[next] === ADDRESS && after - next === 6) address = bytes.slice(next + 2, after);
    next = after;
  }
  if (name !== '') to.name('radius', name, address ?? 'source');
}

export const RADIUS: Detector = {
  protocol: 'radius',
  transports: [17],
  ports: PORTS,
  begins: [1, 2, 3, 4, 5, 11, 12, 40, 41, 42, 43, 44, 45],
  detect,
  facts,
};
