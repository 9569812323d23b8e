/**
 * NetFlow version 5 and 9 (RFC 3954) and IPFIX (RFC 7011): export datagrams into flow records.
 *
 * Templates belong to an observation domain and are kept for all datagrams of one collector. Data
 * whose template has not come is counted, never guessed. Lengths that lead out of the datagram end
 * it: what was read before is kept. Nothing here throws for what it reads.
 */

const V5_HEADER = 24;
const V5_RECORD = 48;
const V9_HEADER = 20;
const IPFIX_HEADER = 16;
const SET_HEADER = 4;
const VARIABLE = 65_535;
const ENTERPRISE = 0x8000;
/** Fields of the way back in a record of both ways (RFC 5103). */
const REVERSE_PEN = 29_305;
/** Templates kept, and fields of one. */
const MOST_TEMPLATES = 10_000;
const MOST_FIELDS = 1000;

/** Places of numbers in `FlowRecord.values`. */
export const BYTES = 0;
export const PACKETS = 1;
export const PROTOCOL = 2;
export const TCP_FLAGS = 3;
export const SOURCE_PORT = 4;
export const DESTINATION_PORT = 5;
export const IN_INTERFACE = 6;
export const OUT_INTERFACE = 7;
export const DIRECTION = 8;
export const OUT_BYTES = 9;
export const OUT_PACKETS = 10;
export const INITIATOR_BYTES = 11;
export const RESPONDER_BYTES = 12;
export const INITIATOR_PACKETS = 13;
export const RESPONDER_PACKETS = 14;
export const FIREWALL_EVENT = 15;
export const FORWARDING_STATUS = 16;
export const BIFLOW_DIRECTION = 17;
/** Times: by the exporter's clock since it started, or ms and s since 1970. */
const FIRST_UPTIME = 18;
const START_MS = 19;
const START_SECONDS = 20;
const VALUES = 21;

/** Place of each information element (IANA ipfix registry). */
const PLACES: ReadonlyMap<number, number> = new Map([
  ...([
    [1, BYTES],
    [2, PACKETS],
    [4, PROTOCOL],
    [6, TCP_FLAGS],
    [7, SOURCE_PORT],
  ] as const),
  ...([
    [10, IN_INTERFACE],
    [11, DESTINATION_PORT],
    [14, OUT_INTERFACE],
    [61, DIRECTION],
  ] as const),
  ...([
    [23, OUT_BYTES],
    [24, OUT_PACKETS],
    [231, INITIATOR_BYTES],
    [232, RESPONDER_BYTES],
  ] as const),
  ...([
    [298, INITIATOR_PACKETS],
    [299, RESPONDER_PACKETS],
    [233, FIREWALL_EVENT],
  ] as const),
  ...([
    [89, FORWARDING_STATUS],
    [239, BIFLOW_DIRECTION],
    [22, FIRST_UPTIME],
  ] as const),
  ...([
    [152, START_MS],
    [150, START_SECONDS],
  ] as const),
]);
const SOURCE_4 = 8;
const DESTINATION_4 = 12;
const SOURCE_6 = 27;
const DESTINATION_6 = 28;

interface Field {
  readonly element: number;
  readonly length: number;
  /** Private enterprise number, 0 for the registry's own. */
  readonly enterprise: number;
}

interface Template {
  readonly fields: readonly Field[];
  readonly isOptions: boolean;
}

/** One flow; the same object for all records of a decoder. */
export class FlowRecord {
  /** 4, 6, or 0 without addresses. */
  family = 0;
  /** Four words each; of IPv4 the first. */
  readonly source = new Int32Array(4);
  readonly destination = new Int32Array(4);
  /** By place; -1 = the record has no such field. */
  readonly values = new Float64Array(VALUES);
  /** ms since 1970, NaN when the record does not tell. */
  startMs = Number.NaN;

  clear(): void {
    this.family = 0;
    this.source.fill(0);
    this.destination.fill(0);
    this.values.fill(-1);
    this.startMs = Number.NaN;
  }
}

export class NetflowDecoder {
  flows = 0;
  optionRecords = 0;
  /** Sets of data whose template has not come. */
  setsWithoutTemplate = 0;
  /** Datagrams that end before they should. */
  truncated = 0;
  private readonly templates = new Map<string, Template>();
  private readonly record = new FlowRecord();
  private readonly onFlow: (record: FlowRecord) => void;
  private view: DataView = new DataView(new ArrayBuffer(0));
  /** ms since 1970 at which the exporter started. */
  private bootMs = Number.NaN;

  /** @param onFlow borrows the record for the call */
  constructor(onFlow: (record: FlowRecord) => void) {
    this.onFlow = onFlow;
  }

  /** Reads datagrams that follow each other; returns how many octets belong to such. */
  readAll(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length) {
      const length = this.read(bytes.subarray(at));
      if (length === 0) break;
      at += length;
    }
    return at;
  }

  /** Reads one datagram from the begin of `bytes`; returns its length, 0 for no datagram. */
  read(bytes: Uint8Array): number {
    if (bytes.length < IPFIX_HEADER) return 0;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const version = this.view.getUint16(0);
    if (version === 5 && bytes.length >= V5_HEADER) return this.version5();
    if (version === 9 && bytes.length >= V9_HEADER) return this.version9();
    return version === 10 ? this.ipfix() : 0;
  }

  private version5(): number {
    const { view, record } = this;
    const announced = view.getUint16(2);
    const present = Math.floor((view.byteLength - V5_HEADER) / V5_RECORD);
    const count = Math.min(announced, present);
    if (announced > present) this.truncated++;
    this.bootMs = view.getUint32(8) * 1000 + view.getUint32(12) / 1e6 - view.getUint32(4);
    for (let index = 0; index < count; index++) {
      const at = V5_HEADER + V5_RECORD * index;
      const { values } = record;
      record.clear();
      record.family = 4;
      record.source[0] = view.getInt32(at);
      record.destination[0] = view.getInt32(at + 4);
      values[IN_INTERFACE] = view.getUint16(at + 12);
      values[OUT_INTERFACE] = view.getUint16(at + 14);
      values[PACKETS] = view.getUint32(at + 16);
      values[BYTES] = view.getUint32(at + 20);
      record.startMs = this.bootMs + view.getUint32(at + 24);
      values[SOURCE_PORT] = view.getUint16(at + 32);
      values[DESTINATION_PORT] = view.getUint16(at + 34);
      values[TCP_FLAGS] = view.getUint8(at + 37);
      values[PROTOCOL] = view.getUint8(at + 38);
      this.flows++;
      this.onFlow(record);
    }
    return V5_HEADER + V5_RECORD * count;
  }

  /** No length is stated: the datagram is all there is. */
  private version9(): number {
    const { view } = this;
    this.bootMs = view.getUint32(8) * 1000 - view.getUint32(4);
    this.sets(V9_HEADER, view.byteLength, 9, view.getUint32(16));
    return view.byteLength;
  }

  private ipfix(): number {
    const { view } = this;
    const stated = view.getUint16(2);
    if (stated < IPFIX_HEADER) return 0;
    if (stated > view.byteLength) this.truncated++;
    this.bootMs = Number.NaN;
    const end = Math.min(stated, view.byteLength);
    this.sets(IPFIX_HEADER, end, 10, view.getUint32(12));
    return end;
  }

  private sets(start: number, end: number, version: number, domain: number): void {
    const { view } = this;
    let at = start;
    while (at + SET_HEADER <= end) {
      const id = view.getUint16(at);
      const length = view.getUint16(at + 2);
      // Zeros fill up some datagrams.
      if (length < SET_HEADER) return;
      if (at + length > end) this.truncated++;
      const stop = Math.min(at + length, end);
      const [templates, options] = version === 9 ? [0, 1] : [2, 3];
      if (id === templates) this.templateSet(at + SET_HEADER, stop, version, domain);
      else if (id === options) this.optionsSet(at + SET_HEADER, stop, version, domain);
      else if (id >= 256) this.dataSet(at + SET_HEADER, stop, `${version} ${domain} ${id}`);
      at = stop;
    }
  }

  private templateSet(start: number, end: number, version: number, domain: number): void {
    const { view } = this;
    let at = start;
    while (at + 4 <= end) {
      const id = view.getUint16(at);
      const count = view.getUint16(at + 2);
      if (id < 256) return; // padding
      at = this.keep(at + 4, end, count, version, `${version} ${domain} ${id}`, false);
      if (at < 0) return;
    }
  }

  private optionsSet(start: number, end: number, version: number, domain: number): void {
    const { view } = this;
    let at = start;
    while (at + 6 <= end) {
      const id = view.getUint16(at);
      if (id < 256) return; // padding
      // Version 9 states lengths in octets, IPFIX how many fields there are in all.
      const count =
        version === 9
          ? (view.getUint16(at + 2) + view.getUint16(at + 4)) >> 2
          : view.getUint16(at + 2);
      at = this.keep(at + 6, end, count, version, `${version} ${domain} ${id}`, true);
      if (at < 0) return;
    }
  }

  /** Reads and keeps the fields of one template; returns where the next begins, -1 for none. */
  private keep(
    start: number,
    end: number,
    count: number,
    version: number,
    key: string,
    isOptions: boolean,
  ): number {
    const { view } = this;
    const fields: Field[] = [];
    let at = start;
    if (count > MOST_FIELDS) return -1;
    for (let index = 0; index < count; index++) {
      if (at + 4 > end) {
        this.truncated++;
        return -1;
      }
      const element = view.getUint16(at);
      const length = view.getUint16(at + 2);
      at += 4;
      let enterprise = 0;
      if (version === 10 && (element & ENTERPRISE) !== 0) {
        if (at + 4 > end) return -1;
        enterprise = view.getUint32(at);
        at += 4;
      }
      fields.push({ element: version === 10 ? element & 0x7fff : element, length, enterprise });
    }
    // RFC 7011 section 8.1: without fields it is withdrawn.
    if (count === 0) this.templates.delete(key);
    else if (this.templates.size < MOST_TEMPLATES || this.templates.has(key)) {
      this.templates.set(key, { fields, isOptions });
    }
    return at;
  }

  private dataSet(start: number, end: number, key: string): void {
    const template = this.templates.get(key);
    if (template === undefined) {
      this.setsWithoutTemplate++;
      return;
    }
    const least = template.fields.reduce(
      (sum, { length }) => sum + (length === VARIABLE ? 1 : length),
      0,
    );
    if (least === 0) return;
    let at = start;
    while (at + least <= end) {
      at = this.fields(at, end, template);
      if (at < 0) {
        this.truncated++;
        return;
      }
      if (template.isOptions) this.optionRecords++;
      else {
        this.flows++;
        this.onFlow(this.record);
      }
    }
  }

  /** Reads one record; returns where it ends, -1 when it leads out of the set. */
  private fields(start: number, end: number, { fields }: Template): number {
    const { view, record } = this;
    record.clear();
    let at = start;
    for (const { element, length, enterprise } of fields) {
      let octets = length;
      if (length === VARIABLE) {
        if (at >= end) return -1;
        octets = view.getUint8(at++);
        if (octets === 255) {
          if (at + 2 > end) return -1;
          octets = view.getUint16(at);
          at += 2;
        }
      }
      if (at + octets > end) return -1;
      this.field(at, octets, element, enterprise);
      at += octets;
    }
    this.settleTime();
    return at;
  }

  private field(at: number, octets: number, element: number, enterprise: number): void {
    const { view, record } = this;
    if (enterprise === REVERSE_PEN) {
      if (element === 1) record.values[RESPONDER_BYTES] = this.unsigned(at, octets);
      else if (element === 2) record.values[RESPONDER_PACKETS] = this.unsigned(at, octets);
      return;
    }
    if (enterprise !== 0 || octets === 0) return;
    const isSource = element === SOURCE_4 || element === SOURCE_6;
    if (isSource || element === DESTINATION_4 || element === DESTINATION_6) {
      const family = element === SOURCE_4 || element === DESTINATION_4 ? 4 : 6;
      if (octets !== (family === 4 ? 4 : 16)) return;
      // Some templates have fields for both families, and zeros in one of them.
      if (record.family !== 0 && record.family !== family && this.isZero(at, octets)) return;
      record.family = family;
      const words = isSource ? record.source : record.destination;
      for (let word = 0; word < octets / 4; word++) words[word] = view.getInt32(at + 4 * word);
      return;
    }
    const place = PLACES.get(element);
    if (place === undefined || octets > 8) return;
    if (record.values[place]! < 0) record.values[place] = this.unsigned(at, octets);
  }

  private isZero(at: number, octets: number): boolean {
    for (let index = 0; index < octets; index++)
      if (this.view.getUint8(at + index) !== 0) return false;
    return true;
  }

  /** An unsigned integer in network order, of any length up to eight octets (RFC 7011 section 6.2). */
  private unsigned(at: number, octets: number): number {
    let value = 0;
    for (let index = 0; index < octets; index++)
      value = value * 256 + this.view.getUint8(at + index);
    return value;
  }

  private settleTime(): void {
    const { values } = this.record;
    if (values[START_MS]! >= 0) this.record.startMs = values[START_MS]!;
    else if (values[START_SECONDS]! >= 0) this.record.startMs = values[START_SECONDS]! * 1000;
    else if (values[FIRST_UPTIME]! >= 0) this.record.startMs = this.bootMs + values[FIRST_UPTIME]!;
  }
}
