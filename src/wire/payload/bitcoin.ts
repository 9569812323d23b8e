/**
 * Bitcoin's peers (developer.bitcoin.org, "P2P Network: Message Headers"): four octets of the
 * network's own, a command's name padded with zeros to twelve, length (little-endian), checksum.
 */
import { CERTAIN, type Detection, type Detector, type FactSink, type Payload } from './payload.ts';

const HEADER = 24;
const COMMAND = 12;
const MAIN = 0xf9be_b4d9;
const TEST_3 = 0x0b11_0907;
const TEST_4 = 0x1c16_3f28;
const SIGNET = 0x0a03_cf40;
const REGRESSION = 0xfabf_b5da;
/** Messages are below 4 MB (`MAX_PROTOCOL_MESSAGE_LENGTH`). */
const MOST_OCTETS = 4_000_000;

function networkOf(magic: number): string {
  switch (magic) {
    case MAIN:
      return 'main';
    case TEST_3:
    case TEST_4:
      return 'test';
    case SIGNET:
      return 'signet';
    case REGRESSION:
      return 'regression test';
    default:
      return '';
  }
}

function detect({ bytes, view, at, end }: Payload): Detection {
  if (end - at < HEADER || networkOf(view.getUint32(at)) === '') return 0;
  if (view.getUint32(at + 16, true) > MOST_OCTETS) return 0;
  let next = at + 4;
  const stop = next + COMMAND;
  while (next < stop && isLetter(bytes[next]!)) next++;
  if (next === at + 4) return 0;
  while (next < stop && bytes[next] === 0) next++;
  return next === stop ? CERTAIN : 0;
}

/** Names such as `sendaddrv2`. */
function isLetter(octet: number): boolean {
  return (octet >= 0x61 && octet <= 0x7a) || (octet >= 0x30 && octet <= 0x39);
}

function facts({ view, at }: Payload, to: FactSink): void {
  to.service('network', networkOf(view.getUint32(at)));
}

export const BITCOIN: Detector = {
  protocol: 'bitcoin',
  transports: [6],
  ports: [8333, 18333, 38333, 18444],
  begins: [0xf9, 0x0b, 0x1c, 0x0a, 0xfa],
  detect,
  facts,
};
