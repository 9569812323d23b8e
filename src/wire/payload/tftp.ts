/**
 * TFTP (RFC 1350; options RFC 2347 to 2349, 7440). A transfer is asked for on port 69 and answered
 * from a port of its own, to the port that asked. Requests are certain: two texts of known form.
 */
import { findOctet, isAtAnyCase, isText, ascii as word } from './octets.ts';
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

const DATA = 3;
const ACKNOWLEDGEMENT = 4;
const ERROR = 5;
const OPTIONS = 6;
const MODES = [word('OCTET\0'), word('NETASCII\0'), word('MAIL\0')] as const;
const NAMES = [
  word('BLKSIZE\0'),
  word('TSIZE\0'),
  word('TIMEOUT\0'),
  word('WINDOWSIZE\0'),
] as const;
const MOST_NAME = 512;
const BLOCK = 512;
/** Octets of a file that is worth a transfer. */
const LEAST_FILE = 6;
const MOST_BLOCK = 1468;
/** Blocks that count as a transfer's first ones: data and acknowledgements have no other mark. */
const EARLY = 4;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < 4 || bytes[at] !== 0) return 0;
  const block = view.getUint16(at + 2);
  switch (bytes[at + 1]) {
    case 1:
    case 2:
      return detectRequest(bytes, at + 2, end);
    case DATA:
      if (block < 1 || block > EARLY || !isBlock(block, length - 4)) return 0;
      return isNumbers(bytes, at + 4, end) ? 0 : LIKELY;
    case ACKNOWLEDGEMENT:
      return block <= EARLY && length === 4 ? LIKELY : 0;
    case ERROR:
      return block <= 8 &&
        end - at === length &&
        bytes[end - 1] === 0 &&
        isText(bytes, at + 4, end - 1)
        ? LIKELY
        : 0;
    case OPTIONS: {
      if (end - at < length || bytes[end - 1] !== 0) return 0;
      for (let index = 0; index < NAMES.length; index++) {
        if (isAtAnyCase(bytes, at + 2, end, NAMES[index]!)) return CERTAIN | ANSWERS;
      }
      return 0;
    }
    default:
      return 0;
  }
}

/** Whole blocks are of 512 octets, or of as many as were agreed on; a short one is the last. */
function isBlock(block: number, octets: number): boolean {
  if (octets === BLOCK || block === 1) return octets >= LEAST_FILE && octets <= MOST_BLOCK;
  return octets > BLOCK && octets <= MOST_BLOCK && (octets & 3) === 0;
}

/** Whether the data go on as the header began: with small numbers of two octets. */
function isNumbers(bytes: Uint8Array, at: number, end: number): boolean {
  return end - at >= 6 && bytes[at] === 0 && bytes[at + 2] === 0 && bytes[at + 4] === 0;
}

/** A file's name and a mode, each ended by a zero. */
function detectRequest(bytes: Uint8Array, at: number, end: number): Detection {
  const name = findOctet(bytes, at, Math.min(end, at + MOST_NAME), 0);
  if (name <= at || !isText(bytes, at, name)) return 0;
  for (let index = 0; index < MODES.length; index++) {
    if (isAtAnyCase(bytes, name + 1, end, MODES[index]!)) return CERTAIN | ASKS;
  }
  return 0;
}

/** The answer comes from another port to the one that asked. */
function facts({ bytes, at, sourcePort }: Payload, to: FactSink): void {
  const opcode = bytes[at + 1]!;
  if (opcode === 1 || opcode === 2) to.expect('tftp', 'source', sourcePort);
}

export const TFTP: Detector = {
  protocol: 'tftp',
  transports: [17],
  ports: [69],
  answersFromNewPort: true,
  begins: [0],
  detect,
  facts,
};
