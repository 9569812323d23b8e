/**
 * NetFlow version 5 and 9 (RFC 3954) and IPFIX (RFC 7011): export datagrams into flow records.
 *
 * Templates belong to an observation domain of an exporter and are kept for all datagrams of one
 * collector. Data whose template has not come waits for it, within a limit; what waits to the end
 * is counted, never guessed. Lengths that lead out of the datagram end it: what was read before is
 * kept. Nothing here throws for what it reads.
 */
import { type ExportDomain, ExportDomains } from './export-domains.ts';
import * as places from './flow-record.ts';
import { FlowRecord } from './flow-record.ts';
import {
  compileTemplate,
  DESTINATION_4,
  FIRST_PLACE,
  type Field,
  IGNORED,
  SOURCE_4,
  SOURCE_6,
  START_NTP,
  type Template,
  VARIABLE,
} from './templates.ts';

const V5_HEADER = 24;
const V5_RECORD = 48;
const V9_HEADER = 20;
const IPFIX_HEADER = 16;
const SET_HEADER = 4;
const ENTERPRISE = 0x8000;
const SCOPE_INTERFACE = 2;
const IN_INTERFACE_ELEMENT = 10;
/** Templates kept, and fields of one. */
const MOST_TEMPLATES = 10_000;
const MOST_FIELDS = 1000;
/** Octets of data that wait for their template, with what it costs to keep a set. */
const MOST_WAITING = 4 * 1024 * 1024;
const WAITING_COST = 256;
/** Seconds from 1900 to 1970. */
const NTP_EPOCH = 2_208_988_800;

/** One for all datagrams of a collector, in the order in which they came. */
export class NetflowDecoder {
  flows = 0;
  optionRecords = 0;
  /** Sets of data whose template has not come. */
  setsWithoutTemplate = 0;
  /** Datagrams that end before they should. */
  truncated = 0;
  readonly domains: ExportDomains;
  private templates = 0;
  private readonly record = new FlowRecord();
  private readonly onFlow: (record: FlowRecord, domain: ExportDomain) => void;
  private view: DataView = new DataView(new ArrayBuffer(0));
  /** ms since 1970 at which the exporter started, and at which it sent the datagram. */
  private bootMs = Number.NaN;
  private exportMs = Number.NaN;
  /** Records of the datagram's data sets; -1 when one of them cannot be read. */
  private counted = 0;
  private waitingOctets = 0;

  /** @param onFlow borrows the record for the call */
  constructor(
    onFlow: (record: FlowRecord, domain: ExportDomain) => void,
    domains = new ExportDomains(),
  ) {
    this.onFlow = onFlow;
    this.domains = domains;
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

  /**
   * Reads one datagram from the begin of `bytes`; returns its length, 0 for no datagram.
   * @param exporter the address it came from, where that is known
   */
  read(bytes: Uint8Array, exporter = ''): number {
    if (bytes.length < IPFIX_HEADER) return 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = view;
    const version = view.getUint16(0);
    if (version === 5 && bytes.length >= V5_HEADER) return this.version5(exporter);
    if (version === 9 && bytes.length >= V9_HEADER) return this.version9(exporter);
    return version === 10 ? this.ipfix(exporter) : 0;
  }

  private version5(exporter: string): number {
    const { view } = this;
    const announced = view.getUint16(2);
    const present = Math.floor((view.byteLength - V5_HEADER) / V5_RECORD);
    const count = Math.min(announced, present);
    if (announced > present) this.truncated++;
    const length = V5_HEADER + V5_RECORD * count;
    const domain = this.domains.of(exporter, 'NetFlow v5', view.getUint16(20));
    if (domain === undefined) return length;
    domain.datagrams++;
    domain.sequence(view.getUint32(16), announced);
    const uptime = view.getUint32(4);
    this.exportMs = view.getUint32(8) * 1000 + view.getUint32(12) / 1e6;
    // The two high bits say how packets are chosen.
    const rate = Math.max(1, view.getUint16(22) & 0x3fff);
    for (let index = 0; index < count; index++) {
      this.record5(V5_HEADER + V5_RECORD * index, uptime);
      this.record.rate = rate;
      this.hand(domain);
    }
    return length;
  }

  private record5(at: number, uptime: number): void {
    const { view, record } = this;
    const { values } = record;
    record.clear();
    record.family = 4;
    record.source[0] = view.getInt32(at);
    record.destination[0] = view.getInt32(at + 4);
    values[places.IN_INTERFACE] = view.getUint16(at + 12);
    values[places.OUT_INTERFACE] = view.getUint16(at + 14);
    values[places.PACKETS] = view.getUint32(at + 16);
    values[places.BYTES] = view.getUint32(at + 20);
    record.startMs = sinceUptime(this.exportMs, uptime, view.getUint32(at + 24));
    values[places.SOURCE_PORT] = view.getUint16(at + 32);
    values[places.DESTINATION_PORT] = view.getUint16(at + 34);
    values[places.TCP_FLAGS] = view.getUint8(at + 37);
    values[places.PROTOCOL] = view.getUint8(at + 38);
  }

  private hand(domain: ExportDomain): void {
    this.flows++;
    domain.records++;
    domain.sampled(this.record.rate);
    this.onFlow(this.record, domain);
  }

  /** No length is stated: the datagram is all there is. */
  private version9(exporter: string): number {
    const { view } = this;
    const domain = this.domains.of(exporter, 'NetFlow v9', view.getUint32(16));
    if (domain === undefined) return view.byteLength;
    domain.datagrams++;
    domain.sequence(view.getUint32(12), 1);
    this.exportMs = view.getUint32(8) * 1000;
    this.bootMs = this.exportMs - view.getUint32(4);
    this.sets(V9_HEADER, view.byteLength, domain);
    return view.byteLength;
  }

  private ipfix(exporter: string): number {
    const { view } = this;
    const stated = view.getUint16(2);
    if (stated < IPFIX_HEADER) return 0;
    if (stated > view.byteLength) this.truncated++;
    const end = Math.min(stated, view.byteLength);
    const domain = this.domains.of(exporter, 'IPFIX', view.getUint32(12));
    if (domain === undefined) return end;
    domain.datagrams++;
    this.exportMs = view.getUint32(4) * 1000;
    this.bootMs = Number.NaN;
    const sequence = view.getUint32(8);
    this.counted = 0;
    this.sets(IPFIX_HEADER, end, domain);
    // What is in sets without a template, or cut off, cannot be counted.
    domain.sequence(sequence, end < stated ? -1 : this.counted);
    return end;
  }

  private sets(start: number, end: number, domain: ExportDomain): void {
    const { view } = this;
    const nine = domain.protocol === 'NetFlow v9';
    const [templates, options] = nine ? [0, 1] : [2, 3];
    let at = start;
    while (at + SET_HEADER <= end) {
      const id = view.getUint16(at);
      const length = view.getUint16(at + 2);
      if (length < SET_HEADER) {
        // Zeros fill up some datagrams; anything else hides what follows.
        if (id !== 0 || length !== 0) this.truncated++;
        return;
      }
      if (at + length > end) this.truncated++;
      const stop = Math.min(at + length, end);
      if (id === templates) this.templateSet(at + SET_HEADER, stop, domain, nine);
      else if (id === options) this.optionsSet(at + SET_HEADER, stop, domain, nine);
      else if (id >= 256) this.dataSet(at + SET_HEADER, stop, domain, id);
      at = stop;
    }
  }

  private templateSet(start: number, end: number, domain: ExportDomain, nine: boolean): void {
    const { view } = this;
    let at = start;
    while (at >= 0 && at + 4 <= end) {
      const id = view.getUint16(at);
      const count = view.getUint16(at + 2);
      if (!nine && id === 2 && count === 0) this.withdraw(domain, false);
      if (id < 256) return; // padding
      at = this.keep(at + 4, end, count, nine, domain, id, -1);
    }
  }

  private optionsSet(start: number, end: number, domain: ExportDomain, nine: boolean): void {
    const { view } = this;
    let at = start;
    while (at >= 0 && at + 4 <= end) {
      const id = view.getUint16(at);
      const first = view.getUint16(at + 2);
      const withdraws = !nine && first === 0;
      if (withdraws && id === 3) this.withdraw(domain, true);
      if (id < 256) return; // padding
      if (!withdraws && at + 6 > end) return;
      // A withdrawal does not say how many of the fields are scopes.
      const second = withdraws ? 0 : view.getUint16(at + 4);
      // Version 9 states lengths in octets, of the scopes first; IPFIX how many fields there are in all.
      const count = nine ? (first + second) >> 2 : first;
      const scopes = nine ? first >> 2 : second;
      at = this.keep(at + (withdraws ? 4 : 6), end, count, nine, domain, id, scopes);
    }
  }

  /** RFC 7011 section 8.1: all templates of a kind at once. */
  private withdraw(domain: ExportDomain, isOptions: boolean): void {
    for (const [id, template] of domain.templates) {
      if (template.isOptions !== isOptions) continue;
      domain.templates.delete(id);
      this.templates--;
    }
  }

  /**
   * Reads and keeps the fields of one template; returns where the next begins, -1 for none.
   * @param scopes how many of the first fields say what an options record is about; -1 for flows
   */
  private keep(
    start: number,
    end: number,
    count: number,
    nine: boolean,
    domain: ExportDomain,
    id: number,
    scopes: number,
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
      let element = view.getUint16(at);
      const length = view.getUint16(at + 2);
      at += 4;
      let enterprise = 0;
      if (!nine && (element & ENTERPRISE) !== 0) {
        if (at + 4 > end) {
          this.truncated++;
          return -1;
        }
        enterprise = view.getUint32(at);
        at += 4;
      }
      if (!nine) element &= 0x7fff;
      // Scopes of version 9 have numbers of their own (RFC 3954 section 6.1).
      else if (index < scopes) element = element === SCOPE_INTERFACE ? IN_INTERFACE_ELEMENT : 0;
      fields.push({ element, length, enterprise });
    }
    const known = domain.templates.has(id);
    // RFC 7011 section 8.1: without fields it is withdrawn.
    if (count === 0) {
      if (domain.templates.delete(id)) this.templates--;
    } else if (known || this.templates < MOST_TEMPLATES) {
      if (!known) this.templates++;
      domain.templates.set(id, compileTemplate(fields, scopes >= 0));
      this.release(domain, id);
    }
    return at;
  }

  private dataSet(start: number, end: number, domain: ExportDomain, id: number): void {
    const template = domain.templates.get(id);
    if (template === undefined) {
      this.counted = -1;
      this.setsWithoutTemplate++;
      domain.withoutTemplate++;
      this.wait(start, end, domain, id);
      return;
    }
    const count = this.records(start, end, domain, template);
    if (this.counted >= 0) this.counted += count;
  }

  /** Keeps data for when its template comes. */
  private wait(start: number, end: number, domain: ExportDomain, id: number): void {
    const { view, exportMs, bootMs } = this;
    const cost = WAITING_COST + end - start;
    if (end === start || this.waitingOctets + cost > MOST_WAITING) return;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + start, end - start).slice();
    this.waitingOctets += cost;
    const waiting = domain.waiting.get(id);
    if (waiting === undefined) domain.waiting.set(id, [{ bytes, exportMs, bootMs }]);
    else waiting.push({ bytes, exportMs, bootMs });
  }

  /** Reads what waited for a template that has come. */
  private release(domain: ExportDomain, id: number): void {
    const mine = domain.waiting.get(id);
    if (mine === undefined) return;
    domain.waiting.delete(id);
    const { view, exportMs, bootMs } = this;
    for (const { bytes, ...when } of mine) {
      this.waitingOctets -= WAITING_COST + bytes.length;
      this.setsWithoutTemplate--;
      domain.withoutTemplate--;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.exportMs = when.exportMs;
      this.bootMs = when.bootMs;
      this.records(0, bytes.length, domain, domain.templates.get(id)!);
    }
    this.view = view;
    this.exportMs = exportMs;
    this.bootMs = bootMs;
  }

  /** Reads the records of a set; returns how many there are. */
  private records(start: number, end: number, domain: ExportDomain, template: Template): number {
    const { least } = template;
    if (least === 0) return 0;
    let at = start;
    let count = 0;
    while (at + least <= end) {
      at = this.fields(at, end, template);
      if (at < 0) {
        this.truncated++;
        return count;
      }
      count++;
      if (template.isOptions) this.option(domain);
      else {
        this.settle(domain);
        this.hand(domain);
      }
    }
    return count;
  }

  /** Options say how packets are sampled, and when the exporter started. */
  private option(domain: ExportDomain): void {
    const { values } = this.record;
    this.optionRecords++;
    domain.optionRecords++;
    const rate = rateIn(values);
    if (rate > 0) domain.announce(values[places.SAMPLER]!, values[places.IN_INTERFACE]!, rate);
    if (values[places.BOOT_MS]! >= 0) domain.bootMs = values[places.BOOT_MS]!;
  }

  /** Reads one record; returns where it ends, -1 when it leads out of the set. */
  private fields(start: number, end: number, { kinds, lengths }: Template): number {
    const { view, record } = this;
    record.clear();
    let at = start;
    for (let index = 0; index < kinds.length; index++) {
      let octets = lengths[index]!;
      if (octets === VARIABLE) {
        if (at >= end) return -1;
        octets = view.getUint8(at++);
        if (octets === 255) {
          if (at + 2 > end) return -1;
          octets = view.getUint16(at);
          at += 2;
        }
      }
      if (at + octets > end) return -1;
      const kind = kinds[index]!;
      if (kind !== IGNORED) this.field(at, octets, kind);
      at += octets;
    }
    return at;
  }

  private field(at: number, octets: number, kind: number): void {
    const { record } = this;
    if (kind >= FIRST_PLACE) {
      const place = kind - FIRST_PLACE;
      if (record.values[place]! < 0) record.values[place] = this.unsigned(at, octets);
    } else if (kind === START_NTP) {
      const seconds = this.unsigned(at, 4) - NTP_EPOCH;
      record.startMs = seconds * 1000 + (this.unsigned(at + 4, 4) / 2 ** 32) * 1000;
    } else this.address(at, octets, kind);
  }

  private address(at: number, octets: number, kind: number): void {
    const { view, record } = this;
    const family = kind === SOURCE_4 || kind === DESTINATION_4 ? 4 : 6;
    // Some templates have fields for both families, and zeros in one of them.
    if (record.family !== 0 && record.family !== family) {
      if (this.isZero(at, octets)) return;
      record.source.fill(0);
      record.destination.fill(0);
    }
    record.family = family;
    const words = kind === SOURCE_4 || kind === SOURCE_6 ? record.source : record.destination;
    for (let word = 0; word < octets >> 2; word++) words[word] = view.getInt32(at + 4 * word);
  }

  private isZero(at: number, octets: number): boolean {
    for (let index = 0; index < octets; index++)
      if (this.view.getUint8(at + index) !== 0) return false;
    return true;
  }

  /** An unsigned integer in network order, of any length up to eight octets (RFC 7011 section 6.2). */
  private unsigned(at: number, octets: number): number {
    const { view } = this;
    if (octets === 4) return view.getUint32(at);
    if (octets === 2) return view.getUint16(at);
    if (octets === 1) return view.getUint8(at);
    let value = 0;
    for (let index = 0; index < octets; index++) value = value * 256 + view.getUint8(at + index);
    return value;
  }

  /** Works out time and sampling rate of a record from its fields and from its domain. */
  private settle(domain: ExportDomain): void {
    const { record, exportMs } = this;
    const { values } = record;
    const own = rateIn(values);
    record.rate =
      own > 0 ? own : domain.rateOf(values[places.SAMPLER]!, values[places.IN_INTERFACE]!);
    if (!Number.isNaN(record.startMs)) return;
    if (values[places.START_MS]! >= 0) record.startMs = values[places.START_MS]!;
    else if (values[places.START_SECONDS]! >= 0)
      record.startMs = values[places.START_SECONDS]! * 1000;
    else if (values[places.START_DELTA]! >= 0)
      record.startMs = exportMs - values[places.START_DELTA]! / 1000;
    else if (values[places.FIRST_UPTIME]! >= 0) record.startMs = this.sinceBoot(domain);
    else if (values[places.EVENT_MS]! >= 0) record.startMs = values[places.EVENT_MS]!;
    else record.startMs = exportMs;
  }

  private sinceBoot({ bootMs }: ExportDomain): number {
    const { values } = this.record;
    let boot = this.bootMs;
    if (values[places.BOOT_MS]! >= 0) boot = values[places.BOOT_MS]!;
    else if (Number.isNaN(boot)) boot = bootMs;
    if (Number.isNaN(boot)) return this.exportMs;
    return sinceUptime(this.exportMs, this.exportMs - boot, values[places.FIRST_UPTIME]!);
  }
}

/** One of how many packets is looked at; 0 when the record does not say. */
function rateIn(values: Float64Array): number {
  const interval = values[places.SAMPLING_INTERVAL]!;
  if (interval > 0) return interval;
  const sampled = values[places.SAMPLED_PACKETS]!;
  const population = values[places.SAMPLING_POPULATION]!;
  if (population > 0) return Math.max(1, population / Math.max(1, values[places.SAMPLING_SIZE]!));
  return sampled > 0 ? (sampled + Math.max(0, values[places.SKIPPED_PACKETS]!)) / sampled : 0;
}

/** ms since 1970 of an uptime in ms; the exporter's counter has 32 bits and begins anew after 49 days. */
function sinceUptime(exportMs: number, uptime: number, first: number): number {
  return exportMs - ((uptime - first) | 0);
}
