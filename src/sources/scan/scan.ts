/**
 * A whole scan: finds hosts, asks their ports one transport after another, looks twice at hosts on
 * which everything seems open, and hands out each open port when it is found.
 */

import { commonPorts } from '../../catalog/common-ports.ts';
import { vendorOf } from '../../catalog/vendors.ts';
import { FILTERED_HOST_UNREACH, isOpen, type PortState } from '../../model/port-state.ts';
import type { PortGroup, ScannedHost, UniformAnswer } from '../../model/scanned-host.ts';
import { formatAddress } from '../../net/address.ts';
import { LikelyFirst } from './cell-order.ts';
import { CellQueue } from './cell-queue.ts';
import { DISCOVERY_PORTS, Discovery, type FoundHost } from './discovery.ts';
import { type Clock, systemClock } from './engine.ts';
import { type ChosenEngine, chooseEngine, type TcpEngineChoice } from './engine-choice.ts';
import { foldPorts, portState } from './host-results.ts';
import { HostScan, NOT_MINE } from './host-scan.ts';
import { type Journal, type JournalWriter, journalKey } from './journal.ts';
import { Permutation, type Shard, ShardFilter } from './permutation.ts';
import type { PortChoice, ScannedTransport } from './ports.ts';
import { RemainingTime } from './remaining-time.ts';
import { Scheduler } from './scheduler.ts';
import type { TargetSet } from './targets.ts';
import type { Timing } from './timing.ts';
import { likelyUdpCells } from './udp-engine.ts';
import { controlPorts, looksUniform, uniformAnswer } from './uniform.ts';

export interface ScanRequest {
  readonly targets: TargetSet;
  readonly ports: PortChoice;
  readonly timing: Timing;
  /** Order of hosts and ports; the same seed gives the same order. */
  readonly seed: number;
  readonly shard?: Shard;
  readonly tcpEngine: TcpEngineChoice;
  /** False: every address counts as a host. */
  readonly discovery: boolean;
  /** How long silent UDP ports are asked slowly, where a host limits its answers. */
  readonly patienceSeconds: number;
  /** Payloads also for devices that data may harm. */
  readonly fragile: boolean;
  readonly signal: AbortSignal;
  /** What an earlier run learned. */
  readonly journal?: Journal;
  readonly writer?: JournalWriter;
  readonly namesOf: (address: string) => readonly string[];
  /** An open port, at once. */
  readonly onOpen?: (state: PortState) => void;
  readonly onProgress?: (progress: ScanProgress) => void;
}

export interface ScanProgress {
  readonly phase: string;
  /** Probes sent, of those that will be, as far as is known now: 0 to 1. */
  readonly share: number;
  /** How long it will still take; undefined: not known yet. */
  readonly leftMs?: number;
  readonly hostsUp: number;
  readonly open: number;
  readonly probes: number;
  readonly elapsedMs: number;
}

export interface UsedEngine {
  readonly transport: ScannedTransport;
  readonly name: string;
  readonly because: string;
}

export interface ScanResult {
  readonly hosts: readonly ScannedHost[];
  readonly engines: readonly UsedEngine[];
  readonly discovery: readonly string[];
  readonly hostsDown: number;
  /** Addresses that nobody had looked at when it was interrupted. */
  readonly hostsUnknown: number;
  /** Ports that belong to other shards. */
  readonly otherShards: number;
  /** Ports by state and reason, `open syn-ack`; those not asked under `not asked`. */
  readonly counts: ReadonlyMap<string, number>;
  readonly probes: number;
  readonly localWaits: number;
  /** Answers that came faster than they could be read, by the kernel's count. */
  readonly drops: number;
  /** Hosts that answer only so many times a second: address, transport, answers a second. */
  readonly limited: readonly LimitedHost[];
  readonly startMs: number;
  readonly endMs: number;
  readonly interrupted: boolean;
}

export interface LimitedHost {
  readonly address: string;
  readonly transport: ScannedTransport;
  readonly perSecond: number;
  /** Ports of which silence may be the limit's work. */
  readonly undecided: number;
}

/** What is gathered of one host over the transports. */
interface Gathered {
  readonly found: FoundHost;
  readonly open: PortState[];
  readonly groups: PortGroup[];
  uniform?: UniformAnswer;
  /** Ports whose fate the fields above tell, and those left open by an interrupt. */
  accounted: number;
  unasked: number;
}

/** Open ports of one host handed out before it must be clear that not everything is open. */
const SUSPICIOUS = 16;

/** Progress is told so often at most. */
const PROGRESS_MS = 50;

/** Runs the scan. Throws `EngineUnavailable`. */
export async function runScan(request: ScanRequest): Promise<ScanResult> {
  const run = new ScanRun(request);
  return run.run();
}

class ScanRun {
  private readonly request: ScanRequest;
  private readonly clock: Clock = systemClock;
  private readonly startMs = Date.now();
  private readonly gathered = new Map<number, Gathered>();
  private readonly engines: UsedEngine[] = [];
  private readonly counts = new Map<string, number>();
  private readonly limited: LimitedHost[] = [];
  private readonly shard: ShardFilter | undefined;
  private readonly portsPerHost: number;
  /** Found hosts in the order they were found. */
  private readonly found: FoundHost[] = [];
  /** Addresses that were looked at; those without an outcome are most likely nobody's. */
  private looked = 0;
  private discoveryDone = false;
  private methods: readonly string[] = [];
  private down = 0;
  private otherShards = 0;
  private open = 0;
  private probes = 0;
  private localWaits = 0;
  private drops = 0;
  private phase = 'looking for hosts';
  /** When progress is told next, ms since the start. */
  private progressMs = 0;

  constructor(request: ScanRequest) {
    this.request = request;
    let ports = 0;
    for (const list of request.ports.values()) ports += list.length;
    this.portsPerHost = ports;
    const { shard, targets, seed } = request;
    if (shard !== undefined && shard.of > 1) {
      this.shard = new ShardFilter(Math.max(1, targets.size * ports), shard, seed);
    }
  }

  async run(): Promise<ScanResult> {
    const { ports, signal } = this.request;
    const discovering = this.discover();
    // An error of discovery must not go unheard while ports are asked.
    discovering.catch(() => {});
    let offset = 0;
    for (const [transport, list] of ports) {
      if (!signal.aborted) await this.ask(transport, list, offset);
      offset += list.length;
    }
    await discovering;
    const hosts = this.conclude();
    return {
      hosts,
      engines: this.engines,
      discovery: this.methods,
      hostsDown: this.down,
      hostsUnknown: this.request.targets.size - this.down - this.found.length,
      otherShards: this.otherShards,
      counts: this.counts,
      probes: this.probes,
      localWaits: this.localWaits,
      drops: this.drops,
      limited: this.limited,
      startMs: this.startMs,
      endMs: Date.now(),
      interrupted: signal.aborted,
    };
  }

  private async discover(): Promise<void> {
    const { targets, seed, discovery, timing, signal, journal } = this.request;
    const order = targets.size > 0 ? new Permutation(targets.size, seed, 0x405) : undefined;
    const next = (): { number: number; address: FoundHost['address'] } | undefined => {
      while (order !== undefined && this.looked < targets.size) {
        const number = order.at(this.looked++);
        const address = targets.at(number);
        const reason = journal?.up.get(number);
        if (reason !== undefined) this.foundUp({ number, address, reason });
        else if (journal?.down.has(number)) this.down++;
        else return { number, address };
      }
      return undefined;
    };
    const tcp = () => this.tryEngine('tcp', DISCOVERY_PORTS)?.engine;
    const search = new Discovery({
      timing,
      clock: this.clock,
      signal,
      next,
      tcp: discovery ? tcp : undefined,
      everyAddress: !discovery,
      up: (host) => this.foundUp(host),
      down: (number) => {
        this.down++;
        this.request.writer?.foundDown(number);
      },
    });
    this.methods = search.methods;
    await search.run();
    this.discoveryDone = true;
  }

  private tryEngine(transport: ScannedTransport, ports: Uint16Array): ChosenEngine | undefined {
    try {
      return this.choose(transport, ports);
    } catch {
      return undefined;
    }
  }

  private choose(transport: ScannedTransport, ports: Uint16Array): ChosenEngine {
    const { tcpEngine, fragile } = this.request;
    return chooseEngine(transport, ports, tcpEngine, this.clock, { fragile });
  }

  private foundUp(found: FoundHost): void {
    this.found.push(found);
    this.gathered.set(found.number, { found, open: [], groups: [], accounted: 0, unasked: 0 });
    if (this.request.journal?.up.has(found.number) !== true) {
      this.request.writer?.foundUp(found.number, found.reason);
    }
  }

  /** Asks one transport's ports of every host found, also of those found meanwhile. */
  private async ask(
    transport: ScannedTransport,
    ports: Uint16Array,
    offset: number,
  ): Promise<void> {
    const { timing, seed, signal } = this.request;
    const chosen = this.choose(transport, ports);
    this.engines.push({ transport, name: chosen.engine.name, because: chosen.because });
    this.phase = `asking ${transport} ports`;
    const order = new LikelyFirst(ports.length, likelyCells(transport, ports), seed);
    const before = this.probes;
    const time = new RemainingTime();
    const later = this.portsPerHost - offset - ports.length;
    const asked: HostScan[] = [];
    const running = new Set<HostScan>();
    let given = 0;
    const scheduler: Scheduler = new Scheduler({
      engine: chosen.engine,
      timing,
      clock: this.clock,
      signal,
      yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
      hosts: () => {
        const found = this.found[given];
        if (found === undefined) return this.discoveryDone ? undefined : 'later';
        given++;
        const host = this.prepare(found, transport, ports, order, offset);
        running.add(host);
        return host;
      },
      hooks: {
        answered: (host, cell) => this.answered(host, cell, transport, ports),
        silent: (host, cell) => {
          // Those that are asked slowly later on are not through yet.
          if (host.patienceUs > 0) return;
          this.request.writer?.outcome(host.number, transport, ports[cell]!, chosen.engine.silent);
        },
        finished: (host) => {
          running.delete(host);
          asked.push(host);
          this.finished(host, transport, ports);
        },
        tick: () => {
          this.probes = before + scheduler.counts.sent;
          this.note(scheduler.active, transport, ports);
          this.progress(scheduler, time, given, ports.length, later);
        },
      },
    });
    try {
      await scheduler.run();
    } finally {
      chosen.engine.close();
    }
    this.probes = before + scheduler.counts.sent;
    this.localWaits += scheduler.counts.localWaits;
    this.drops += (chosen.engine as { drops?: number }).drops ?? 0;
    for (const host of running) this.finished(host, transport, ports);
    if (transport === 'tcp' && !signal.aborted) await this.control(asked, ports);
  }

  /** Notes how far the scan has come with each host. */
  private note(hosts: readonly HostScan[], transport: ScannedTransport, ports: Uint16Array): void {
    const { writer } = this.request;
    if (writer === undefined) return;
    for (const host of hosts) {
      const { number, askedAgain: again } = host;
      while (again !== undefined && again.length > 0) {
        const cell = again.shift();
        writer.tried(number, transport, ports[cell]!, host.tries[cell]!);
      }
      writer.came(number, transport, host.come, host.lost);
    }
    writer.tick();
  }

  private prepare(
    found: FoundHost,
    transport: ScannedTransport,
    ports: Uint16Array,
    order: LikelyFirst,
    offset: number,
  ): HostScan {
    const host = new HostScan(found.number, found.address, order, this.request.timing);
    host.link = found.link;
    if (transport === 'udp') host.patienceUs = 1e6 * this.request.patienceSeconds;
    if (found.roundTripUs !== undefined) host.roundTrip.sample(found.roundTripUs);
    if (this.shard !== undefined) {
      const base = found.number * this.portsPerHost + offset;
      for (let cell = 0; cell < ports.length; cell++) {
        if (!this.shard.has(base + cell)) host.restore(cell, NOT_MINE);
      }
    }
    if (found.unreachable === true) {
      for (let cell = 0; cell < ports.length; cell++) host.restore(cell, FILTERED_HOST_UNREACH);
      return host;
    }
    const known = this.request.journal?.outcomes.get(journalKey(found.number, transport));
    if (known !== undefined) {
      for (let cell = 0; cell < ports.length; cell++) {
        const code = known.get(ports[cell]!);
        if (code === undefined) continue;
        host.restore(cell, code);
        if (isOpen(code)) this.open++;
      }
    }
    const halfway = this.request.journal?.halfway.get(journalKey(found.number, transport));
    if (halfway !== undefined) {
      const cells = new Map(Array.from(ports, (port, cell) => [port, cell]));
      const tries = [...halfway.tries].flatMap(([port, count]): [number, number][] => {
        const cell = cells.get(port);
        return cell === undefined ? [] : [[cell, count]];
      });
      host.restoreTries(halfway.position, halfway.lost, tries);
    }
    if (this.request.writer !== undefined) host.askedAgain = new CellQueue();
    return host;
  }

  private answered(
    host: HostScan,
    cell: number,
    transport: ScannedTransport,
    ports: Uint16Array,
  ): void {
    const code = host.outcomes[cell]!;
    this.request.writer?.outcome(host.number, transport, ports[cell]!, code);
    if (!isOpen(code)) return;
    this.open++;
    const gathered = this.gathered.get(host.number)!;
    const state = portState(host, cell, transport, ports[cell]!, Date.now());
    gathered.open.push(state);
    const mostlyOpen =
      gathered.open.length > SUSPICIOUS && gathered.open.length > 0.5 * host.answered;
    if (mostlyOpen && host.answered >= 0.2 * host.sent) return;
    // What was told must be known after a kill, or it would be told again.
    this.request.writer?.flush();
    this.request.onOpen?.(state);
  }

  /** Also for hosts that were under way when the scan was interrupted. */
  private finished(host: HostScan, transport: ScannedTransport, ports: Uint16Array): void {
    const gathered = this.gathered.get(host.number)!;
    const { writer } = this.request;
    if (writer !== undefined) this.journalSilent(host, transport, ports, writer);
    const uniform = transport === 'tcp' && looksUniform(host) && ports.length >= 1000;
    const folded = foldPorts(host, transport, ports, !uniform);
    if (uniform) {
      const open = host.outcomes.filter(isOpen).length;
      gathered.uniform = { transport, open, asked: host.known, controlOpen: 0, controlAsked: 0 };
    }
    const times = new Map(gathered.open.map((each) => [each.target.port, each.seenMs]));
    const others = gathered.open.filter(({ target }) => target.transport !== transport);
    const open = folded.open.map((each): PortState => {
      const seenMs = times.get(each.target.port);
      return seenMs === undefined ? each : { ...each, seenMs };
    });
    gathered.open.splice(0, gathered.open.length, ...others, ...open);
    gathered.groups.push(...folded.groups);
    gathered.unasked += folded.unasked;
    gathered.accounted += ports.length;
    this.otherShards += folded.notMine;
    this.noteLimit(host, transport);
  }

  private journalSilent(
    host: HostScan,
    transport: ScannedTransport,
    ports: Uint16Array,
    writer: JournalWriter,
  ): void {
    const known = this.request.journal?.outcomes.get(journalKey(host.number, transport));
    for (let cell = 0; cell < ports.length; cell++) {
      const code = host.outcomes[cell]!;
      const silent = code !== 0 && code !== NOT_MINE && host.roundTripMs(cell) === undefined;
      if (!silent || known?.has(ports[cell]!)) continue;
      writer.outcome(host.number, transport, ports[cell]!, code);
    }
  }

  private noteLimit(host: HostScan, transport: ScannedTransport): void {
    if (host.gapUs === 0 || host.undecided === 0) return;
    this.limited.push({
      address: formatAddress(host.address),
      transport,
      perSecond: Math.round(1e7 / host.gapUs) / 10,
      undecided: host.undecided,
    });
  }

  /** Looks again at hosts on which everything seems open, at ports nobody would use. */
  private async control(hosts: readonly HostScan[], ports: Uint16Array): Promise<void> {
    const suspects = hosts.filter((host) => looksUniform(host) && ports.length < 1000);
    if (suspects.length > 0) {
      this.phase = 'checking hosts on which everything seems open';
      const controls = controlPorts(ports, this.request.seed);
      const chosen = this.tryEngine('tcp', controls);
      if (chosen !== undefined) await this.askControls(chosen, suspects, ports, controls);
    }
  }

  private async askControls(
    { engine }: ChosenEngine,
    suspects: readonly HostScan[],
    ports: Uint16Array,
    controls: Uint16Array,
  ): Promise<void> {
    const { timing, signal, seed } = this.request;
    const byNumber = new Map(suspects.map((host) => [host.number, host]));
    const waiting = [...suspects];
    const order = new LikelyFirst(controls.length, new Set(), seed);
    const scheduler = new Scheduler({
      engine,
      timing,
      clock: this.clock,
      signal,
      yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
      hosts: () => {
        const host = waiting.pop();
        if (host === undefined) return undefined;
        const control = new HostScan(host.number, host.address, order, timing);
        control.link = host.link;
        return control;
      },
      hooks: {
        answered: () => {},
        finished: (control) => {
          const host = byNumber.get(control.number)!;
          const uniform = uniformAnswer(host, control);
          if (uniform === undefined) return;
          const gathered = this.gathered.get(host.number)!;
          gathered.uniform = uniform;
          const folded = foldPorts(host, 'tcp', ports, false);
          gathered.open.splice(0, gathered.open.length);
          gathered.groups.splice(0, gathered.groups.length, ...folded.groups);
        },
      },
    });
    await scheduler.run();
    engine.close();
    this.probes += scheduler.counts.sent;
  }

  private record({ found, open, groups, uniform, unasked, accounted }: Gathered): ScannedHost {
    const address = formatAddress(found.address);
    const mac = found.link && macText(found.link.mac);
    const vendor = mac === undefined ? undefined : vendorOf(mac);
    const left = unasked + this.portsPerHost - accounted;
    return {
      kind: 'host',
      address,
      names: this.request.namesOf(address),
      status: 'up',
      statusReason: found.reason,
      ...(mac === undefined ? {} : { mac }),
      ...(vendor === undefined ? {} : { vendor }),
      ports: [...open].sort((a, b) => a.target.port - b.target.port),
      groups,
      ...(uniform === undefined ? {} : { uniform }),
      ...(left === 0 ? {} : { unasked: left }),
    };
  }

  private conclude(): ScannedHost[] {
    const hosts: ScannedHost[] = [];
    const add = (key: string, count: number): void => {
      if (count > 0) this.counts.set(key, (this.counts.get(key) ?? 0) + count);
    };
    for (const gathered of this.gathered.values()) {
      const host = this.record(gathered);
      hosts.push(host);
      for (const { state, reason } of host.ports) add(`${state} ${reason}`, 1);
      for (const { state, reason, count } of host.groups) add(`${state} ${reason}`, count);
      add('not asked', host.unasked ?? 0);
    }
    return hosts;
  }

  /**
   * @param given hosts that were handed to the scheduler
   * @param later ports of each host that other transports ask after this one
   */
  private progress(
    scheduler: Scheduler,
    time: RemainingTime,
    given: number,
    ports: number,
    later: number,
  ): void {
    const { onProgress } = this.request;
    const elapsedMs = Date.now() - this.startMs;
    if (onProgress === undefined || elapsedMs < this.progressMs) return;
    this.progressMs = elapsedMs + PROGRESS_MS;
    const hosts = this.expectedHosts();
    const { sent, total, probes, ...waits } = scheduler.workLeft(hosts - given, ports);
    const more = (later * hosts) / (this.request.shard?.of ?? 1);
    const leftMs = time.left(elapsedMs, sent, { probes: probes + more, ...waits });
    const done = this.probes - scheduler.counts.sent;
    onProgress({
      phase: this.phase,
      share: this.probes / Math.max(1, this.probes, done + total + more),
      ...(leftMs === undefined ? {} : { leftMs }),
      hostsUp: this.found.length,
      open: this.open,
      probes: this.probes,
      elapsedMs,
    });
  }

  /** Hosts there will be, if addresses nobody has looked at yet are like the others. */
  private expectedHosts(): number {
    const { length } = this.found;
    const { size } = this.request.targets;
    return length + ((size - this.looked) * length) / Math.max(1, this.looked);
  }
}

function macText(mac: Uint8Array): string {
  return Array.from(mac, (octet) => octet.toString(16).padStart(2, '0')).join(':');
}

/** Cells to ask first: for UDP those with a payload, else the most common ports. */
function likelyCells(transport: ScannedTransport, ports: Uint16Array): Set<number> {
  if (transport === 'udp') return likelyUdpCells(ports);
  const common = new Set(commonPorts(transport, 100));
  const likely = new Set<number>();
  ports.forEach((port, cell) => {
    if (common.has(port)) likely.add(cell);
  });
  return likely;
}
