/**
 * A whole scan: finds hosts, asks their ports one transport after another, looks twice at hosts on
 * which everything seems open, and hands out each open port when it is found.
 */

import { DISCOVERY_PORTS, Discovery, type FoundHost } from './discovery.ts';
import { BATCH_SIZE, type Clock, systemClock } from './engine.ts';
import { type ChosenEngine, chooseEngine, EngineUnavailable } from './engine-choice.ts';
import { HostLedger, MANY_PORTS } from './host-ledger.ts';
import type { HostScan } from './host-scan.ts';
import { foundBefore, notedHost } from './noted-host.ts';
import { TransportOutlook } from './outlook.ts';
import { addressesSettled } from './own-addresses.ts';
import { Permutation, ShardFilter } from './permutation.ts';
import type { ScannedTransport } from './ports.ts';
import { ScanPart, type ScanPartOptions } from './scan-part.ts';
import type { ScanRequest, ScanResult, UsedEngine } from './scan-request.ts';
import { Scheduler } from './scheduler.ts';
import { checkStillThere, type DoubtfulHost } from './still-there.ts';
import { eitherOf, type StopSign } from './stop-sign.ts';
import { controlPorts, uniformAnswer } from './uniform.ts';
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
  private readonly failed = new AbortController();
  /** Of the caller, or that a part of the scan failed. */
  private readonly signal: StopSign;
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
    this.signal = eitherOf(request.signal, this.failed.signal);
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
    const parts = [this.discover(), this.askAll()];
    // Each waits for the other, so what fails must end both.
    for (const part of parts) part.catch(() => this.failed.abort());
    await Promise.allSettled(parts);
    await Promise.all(parts);
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
      throttled: this.ledger.throttled,
      startMs: this.startMs,
      endMs: Date.now(),
      interrupted: this.signal.aborted,
    };
  }

  private async askAll(): Promise<void> {
    let offset = 0;
    for (const [transport, list] of this.request.ports) {
      if (!this.signal.aborted) await this.ask(transport, list, offset);
      offset += list.length;
    }
  }

  private async discover(): Promise<void> {
    const { targets, seed, discovery, timing, journal } = this.request;
    const { signal } = this;
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
    if (targets.spans.some(({ family }) => family === 6)) await addressesSettled(signal);
    await search.run();
    this.discoveryDone = true;
  }

  /** Undefined: there is no such engine here. */
  private tryEngine(transport: ScannedTransport, ports: Uint16Array): ChosenEngine | undefined {
    try {
      return this.choose(transport, ports);
    } catch (error) {
      if (!(error instanceof EngineUnavailable)) throw error;
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
    const { timing, writer } = this.request;
    const { clock, signal } = this;
    const { engine, because } = this.choose(transport, ports);
    this.engines.push({ transport, name: engine.name, because });
    this.phase = `asking ${transport} ports`;
    const [probesBefore, openBefore] = [this.probes, this.open];
    const outlook = this.outlook(transport, ports, offset);
    const count = (): void => {
      this.probes = probesBefore + scheduler.counts.sent + scheduler.counts.pulses;
      this.open = openBefore + part.open;
    };
    const part: ScanPart = new ScanPart({
      ...{ request: this.request, transport, ports, silent: engine.silent, ledger: this.ledger },
      ...(this.shard === undefined ? {} : { shard: this.shardFrom(this.shard, offset) }),
      ...{ found: this.found, isComplete: () => this.discoveryDone },
      onTick: () => {
        count();
        part.notes.progress(scheduler.active);
        this.progress(scheduler, outlook, part.given);
      },
    });
    const scheduler: Scheduler = new Scheduler({
      ...{ engine, timing, clock, signal, hosts: part.next, hooks: part.hooks },
      ...(writer === undefined ? {} : { mostAtOnce: this.mostAtOnce(ports) }),
      yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
    });
    try {
      await scheduler.run();
    } finally {
      engine.close();
    }
    count();
    this.localWaits += scheduler.counts.localWaits;
    this.drops += engine.unheard ?? 0;
    part.cutOff();
    if (!signal.aborted) await this.control(part.suspects, ports);
    if (!signal.aborted) await this.askAgain(part.doubtful);
    for (const host of part.suspects) part.tellRest(host);
  }

  /** With notes kept few probes go out at once, so that few are lost at a kill. */
  private mostAtOnce({ length }: Uint16Array): number {
    const questions = this.request.targets.size * length;
    return Math.min(BATCH_SIZE, Math.max(NOTED_LEAST, NOTED_SHARE * questions));
  }

  private shardFrom(filter: ShardFilter, offset: number): NonNullable<ScanPartOptions['shard']> {
    return { filter, firstOf: (host) => host * this.portsPerHost + offset };
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

  /** Looks again at hosts on which everything seems open, at ports nobody would use. */
  private async control(suspects: readonly HostScan[], ports: Uint16Array): Promise<void> {
    if (suspects.length === 0 || ports.length >= MANY_PORTS) return;
    this.phase = 'checking hosts on which everything seems open';
    const controls = controlPorts(ports, this.request.seed);
    const chosen = this.tryEngine('tcp', controls);
    if (chosen === undefined) return;
    const { timing, seed } = this.request;
    const { clock, signal } = this;
    const { engine } = chosen;
    try {
      this.probes += await checkUniform({
        ...{ engine, suspects, controls, timing, seed, clock, signal },
        checked: (host, control) => {
          const uniform = uniformAnswer(host, control);
          if (uniform !== undefined) this.ledger.markUniform(host, uniform, ports);
        },
      });
    } finally {
      engine.close();
    }
  }

  /** Looks whether hosts with silent ports still answer at all. */
  private async askAgain(hosts: readonly DoubtfulHost[]): Promise<void> {
    const { clock, signal } = this;
    this.phase = 'looking whether hosts still answer';
    this.probes += await checkStillThere({
      ...{ hosts, timing: this.request.timing, clock, signal },
      engine: (ports) => this.tryEngine('tcp', ports)?.engine,
      gone: (number) => this.ledger.markGone(number),
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
