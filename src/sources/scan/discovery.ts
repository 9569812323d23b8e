/**
 * Which of the addresses have a host at all, so that ports are asked only where somebody could
 * answer: ARP and neighbour discovery on our own links, elsewhere ICMP echo, then a few TCP ports,
 * then a few UDP ports (any answer of the host itself, also a refusal, shows it). Runs beside the
 * scan, which starts on the first host found.
 */
import { networkInterfaces } from 'node:os';
import { FILTERED_HOST_UNREACH } from '../../model/port-state.ts';
import { isRefusal } from '../../native/libc.ts';
import type { LinkTarget } from '../../native/sockets.ts';
import type { Address } from '../../net/address.ts';
import { formatAddress } from '../../net/address.ts';
import { classifyAddress } from '../../net/address-class.ts';
import { ARP_MESSAGES } from './arp-messages.ts';
import type { CellOrder } from './cells-to-ask.ts';
import type { Clock, ProbeEngine } from './engine.ts';
import { HostQueue } from './host-queue.ts';
import { HostScan } from './host-scan.ts';
import { OwnLinks } from './links.ts';
import { ND_MESSAGES } from './nd-messages.ts';
import { NeighbourEngine } from './neighbour-engine.ts';
import { PingEngine } from './ping-engine.ts';
import { eitherOf, type StopSign } from './stop-sign.ts';
import type { Timing } from './timing.ts';
import { UdpEngine } from './udp-engine.ts';
import { askWhoIsThere } from './who-is-there.ts';

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
  readonly signal: StopSign;
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

/**
 * How many addresses on links the kernel may look for at once. Its neighbour table has room for
 * 1,024 by default (arp(7), gc_thresh3), the dead stay in it for three seconds, and while it is
 * full, questions to the living are dropped without a word.
 */
export const KERNEL_NEIGHBOURS = 512;

/** Where the system does not tell how an address is reached. */
const UNKNOWN_WAY = { near: undefined };

/** Opens its sockets at once and closes them at the end of `run`, which must be called. */
export class Discovery {
  /** How hosts are asked, for reports. */
  readonly methods: string[] = [];
  private readonly options: DiscoveryOptions;
  private readonly failed = new AbortController();
  /** Of the caller, or that one way to ask failed. */
  private readonly signal: StopSign;
  private readonly timing: Timing;
  private readonly linkTiming: Timing;
  /** Undefined: the system does not tell. */
  private readonly links: OwnLinks | undefined;
  private readonly own: ReadonlySet<string>;
  private readonly arp: NeighbourEngine | undefined;
  private readonly nd: NeighbourEngine | undefined;
  private readonly ping: PingEngine | undefined;
  private readonly toNeighbours = new HostQueue();
  private readonly toPing = new HostQueue();
  private readonly toTcp = new HostQueue();
  private readonly toUdp = new HostQueue();
  /** Of how many who ask ports of a host nothing is known yet, by its number. */
  private readonly asking = new Map<number, number>();
  /** Numbers of addresses that the kernel is looking for on links. */
  private readonly kernels = new Set<number>();
  /** Numbers of addresses being looked for that this machine has no route to. */
  private readonly unrouted = new Set<number>();

  constructor(options: DiscoveryOptions) {
    this.options = options;
    this.signal = eitherOf(options.signal, this.failed.signal);
    const firstTimeoutMs = Math.min(FIRST_TIMEOUT_MS, options.timing.firstTimeoutMs);
    this.timing = { ...options.timing, firstTimeoutMs };
    const linkTimeoutMs = Math.min(LINK_TIMEOUT_MS, options.timing.firstTimeoutMs);
    this.linkTiming = { ...options.timing, firstTimeoutMs: linkTimeoutMs };
    const links = attempt(() => new OwnLinks());
    this.links = links;
    const interfaces = Object.values(networkInterfaces()).flat();
    this.own = new Set(interfaces.flatMap((each) => each?.address ?? []));
    if (links !== undefined) {
      this.arp = attempt(() => new NeighbourEngine(ARP_MESSAGES, links, options.clock));
      this.nd = attempt(() => new NeighbourEngine(ND_MESSAGES, links, options.clock));
    }
    this.ping = attempt(() => new PingEngine(options.clock));
    if (this.arp !== undefined) this.methods.push('ARP');
    if (this.nd !== undefined) this.methods.push('neighbour discovery');
    if (options.everyAddress) return;
    if (this.ping !== undefined) this.methods.push('ICMP echo');
    this.methods.push(TCP_METHOD, UDP_METHOD);
  }

  /** Runs to its end, or until the signal. What one way to ask throws ends the others too. */
  async run(): Promise<void> {
    const one: CellOrder = { cells: 1, randomFrom: 1, at: () => 0 };
    const silentOnLink = (host: HostScan) => this.silentOnLink(host);
    const dealt = this.pass(this.arp, () => this.deal(one), silentOnLink).finally(() => {
      this.toNeighbours.close();
      this.toPing.close();
    });
    const neighbours = this.pass(this.nd, () => this.toNeighbours.next(), silentOnLink);
    const echo = this.pass(
      this.ping,
      () => this.toPing.next(),
      (host) => this.passOn(host),
    );
    const pinged = Promise.all([dealt, echo]).finally(() => {
      this.toTcp.close();
      this.toUdp.close();
    });
    const ports = this.askPorts(this.toTcp, TCP_METHOD, this.options.tcp);
    const datagrams = this.askPorts(this.toUdp, UDP_METHOD, () =>
      attempt(() => new UdpEngine(DISCOVERY_UDP_PORTS, this.options.clock)),
    );
    const passes = [neighbours, pinged, ports, datagrams];
    for (const pass of passes) pass.catch(() => this.failed.abort());
    try {
      // Nobody may be at a socket any more when it is closed.
      await Promise.allSettled([dealt, echo, ...passes]);
      await Promise.all(passes);
    } finally {
      this.arp?.close();
      this.nd?.close();
      this.ping?.close();
      this.links?.close();
    }
  }

  private async askPorts(
    queue: HostQueue,
    method: string,
    open: () => ProbeEngine | undefined,
  ): Promise<void> {
    if (!(await queue.any)) return;
    const engine = open();
    if (engine === undefined) this.methods.splice(this.methods.indexOf(method), 1);
    try {
      await this.pass(
        engine,
        () => queue.next(),
        (host) => this.silentPorts(host),
      );
    } finally {
      engine?.close();
    }
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

  private push(queue: HostQueue, number: number, address: Address, { length }: Uint16Array): void {
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

  private pass(
    engine: ProbeEngine | undefined,
    hosts: () => HostScan | 'later' | undefined,
    silent: (host: HostScan) => void,
  ): Promise<void> {
    return askWhoIsThere({
      engine,
      timing: this.timing,
      clock: this.options.clock,
      signal: this.signal,
      hosts,
      isGone: (host, outcome) => this.isGone(host, outcome),
      found: (host, cell) => this.report(host, cell, engine!),
      silent,
    });
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

function attempt<Engine>(make: () => Engine): Engine | undefined {
  try {
    return make();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // Not allowed or not possible here; the other ways remain, and the report names those used.
    return undefined;
  }
}
