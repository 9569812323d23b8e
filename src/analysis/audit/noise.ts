/**
 * The internet's background, set apart from denies that mean something. Only denied traffic can be
 * noise, and only by a formula that is shown with its count (`NOISE_FORMULAS`): nothing is dropped.
 *
 * Thresholds follow common practice of scan detectors: 20 targets of one source, 15 hosts on one
 * port, 20 strangers on one port.
 */

import { Column, EndpointTable } from '../../flow/endpoint-table.ts';
import { ALLOW, DENY } from '../../model/verdict.ts';
import { TALLY_FLOATS, TALLY_WORDS, TallyTable } from '../tally-table.ts';
import { GROUP, OUTSIDE } from '../zones.ts';
import type { RowBlock } from './row-block.ts';
import { FAMILY_4, SHAPE_ANSWER, SHAPE_MIDDLE } from './verdict-table.ts';

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
/** Sources, and ports, that are told apart. */
const MOST_SOURCES = 300_000;
const DENIED = 0;
const ALLOWED = 1;
const TARGETS = 2;

export class NoiseJudge {
  private readonly sources: TallyTable;
  /** Hosts by source and port. */
  private readonly sourcePorts: EndpointTable;
  private readonly hosts = new Column();
  private readonly ports: TallyTable;
  /** Entries of rows in `sources`, which hold while nothing is pruned, and in `sourcePorts`; or -1. */
  private readonly sourceOf: Int32Array;
  private readonly pairOf: Int32Array;
  /** Keeps what was touched from being optimised away. */
  private touched = 0;

  /** @param rows of the verdict table */
  constructor(rows: number, seed: number) {
    this.sources = new TallyTable(MOST_SOURCES, seed);
    this.sourcePorts = new EndpointTable(seed);
    this.ports = new TallyTable(MOST_SOURCES, seed);
    this.sourceOf = new Int32Array(rows);
    this.pairOf = new Int32Array(rows);
  }

  /** First pass: every row once. */
  learn(block: RowBlock): void {
    const { count, client, family, protocol, port } = block;
    for (let index = 0; index < count; index++) {
      if (!isStranger(block, index)) continue;
      this.touched ^= this.sources.touch(client[index]!, family[index]!, 0);
      const service = (protocol[index]! << 16) | port[index]!;
      this.touched ^= this.sourcePorts.touch(client[index]!, service, family[index]!);
    }
    for (let index = 0; index < count; index++) {
      const entry = block.first + index;
      this.sourceOf[entry] = this.pairOf[entry] = -1;
      if (isStranger(block, index)) this.learnRow(block, index, entry);
    }
  }

  private learnRow(block: RowBlock, index: number, entry: number): void {
    const { sources, sourcePorts, ports } = this;
    const client = block.client[index]!;
    const family = block.family[index]!;
    const events = block.events[index]!;
    const source = sources.intern(client, family, 0);
    this.sourceOf[entry] = source;
    const at = floatsOf(source);
    if (block.action[index] === ALLOW) sources.floats[at + ALLOWED]! += events;
    if (block.action[index] !== DENY) return;
    sources.floats[at + DENIED]! += events;
    sources.floats[at + TARGETS]! += 1;
    const protocol = block.protocol[index]!;
    const port = block.port[index]!;
    const pairs = sourcePorts.count;
    const pair = sourcePorts.intern(client, (protocol << 16) | port, family);
    this.pairOf[entry] = pair;
    this.hosts.add(pair, 1);
    if (sourcePorts.count === pairs) return;
    const service = ports.intern(protocol, port, 0);
    ports.floats[floatsOf(service)]! += 1;
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
      (block.server[index]! & 255) === 255
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
    const { sources } = this;
    const events = block.events[index]!;
    const protocol = block.protocol[index]!;
    const port = block.port[index]!;
    const source = this.sourceAt(block, index);
    // A source that was forgotten had few targets.
    const at = floatsOf(source);
    const known = source >= 0;
    const denied = known ? sources.floats[at + DENIED]! : events;
    const allowed = known ? sources.floats[at + ALLOWED]! : 0;
    const targets = known ? sources.floats[at + TARGETS]! : 1;
    if (events >= PERSISTENT && targets <= PERSISTENT_TARGETS) return MEANS;
    const mostly = denied >= SCAN_DENIED * (denied + allowed);
    if (
      mostly &&
      (targets >= SCAN_TARGETS || this.hosts.get(this.pairOf[block.first + index]!) >= SCAN_HOSTS)
    ) {
      return SCAN;
    }
    if (events > PROBE_TRIES) return MEANS;
    if (countOf(this.ports, this.ports.find(protocol, port, 0)) >= WORM_SOURCES) return WORM;
    return allowed === 0 ? PROBE : MEANS;
  }

  private sourceAt(block: RowBlock, index: number): number {
    if (this.sources.pruned === 0) return this.sourceOf[block.first + index]!;
    return this.sources.find(block.client[index]!, block.family[index]!, 0);
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

function floatsOf(entry: number): number {
  return (TALLY_WORDS / 2) * entry + TALLY_FLOATS;
}

function countOf(table: TallyTable, entry: number): number {
  return entry < 0 ? 0 : table.floats[floatsOf(entry)]!;
}
