/**
 * Which of the addresses have a host at all, so that ports are asked only where somebody could
 * answer: ARP on our own links, elsewhere ICMP echo and then a few TCP ports (any answer, also a
 * refusal, shows a host). Runs beside the scan, which starts on the first host found.
 */

import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { FILTERED_SILENT, OUTCOMES } from '../../model/port-state.ts';
import type { LinkTarget } from '../../native/sockets.ts';
import type { Address } from '../../net/address.ts';
import { formatAddress } from '../../net/address.ts';
import { classifyAddress } from '../../net/address-class.ts';
import { ArpEngine, ethernetLinks, type Link, linkOf } from './arp-engine.ts';
import type { Clock, ProbeEngine } from './engine.ts';
import { type CellOrder, HostScan } from './host-scan.ts';
import { PingEngine } from './ping-engine.ts';
import { Scheduler } from './scheduler.ts';
import type { Timing } from './timing.ts';

/** TCP ports that servers, clients and devices most often answer on, if only by refusing. */
export const DISCOVERY_PORTS = Uint16Array.of(22, 80, 135, 443, 445, 3389, 8080);

export interface FoundHost {
  readonly number: number;
  readonly address: Address;
  /** Nmap's word: `arp-response`, `echo-reply`, `syn-ack`, `localhost-response`, `user-set`. */
  readonly reason: string;
  /** Where it is on our link. */
  readonly link?: LinkTarget;
  readonly roundTripUs?: number;
  /** Nobody on the link has the address: nothing sent to it would leave this machine. */
  readonly unreachable?: boolean;
}

export interface DiscoveryOptions {
  readonly timing: Timing;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The next address; undefined: all were given. */
  readonly next: () => { number: number; address: Address } | undefined;
  /**
   * Opens an engine for `DISCOVERY_PORTS`, when the first host needs it; undefined: TCP is not
   * asked, or cannot be.
   */
  readonly tcp: (() => ProbeEngine | undefined) | undefined;
  /** Every address counts as a host; only who has the addresses on our links is asked. */
  readonly everyAddress: boolean;
  readonly up: (host: FoundHost) => void;
  readonly down: (number: number) => void;
}

const TCP_METHOD = `TCP ${DISCOVERY_PORTS.join(',')}`;
/** The first wait is short: on a link and in one's own networks nobody takes longer. */
const FIRST_TIMEOUT_MS = 400;
const LINK_TIMEOUT_MS = 150;

/** Hosts dealt out ahead of those who ask them. */
const BACKLOG = 2000;

class Queue {
  private waiting: HostScan[] = [];
  private at = 0;
  private closed = false;
  private tell: (any: boolean) => void = () => {};
  /** Whether there is anybody at all: resolves on the first host, or when none will come. */
  readonly any = new Promise<boolean>((resolve) => {
    this.tell = resolve;
  });

  get full(): boolean {
    return this.waiting.length - this.at >= BACKLOG;
  }

  push(host: HostScan): void {
    if (this.at > BACKLOG) {
      this.waiting = this.waiting.slice(this.at);
      this.at = 0;
    }
    this.waiting.push(host);
    this.tell(true);
  }

  close(): void {
    this.closed = true;
    this.tell(false);
  }

  next(): HostScan | 'later' | undefined {
    if (this.at < this.waiting.length) return this.waiting[this.at++];
    return this.closed ? undefined : 'later';
  }
}

export class Discovery {
  /** How hosts are asked, for reports. */
  readonly methods: string[] = [];
  private readonly options: DiscoveryOptions;
  private readonly timing: Timing;
  private readonly linkTiming: Timing;
  private readonly links: readonly Link[];
  private readonly own: ReadonlySet<string>;
  private readonly arp: ArpEngine | undefined;
  private readonly ping: PingEngine | undefined;
  private readonly toPing = new Queue();
  private readonly toTcp = new Queue();

  constructor(options: DiscoveryOptions) {
    this.options = options;
    const firstTimeoutMs = Math.min(FIRST_TIMEOUT_MS, options.timing.firstTimeoutMs);
    this.timing = { ...options.timing, firstTimeoutMs };
    const linkTimeoutMs = Math.min(LINK_TIMEOUT_MS, options.timing.firstTimeoutMs);
    this.linkTiming = { ...options.timing, firstTimeoutMs: linkTimeoutMs };
    this.links = ethernetLinks();
    const interfaces = Object.values(networkInterfaces()).flat();
    this.own = new Set(interfaces.flatMap((each) => each?.address ?? []));
    this.arp = attempt(() => new ArpEngine(this.links, options.clock));
    this.ping = attempt(() => new PingEngine(options.clock));
    if (this.arp !== undefined) this.methods.push('ARP');
    if (options.everyAddress) return;
    if (this.ping !== undefined) this.methods.push('ICMP echo');
    if (options.tcp !== undefined) this.methods.push(TCP_METHOD);
  }

  /** Runs to its end, or until the signal. */
  async run(): Promise<void> {
    const one: CellOrder = { cells: 1, randomFrom: 1, at: () => 0 };
    const links = this.pass(
      this.arp,
      () => this.nextOnLink(one),
      (host) => this.silentOnLink(host),
    );
    const far = links.then(() => this.toPing.close());
    const echo = this.pass(
      this.ping,
      () => this.toPing.next(),
      (host) => this.passOn(host),
    );
    const pinged = Promise.all([far, echo]).then(() => this.toTcp.close());
    const ports = this.toTcp.any.then((any) => (any ? this.askPorts() : undefined));
    await Promise.all([links, echo, pinged, ports]);
    this.arp?.close();
    this.ping?.close();
  }

  private async askPorts(): Promise<void> {
    const tcp = this.options.tcp?.();
    if (tcp === undefined) this.methods.splice(this.methods.indexOf(TCP_METHOD), 1);
    await this.pass(
      tcp,
      () => this.toTcp.next(),
      (host) => this.options.down(host.number),
    );
    tcp?.close();
  }

  /** Deals addresses out; returns those to be asked on the link. */
  private nextOnLink(one: CellOrder): HostScan | 'later' | undefined {
    for (;;) {
      if (this.toPing.full || this.toTcp.full) return 'later';
      const next = this.options.next();
      if (next === undefined) return undefined;
      const { number, address } = next;
      if (classifyAddress(address) === 'loopback' || this.own.has(formatAddress(address))) {
        this.options.up({ number, address, reason: 'localhost-response' });
        continue;
      }
      const onLink = address.family === 4 && linkOf(address.words[0]!, this.links) !== undefined;
      if (onLink && this.arp !== undefined) {
        return new HostScan(number, address, one, this.linkTiming);
      }
      if (this.options.everyAddress) {
        this.options.up({ number, address, reason: 'user-set' });
        continue;
      }
      const host = new HostScan(number, address, one, this.timing);
      if (this.ping === undefined) this.passOn(host);
      else this.toPing.push(host);
    }
  }

  private silentOnLink({ number, address }: HostScan): void {
    if (!this.options.everyAddress) this.options.down(number);
    else this.options.up({ number, address, reason: 'user-set', unreachable: true });
  }

  private passOn(host: HostScan): void {
    if (this.options.tcp === undefined) {
      this.options.down(host.number);
      return;
    }
    const cells = DISCOVERY_PORTS.length;
    const order: CellOrder = { cells, randomFrom: cells, at: (position) => position };
    this.toTcp.push(new HostScan(host.number, host.address, order, this.timing));
  }

  private async pass(
    engine: ProbeEngine | undefined,
    hosts: () => HostScan | 'later' | undefined,
    silent: (host: HostScan) => void,
  ): Promise<void> {
    const { clock, signal } = this.options;
    const found = new Set<HostScan>();
    const scheduler = new Scheduler({
      engine: engine ?? NOBODY,
      timing: this.timing,
      clock,
      signal,
      hosts,
      idle: (ms) => sleep(Math.min(ms, 5)),
      yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
      hooks: {
        answered: (host, cell) => {
          // A router's word that there is no way is no sign of the host.
          const { state } = OUTCOMES[host.outcomes[cell]!]!;
          if (found.has(host) || (state !== 'open' && state !== 'closed')) return;
          found.add(host);
          this.report(host, cell);
        },
        finished: (host) => {
          if (!found.has(host)) silent(host);
        },
      },
    });
    await scheduler.run();
  }

  private report(host: HostScan, cell: number): void {
    const { number, address } = host;
    const link = this.arp?.found.get(host);
    const us = host.roundTrip.smoothedUs;
    const reason =
      host.outcomes.length > 1
        ? `tcp-response ${DISCOVERY_PORTS[cell]}`
        : link
          ? 'arp-response'
          : 'echo-reply';
    this.options.up({
      number,
      address,
      reason,
      ...(link === undefined ? {} : { link }),
      ...(Number.isNaN(us) ? {} : { roundTripUs: us }),
    });
  }
}

/** Stands where a way to ask is missing: everybody is silent. */
const NOBODY: ProbeEngine = {
  name: 'none',
  silent: FILTERED_SILENT,
  send: (batch) => batch.length,
  receive: () => {},
  close: () => {},
};

function attempt<Engine>(make: () => Engine): Engine | undefined {
  try {
    return make();
  } catch {
    // Not allowed or not possible here; the other ways remain, and the report names those used.
    return undefined;
  }
}
