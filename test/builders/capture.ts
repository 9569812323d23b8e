/**
 * Bytes of capture files for tests: pcap and pcapng in every variant, valid unless a caller asks
 * for damage. `concat(pcapHeader(), pcapRecord(frame))`, `concat(...pcapng().section().…)`.
 */

export interface ByteOrder {
  /** Most significant octet first; false unless stated. */
  readonly big?: boolean;
}

/** Joins pieces into one array of octets. */
export function concat(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A frame of `length` octets that differ from those of other lengths and seeds. */
export function frameOf(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + seed * 31 + length) & 0xff);
}

/** Unsigned 16- and 32-bit fields: `u32(order, 1, 2)` gives 8 octets. */
export function u16({ big = false }: ByteOrder, ...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 2));
  for (const [i, value] of values.entries()) view.setUint16(i * 2, value, !big);
  return new Uint8Array(view.buffer);
}

export function u32({ big = false }: ByteOrder, ...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value, !big);
  return new Uint8Array(view.buffer);
}

export function u64({ big = false }: ByteOrder, value: bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, value), !big);
  return new Uint8Array(view.buffer);
}

export interface PcapHeaderOptions extends ByteOrder {
  /** 0xa1b2c3d4 unless stated. */
  readonly magic?: number;
  readonly major?: number;
  readonly minor?: number;
  readonly snapLength?: number;
  /** The whole field, with FCS bits if any; 1 = Ethernet. */
  readonly linkType?: number;
  /** Octets after the header, as Ixia's files have. */
  readonly extra?: Uint8Array;
}

export function pcapHeader(options: PcapHeaderOptions = {}): Uint8Array {
  const { magic = 0xa1b2c3d4, major = 2, minor = 4, snapLength = 65535, linkType = 1 } = options;
  return concat(
    u32(options, magic),
    u16(options, major, minor),
    u32(options, 0, 0, snapLength, linkType),
    options.extra ?? new Uint8Array(0),
  );
}

export interface PcapRecordOptions extends ByteOrder {
  readonly seconds?: number;
  /** Micro- or nanoseconds, as the magic number says. */
  readonly fraction?: number;
  readonly captured?: number;
  readonly original?: number;
  /** Original length before captured length, as before version 2.3. */
  readonly swapped?: boolean;
  /** Octets between record header and frame, as some variants have. */
  readonly extra?: Uint8Array;
}

export function pcapRecord(frame: Uint8Array, options: PcapRecordOptions = {}): Uint8Array {
  const { seconds = 1_700_000_000, fraction = 0, captured = frame.length } = options;
  const { original = captured, extra = new Uint8Array(0) } = options;
  const lengths = options.swapped ? [original, captured] : [captured, original];
  return concat(u32(options, seconds, fraction, ...lengths), extra, frame);
}

/** One option: its value is padded to 32 bits. */
export function option(order: ByteOrder, code: number, value: Uint8Array | string): Uint8Array {
  const octets = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return concat(u16(order, code, octets.length), octets, new Uint8Array(-octets.length & 3));
}

/** Options ended as the format wants it; nothing when there are none. */
function ended(order: ByteOrder, options: readonly Uint8Array[]): Uint8Array {
  return options.length === 0 ? new Uint8Array(0) : concat(...options, u16(order, 0, 0));
}

export interface BlockDamage extends ByteOrder {
  /** Total length in front and behind, when it is to be wrong. */
  readonly front?: number;
  readonly behind?: number;
}

/** Any pcapng block: the body is padded to 32 bits. */
export function block(type: number, body: Uint8Array, damage: BlockDamage = {}): Uint8Array {
  const total = 12 + body.length + (-body.length & 3);
  const { front = total, behind = total } = damage;
  const padding = new Uint8Array(-body.length & 3);
  return concat(u32(damage, type, front), body, padding, u32(damage, behind));
}

export interface SectionOptions extends BlockDamage {
  readonly major?: number;
  readonly minor?: number;
  readonly options?: readonly Uint8Array[];
}

export function sectionHeader(settings: SectionOptions = {}): Uint8Array {
  const { major = 1, minor = 0, options = [] } = settings;
  const body = concat(
    u32(settings, 0x1a2b3c4d),
    u16(settings, major, minor),
    u32(settings, 0xffffffff, 0xffffffff),
    ended(settings, options),
  );
  return block(0x0a0d0d0a, body, settings);
}

export interface InterfaceOptions extends BlockDamage {
  readonly linkType?: number;
  readonly snapLength?: number;
  readonly name?: string;
  readonly description?: string;
  readonly filter?: string;
  readonly resolution?: number;
  readonly offsetSeconds?: bigint;
  readonly fcsLength?: number;
  readonly options?: readonly Uint8Array[];
}

export function interfaceBlock(settings: InterfaceOptions = {}): Uint8Array {
  const { linkType = 1, snapLength = 0, options: more = [] } = settings;
  const { name, description, filter, resolution, offsetSeconds, fcsLength } = settings;
  const options: Uint8Array[] = [];
  if (name !== undefined) options.push(option(settings, 2, name));
  if (description !== undefined) options.push(option(settings, 3, description));
  if (resolution !== undefined) options.push(option(settings, 9, Uint8Array.of(resolution)));
  if (filter !== undefined) options.push(option(settings, 11, `\0${filter}`));
  if (fcsLength !== undefined) options.push(option(settings, 13, Uint8Array.of(fcsLength)));
  if (offsetSeconds !== undefined) options.push(option(settings, 14, u64(settings, offsetSeconds)));
  const body = concat(
    u16(settings, linkType, 0),
    u32(settings, snapLength),
    ended(settings, [...options, ...more]),
  );
  return block(1, body, settings);
}

export interface PacketOptions extends BlockDamage {
  readonly interface?: number;
  /** In units of the interface. */
  readonly time?: bigint;
  readonly captured?: number;
  readonly original?: number;
  readonly options?: readonly Uint8Array[];
  /** Only in the obsolete block; 0xffff = not known. */
  readonly drops?: number;
}

const MICROSECONDS = 1_700_000_000_000_000n;

function packetBody(frame: Uint8Array, first: Uint8Array, settings: PacketOptions): Uint8Array {
  const { time = MICROSECONDS, captured = frame.length, options = [] } = settings;
  const { original = captured } = settings;
  return concat(
    first,
    u32(settings, Number(time >> 32n), Number(time & 0xffffffffn), captured, original),
    frame,
    new Uint8Array(-frame.length & 3),
    ended(settings, options),
  );
}

export function enhancedPacket(frame: Uint8Array, settings: PacketOptions = {}): Uint8Array {
  return block(6, packetBody(frame, u32(settings, settings.interface ?? 0), settings), settings);
}

export function obsoletePacket(frame: Uint8Array, settings: PacketOptions = {}): Uint8Array {
  const first = u16(settings, settings.interface ?? 0, settings.drops ?? 0xffff);
  return block(2, packetBody(frame, first, settings), settings);
}

export function simplePacket(frame: Uint8Array, settings: PacketOptions = {}): Uint8Array {
  return block(3, concat(u32(settings, settings.original ?? frame.length), frame), settings);
}

export interface StatisticsOptions extends BlockDamage {
  readonly interface?: number;
  readonly received?: bigint;
  readonly dropped?: bigint;
  readonly acceptedByFilter?: bigint;
  readonly droppedBySystem?: bigint;
  readonly delivered?: bigint;
}

export function statisticsBlock(settings: StatisticsOptions = {}): Uint8Array {
  const counters = [
    settings.received,
    settings.dropped,
    settings.acceptedByFilter,
    settings.droppedBySystem,
    settings.delivered,
  ];
  const options: Uint8Array[] = [];
  for (const [i, counter] of counters.entries()) {
    if (counter !== undefined) options.push(option(settings, 4 + i, u64(settings, counter)));
  }
  const body = concat(u32(settings, settings.interface ?? 0, 0, 0), ended(settings, options));
  return block(5, body, settings);
}
