/**
 * The bare SYN of a half-open TCP scan (RFC 9293). Its sequence number is the token: an answer
 * acknowledges it plus one. The kernel knows nothing of these connections and resets those that
 * open, which is wanted: it ends the half-open state on the other side.
 */
import { CLOSED_RESET, OPEN_SYN_ACK, PENDING } from '../../model/port-state.ts';
import type { RawProbe } from './raw-probe.ts';
import { internetChecksum, wordAt, writeWord } from './raw-scan.ts';

/** With a maximum segment size option: stacks and filters expect one. */
const LENGTH = 24;
const CHECKSUM = 16;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const OFFSET_AND_FLAGS = ((LENGTH / 4) << 12) | SYN;
const WINDOW = 1024;
const MSS_OPTION = (2 << 8) | 4;
const MSS = 1460;
/** Sum of the words that never change. */
const FIXED = OFFSET_AND_FLAGS + WINDOW + MSS_OPTION + MSS;

export const SYN_PROBE: RawProbe = {
  name: 'syn',
  protocol: 6,
  length: LENGTH,
  checksum6: CHECKSUM,

  writeFixed(packets, at) {
    packets.writeUInt16BE(OFFSET_AND_FLAGS, at + 12);
    packets.writeUInt16BE(WINDOW, at + 14);
    packets.writeUInt16BE(MSS_OPTION, at + 20);
    packets.writeUInt16BE(MSS, at + 22);
  },

  write(packets, at, source, port, token, pseudo) {
    packets[at] = source >>> 8;
    packets[at + 1] = source & 255;
    packets[at + 2] = port >>> 8;
    packets[at + 3] = port & 255;
    writeWord(packets, at + 4, token);
    const sum = pseudo + FIXED + source + port + (token >>> 16) + (token & 0xffff);
    // In IPv6 the kernel writes its own over it.
    const checksum = internetChecksum(sum);
    packets[at + CHECKSUM] = checksum >>> 8;
    packets[at + CHECKSUM + 1] = checksum & 255;
  },

  outcome(bytes, at, end, token) {
    if (at + 20 > end) return PENDING;
    const flags = bytes[at + 13]!;
    if ((flags & ACK) === 0 || wordAt(bytes, at + 8) !== (token + 1) >>> 0) return PENDING;
    if ((flags & RST) !== 0) return CLOSED_RESET;
    return (flags & SYN) !== 0 ? OPEN_SYN_ACK : PENDING;
  },

  quotes: (bytes, at, _end, token) => wordAt(bytes, at + 4) === token,
};
