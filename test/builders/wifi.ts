/**
 * IEEE 802.11 data frames, with or without QoS, four addresses and A-MSDU, and the radiotap
 * header (radiotap.org) captures put before them.
 */
import {
  crc32,
  hex,
  join,
  little,
  octets,
  type Payload,
  padTo,
  u8,
  u16,
  u32,
  zeros,
} from './bytes.ts';
import { tagOf } from './layer.ts';
import { snap } from './link.ts';

export interface WifiFields {
  /** Frame type and subtype octet. Default 0x08 (data) or, with `qos`, 0x88. */
  readonly control?: number;
  readonly toDs?: boolean;
  readonly fromDs?: boolean;
  readonly moreFragments?: boolean;
  readonly retry?: boolean;
  readonly encrypted?: boolean;
  /** In the order on the wire; the fourth is written only when both DS bits are set. */
  readonly addresses?: readonly string[];
  readonly sequence?: number;
  readonly fragment?: number;
  /** QoS control field; true means 0. */
  readonly qos?: boolean | number;
  /** HT control field: sets the order bit, which needs `qos`. */
  readonly htControl?: number;
  /** The payload is `amsdu(…)`: sets its bit in the QoS control field. */
  readonly amsdu?: boolean;
  readonly fcs?: boolean | number;
}

/** A data frame. IP and ARP payloads are wrapped in LLC/SNAP; other bytes are taken as they are. */
export function wifi(fields: WifiFields, payload: Payload): Uint8Array {
  const { toDs = true, fromDs = false, amsdu = false, fcs = false } = fields;
  const { qos = amsdu, htControl } = fields;
  const addresses = fields.addresses ?? ['01', '02', '03', '04'].map((n) => `02:00:00:00:00:${n}`);
  const bits = [
    toDs,
    fromDs,
    fields.moreFragments,
    fields.retry,
    false,
    false,
    fields.encrypted,
    htControl !== undefined,
  ];
  const flags = bits.reduce((sum, bit, index) => sum | (bit ? 1 << index : 0), 0);
  const control = fields.control ?? (qos === false ? 0x08 : 0x88);
  const body = tagOf(payload).etherType === undefined || amsdu ? payload : snap({}, payload);
  const sequence = ((fields.sequence ?? 0) << 4) | (fields.fragment ?? 0);
  const frame = join(
    u8(control, flags),
    u16(0),
    ...addresses.slice(0, 3).map(hex),
    little(u16(sequence)),
    toDs && fromDs ? hex(addresses[3] ?? '') : zeros(0),
    qos === false ? zeros(0) : little(u16((qos === true ? 0 : qos) | (amsdu ? 0x80 : 0))),
    htControl === undefined ? zeros(0) : little(u32(htControl)),
    body,
  );
  return fcs === false ? frame : join(frame, little(u32(fcs === true ? crc32(frame) : fcs)));
}

/** The subframes of an A-MSDU, each but the last padded to four octets. */
export function amsdu(
  subframes: readonly { src?: string; dst?: string; payload: Payload }[],
): Uint8Array {
  const parts = subframes.map(
    ({ src = '02:00:00:00:00:01', dst = '02:00:00:00:00:02', payload }) => {
      const body = tagOf(payload).etherType === undefined ? octets(payload) : snap({}, payload);
      return join(hex(dst), hex(src), u16(body.length), body);
    },
  );
  return join(...parts.map((part, index) => (index < parts.length - 1 ? padTo(4, part) : part)));
}

/**
 * A radiotap header with a flags field only (0x10: FCS present, 0x20: padding after the 802.11
 * header), or with the given present words and field octets.
 */
export function radiotap(
  fields: { flags?: number; present?: readonly number[]; data?: Uint8Array; length?: number },
  frame: Uint8Array,
): Uint8Array {
  const { flags = 0, present = [2], data = u8(flags) } = fields;
  const words = present.map((word) => little(u32(word)));
  const length = fields.length ?? 4 + 4 * words.length + data.length;
  return join(u8(0, 0), little(u16(length)), ...words, data, frame);
}
