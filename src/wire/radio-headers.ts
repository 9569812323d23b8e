/**
 * The headers that capture drivers put before an IEEE 802.11 frame: radiotap (radiotap.org),
 * Prism, AVS, and per-packet information (PPI, which can precede other link types too).
 */
import type { Decoder } from './decoder.ts';
import { CHECKSUM_BAD, LINK_INVALID } from './faults.ts';
import { decodeIeee80211 } from './ieee80211.ts';
import { decodeLink } from './link.ts';

const RADIOTAP_MINIMUM = 8;
/** Radiotap flags: the 802.11 header is padded to four octets. */
const FLAG_PADDED = 0x20;
/** The check sequence did not fit: the frame was damaged on the air. */
const FLAG_BAD_FCS = 0x40;
const PRISM = 144;
const PPI_MINIMUM = 8;
/** Its own link type: one such header inside another would only nest. */
const PPI = 192;

/** Version (1), pad (1), length (2, little endian), presence words, fields. */
export function decodeRadiotap(d: Decoder, at: number): void {
  if (!d.has(at, RADIOTAP_MINIMUM)) return;
  const length = d.view.getUint16(at + 2, true);
  if (length < RADIOTAP_MINIMUM || !d.has(at, length)) {
    d.fault(LINK_INVALID);
    return;
  }
  const present = d.view.getUint32(at + 4, true);
  let field = at + 4;
  // Bit 31: another presence word follows.
  while (field + 4 <= at + length && (d.view.getUint32(field, true) & 0x80000000) !== 0) field += 4;
  field += 4;
  // Flags (bit 1) come after the 8-octet, 8-aligned TSFT (bit 0).
  if ((present & 1) !== 0) field = at + ((field - at + 7) & ~7) + 8;
  const flags = (present & 2) !== 0 && field < at + length ? d.bytes[field]! : 0;
  // Addresses and ports of it may be anything: it would show hosts that are none.
  if ((flags & FLAG_BAD_FCS) !== 0) d.fault(CHECKSUM_BAD);
  else decodeIeee80211(d, at + length, (flags & FLAG_PADDED) !== 0);
}

/** A message code (4), a message length (4) in host order, then fixed fields: 144 octets. */
export function decodePrism(d: Decoder, at: number): void {
  if (!d.has(at, 8)) return;
  // Drivers also deliver AVS headers under this link type; those start with a magic number.
  if (d.view.getUint16(at) === 0x8021) {
    decodeAvs(d, at);
    return;
  }
  if (d.has(at, PRISM)) decodeIeee80211(d, at + PRISM, false);
}

/** Magic and version (4), length (4), big endian. */
export function decodeAvs(d: Decoder, at: number): void {
  if (!d.has(at, 8)) return;
  const length = d.view.getUint32(at + 4);
  if (length < 8 || length > d.end - at) d.fault(LINK_INVALID);
  else decodeIeee80211(d, at + length, false);
}

/** Version (1), flags (1), length (2), link type (4), all little endian. */
export function decodePpi(d: Decoder, at: number): void {
  if (!d.has(at, PPI_MINIMUM)) return;
  const length = d.view.getUint16(at + 2, true);
  const linkType = d.view.getUint32(at + 4, true);
  if (length < PPI_MINIMUM || length > d.end - at || linkType === PPI || linkType > 0xffff) {
    d.fault(LINK_INVALID);
  } else if (d.enterLink()) {
    decodeLink(d, linkType, at + length);
    d.leaveLink();
  }
}
