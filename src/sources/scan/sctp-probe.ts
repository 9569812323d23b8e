/**
 * The INIT chunk of a half-open SCTP scan (RFC 9260 sections 3.3.2 and 5.1). Its initiate tag is
 * the token: an INIT ACK or ABORT that answers it carries the tag as its verification tag (section
 * 8.5.1). The other side keeps no state until its cookie is echoed, which never happens, so there
 * is nothing to take back.
 */
import { CLOSED_ABORT, OPEN_INIT_ACK, PENDING } from '../../model/port-state.ts';
import { crc32c } from '../../wire/crc32c.ts';
import type { RawProbe } from './raw-probe.ts';
import { wordAt, writeWord } from './raw-scan.ts';

/** Common header of 12 octets, INIT chunk of 20 without parameters. */
const LENGTH = 32;
const CHECKSUM = 8;
const CHUNK = 12;
const INIT = 1;
const INIT_ACK = 2;
const ABORT = 6;
/** ABORT: whoever sent it did not know the tag and reflects ours (section 8.5.1). */
const TAG_REFLECTED = 1;
const INITIATE_TAG = 16;
const RECEIVER_WINDOW = 65_536;
const STREAMS = 10;

export const SCTP_PROBE: RawProbe = {
  name: 'sctp',
  protocol: 132,
  length: LENGTH,
  // Sums the packet alone, without a pseudo header: the same in IPv4 and IPv6.
  checksum6: undefined,

  writeFixed(packets, at) {
    // Verification tag 0: an INIT has no other.
    packets.fill(0, at, at + LENGTH);
    packets[at + CHUNK] = INIT;
    packets.writeUInt16BE(LENGTH - CHUNK, at + 14);
    packets.writeUInt32BE(RECEIVER_WINDOW, at + 20);
    packets.writeUInt16BE(STREAMS, at + 24);
    packets.writeUInt16BE(STREAMS, at + 26);
  },

  write(packets, at, source, port, token) {
    packets[at] = source >>> 8;
    packets[at + 1] = source & 255;
    packets[at + 2] = port >>> 8;
    packets[at + 3] = port & 255;
    writeWord(packets, at + INITIATE_TAG, token);
    // The first transmission sequence number may be any; RFC 9260 suggests the tag.
    writeWord(packets, at + 28, token);
    writeWord(packets, at + CHECKSUM, 0);
    const sum = crc32c(packets, at, LENGTH);
    // Least significant octet first (appendix A).
    packets[at + CHECKSUM] = sum & 255;
    packets[at + CHECKSUM + 1] = (sum >>> 8) & 255;
    packets[at + CHECKSUM + 2] = (sum >>> 16) & 255;
    packets[at + CHECKSUM + 3] = sum >>> 24;
  },

  outcome(bytes, at, end, token) {
    if (at + CHUNK + 4 > end || wordAt(bytes, at + 4) !== token) return PENDING;
    const type = bytes[at + CHUNK]!;
    if (type === INIT_ACK) return OPEN_INIT_ACK;
    const reflected = (bytes[at + CHUNK + 1]! & TAG_REFLECTED) !== 0;
    return type === ABORT && !reflected ? CLOSED_ABORT : PENDING;
  },

  // Eight octets are all that must be quoted (RFC 792): ports and verification tag.
  quotes: (bytes, at, end, token) =>
    wordAt(bytes, at + 4) === 0 &&
    (at + INITIATE_TAG + 4 > end || wordAt(bytes, at + INITIATE_TAG) === token),
};
