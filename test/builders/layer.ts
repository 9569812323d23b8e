/**
 * How layers that are built from the inside out learn about each other. Builders return plain
 * bytes; a side table remembers what the enclosing layer needs: the number it is announced by, and
 * a transport checksum that waits for the addresses of an IP header. A copy of the bytes has no
 * entry, so `bytes.slice()` makes a layer opaque.
 */
import { internetChecksum, join, type Payload, put16, u8, u16, u32 } from './bytes.ts';

/** A checksum over `start`..end that also covers the IP pseudo-header. */
interface PendingChecksum {
  readonly protocol: number;
  readonly start: number;
  readonly at: number;
  /** Where a routing header sends the packet in the end. */
  readonly finalDestination?: Uint8Array;
}

export interface Tag {
  readonly etherType?: number;
  /** IP protocol number (IPv6: next header). */
  readonly protocol?: number;
  /** PPP protocol number. */
  readonly ppp?: number;
  /** Well-known UDP port of a tunnel. */
  readonly udpPort?: number;
  /** IEEE 802.2 content: Ethernet announces its length instead of a type. */
  readonly llc?: boolean;
  readonly pending?: PendingChecksum;
}

const tags = new WeakMap<Uint8Array, Tag>();
const NONE: Tag = {};

/** Remembers what enclosing layers need to know about `bytes`; returns the same bytes. */
export function tagged(bytes: Uint8Array, tag: Tag): Uint8Array {
  tags.set(bytes, tag);
  return bytes;
}

export const tagOf = (payload: Payload): Tag =>
  typeof payload === 'string' ? NONE : (tags.get(payload) ?? NONE);

/** The payload's waiting checksum as seen from `shift` octets before it. */
export function shifted(payload: Payload, shift: number): Pick<Tag, 'pending'> {
  const { pending } = tagOf(payload);
  return pending
    ? { pending: { ...pending, start: pending.start + shift, at: pending.at + shift } }
    : {};
}

/** Fills the waiting checksum of `payload` inside `packet`, where it begins at `shift`. */
export function settle(
  packet: Uint8Array,
  shift: number,
  payload: Payload,
  source: Uint8Array,
  destination: Uint8Array,
): void {
  const { pending } = tagOf(payload);
  if (!pending) return;
  const { protocol, finalDestination } = pending;
  const covered = packet.subarray(shift + pending.start);
  const pseudo =
    source.length === 4
      ? join(source, destination, u8(0, protocol), u16(covered.length))
      : join(source, finalDestination ?? destination, u32(covered.length, protocol));
  const sum = internetChecksum(join(pseudo, covered));
  // RFC 768: "If the computed checksum is zero, it is transmitted as all ones".
  put16(packet, shift + pending.at, sum === 0 && protocol === 17 ? 0xffff : sum);
}
