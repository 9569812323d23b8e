/**
 * The internet's background, set apart from denies that mean something. Only denied traffic can be
 * noise, and only by a formula that is shown with its count (`NOISE_FORMULAS`): nothing is dropped.
 *
 * Thresholds follow common practice of scan detectors: 20 targets of one source, 15 hosts on one
 * port, 20 strangers on one port.
 */

import { ALLOW, DENY } from '../../model/verdict.ts';
import { GROUP, OUTSIDE } from '../zones.ts';
import type { RowBlock } from './row-block.ts';
import type { RowIndex } from './row-index.ts';
import { FAMILY_4, SHAPE_ANSWER, SHAPE_MIDDLE } from './verdict-kind.ts';
import type { VerdictRows } from './verdict-rows.ts';

export type NoiseClass = 'broadcast' | 'backscatter' | 'late' | 'scan' | 'worm' | 'probe';
export const NOISE_CLASSES: readonly NoiseClass[] = [
  'broadcast',
  'backscatter',
  'late',
  'scan',
  'worm',
  'probe',
];
/** No noise: it means something. */
export const MEANS = -1;
const BROADCAST = 0;
const BACKSCATTER = 1;
const LATE = 2;
const SCAN = 3;
const WORM = 4;
const PROBE = 5;

const SCAN_TARGETS = 20;
const SCAN_HOSTS = 15;
/** Share of a scanner's events that are denied. */
const SCAN_DENIED = 0.8;
const WORM_SOURCES = 20;
/** From this many tries of one port of one host on, somebody wants to get in. */
const PERSISTENT = 10;
const PERSISTENT_TARGETS = 3;
const PROBE_TRIES = 3;

export const NOISE_FORMULAS: Readonly<Record<NoiseClass, string>> = {
  broadcast:
    'denied and sent to a multicast or broadcast address, or NetBIOS to an address in .255',
  backscatter:
    'denied from outside, and an answer to nothing that was asked: SYN-ACK, RST, ICMP error or echo reply',
  late: 'denied, and a TCP segment that opens no connection, or UDP from outside from port 53, 123 or 443 to a port above 1023',
  scan: `denied from a source outside that was refused at ${SCAN_TARGETS} or more targets (host and port), or at ${SCAN_HOSTS} or more hosts on one port, and was denied ${SCAN_DENIED * 100} % of the time`,
  worm: `denied from outside on a port that ${WORM_SOURCES} or more sources outside were refused on, up to ${PROBE_TRIES} tries per target`,
  probe: `denied from a source outside that was allowed nothing, up to ${PROBE_TRIES} tries per target`,
};

const TCP = 6;
const UDP = 17;
const NETBIOS_NAMES = 137;
const NETBIOS_DATAGRAMS = 138;

/** `learn` all blocks, `endLearning`, then `judge` any block as often as wanted. */
export class NoiseJudge {
  /** By host outside: events refused and let through, and targets refused. */
  private readonly denied: Float64Array;
  private readonly allowed: Float64Array;
  private readonly targets: Int32Array;
  /**
   * By row: its service when it is one that a stranger was refused, or -1; once all rows were
   * learnt the number of the pair of source and service.
   */
  private readonly pairOf: Int32Array;
  /** Rows by number of the pair: about as many hosts. */
  private readonly hosts: Int32Array;
  /** Sources by service. */
  private readonly sources: Int32Array;
  private readonly table: VerdictRows;
  private readonly index: RowIndex;

  constructor(table: VerdictRows, index: RowIndex) {
    this.table = table;
    this.index = index;
    this.denied = new Float64Array(index.hostCount);
    this.allowed = new Float64Array(index.hostCount);
    this.targets = new Int32Array(index.hostCount);
    this.pairOf = new Int32Array(index.clients.length);
    this.hosts = new Int32Array(index.clients.length);
    this.sources = new Int32Array(index.serviceKeys.length);
  }

  /** First pass: every row once, of which the block knows its client. */
  learn(block: RowBlock): void {
    for (let index = 0; index < block.count; index++) {
      this.pairOf[block.entry[index]!] = isStranger(block, index)
        ? this.learnRow(block, index)
        : -1;
    }
  }

  /** Returns the service when it was refused, or -1. */
  private learnRow(block: RowBlock, index: number): number {
    const source = block.client[index]!;
    const events = this.table.events(block.entry[index]!);
    if (block.action[index] === ALLOW) this.allowed[source]! += events;
    if (block.action[index] !== DENY) return -1;
    this.denied[source]! += events;
    this.targets[source]!++;
    return block.service[index]!;
  }

  /** Ends the first pass. */
  endLearning(): void {
    const { pairOf, hosts, sources } = this;
    const { rows, starts } = this.index.byClient;
    // By service: the source met last, and its pair.
    const lastSource = new Int32Array(sources.length).fill(-1);
    const lastPair = new Int32Array(sources.length);
    // Without a branch, so that the processor waits for the memory of many rows at the same time.
    const serviceAt = new Int32Array(rows.length);
    for (let at = 0; at < rows.length; at++) serviceAt[at] = pairOf[rows[at]!]!;
    let pairs = 0;
    for (let source = 0; source + 1 < starts.length; source++) {
      const end = starts[source + 1]!;
      for (let at = starts[source]!; at < end; at++) {
        const service = serviceAt[at]!;
        if (service < 0) continue;
        if (lastSource[service] !== source) {
          lastSource[service] = source;
          lastPair[service] = pairs++;
          sources[service]!++;
        }
        const pair = lastPair[service]!;
        pairOf[rows[at]!] = pair;
        hosts[pair]!++;
      }
    }
  }

  /** Second pass: sets the block's `noise`. */
  judge(block: RowBlock): void {
    for (let index = 0; index < block.count; index++) {
      block.noise[index] = block.action[index] === DENY ? this.judgeDenied(block, index) : MEANS;
    }
  }

  private judgeDenied(block: RowBlock, index: number): number {
    if (block.serverZone[index] === GROUP) return BROADCAST;
    const protocol = block.protocol[index]!;
    const port = block.port[index]!;
    const shape = block.shape[index]!;
    if (
      protocol === UDP &&
      (port === NETBIOS_NAMES || port === NETBIOS_DATAGRAMS) &&
      block.family[index] === FAMILY_4 &&
      (block.serverWord[index]! & 255) === 255
    ) {
      return BROADCAST;
    }
    const fromOutside = block.clientZone[index] === OUTSIDE;
    if (shape === SHAPE_ANSWER && fromOutside) return BACKSCATTER;
    if (shape === SHAPE_MIDDLE && (fromOutside || protocol === TCP)) return LATE;
    if (!fromOutside || shape === SHAPE_ANSWER) return MEANS;
    return this.judgeStranger(block, index);
  }

  private judgeStranger(block: RowBlock, index: number): number {
    const events = block.events[index]!;
    const source = block.client[index]!;
    const pair = this.pairOf[block.entry[index]!]!;
    // Of who has no address only this one target is known.
    const known = pair >= 0;
    const targets = known ? this.targets[source]! : 1;
    if (events >= PERSISTENT && targets <= PERSISTENT_TARGETS) return MEANS;
    if (known && this.scans(source, pair)) return SCAN;
    if (events > PROBE_TRIES) return MEANS;
    if (this.sources[block.service[index]!]! >= WORM_SOURCES) return WORM;
    return known && this.allowed[source]! > 0 ? MEANS : PROBE;
  }

  private scans(source: number, pair: number): boolean {
    const denied = this.denied[source]!;
    return (
      denied >= SCAN_DENIED * (denied + this.allowed[source]!) &&
      (this.targets[source]! >= SCAN_TARGETS || this.hosts[pair]! >= SCAN_HOSTS)
    );
  }
}

/** Whether the row's client is an address outside that did not merely answer. */
function isStranger(block: RowBlock, index: number): boolean {
  return (
    block.clientZone[index] === OUTSIDE &&
    block.shape[index] !== SHAPE_ANSWER &&
    block.family[index]! >= FAMILY_4
  );
}
