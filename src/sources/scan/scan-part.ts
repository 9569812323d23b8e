/**
 * One transport's part of a scan: hands the hosts that were found to the scheduler, hears of their
 * ports, and passes on what may be told.
 */
import { commonPorts } from '../../catalog/common-ports.ts';
import { FILTERED_HOST_UNREACH, isOpen } from '../../model/port-state.ts';
import { LikelyFirst } from './cell-order.ts';
import { type FoundHost, KERNEL_NEIGHBOURS } from './discovery.ts';
import type { HostLedger } from './host-ledger.ts';
import { HostScan, NOT_MINE } from './host-scan.ts';
import type { ShardFilter } from './permutation.ts';
import type { ScannedTransport } from './ports.ts';
import { ScanNotes } from './scan-notes.ts';
import type { ScanRequest } from './scan-request.ts';
import type { ScheduleOptions, SchedulerHooks } from './scheduler.ts';
import { type DoubtfulHost, doubtful } from './still-there.ts';
import { likelyUdpCells } from './udp-engine.ts';
import { looksUniform } from './uniform.ts';

export interface ScanPartOptions {
  readonly request: ScanRequest;
  readonly transport: ScannedTransport;
  /** The port of each cell. */
  readonly ports: Uint16Array;
  /** Which questions are ours, and the number of a host's first one; without it all are. */
  readonly shard?: { readonly filter: ShardFilter; readonly firstOf: (host: number) => number };
  /** Outcome of a port that stays silent. */
  readonly silent: number;
  /** Hosts, more of which may come. */
  readonly found: readonly FoundHost[];
  /** Whether no more will. */
  readonly isComplete: () => boolean;
  readonly ledger: HostLedger;
  readonly onTick: () => void;
}

/**
 * Its `hooks` and `next` are the scheduler's; what they tell goes out by the request's own hooks.
 */
export class ScanPart {
  /** Ports that are open, those of an earlier run included. */
  open = 0;
  /** Hosts handed to the scheduler. */
  given = 0;
  /** Hosts that were asked everything and on which nearly everything seems open. */
  readonly suspects: HostScan[] = [];
  /** Hosts of TCP that may have gone away under way. */
  readonly doubtful: DoubtfulHost[] = [];
  readonly notes: ScanNotes;
  readonly hooks: SchedulerHooks;
  private readonly options: ScanPartOptions;
  private readonly order: LikelyFirst;
  private readonly running = new Set<HostScan>();
  /** Numbers of hosts being asked that the kernel may have to look for on a link. */
  private readonly lookedFor = new Set<number>();

  constructor(options: ScanPartOptions) {
    this.options = options;
    const { request, transport, ports, silent } = options;
    this.order = new LikelyFirst(ports.length, likelyCells(transport, ports), request.seed);
    this.notes = new ScanNotes(request, transport, ports);
    this.hooks = {
      answered: (host, cell) => this.answered(host, cell),
      silent: (host, cell) => {
        // Those that are asked slowly later on are not through yet.
        if (host.slow.patienceUs === 0) this.notes.outcome(host, cell, silent);
      },
      finished: (host) => this.finished(host),
      tick: options.onTick,
    };
  }

  /** The next host to ask, as the scheduler wants it. */
  readonly next: ScheduleOptions['hosts'] = () => {
    const found = this.options.found[this.given];
    if (found === undefined) return this.options.isComplete() ? undefined : 'later';
    if (found.keptByKernel === true) {
      if (this.lookedFor.size >= KERNEL_NEIGHBOURS) return 'later';
      this.lookedFor.add(found.number);
    }
    this.given++;
    const host = this.prepare(found);
    if (found.unreachable !== true) this.open += this.notes.takeUp(host);
    this.running.add(host);
    return host;
  };

  /** Takes what is known of hosts that an interrupt left half asked. */
  cutOff(): void {
    for (const host of this.running) {
      this.close(host);
      if (!looksUniform(host)) this.tellRest(host);
    }
  }

  /** Tells open ports that were kept back, or are known from an earlier run. */
  tellRest(host: HostScan): void {
    const { ledger, request } = this.options;
    for (const state of ledger.untold(host)) request.onOpen?.(state);
  }

  private prepare(found: FoundHost): HostScan {
    const { request, transport, ports, shard } = this.options;
    const host = new HostScan(found.number, found.address, this.order, request.timing);
    host.link = found.link;
    if (transport === 'udp') host.slow.patienceUs = 1e6 * request.patienceSeconds;
    if (found.roundTripUs !== undefined) host.roundTrip.sample(found.roundTripUs);
    for (let cell = 0; shard !== undefined && cell < ports.length; cell++) {
      if (!shard.filter.has(shard.firstOf(found.number) + cell)) host.restore(cell, NOT_MINE);
    }
    for (let cell = 0; found.unreachable === true && cell < ports.length; cell++) {
      host.restore(cell, FILTERED_HOST_UNREACH);
    }
    return host;
  }

  private answered(host: HostScan, cell: number): void {
    const { ledger, request, transport, ports } = this.options;
    const code = host.outcomes[cell]!;
    this.notes.outcome(host, cell, code);
    if (!isOpen(code)) return;
    this.open++;
    const state = ledger.open(host, cell, transport, ports[cell]!);
    if (state !== undefined) request.onOpen?.(state);
  }

  private finished(host: HostScan): void {
    this.running.delete(host);
    this.lookedFor.delete(host.number);
    this.close(host);
    // Of all others nothing is kept but what the ledger has: a host takes 20 octets a port.
    const { transport, ports } = this.options;
    const doubt = transport === 'tcp' ? doubtful(host, ports) : undefined;
    if (doubt !== undefined) this.doubtful.push(doubt);
    if (transport === 'tcp' && looksUniform(host)) this.suspects.push(host);
    else this.tellRest(host);
  }

  private close(host: HostScan): void {
    const { ledger, transport, ports } = this.options;
    this.notes.finish(host);
    ledger.finish(host, transport, ports);
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
