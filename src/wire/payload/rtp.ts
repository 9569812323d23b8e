/**
 * RTP (RFC 3550 section 5.1), which has two bits of version and nothing else to know it by. Only
 * likely, and only where the payload type (RFC 3551) and the length agree, there is no padding nor
 * mixer, and no port is a system port: a second packet has to say the same.
 */
import { type Detection, type Detector, LIKELY, type Payload } from './payload.ts';

const HEADER = 12;
const FIRST_USER_PORT = 1024;
const FIRST_DYNAMIC = 96;
/** Marks of header extensions: one-octet and two-octet elements (RFC 8285). */
const ONE_OCTET = 0xbede;
const TWO_OCTETS = 0x1000;
const TRANSPORT_STREAM = 188;
const SHOWN = 16;
/** Of the time's and the sender's octets. */
const MOST_ZEROS = 3;

function detect({ bytes, view, at, end, length, sourcePort, destinationPort }: Payload): Detection {
  // Version 2, no padding, no contributing source; an extension perhaps.
  const first = bytes[at]!;
  if (end - at < HEADER + 4 || (first !== 0x80 && first !== 0x90)) return 0;
  if (sourcePort < FIRST_USER_PORT || destinationPort < FIRST_USER_PORT) return 0;
  const [time, sender] = [view.getInt32(at + 4), view.getInt32(at + 8)];
  // Sequences and times begin at random, and senders are chosen so: zeros and runs are something else.
  if (time === 0 || sender === 0 || time === sender) return 0;
  let zeros = 0;
  for (let next = at + 4; next < at + HEADER; next++) if (bytes[next] === 0) zeros++;
  if (zeros > MOST_ZEROS) return 0;
  if (isScript(bytes, at, end)) return 0;
  let carried = length - HEADER;
  if (first === 0x90) {
    const profile = view.getUint16(at + HEADER);
    if (profile !== ONE_OCTET && profile !== TWO_OCTETS) return 0;
    const words = view.getUint16(at + HEADER + 2);
    carried -= 4 + 4 * words;
    if (words > 16 || carried < 1) return 0;
  }
  return fitsType(bytes, at, end, carried) ? LIKELY : 0;
}

/**
 * Whether it begins as a text does that was cut within a letter of another script: with high octets
 * only, and blanks. Of RTP's numbers one in thousands does.
 */
function isScript(bytes: Uint8Array, at: number, end: number): boolean {
  const stop = Math.min(end, at + SHOWN);
  for (let next = at; next < stop; next++) {
    const octet = bytes[next]!;
    if (octet < 0x80 && octet !== 0x20 && octet !== 10 && octet !== 13) return false;
  }
  return true;
}

/** Whether a payload of that many octets can be of the type. */
function fitsType(bytes: Uint8Array, at: number, end: number, carried: number): boolean {
  const type = bytes[at + 1]! & 0x7f;
  switch (type) {
    // PCMU, PCMA, G.722: one octet each 125 µs; packets of whole milliseconds, of 5 and more.
    case 0:
    case 8:
    case 9:
      return carried >= 40 && carried <= 1448 && carried % 8 === 0;
    // GSM: frames of 33 octets.
    case 3:
      return carried > 0 && carried <= 165 && carried % 33 === 0;
    // G.723: frames of 24, 20 or 4 octets.
    case 4:
      return carried === 24 || carried === 20 || carried === 48;
    // Comfort noise (RFC 3389).
    case 13:
      return carried >= 1 && carried <= 13;
    // G.729: frames of 10 octets, perhaps a last one of 2.
    case 18:
      return carried >= 10 && carried <= 62 && (carried % 10 === 0 || carried % 10 === 2);
    // An MPEG transport stream: packets of 188 octets that begin with 47.
    case 33:
      return carried > 0 && carried % TRANSPORT_STREAM === 0 && at + HEADER < end
        ? bytes[at + HEADER] === 0x47
        : false;
    // H.261, JPEG, MPEG video, H.263.
    case 26:
    case 31:
    case 32:
    case 34:
      return carried >= 20;
    default:
      return type >= FIRST_DYNAMIC && carried >= 4;
  }
}

export const RTP: Detector = {
  protocol: 'rtp',
  transports: [17],
  ports: [],
  begins: [0x80, 0x90],
  detect,
};
