/**
 * Azure: flow logs of network security groups (versions 1 and 2) and of virtual networks. A record
 * holds the flows of a minute as comma-separated tuples:
 *
 *   group    epoch,source,destination,port,port,T|U,I|O,A|D[,B|C|E,packets,bytes,packets,bytes]
 *   network  epoch ms,source,destination,port,port,protocol,I|O,B|C|E|D,encryption,packets,bytes,
 *            packets,bytes
 *
 * Counters are since the tuple before, first from the source. Traps: the rule may stand behind its
 * tuples; a network's tuple is refused when its state is D, and allowed in all other states; a
 * record's time is when it was written, not when its flows were.
 */
import {
  ALLOW,
  BY_SOURCE,
  DENY,
  END,
  INBOUND,
  OPEN,
  OUTBOUND,
  SUMMARY,
} from '../../model/verdict.ts';
import { Columns } from './columns.ts';
import { numberIn, putAddress } from './fields.ts';
import {
  BAD_ACTION,
  BAD_ADDRESS,
  BAD_NUMBER,
  BAD_PORT,
  BAD_SHAPE,
  type Line,
  type LogFormat,
  OTHER,
  READ,
  SILENT,
} from './format.ts';
import type { LeafVisitor } from './json-leaves.ts';
import { JsonLine, MOST } from './json-line.ts';
import { hasPorts } from './protocol-names.ts';

const GROUP = 'properties.flows';
const NETWORK = 'flowRecords.flows.flowGroups';
const NAMES = [
  ...[GROUP, NETWORK, `${GROUP}.rule`, `${NETWORK}.rule`, `${GROUP}.flows.flowTuples`],
  ...[`${NETWORK}.flowTuples`, 'resourceId', 'targetResourceID', 'category', 'time'],
];
const [GROUP_END, NETWORK_END, GROUP_RULE, NETWORK_RULE, GROUP_TUPLE, NETWORK_TUPLE] = [
  ...([0, 1, 2, 3, 4, 5] as const),
] as const;
const RESOURCE = 6;
const TARGET = 7;
const CATEGORY = 8;
const FIRST_VERSION = 8;
const COLUMNS = 13;
const COMMA = 0x2c;
const SLASH = 0x2f;
const COUNTERS = 9;
/** Seconds since 1970 are fewer, ms are more. */
const LEAST_MS = 1e12;

export class Azure implements LogFormat, LeafVisitor {
  readonly name = 'azure';
  private readonly json = new JsonLine(NAMES, this);
  private readonly columns = new Columns();
  private line: Line | undefined;
  /** Tuples whose rule is not complete: first octet and end of each. */
  private readonly waiting: number[] = [];
  private ruleStart = 0;
  private ruleEnd = 0;
  /** Of the present line. */
  private rows = 0;
  private fault = 0;

  read(line: Line): number {
    const { json } = this;
    this.line = line;
    this.rows = 0;
    this.fault = 0;
    this.waiting.length = 0;
    this.ruleStart = this.ruleEnd = 0;
    const outcome = json.read(line);
    const { leaves } = json;
    const isNetwork = leaves.has(NETWORK_TUPLE);
    const mine = leaves.has(CATEGORY) && (leaves.has(RESOURCE) || leaves.has(TARGET));
    const found = leaves.has(GROUP_TUPLE) || isNetwork;
    if (outcome === -1 || !(mine || found)) return OTHER;
    // A record that is cut off: what came before is kept.
    this.release(isNetwork);
    if (!found && !this.isFlowLog()) return OTHER;
    if (outcome !== 0) return outcome;
    if (this.fault !== 0) return this.fault;
    line.label = 'no flows';
    return this.rows > 0 ? READ : SILENT;
  }

  leaf(key: number, start: number, end: number): void {
    if (key === GROUP_TUPLE || key === NETWORK_TUPLE) this.waiting.push(start, end);
    else if (key === GROUP_RULE || key === NETWORK_RULE) {
      this.ruleStart = start;
      this.ruleEnd = end;
    }
  }

  close(key: number): void {
    if (key === GROUP_END || key === NETWORK_END) this.release(key === NETWORK_END);
  }

  /** Records of other categories have resources too. */
  private isFlowLog(): boolean {
    const { leaves } = this.json;
    const { scan } = this.line!;
    return /FlowEvent/.test(leaves.text(scan, leaves.starts[CATEGORY]!, leaves.ends[CATEGORY]!));
  }

  /** Writes the tuples that waited, all of one rule. */
  private release(isNetwork: boolean): void {
    const { waiting } = this;
    const { scan, names } = this.line!;
    const rule = this.json.nameIn(scan, names, this.ruleStart, this.ruleEnd);
    const { at, end } = scan;
    for (let index = 0; index < waiting.length; index += 2) {
      scan.at = waiting[index]!;
      scan.end = waiting[index + 1]!;
      const fault = this.tuple(this.line!, rule, isNetwork);
      if (fault === 0) this.rows++;
      else if (this.fault === 0) this.fault = fault;
    }
    scan.at = at;
    scan.end = end;
    waiting.length = 0;
    this.ruleStart = this.ruleEnd = 0;
  }

  private tuple(line: Line, rule: number, isNetwork: boolean): number {
    const { scan, batch } = line;
    const { columns } = this;
    columns.split(scan, COMMA);
    const { count, starts, ends } = columns;
    if (count !== COLUMNS && (isNetwork || count !== FIRST_VERSION)) return BAD_SHAPE;
    const row = batch.begin();
    const stamp = this.number(line, 0, MOST);
    if (stamp < 0) return BAD_SHAPE;
    batch.timeMs[row] = stamp < LEAST_MS ? stamp * 1000 : stamp;
    if (!putAddress(scan, batch, row, true, starts[1]!, ends[1]!)) return BAD_ADDRESS;
    if (!putAddress(scan, batch, row, false, starts[2]!, ends[2]!)) return BAD_ADDRESS;
    const fault =
      this.ports(line, row, isNetwork) ||
      this.verdict(line, row, isNetwork) ||
      this.counters(line, row);
    if (fault !== 0) return fault;
    batch.rule[row] = rule;
    batch.initiator[row] = BY_SOURCE;
    batch.device[row] = this.device(line);
    batch.commit();
    return 0;
  }

  /** The number in the column, -1 when it is none. */
  private number({ scan }: Line, column: number, most: number): number {
    return numberIn(scan.bytes, this.columns.starts[column]!, this.columns.ends[column]!, most);
  }

  /** The one letter in the column, 0 for anything else. */
  private letter({ scan }: Line, column: number): number {
    const start = this.columns.starts[column]!;
    return this.columns.ends[column]! - start === 1 ? scan.bytes[start]! : 0;
  }

  private ports(line: Line, row: number, isNetwork: boolean): number {
    const { batch } = line;
    const letter = this.letter(line, 5);
    let protocol = -1;
    if (isNetwork) protocol = this.number(line, 5, 255);
    else if (letter === 0x54) protocol = 6;
    else if (letter === 0x55) protocol = 17;
    if (protocol < 0) return BAD_NUMBER;
    batch.protocol[row] = protocol;
    if (!hasPorts(protocol)) return 0;
    const source = this.number(line, 3, 65_535);
    const destination = this.number(line, 4, 65_535);
    if (Math.min(source, destination) < 0) return BAD_PORT;
    batch.sourcePort[row] = source;
    batch.destinationPort[row] = destination;
    return 0;
  }

  private verdict(line: Line, row: number, isNetwork: boolean): number {
    const { batch } = line;
    const direction = this.letter(line, 6);
    if (direction === 0x49) batch.direction[row] = INBOUND;
    else if (direction === 0x4f) batch.direction[row] = OUTBOUND;
    else return BAD_ACTION;
    const decision = this.letter(line, 7);
    const state = isNetwork ? decision : this.columns.count > 8 ? this.letter(line, 8) : 0x42;
    const denied = decision === 0x44;
    if (!denied && !isNetwork && decision !== 0x41) return BAD_ACTION;
    batch.action[row] = denied ? DENY : ALLOW;
    if (denied) return 0;
    if (state === 0x42) batch.event[row] = OPEN;
    else if (state === 0x43) {
      // Told of every few minutes while it goes on.
      batch.event[row] = SUMMARY;
      batch.events[row] = 0;
    } else if (state === 0x45) batch.event[row] = END;
    else return BAD_ACTION;
    return 0;
  }

  /** Packets and bytes there, then back; empty where nothing was counted. */
  private counters(line: Line, row: number): number {
    const { batch } = line;
    if (this.columns.count < COLUMNS) return 0;
    const counts = [-1, -1, -1, -1];
    for (let index = 0; index < 4; index++) {
      const column = COUNTERS + index;
      if (this.columns.isEmpty(column)) continue;
      counts[index] = this.number(line, column, MOST);
      if (counts[index]! < 0) return BAD_NUMBER;
    }
    const [packets, bytes, packetsBack, bytesBack] = counts as [number, number, number, number];
    if (packets >= 0) batch.packets[row] = packets + Math.max(0, packetsBack);
    if (bytes >= 0) batch.bytes[row] = bytes + Math.max(0, bytesBack);
    if (packets >= 0) batch.packetsBack[row] = packetsBack;
    if (bytes >= 0) batch.bytesBack[row] = bytesBack;
    return 0;
  }

  /** The last part of the resource's name. */
  private device({ scan, names }: Line): number {
    const { leaves } = this.json;
    const key = leaves.has(TARGET) ? TARGET : RESOURCE;
    if (!leaves.has(key)) return 0;
    const end = leaves.ends[key]!;
    let start = end;
    while (start > leaves.starts[key]! && scan.bytes[start - 1] !== SLASH) start--;
    return this.json.nameIn(scan, names, start, end);
  }
}
