/**
 * The internet's background, set apart from denies that mean something. Only denied traffic can be
 * noise, and only by a formula that is shown with its count (`NOISE_FORMULAS`): nothing is dropped.
 *
 * Thresholds follow common practice of scan detectors: 20 targets of one source, 15 hosts on one
 * port, 20 strangers on one port.
 */
import { TALLY_FLOATS, TALLY_WORDS, TallyTable } from '../tally-table.ts';
import { GROUP, OUTSIDE } from '../zones.ts';
import { FAMILY_4, FAMILY_6, K_FAMILY, SHAPE_ANSWER, SHAPE_MIDDLE } from './verdict-table.ts';

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
const NETBIOS = [137, 138];
/** Sources, and pairs of source and port, that are told apart. */
const MOST_SOURCES = 300_000;
const DENIED = 0;
const ALLOWED = 1;
const TARGETS = 2;

/** One row of the verdict table, as the judgement needs it. */
export interface NoiseSubject {
  readonly client: number;
  readonly server: number;
  readonly kind: number;
  readonly clientZone: number;
  readonly serverZone: number;
  readonly shape: number;
  readonly protocol: number;
  readonly port: number;
  readonly events: number;
  readonly denied: boolean;
  readonly allowed: boolean;
}

export class NoiseJudge {
  private readonly sources: TallyTable;
  private readonly sourcePorts: TallyTable;
  private readonly ports: TallyTable;

  constructor(seed: number) {
    this.sources = new TallyTable(MOST_SOURCES, seed);
    this.sourcePorts = new TallyTable(MOST_SOURCES, seed);
    this.ports = new TallyTable(MOST_SOURCES, seed);
  }

  /** First pass: every row once. */
  learn(subject: NoiseSubject): void {
    const { client, kind, clientZone, shape, protocol, port, events } = subject;
    if (clientZone !== OUTSIDE || shape === SHAPE_ANSWER) return;
    const family = (kind >>> K_FAMILY) & 3;
    if (family !== FAMILY_4 && family !== FAMILY_6) return;
    const source = this.sources.intern(client, family, 0);
    const at = (TALLY_WORDS / 2) * source + TALLY_FLOATS;
    if (subject.allowed) this.sources.floats[at + ALLOWED]! += events;
    if (!subject.denied) return;
    this.sources.floats[at + DENIED]! += events;
    this.sources.floats[at + TARGETS]! += 1;
    const pair = this.sourcePorts.intern(client, family, (protocol << 16) | port);
    const pairAt = (TALLY_WORDS / 2) * pair + TALLY_FLOATS;
    const floats = this.sourcePorts.floats;
    floats[pairAt]! += 1;
    if (floats[pairAt] !== 1) return;
    const service = this.ports.intern(protocol, port, 0);
    this.ports.floats[(TALLY_WORDS / 2) * service + TALLY_FLOATS]! += 1;
  }

  /** Second pass: index into `NOISE_CLASSES`, or `MEANS`. */
  judge(subject: NoiseSubject): number {
    const { clientZone, serverZone, shape, protocol, port, events } = subject;
    if (!subject.denied) return MEANS;
    if (serverZone === GROUP) return BROADCAST;
    const family = (subject.kind >>> K_FAMILY) & 3;
    if (
      protocol === UDP &&
      NETBIOS.includes(port) &&
      family === FAMILY_4 &&
      (subject.server & 255) === 255
    ) {
      return BROADCAST;
    }
    const fromOutside = clientZone === OUTSIDE;
    if (shape === SHAPE_ANSWER && fromOutside) return BACKSCATTER;
    if (shape === SHAPE_MIDDLE && (fromOutside || protocol === TCP)) return LATE;
    if (!fromOutside || shape === SHAPE_ANSWER) return MEANS;
    return this.judgeStranger(subject, family, events);
  }

  private judgeStranger(subject: NoiseSubject, family: number, events: number): number {
    const { client, protocol, port } = subject;
    const source = this.sources.find(client, family, 0);
    // A source that was forgotten had few targets.
    const at = (TALLY_WORDS / 2) * source + TALLY_FLOATS;
    const known = source >= 0;
    const denied = known ? this.sources.floats[at + DENIED]! : events;
    const allowed = known ? this.sources.floats[at + ALLOWED]! : 0;
    const targets = known ? this.sources.floats[at + TARGETS]! : 1;
    if (events >= PERSISTENT && targets <= PERSISTENT_TARGETS) return MEANS;
    const mostly = denied >= SCAN_DENIED * (denied + allowed);
    const hosts = this.countOf(this.sourcePorts, client, family, (protocol << 16) | port);
    if (mostly && (targets >= SCAN_TARGETS || hosts >= SCAN_HOSTS)) return SCAN;
    if (events > PROBE_TRIES) return MEANS;
    if (this.countOf(this.ports, protocol, port, 0) >= WORM_SOURCES) return WORM;
    return allowed === 0 ? PROBE : MEANS;
  }

  private countOf(table: TallyTable, first: number, second: number, third: number): number {
    const entry = table.find(first, second, third);
    return entry < 0 ? 0 : table.floats[(TALLY_WORDS / 2) * entry + TALLY_FLOATS]!;
  }
}
