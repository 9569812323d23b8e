/**
 * Verdicts of logs into flow rows: which record is a flow of its own, what it can show of answers,
 * and where it stands. Rows refer to the address pool of the captures read beside.
 */
import { LogRecord, LogRows } from '../../flow/log-rows.ts';
import { BY_DESTINATION, BY_SOURCE, DENY, SUMMARY } from '../../model/verdict.ts';
import {
  BY_NAME,
  NO_DESTINATION,
  NO_SOURCE,
  type VerdictBatch,
} from '../../model/verdict-batch.ts';
import type { AddressPool } from '../../net/address-pool.ts';
import type { CaptureInterface } from '../../wire/frame-batch.ts';
import { ONE_WAY } from '../../wire/icmp.ts';
import { FAMILY_6 } from '../../wire/packet-batch.ts';

/** Each of its records is of one packet, whose flags it has, however many it stands for. */
const SAMPLES = 'sflow';
/** Formats that tell of both ways, or of each by itself: without an answer there was none. */
const SEE_ANSWERS: ReadonlySet<string> = new Set(['zeek', 'suricata', 'netflow', 'nfdump']);
const TCP = 6;
const ICMP = 1;
const ICMPV6 = 58;
const WITH_PORTS: readonly number[] = [TCP, 17, 33, 132, 136];
/** Interfaces that rows can name. */
const MOST_INTERFACES = 65_535;

/** What was read of one format. */
export interface LogKind {
  readonly name: string;
  records: number;
  /** Records without addresses, which make no flow. */
  unplaced: number;
}

/** Batches are borrowed for the call; the rows belong to `rows`. */
export class LogFlows {
  readonly rows: LogRows;
  readonly kinds: LogKind[] = [];
  /** Inputs by format, which rows name after those of captures. */
  readonly interfaces: CaptureInterface[] = [];
  /** Index into `kinds` of each of them. */
  readonly kindOf: number[] = [];
  private readonly first: number;
  private readonly addresses: AddressPool;
  private readonly inputs: readonly string[];
  private readonly record = new LogRecord();
  private readonly found = new Map<number, number>();
  /** IPv6 addresses: from the log reader's numbers to those of `addresses`. */
  private readonly sixes = new Map<number, number>();

  /**
   * @param first index of the first interface that is free
   * @param addresses that rows refer to
   * @param inputs names of the log reader's inputs, which grow
   */
  constructor(
    first: number,
    addresses: AddressPool,
    inputs: readonly string[],
    most: number,
    seed: number,
  ) {
    this.first = first;
    this.addresses = addresses;
    this.inputs = inputs;
    this.rows = new LogRows(most, seed);
  }

  /** Takes the rows of a batch. */
  add(batch: VerdictBatch): void {
    for (let row = 0; row < batch.count; row++) {
      const at = this.interfaceOf(batch, row);
      const kind = this.kinds[this.kindOf[at]!]!;
      kind.records++;
      const family = batch.family[row]!;
      const absent = batch.absent[row]! & (NO_SOURCE | NO_DESTINATION);
      if (family === 0 || family === BY_NAME || absent !== 0 || batch.protocol[row]! < 0) {
        kind.unplaced++;
        continue;
      }
      this.fill(batch, row, kind.name);
      this.record.interface = this.first + at;
      this.rows.add(this.record);
    }
  }

  private interfaceOf(batch: VerdictBatch, row: number): number {
    const format = batch.format[row]!;
    const input = batch.input[row]!;
    const key = input * 65_536 + format;
    let index = this.found.get(key);
    if (index !== undefined) return index;
    const name = batch.names.names[format] ?? '';
    let kind = this.kinds.findIndex((each) => each.name === name);
    if (kind < 0) kind = this.kinds.push({ name, records: 0, unplaced: 0 }) - 1;
    index = Math.min(this.interfaces.length, MOST_INTERFACES - this.first - 1);
    this.interfaces[index] = {
      source: this.inputs[input] ?? '-',
      lines: true,
      linkType: 0,
      snapLength: 0,
    };
    this.kindOf[index] = kind;
    this.found.set(key, index);
    return index;
  }

  private fill(batch: VerdictBatch, row: number, format: string): void {
    const { record } = this;
    const protocol = batch.protocol[row]!;
    const six = batch.family[row] === 6;
    record.source = six ? this.six(batch, batch.source[row]!) : batch.source[row]!;
    record.destination = six ? this.six(batch, batch.destination[row]!) : batch.destination[row]!;
    record.kind = protocol | (six ? FAMILY_6 : 0);
    record.ports = portsOf(batch, row, protocol);
    record.toGroup = batch.group[row] === 1 || this.isGroup(record.destination, six);
    record.device = batch.device[row]!;
    record.line = batch.line[row]!;
    const time = batch.timeMs[row]!;
    record.timeMs = Number.isNaN(time) ? 0 : time;
    record.began =
      batch.initiator[row] === BY_SOURCE ? 1 : batch.initiator[row] === BY_DESTINATION ? 2 : 0;
    record.denied = batch.action[row] === DENY;
    this.counters(batch, row, format);
    record.flags = -1;
    record.flagsBack = -1;
    record.onePacket = batch.event[row] === 0 || format === SAMPLES;
    if (protocol !== TCP) return;
    const sent = batch.flagsSent[row]!;
    record.flags = sent >= 0 ? sent : batch.tcpFlags[row]!;
    record.flagsBack = batch.flagsBack[row]!;
  }

  /** What each way carried. What a device does not count is one packet for each event. */
  private counters(batch: VerdictBatch, row: number, format: string): void {
    const { record } = this;
    const packetsBack = batch.packetsBack[row]!;
    const bytesBack = batch.bytesBack[row]!;
    const bothWays = packetsBack >= 0 || bytesBack >= 0;
    const packets = batch.packets[row]! >= 0 ? batch.packets[row]! : batch.events[row]!;
    const bytes = Math.max(0, batch.bytes[row]!);
    record.bytesBack = Math.max(0, bytesBack);
    record.bytes = bytes - record.bytesBack;
    // Bytes that came back came in a packet.
    record.packetsBack = packetsBack >= 0 ? packetsBack : bytesBack > 0 ? 1 : 0;
    record.packets = Math.max(bothWays && packetsBack >= 0 ? 0 : 1, packets - record.packetsBack);
    record.whole = bothWays && batch.event[row] === SUMMARY;
    record.logged =
      (!SEE_ANSWERS.has(format) || batch.sampled[row] === 1) && record.packetsBack === 0;
  }

  private six(batch: VerdictBatch, index: number): number {
    let known = this.sixes.get(index);
    if (known === undefined) {
      const { words } = batch.addresses;
      const at = 4 * index;
      known = this.addresses.intern(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
      this.sixes.set(index, known);
    }
    return known;
  }

  private isGroup(address: number, six: boolean): boolean {
    if (six) return this.addresses.words[4 * address]! >>> 24 === 0xff;
    return address >>> 28 === 14 || address === -1;
  }
}

/** Ports, or type and code of ICMP, as rows of captures have them; 0 for what has none. */
function portsOf(batch: VerdictBatch, row: number, protocol: number): number {
  const source = batch.sourcePort[row]!;
  const destination = batch.destinationPort[row]!;
  if (protocol === ICMP || protocol === ICMPV6) {
    return source < 0 ? 0 : (source << 16) | ONE_WAY | Math.max(0, destination);
  }
  if (!WITH_PORTS.includes(protocol)) return 0;
  return (Math.max(0, source) << 16) | Math.max(0, destination);
}
