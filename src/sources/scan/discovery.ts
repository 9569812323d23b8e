/**
 * Which of the addresses have a host at all, so that ports are asked only where somebody could
 * answer: ARP and neighbour discovery on our own links, elsewhere ICMP echo, then a few TCP ports,
 * then a few UDP ports (any answer of the host itself, also a refusal, shows it). Runs beside the
 * scan, which starts on the first host found.
 */

import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { FILTERED_HOST_UNREACH, FILTERED_SILENT, OUTCOMES } from '../../model/port-state.ts';
import type { LinkTarget } from '../../native/sockets.ts';
import type { Address } from '../../net/address.ts';
import { formatAddress } from '../../net/address.ts';
import { classifyAddress } from '../../net/address-class.ts';
import { ArpEngine } from './arp-engine.ts';
import type { Clock, ProbeEngine } from './engine.ts';
import { type CellOrder, HostScan, NOT_MINE } from './host-scan.ts';
import { OwnLinks } from './links.ts';
import { NdEngine } from './nd-engine.ts';
import { PingEngine } from './ping-engine.ts';
import { Scheduler } from './scheduler.ts';
import type { Timing } from './timing.ts';
import { UdpEngine } from './udp-engine.ts';

/** TCP ports that servers, clients and devices most often answer on, if only by refusing. */
export const DISCOVERY_PORTS = Uint16Array.of(22, 80, 135, 443, 445, 3389, 8080);

/** UDP ports likewise: three on which servers answer, one that is closed nearly everywhere. */
export const DISCOVERY_UDP_PORTS = Uint16Array.of(53, 123, 161, 33434);

export interface FoundHost {
  readonly number: number;
  readonly address: Address;
  /** Nmap's word: `arp-response`, `nd-response`, `echo-reply`, `localhost-response`, `user-set`. */
  readonly reason: string;
  /** Where it is on our link. */
  readonly link?: LinkTarget;
  readonly roundTripUs?: number;
  /** Nobody on the link has the address: nothing sent to it would leave this machine. */
  readonly unreachable?: boolean;
  /** On a link, where only this machine's kernel can look for it (`KernelNeighbours`). */
  readonly keptByKernel?: boolean;
}

export interface DiscoveryOptions {
  readonly timing: Timing;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The next address; undefined: all were given. */
  readonly next: () => { number: number; address: Address } | undefined;
  /** Opens an engine for `DISCOVERY_PORTS`, when the first host needs it. */
  readonly tcp: () => ProbeEngine | undefined;
  /** Every address counts as a host; only who has the addresses on our links is asked. */
  readonly everyAddress: boolean;
  readonly up: (host: FoundHost) => void;
  /** @param unrouted this machine has no route to it */
  readonly down: (number: number, unrouted: boolean) => void;
}

const TCP_METHOD = `TCP ${DISCOVERY_PORTS.join(',')}`;
const UDP_METHOD = `UDP ${DISCOVERY_UDP_PORTS.join(',')}`;
/** The first wait is short: on a link and in one's own networks nobody takes longer. */
const FIRST_TIMEOUT_MS = 400;
const LINK_TIMEOUT_MS = 150;

/** Hosts dealt out ahead of those who ask them. */
const BACKLOG = 2000;

/**
 * How many addresses on links the kernel may look for at once. Its neighbour table has room for
 * 1,024 by default (arp(7), gc_thresh3), the dead stay in it for three seconds, and while it is
 * full, questions to the living are dropped without a word.
 */
export const KERNEL_NEIGHBOURS = 512;

/** Where the system does not tell how an address is reached. */
const UNKNOWN_WAY = { near: undefined };

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
  /** Undefined: the system does not tell. */
  private readonly links: OwnLinks | undefined;
  private readonly own: ReadonlySet<string>;
  private readonly arp: ArpEngine | undefined;
  private readonly nd: NdEngine | undefined;
  private readonly ping: PingEngine | undefined;
  private readonly toNeighbours = new Queue();
  private readonly toPing = new Queue();
  private readonly toTcp = new Queue();
  private readonly toUdp = new Queue();
  /** Of how many who ask ports of a host nothing is known yet, by its number. */
  private readonly asking = new Map<number, number>();
  /** Numbers of addresses that the kernel is looking for on links. */
  private readonly kernels = new Set<number>();
  /** Numbers of addresses being looked for that this machine has no route to. */
  private readonly unrouted = new Set<number>();

  constructor(options: DiscoveryOptions) {
    this.options = options;
    const firstTimeoutMs = Math.min(FIRST_TIMEOUT_MS, options.timing.firstTimeoutMs);
    this.timing = { ...options.timing, firstTimeoutMs };
    const linkTimeoutMs = Math.min(LINK_TIMEOUT_MS, options.timing.firstTimeoutMs);
    this.linkTiming = { ...options.timing, firstTimeoutMs: linkTimeoutMs };
    const links = attempt(() => new OwnLinks());
    this.links = links;
    const interfaces = Object.values(networkInterfaces()).flat();
    this.own = new Set(interfaces.flatMap((each) => each?.address ?? []));
    if (links !== undefined) {
      this.arp = attempt(() => new ArpEngine(links, options.clock));
      this.nd = attempt(() => new NdEngine(links, options.clock));
    }
    this.ping = attempt(() => new PingEngine(options.clock));
    if (this.arp !== undefined) this.methods.push('ARP');
    if (this.nd !== undefined) this.methods.push('neighbour discovery');
    if (options.everyAddress) return;
    if (this.ping !== undefined) this.methods.push('ICMP echo');
    this.methods.push(TCP_METHOD, UDP_METHOD);
  }

  /** Runs to its end, or until the signal. */
  async run(): Promise<void> {
    const one: CellOrder = { cells: 1, randomFrom: 1, at: () => 0 };
    const dealt = this.pass(
      this.arp,
      () => this.deal(one),
      (host) => this.silentOnLink(host),
    );
    const neighbours = this.pass(
      this.nd,
      () => this.toNeighbours.next(),
      (host) => this.silentOnLink(host),
    );
    const echo = this.pass(
      this.ping,
      () => this.toPing.next(),
      (host) => this.passOn(host),
    );
    const ports = this.askPorts(this.toTcp, TCP_METHOD, this.options.tcp);
    const datagrams = this.askPorts(this.toUdp, UDP_METHOD, () =>
      attempt(() => new UdpEngine(DISCOVERY_UDP_PORTS, this.options.clock)),
    );
    dealt.then(() => {
      this.toNeighbours.close();
      this.toPing.close();
    }, ignore);
    Promise.all([dealt, echo]).then(() => {
      this.toTcp.close();
      this.toUdp.close();
    }, ignore);
    await Promise.all([dealt, neighbours, echo, ports, datagrams]);
    this.arp?.close();
    this.nd?.close();
    this.ping?.close();
    this.links?.close();
  }

  private async askPorts(
    queue: Queue,
    method: string,
    open: () => ProbeEngine | undefined,
  ): Promise<void> {
    if (!(await queue.any)) return;
    const engine = open();
    if (engine === undefined) this.methods.splice(this.methods.indexOf(method), 1);
    await this.pass(
      engine,
      () => queue.next(),
      (host) => this.silentPorts(host),
    );
    engine?.close();
  }

  /** Deals addresses out; returns those to be asked by ARP. */
  private deal(one: CellOrder): HostScan | 'later' | undefined {
    for (;;) {
      const { toNeighbours, toPing, toTcp, toUdp } = this;
      if (toNeighbours.full || toPing.full || toTcp.full || toUdp.full) return 'later';
      if (this.kernels.size >= KERNEL_NEIGHBOURS) return 'later';
      const next = this.options.next();
      if (next === undefined) return undefined;
      const { number, address } = next;
      if (classifyAddress(address) === 'loopback' || this.isOwn(address)) {
        this.options.up({ number, address, reason: 'localhost-response' });
        continue;
      }
      const way = this.links === undefined ? UNKNOWN_WAY : this.links.wayTo(address);
      const onLink = way?.near !== undefined;
      const asker = address.family === 4 ? this.arp : this.nd;
      if (onLink && asker !== undefined) {
        const host = new HostScan(number, address, one, this.linkTiming);
        if (address.family === 4) return host;
        toNeighbours.push(host);
        continue;
      }
      if (this.options.everyAddress) {
        const kept = onLink ? { keptByKernel: true } : {};
        this.options.up({ number, address, reason: 'user-set', ...kept });
        continue;
      }
      if (onLink) this.kernels.add(number);
      // It is looked for all the same: rules may treat what is asked in another way.
      if (way === undefined) this.unrouted.add(number);
      const host = new HostScan(number, address, one, this.timing);
      if (this.ping === undefined) this.passOn(host);
      else toPing.push(host);
    }
  }

  /** Whatever its zone: an address of ours on one link is no neighbour's on another, as a rule. */
  private isOwn({ family, words }: Address): boolean {
    return this.own.has(formatAddress({ family, words }));
  }

  private silentOnLink({ number, address }: HostScan): void {
    if (!this.options.everyAddress) this.down(number);
    else this.options.up({ number, address, reason: 'user-set', unreachable: true });
  }

  private down(number: number): void {
    this.kernels.delete(number);
    this.options.down(number, this.unrouted.delete(number));
  }

  /** To those who ask ports of it, both at once. */
  private passOn({ number, address }: HostScan): void {
    this.push(this.toTcp, number, address, DISCOVERY_PORTS);
    // Datagrams to neighbours nobody found yet would wait in the socket, and hold up all others.
    const onLink = this.kernels.has(number);
    this.asking.set(number, onLink ? 1 : 2);
    if (!onLink) this.push(this.toUdp, number, address, DISCOVERY_UDP_PORTS);
  }

  private push(queue: Queue, number: number, address: Address, { length }: Uint16Array): void {
    const order: CellOrder = { cells: length, randomFrom: length, at: (position) => position };
    queue.push(new HostScan(number, address, order, this.timing));
  }

  /** One of those who asked its ports heard nothing; the other may have, or may still. */
  private silentPorts(host: HostScan): void {
    const { number } = host;
    const left = this.asking.get(number);
    if (left === undefined) return;
    const gone = host.outcomes.some((code) => this.isGone(host, code));
    this.asking.set(number, left - 1);
    if (left > 1 && !gone) return;
    this.asking.delete(number);
    this.down(number);
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
          if (found.has(host)) return;
          const code = host.outcomes[cell]!;
          // A router's word that there is no way is no sign of the host; its own refusal is.
          const { state } = OUTCOMES[code]!;
          const sign = state === 'open' || state === 'closed' || engine?.byHost === true;
          if (sign) {
            found.add(host);
            this.report(host, cell, engine!);
          }
          if (sign || this.isGone(host, code)) leaveRest(host);
        },
        finished: (host) => {
          if (!found.has(host)) silent(host);
        },
      },
    });
    await scheduler.run();
  }

  /** Whether the kernel looked for it on the link, and found nobody. */
  private isGone({ number }: HostScan, outcome: number): boolean {
    return outcome === FILTERED_HOST_UNREACH && this.kernels.has(number);
  }

  private report(host: HostScan, cell: number, engine: ProbeEngine): void {
    const { number, address } = host;
    const link = this.arp?.found.get(host) ?? this.nd?.found.get(host);
    const us = host.roundTrip.smoothedUs;
    if (host.outcomes.length > 1 && !this.asking.delete(number)) return;
    this.kernels.delete(number);
    this.unrouted.delete(number);
    this.options.up({
      number,
      address,
      reason: reasonOf(engine, cell),
      ...(link === undefined ? {} : { link }),
      ...(Number.isNaN(us) ? {} : { roundTripUs: us }),
    });
  }
}

/** All is known that was to be found out; further ports need not be asked. */
function leaveRest(host: HostScan): void {
  for (let cell = 0; cell < host.outcomes.length; cell++) host.restore(cell, NOT_MINE);
}

function reasonOf({ name }: ProbeEngine, cell: number): string {
  switch (name) {
    case 'arp':
      return 'arp-response';
    case 'nd':
      return 'nd-response';
    case 'ping':
      return 'echo-reply';
    case 'udp':
      return `udp-response ${DISCOVERY_UDP_PORTS[cell]}`;
    default:
      return `tcp-response ${DISCOVERY_PORTS[cell]}`;
  }
}

/** Of a pass whose error `run` reports anyway. */
function ignore(): void {}

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
