/**
 * OpenVPN's control channel (draft-openvpn-wire-protocol; over TCP a length of two octets comes
 * first): an octet of opcode and key id, the sender's session id, then either acknowledgements and
 * the packet's number in clear, or a digest and a replay number before them (tls-auth), or a replay
 * number and a digest with the rest encrypted (tls-crypt).
 */
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  LIKELY,
  type Payload,
} from './payload.ts';

const TCP = 6;
const SESSION = 8;
/** Opcodes in the upper five bits; a reset always has key id 0. */
const CLIENT_RESET = 7 << 3;
const SERVER_RESET = 8 << 3;
const CLIENT_RESET_V3 = 10 << 3;
/** Digests that tls-auth may use: MD5, SHA-1, SHA-224 and SHA-256, SHA-384, SHA-512. */
const DIGESTS = [16, 20, 28, 32, 48, 64] as const;
/** tls-crypt: replay number and time, digest of 32 octets, at least the encrypted five. */
const CRYPT = 8 + 32 + 5;
/** A replay number begins with 1; peers that negotiate early count from 0x0f000001. */
const EARLY = 0x0f00_0000;
/** The clock in the replay number: between 2001 and 2106. */
const EARLIEST = 1_000_000_000;

function detect(payload: Payload): Detection {
  const { bytes, view, at, end, length, transport } = payload;
  let start = at;
  let size = length;
  if (transport === TCP) {
    if (end - at < 16) return 0;
    size = view.getUint16(at);
    start = at + 2;
    // A reset is alone in its segment.
    if (size !== length - 2) return 0;
  }
  if (end - start < 14 || size < 14 || size > 1500) return 0;
  const opcode = bytes[start]!;
  if (opcode !== CLIENT_RESET && opcode !== SERVER_RESET && opcode !== CLIENT_RESET_V3) return 0;
  const side = opcode === SERVER_RESET ? ANSWERS : ASKS;
  // Session ids are random: three zeros among their octets once in 300,000.
  if (countZeros(bytes, start + 1, start + 1 + SESSION) > 2) return 0;
  const after = start + 1 + SESSION;
  // The third kind of reset comes encrypted only.
  const isPlain = opcode !== CLIENT_RESET_V3 && isPlainReset(payload, after, start + size);
  if (isPlain) return CERTAIN | side;
  for (let index = 0; index < DIGESTS.length; index++) {
    const replay = after + DIGESTS[index]!;
    if (replay + 8 > end) break;
    if (isReplay(view, replay) && isPlainReset(payload, replay + 8, start + size)) {
      return CERTAIN | side;
    }
  }
  if (size < 1 + SESSION + CRYPT || after + 8 > end || !isReplay(view, after)) return 0;
  // The server acknowledges one packet.
  const isExact = size === 1 + SESSION + CRYPT + (opcode === SERVER_RESET ? 4 + SESSION : 0);
  const isEarly = view.getUint32(after) > EARLY;
  return (isExact || isEarly ? CERTAIN : LIKELY) | side;
}

function countZeros(bytes: Uint8Array, at: number, stop: number): number {
  let zeros = 0;
  for (let next = at; next < stop; next++) if (bytes[next] === 0) zeros++;
  return zeros;
}

/** Acknowledgements (count, numbers, the other's session id) and packet number 0 end the reset. */
function isPlainReset({ bytes, view, end }: Payload, at: number, stop: number): boolean {
  if (at >= end || stop > end) return false;
  const count = bytes[at]!;
  if (count > 8) return false;
  const number = at + 1 + (count === 0 ? 0 : 4 * count + SESSION);
  return number + 4 === stop && view.getInt32(number) === 0;
}

function isReplay(view: DataView, at: number): boolean {
  const number = view.getUint32(at);
  const isFirst = number - EARLY > 0 ? number - EARLY <= 4 : number >= 1 && number <= 4;
  return isFirst && view.getUint32(at + 4) >= EARLIEST;
}

export const OPENVPN: Detector = {
  protocol: 'openvpn',
  transports: [6, 17],
  ports: [1194],
  // Over TCP the length's first octet.
  begins: [CLIENT_RESET, SERVER_RESET, CLIENT_RESET_V3, 0, 1, 2, 3, 4, 5],
  detect,
};
