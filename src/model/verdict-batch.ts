/**
 * A run of verdicts as columns, so that reading millions of log lines makes no object per line.
 * A format fills the row at `count` and commits it; a full batch is handed on and filled anew.
 */

import { formatIPv4, formatIPv6 } from '../net/address.ts';
import type { AddressPool } from '../net/address-pool.ts';
import type { FlowTransport } from './flow.ts';
import type { NameTable } from './name-table.ts';
import { ACTIONS, DIRECTIONS, EVENTS, INITIATORS, type Verdict } from './verdict.ts';

/** Rows of a batch; its columns take about 300 KiB. */
export const VERDICT_BATCH_CAPACITY = 2048;
const CAPACITY = VERDICT_BATCH_CAPACITY;
/** In number columns: not stated. Counters use it too, since none is negative. */
export const NONE = -1;
/** In `family`: hosts are given by name. */
export const BY_NAME = 1;
/** In `absent`. */
export const NO_SOURCE = 1;
export const NO_DESTINATION = 2;

/**
 * Filled by one format and borrowed by whoever it is handed to, for the call: `begin` gives a row
 * its defaults, `commit` keeps it, and a full batch is handed on when the next row is asked for.
 */
export class VerdictBatch {
  /** How many leading rows are filled. */
  count = 0;
  /** 4, 6, `BY_NAME` where the device gives names instead of addresses, 0 where it gives neither. */
  readonly family = new Uint8Array(CAPACITY);
  /** IPv4 address as an integer, index into `addresses`, or number of a name. */
  readonly source = new Int32Array(CAPACITY);
  readonly destination = new Int32Array(CAPACITY);
  /** IP protocol number or `NONE`. */
  readonly protocol = new Int16Array(CAPACITY);
  readonly sourcePort = new Int32Array(CAPACITY);
  readonly destinationPort = new Int32Array(CAPACITY);
  /** Indices into `ACTIONS`, `EVENTS`, `INITIATORS`, `DIRECTIONS`. */
  readonly action = new Uint8Array(CAPACITY);
  readonly event = new Uint8Array(CAPACITY);
  readonly initiator = new Uint8Array(CAPACITY);
  readonly direction = new Uint8Array(CAPACITY);
  readonly tcpFlags = new Int16Array(CAPACITY);
  /** TCP flags that the source and the destination sent in all, where the record says so of each. */
  readonly flagsSent = new Int16Array(CAPACITY);
  readonly flagsBack = new Int16Array(CAPACITY);
  /** 1: not every packet was looked at; figures are estimates. */
  readonly sampled = new Uint8Array(CAPACITY);
  /** Addresses that the line does not give: `NO_SOURCE`, `NO_DESTINATION`. */
  readonly absent = new Uint8Array(CAPACITY);
  /** 1: sent to a group of stations, by its link address. */
  readonly group = new Uint8Array(CAPACITY);
  /** Packets or connections; 0 of a connection that is told of again while it goes on. */
  readonly events = new Float64Array(CAPACITY);
  readonly packets = new Float64Array(CAPACITY);
  readonly bytes = new Float64Array(CAPACITY);
  readonly packetsBack = new Float64Array(CAPACITY);
  readonly bytesBack = new Float64Array(CAPACITY);
  /** ms since 1970; NaN when not known. */
  readonly timeMs = new Float64Array(CAPACITY);
  /** Line in its input, from 1. */
  readonly line = new Uint32Array(CAPACITY);
  /** Numbers of names, 0 = none. */
  readonly rule = new Int32Array(CAPACITY);
  readonly inInterface = new Int32Array(CAPACITY);
  readonly outInterface = new Int32Array(CAPACITY);
  readonly inZone = new Int32Array(CAPACITY);
  readonly outZone = new Int32Array(CAPACITY);
  readonly device = new Int32Array(CAPACITY);
  readonly application = new Int32Array(CAPACITY);
  readonly reason = new Int32Array(CAPACITY);
  readonly format = new Int32Array(CAPACITY);
  readonly input = new Int32Array(CAPACITY);

  /** Shared by all batches of a reading. */
  readonly addresses: AddressPool;
  readonly names: NameTable;
  /** What `begin` gives each row: line, name of the format; and `flush`: index of the input. */
  lineNumber = 0;
  formatName = 0;
  inputIndex = 0;
  private readonly onFull: (batch: VerdictBatch) => void;
  /** The row at `count` was begun, and may hold something. */
  private begun = false;
  private lastSaved: readonly number[] | undefined;
  private readonly zeros: readonly (Int32Array | Uint8Array)[];
  /** Columns in which `NONE` means not stated. */
  private readonly unstated: readonly (Int16Array | Int32Array | Float64Array)[];

  /** @param onFull takes the rows; they are overwritten when it returns */
  constructor(
    addresses: AddressPool,
    names: NameTable,
    onFull: (batch: VerdictBatch) => void = () => {
      throw new RangeError('the batch of verdicts is full');
    },
  ) {
    this.addresses = addresses;
    this.names = names;
    this.onFull = onFull;
    this.zeros = [
      ...[this.family, this.source, this.destination, this.action, this.event, this.initiator],
      ...[this.direction, this.absent, this.group, this.rule, this.inInterface, this.outInterface],
      ...[this.inZone, this.outZone, this.device, this.application, this.reason, this.format],
      this.sampled,
    ];
    this.unstated = [
      ...[this.protocol, this.sourcePort, this.destinationPort, this.tcpFlags, this.packets],
      ...[this.bytes, this.packetsBack, this.bytesBack, this.flagsSent, this.flagsBack],
    ];
    this.empty(0, CAPACITY);
  }

  /** Gives the row at `count`, empty; `commit` keeps it. */
  begin(): number {
    if (this.count === CAPACITY) this.flush();
    const row = this.count;
    if (this.begun) this.empty(row, row + 1);
    this.begun = true;
    this.line[row] = this.lineNumber;
    this.format[row] = this.formatName;
    return row;
  }

  /** Keeps the row that `begin` gave. */
  commit(): void {
    this.begun = false;
    this.count++;
  }

  /** Hands the rows on and empties the batch. */
  flush(): void {
    const { count } = this;
    if (count === 0) return;
    this.lastSaved = this.save(count - 1);
    this.input.fill(this.inputIndex, 0, count);
    this.onFull(this);
    this.empty(0, Math.min(CAPACITY, count + 1));
    this.begun = false;
    this.count = 0;
  }

  private empty(start: number, end: number): void {
    for (const column of this.zeros) column.fill(0, start, end);
    for (const column of this.unstated) column.fill(NONE, start, end);
    this.events.fill(1, start, end);
    this.timeMs.fill(Number.NaN, start, end);
  }

  /** The row committed last, to be written again with `restore`, even if it was handed on. */
  last(): readonly number[] | undefined {
    return this.count > 0 ? this.save(this.count - 1) : this.lastSaved;
  }

  private save(row: number): readonly number[] {
    return this.columns().map((column) => column[row]!);
  }

  /** Writes a saved row as the next one; returns its index. */
  restore(saved: readonly number[]): number {
    const row = this.begin();
    this.columns().forEach((column, index) => {
      column[row] = saved[index]!;
    });
    this.line[row] = this.lineNumber;
    this.commit();
    return row;
  }

  /** The row as a plain record. `inputs` are the names that locators begin with. */
  verdictAt(row: number, inputs: readonly string[]): Verdict {
    const name = (column: Int32Array): string | null => this.names.names[column[row]!] || null;
    const stated = (column: ArrayLike<number>): number | null =>
      column[row]! === NONE ? null : column[row]!;
    const family = this.family[row]!;
    const time = this.timeMs[row]!;
    const absent = this.absent[row]!;
    return {
      kind: 'verdict',
      format: name(this.format) ?? '',
      action: ACTIONS[this.action[row]!]!,
      event: EVENTS[this.event[row]!]!,
      count: this.events[row]!,
      transport: transportOf(this.protocol[row]!),
      source: absent & NO_SOURCE ? null : this.addressText(family, this.source[row]!),
      sourcePort: stated(this.sourcePort),
      destination:
        absent & NO_DESTINATION ? null : this.addressText(family, this.destination[row]!),
      destinationPort: stated(this.destinationPort),
      initiator: INITIATORS[this.initiator[row]!]!,
      direction: DIRECTIONS[this.direction[row]!]!,
      tcpFlags: stated(this.tcpFlags),
      group: this.group[row] === 1,
      rule: name(this.rule),
      inInterface: name(this.inInterface),
      outInterface: name(this.outInterface),
      inZone: name(this.inZone),
      outZone: name(this.outZone),
      device: name(this.device),
      application: name(this.application),
      reason: name(this.reason),
      packets: stated(this.packets),
      bytes: stated(this.bytes),
      packetsBack: stated(this.packetsBack),
      bytesBack: stated(this.bytesBack),
      timeMs: Number.isNaN(time) ? null : time,
      locator: `${inputs[this.input[row]!] ?? ''}:${this.line[row]!}`,
    };
  }

  private addressText(family: number, word: number): string | null {
    if (family === 0) return null;
    if (family === BY_NAME) return this.names.names[word] || null;
    return family === 4 ? formatIPv4(word) : formatIPv6(this.addresses.words, 4 * word);
  }

  private columns(): (Int32Array | Uint8Array | Int16Array | Float64Array)[] {
    return [...this.zeros, ...this.unstated, this.events, this.timeMs];
  }
}

const TRANSPORTS: ReadonlyMap<number, FlowTransport> = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [33, 'dccp'],
  [58, 'icmpv6'],
  [132, 'sctp'],
  [136, 'udplite'],
]);

/** The keyword of an IP protocol number, `ip-N` without one, null for `NONE`. */
export function transportOf(protocol: number): FlowTransport | null {
  return protocol < 0 ? null : (TRANSPORTS.get(protocol) ?? `ip-${protocol}`);
}
