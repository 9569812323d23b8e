/**
 * Frames through the decoder, and its rows as plain records with addresses as text: what the
 * tests beside the protocol files compare.
 *
 * Every frame ends exactly where the buffer of its batch ends, so reading past it throws.
 */
import { formatIPv4, formatIPv6 } from '../../src/net/address.ts';
import type { Context } from '../../src/wire/context.ts';
import { Decoder, type DecoderOptions, type FrameTally } from '../../src/wire/decoder.ts';
import { FAULTS, type Fault } from '../../src/wire/faults.ts';
import { FrameBatch } from '../../src/wire/frame-batch.ts';
import { HINT_PROTOCOLS } from '../../src/wire/hints.ts';
import {
  FAMILY_6,
  P_ACKNOWLEDGMENT,
  P_CARRIED,
  P_DESTINATION,
  P_FLAGS,
  P_FRAME,
  P_HASH,
  P_IP_LENGTH,
  P_KIND,
  P_MARKS,
  P_PAYLOAD,
  P_PORTS,
  P_SECONDS,
  P_SEQUENCE,
  P_SOURCE,
  PACKET_WORDS,
} from '../../src/wire/packet-batch.ts';

const MARKS = [
  'inner',
  'later-fragment',
  'first-fragment',
  'no-transport',
  'icmp-error',
  'bad-checksum',
  'duplicate',
  'group',
  'offloaded',
  'length-unknown',
] as const;
export type Mark = (typeof MARKS)[number];

export interface Row {
  readonly source: string;
  readonly destination: string;
  readonly sport: number;
  readonly dport: number;
  readonly protocol: number;
  readonly context: Context;
  readonly ipLength: number;
  readonly payload: number;
  /** TCP flags, or what SCTP, DCCP and ICMP put in their place. */
  readonly flags: number;
  readonly window: number;
  /** `dns asks`, `tls answers`; empty for none. */
  readonly hint: string;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly carried: number;
  readonly frame: number;
  readonly seconds: number;
  readonly marks: readonly Mark[];
  readonly hash: number;
}

export interface Shot {
  readonly bytes: Uint8Array;
  /** Octets on the wire; default all that are given. */
  readonly original?: number;
  readonly linkType?: number;
  readonly seconds?: number;
  readonly nanoseconds?: number;
  /** Octets that follow those captured in the buffer; they are none of the decoder's business. */
  readonly after?: Uint8Array;
}

export interface Decoded {
  readonly decoder: Decoder;
  readonly rows: readonly Row[];
  /** How often each fault occurred, only those that did. */
  readonly faults: Partial<Record<Fault, number>>;
  /** Frames that are not IP, by number. */
  readonly other: Record<number, number>;
  readonly unknown: Record<number, number>;
}

export const ETHERNET = 1;
export const RAW_IP = 101;

/** Its columns are large: one serves all tests. */
const batch = new FrameBatch();

/** Decodes one frame. Without a link type it is Ethernet. */
export function decodeFrame(bytes: Uint8Array, linkType = ETHERNET, original?: number): Decoded {
  return decodeFrames([{ bytes, linkType, ...(original !== undefined && { original }) }]);
}

/** Decodes frames one second apart (unless they say when) and flushes what waits. */
export function decodeFrames(
  shots: readonly (Shot | Uint8Array)[],
  options: DecoderOptions = {},
  decoder: Decoder = new Decoder(options),
): Decoded {
  const rows: Row[] = [];
  shots.forEach((shot, index) => {
    decodeOne(decoder, shot instanceof Uint8Array ? { bytes: shot } : shot, index);
    take(decoder, rows);
  });
  decoder.flush();
  take(decoder, rows);
  return {
    decoder,
    rows,
    faults: faultsOf(decoder),
    other: framesOf(decoder.otherFrames),
    unknown: framesOf(decoder.unknownLinks),
  };
}

/** Adds the rows of one frame to those the decoder holds. Its number is `index` plus one. */
export function decodeOne(decoder: Decoder, shot: Shot, index = 0): void {
  loadFrame(shot, index);
  const { linkType = ETHERNET } = shot;
  decoder.decode(batch, [{ source: 'test', linkType, snapLength: 0 }], 0);
}

/** Puts one frame into the batch, alone, flush with the end of the buffer. */
function loadFrame(shot: Shot, index: number): void {
  const { bytes, original = bytes.length, seconds = 1000 + index, nanoseconds = 0 } = shot;
  const buffer = new Uint8Array(4 + bytes.length + (shot.after?.length ?? 0)).fill(0xa5);
  buffer.set(bytes, 4);
  if (shot.after) buffer.set(shot.after, 4 + bytes.length);
  batch.reset(buffer, new DataView(buffer.buffer));
  batch.offset[0] = 4;
  batch.captured[0] = bytes.length;
  batch.original[0] = Math.max(original, bytes.length);
  batch.seconds[0] = seconds;
  batch.nanoseconds[0] = nanoseconds;
  batch.number[0] = index + 1;
  batch.interface[0] = 0;
  batch.count = 1;
}

function take(decoder: Decoder, into: Row[]): void {
  for (let index = 0; index < decoder.rowCount; index++) {
    into.push(rowAt(decoder, index * PACKET_WORDS));
  }
  decoder.rowCount = 0;
}

/** The row that starts at word `at`, spelled out. */
export function rowAt(decoder: Decoder, at: number): Row {
  const word = (field: number): number => decoder.rows[at + field]!;
  const kind = word(P_KIND);
  const text = (value: number): string =>
    (kind & FAMILY_6) === 0 ? formatIPv4(value) : formatIPv6(unsigned(decoder, value));
  const hint = word(P_FLAGS) >>> 24;
  return {
    source: text(word(P_SOURCE)),
    destination: text(word(P_DESTINATION)),
    sport: word(P_PORTS) >>> 16,
    dport: word(P_PORTS) & 0xffff,
    protocol: kind & 0xff,
    context: decoder.contexts.list[kind >>> 16]!,
    ipLength: word(P_IP_LENGTH),
    payload: word(P_PAYLOAD),
    flags: (kind & 0xff) === 6 ? word(P_FLAGS) & 0xff : word(P_FLAGS) & 0xffff,
    window: (word(P_FLAGS) >>> 8) & 0xffff,
    hint:
      hint === 0 ? '' : `${HINT_PROTOCOLS[hint >>> 2]} ${(hint & 3) === 1 ? 'asks' : 'answers'}`,
    sequence: word(P_SEQUENCE) >>> 0,
    acknowledgment: word(P_ACKNOWLEDGMENT) >>> 0,
    carried: word(P_CARRIED),
    frame: word(P_FRAME),
    seconds: word(P_SECONDS),
    marks: MARKS.filter((_, bit) => (word(P_MARKS) & (1 << bit)) !== 0),
    hash: word(P_HASH),
  };
}

function unsigned(decoder: Decoder, index: number): number[] {
  return [...decoder.addresses.words.subarray(4 * index, 4 * index + 4)].map((word) => word >>> 0);
}

function faultsOf(decoder: Decoder): Partial<Record<Fault, number>> {
  const found: Partial<Record<Fault, number>> = {};
  FAULTS.forEach((fault, code) => {
    if (decoder.faultCounts[code]! > 0) found[fault] = decoder.faultCounts[code]!;
  });
  return found;
}

function framesOf(tallies: ReadonlyMap<number, FrameTally>): Record<number, number> {
  return Object.fromEntries([...tallies].map(([key, tally]) => [key, tally.frames]));
}

/** `source.port > destination.port protocol`, the short form most tests need. */
export function brief(row: Row): string {
  return `${row.source}.${row.sport} > ${row.destination}.${row.dport} ${row.protocol}`;
}

/** Octets that the decoder accounts for; equals `decoder.octets` once it is flushed. */
export function accounted(decoder: Decoder, rows: Iterable<Pick<Row, 'ipLength' | 'carried'>>) {
  let sum = decoder.linkOctets + decoder.unreadable.octets + decoder.droppedOctets;
  for (const row of rows) sum += row.ipLength - row.carried;
  for (const tally of decoder.otherFrames.values()) sum += tally.octets;
  for (const tally of decoder.unknownLinks.values()) sum += tally.octets;
  return sum;
}
