/**
 * A whole scan: finds hosts, asks their ports one transport after another, looks twice at hosts on
 * which everything seems open, and hands out each open port when it is found.
 */

import { commonPorts } from '../../catalog/common-ports.ts';
import { FILTERED_HOST_UNREACH, isOpen } from '../../model/port-state.ts';
import { LikelyFirst } from './cell-order.ts';
import { DISCOVERY_PORTS, Discovery, type FoundHost, KERNEL_NEIGHBOURS } from './discovery.ts';
import { BATCH_SIZE, type Clock, systemClock } from './engine.ts';
import { type ChosenEngine, chooseEngine } from './engine-choice.ts';
import { HostLedger, MANY_PORTS } from './host-ledger.ts';
import { HostScan, NOT_MINE } from './host-scan.ts';
import { foundBefore, notedHost } from './noted-host.ts';
import { TransportOutlook } from './outlook.ts';
import { Permutation, ShardFilter } from './permutation.ts';
import type { ScannedTransport } from './ports.ts';
import { ScanNotes } from './scan-notes.ts';
import type { ScanRequest, ScanResult, UsedEngine } from './scan-request.ts';
import { Scheduler } from './scheduler.ts';
import { checkStillThere } from './still-there.ts';
import { likelyUdpCells } from './udp-engine.ts';
import { controlPorts, looksUniform, uniformAnswer } from './uniform.ts';
import { checkUniform } from './uniform-check.ts';

/** Progress is told so often at most. */
const PROGRESS_MS = 50;
/** And takes at most one part in so many of the time. */
const PROGRESS_COST = 50;
/** With notes kept, this part of all questions is sent in one go at most, and so many at least. */
const NOTED_SHARE = 0.003;
const NOTED_LEAST = 16;

/** Runs the scan. Throws `EngineUnavailable`. */
export async function runScan(request: ScanRequest): Promise<ScanResult> {
  const run = new ScanRun(request);
  return run.run();
}

class ScanRun {
  private readonly request: ScanRequest;
  private readonly clock: Clock = systemClock;
  private readonly startMs = Date.now();
  private readonly ledger: HostLedger;
  private readonly engines: UsedEngine[] = [];
  private readonly shard: ShardFilter | undefined;
  private readonly portsPerHost: number;
  /** Found hosts in the order they were found. */
  private readonly found: FoundHost[] = [];
  /** Addresses that were looked at; those without an outcome are most likely nobody's. */
  private looked = 0;
  private discoveryDone = false;
  private methods: readonly string[] = [];
  private down = 0;
  /** Of those, the ones that this machine has no route to. */
  private unrouted = 0;
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
    this.ledger = new HostLedger(ports, request.namesOf);
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
    return {
      ...this.ledger.conclude(),
      engines: this.engines,
      discovery: this.methods,
      hostsDown: this.down,
      hostsUnrouted: this.unrouted,
      hostsUnknown: this.request.targets.size - this.down - this.found.length,
      otherShards: this.ledger.otherShards,
      probes: this.probes,
      localWaits: this.localWaits,
      drops: this.drops,
      limited: this.ledger.limited,
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
        const known = journal?.up.get(number);
        if (known !== undefined) this.foundUp(foundBefore(number, address, known));
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
      tcp,
      everyAddress: !discovery,
      up: (host) => this.foundUp(host),
      down: (number, unrouted) => {
        this.down++;
        if (unrouted) this.unrouted++;
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
    this.ledger.add(found);
    const { journal, writer } = this.request;
    if (journal?.up.has(found.number) !== true) {
      writer?.foundUp(found.number, notedHost(found));
    }
  }

  /** Asks one transport's ports of every host found, also of those found meanwhile. */
  private async ask(
    transport: ScannedTransport,
    ports: Uint16Array,
    offset: number,
  ): Promise<void> {
    const { timing, seed, signal, targets, writer } = this.request;
    const { engine, because } = this.choose(transport, ports);
    this.engines.push({ transport, name: engine.name, because });
    this.phase = `asking ${transport} ports`;
    const order = new LikelyFirst(ports.length, likelyCells(transport, ports), seed);
    const before = this.probes;
    const outlook = this.outlook(transport, ports, offset);
    const notes = new ScanNotes(this.request, transport, ports);
    const questions = targets.size * ports.length;
    const mostAtOnce = Math.min(BATCH_SIZE, Math.max(NOTED_LEAST, NOTED_SHARE * questions));
    const asked: HostScan[] = [];
    const running = new Set<HostScan>();
    let given = 0;
    /** Hosts being asked that the kernel may have to look for on a link. */
    const lookedFor = new Set<number>();
    const scheduler: Scheduler = new Scheduler({
      engine,
      timing,
      clock: this.clock,
      signal,
      ...(writer === undefined ? {} : { mostAtOnce }),
      yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
      hosts: () => {
        const found = this.found[given];
        if (found === undefined) return this.discoveryDone ? undefined : 'later';
        if (found.keptByKernel === true) {
          if (lookedFor.size >= KERNEL_NEIGHBOURS) return 'later';
          lookedFor.add(found.number);
        }
        given++;
        const host = this.prepare(found, transport, ports, order, offset);
        if (found.unreachable !== true) this.open += notes.takeUp(host);
        running.add(host);
        return host;
      },
      hooks: {
        answered: (host, cell) => this.answered(host, cell, transport, ports, notes),
        silent: (host, cell) => {
          // Those that are asked slowly later on are not through yet.
          if (host.slow.patienceUs === 0) notes.outcome(host, cell, engine.silent);
        },
        finished: (host) => {
          running.delete(host);
          lookedFor.delete(host.number);
          asked.push(host);
          notes.finish(host);
          this.ledger.finish(host, transport, ports);
          if (transport !== 'tcp' || !looksUniform(host)) this.tellRest([host]);
        },
        tick: () => {
          this.probes = before + scheduler.counts.sent + scheduler.counts.pulses;
          notes.progress(scheduler.active);
          this.progress(scheduler, outlook, given);
        },
      },
    });
    try {
      await scheduler.run();
    } finally {
      engine.close();
    }
    this.probes = before + scheduler.counts.sent + scheduler.counts.pulses;
    this.localWaits += scheduler.counts.localWaits;
    this.drops += (engine as { drops?: number }).drops ?? 0;
    for (const host of running) {
      notes.finish(host);
      this.ledger.finish(host, transport, ports);
      if (!looksUniform(host)) this.tellRest([host]);
    }
    if (transport === 'tcp' && !signal.aborted) {
      await this.control(asked, ports);
      await this.askAgain(asked, ports);
    }
    this.tellRest(asked);
  }

  /** What is expected of a transport's part, with those after it. */
  private outlook(
    transport: ScannedTransport,
    ports: Uint16Array,
    offset: number,
  ): TransportOutlook {
    const { ports: all, patienceSeconds, shard } = this.request;
    const later = (this.portsPerHost - offset - ports.length) / (shard?.of ?? 1);
    // Most hosts limit their ICMP errors, and are then asked slowly.
    const slowly = transport !== 'udp' && [...all.keys()].pop() === 'udp';
    return new TransportOutlook(ports.length, later, slowly ? 1000 * patienceSeconds : 0);
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
    if (transport === 'udp') host.slow.patienceUs = 1e6 * this.request.patienceSeconds;
    if (found.roundTripUs !== undefined) host.roundTrip.sample(found.roundTripUs);
    if (this.shard !== undefined) {
      const base = found.number * this.portsPerHost + offset;
      for (let cell = 0; cell < ports.length; cell++) {
        if (!this.shard.has(base + cell)) host.restore(cell, NOT_MINE);
      }
    }
    if (found.unreachable === true) {
      for (let cell = 0; cell < ports.length; cell++) host.restore(cell, FILTERED_HOST_UNREACH);
    }
    return host;
  }

  private answered(
    host: HostScan,
    cell: number,
    transport: ScannedTransport,
    ports: Uint16Array,
    notes: ScanNotes,
  ): void {
    const code = host.outcomes[cell]!;
    notes.outcome(host, cell, code);
    if (!isOpen(code)) return;
    this.open++;
    const state = this.ledger.open(host, cell, transport, ports[cell]!);
    if (state !== undefined) this.request.onOpen?.(state);
  }

  /** Tells what was kept back, or is known from an earlier run, of hosts that seem to be honest. */
  private tellRest(hosts: readonly HostScan[]): void {
    for (const host of hosts) {
      for (const state of this.ledger.untold(host)) this.request.onOpen?.(state);
    }
  }

  /** Looks again at hosts on which everything seems open, at ports nobody would use. */
  private async control(hosts: readonly HostScan[], ports: Uint16Array): Promise<void> {
    const suspects = hosts.filter((host) => looksUniform(host) && ports.length < MANY_PORTS);
    if (suspects.length === 0) return;
    this.phase = 'checking hosts on which everything seems open';
    const controls = controlPorts(ports, this.request.seed);
    const chosen = this.tryEngine('tcp', controls);
    if (chosen === undefined) return;
    const { timing, seed, signal } = this.request;
    const { clock } = this;
    const { engine } = chosen;
    this.probes += await checkUniform({
      ...{ engine, suspects, controls, timing, seed, clock, signal },
      checked: (host, control) => {
        const uniform = uniformAnswer(host, control);
        if (uniform !== undefined) this.ledger.markUniform(host, uniform, ports);
      },
    });
    engine.close();
  }

  /** Looks whether hosts with silent ports still answer at all. */
  private async askAgain(hosts: readonly HostScan[], ports: Uint16Array): Promise<void> {
    const { timing, signal } = this.request;
    this.phase = 'looking whether hosts still answer';
    this.probes += await checkStillThere({
      ...{ hosts, ports, timing, clock: this.clock, signal },
      engine: (again) => this.tryEngine('tcp', again)?.engine,
      gone: (host) => this.ledger.markGone(host),
    });
  }

  /** @param given hosts that were handed to the scheduler */
  private progress(scheduler: Scheduler, outlook: TransportOutlook, given: number): void {
    const { onProgress } = this.request;
    const elapsedMs = Date.now() - this.startMs;
    if (onProgress === undefined || elapsedMs < this.progressMs) return;
    const { phase, probes, open } = this;
    onProgress({
      ...outlook.at(scheduler, { elapsedMs, probes, hosts: this.expectedHosts(), given }),
      ...{ phase, probes, open, elapsedMs, hostsUp: this.found.length },
    });
    // With thousands of hosts it takes a while to work out what is left.
    const tookMs = Date.now() - this.startMs - elapsedMs;
    this.progressMs = elapsedMs + Math.max(PROGRESS_MS, PROGRESS_COST * tookMs);
  }

  /** Hosts there will be, if addresses nobody has looked at yet are like the others. */
  private expectedHosts(): number {
    const { length } = this.found;
    if (this.discoveryDone) return length;
    const { size } = this.request.targets;
    return length + ((size - this.looked) * length) / Math.max(1, this.looked);
  }
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
