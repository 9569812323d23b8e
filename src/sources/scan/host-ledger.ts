/**
 * What a scan has learned of each host over all transports: open ports as they are found, the
 * others folded when the host is through, hosts on which everything is open, and how it all adds
 * up to addresses times ports.
 */

import { vendorOf } from '../../catalog/vendors.ts';
import { isOpen, type PortState } from '../../model/port-state.ts';
import type { PortGroup, ScannedHost, UniformAnswer } from '../../model/scanned-host.ts';
import { formatAddress } from '../../net/address.ts';
import type { FoundHost } from './discovery.ts';
import { foldPorts, portState } from './host-results.ts';
import type { HostScan } from './host-scan.ts';
import { endpointKey } from './journal.ts';
import { macText } from './noted-host.ts';
import type { ScannedTransport } from './ports.ts';
import type { LimitedHost, ThrottledHost } from './scan-request.ts';
import { looksUniform } from './uniform.ts';

/** What is gathered of one host over the transports. */
interface Gathered {
  readonly found: FoundHost;
  readonly open: PortState[];
  /** Those of them that were handed out. */
  readonly told: Set<string>;
  readonly groups: PortGroup[];
  uniform?: UniformAnswer;
  /** Ports whose fate the fields above tell, and those left open by an interrupt. */
  accounted: number;
  unasked: number;
  wentSilent: boolean;
}

/** Open ports of one host handed out before it must be clear that not everything is open. */
const SUSPICIOUS = 16;

/** From so many ports on a host is judged by them alone, without control ports. */
export const MANY_PORTS = 1000;

/** Hosts are added once; `conclude` when all their ports are through. */
export class HostLedger {
  readonly limited: LimitedHost[] = [];
  readonly throttled: ThrottledHost[] = [];
  /** Ports that belong to other shards. */
  otherShards = 0;
  private readonly gathered = new Map<number, Gathered>();
  private readonly portsPerHost: number;
  private readonly namesOf: (address: string) => readonly string[];

  /** @param portsPerHost over all transports */
  constructor(portsPerHost: number, namesOf: (address: string) => readonly string[]) {
    this.portsPerHost = portsPerHost;
    this.namesOf = namesOf;
  }

  add(found: FoundHost): void {
    this.gathered.set(found.number, {
      found,
      open: [],
      told: new Set(),
      groups: [],
      accounted: 0,
      unasked: 0,
      wentSilent: false,
    });
  }

  /** Takes an open port; returns it unless everything on that host seems open so far. */
  open(
    host: HostScan,
    cell: number,
    transport: ScannedTransport,
    port: number,
  ): PortState | undefined {
    const { open, told } = this.gathered.get(host.number)!;
    const state = portState(host, cell, transport, port, Date.now());
    open.push(state);
    const mostlyOpen = open.length > SUSPICIOUS && open.length > 0.5 * host.tally.answered;
    if (mostlyOpen && host.tally.answered >= 0.2 * host.tally.sent) return undefined;
    told.add(endpointKey(state.target));
    return state;
  }

  /** Open ports that were not handed out yet; they count as handed out now. */
  untold(host: HostScan): PortState[] {
    const { open, told } = this.gathered.get(host.number)!;
    const left = open.filter(({ target }) => !told.has(endpointKey(target)));
    for (const { target } of left) told.add(endpointKey(target));
    return left;
  }

  /** A host is through with a transport, or was under way when the scan was interrupted. */
  finish(host: HostScan, transport: ScannedTransport, ports: Uint16Array): void {
    const gathered = this.gathered.get(host.number)!;
    const uniform = transport === 'tcp' && looksUniform(host) && ports.length >= MANY_PORTS;
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
    const silent = folded.groups.filter(({ reason }) => reason === 'no-response');
    this.noteLimit(
      host,
      transport,
      silent.reduce((total, { count }) => total + count, 0),
    );
  }

  /** Everything on the host is open, the control ports too: its TCP ports are not listed. */
  markUniform(host: HostScan, uniform: UniformAnswer, ports: Uint16Array): void {
    const gathered = this.gathered.get(host.number)!;
    gathered.uniform = uniform;
    const folded = foldPorts(host, 'tcp', ports, false);
    gathered.open.splice(0, gathered.open.length);
    gathered.groups.splice(0, gathered.groups.length, ...folded.groups);
  }

  /** The host answered, and then no more: what stayed silent may only have come too late. */
  markGone(number: number): void {
    this.gathered.get(number)!.wentSilent = true;
  }

  private noteLimit(host: HostScan, transport: ScannedTransport, silent: number): void {
    const { gapUs } = host.speed.pace;
    if (gapUs === 0) return;
    const address = formatAddress(host.address);
    const perSecond = Math.round(1e7 / gapUs) / 10;
    const { undecided } = host;
    if (undecided > 0) this.limited.push({ address, transport, perSecond, undecided });
    else if (host.speed.gauge.on && silent > 0) {
      this.throttled.push({ address, transport, perSecond, silent });
    }
  }

  private record(gathered: Gathered): ScannedHost {
    const { found, open, groups, uniform, unasked, accounted, wentSilent } = gathered;
    const address = formatAddress(found.address);
    const mac = found.link && macText(found.link.mac);
    const vendor = mac === undefined ? undefined : vendorOf(mac);
    const left = unasked + this.portsPerHost - accounted;
    return {
      kind: 'host',
      address,
      names: this.namesOf(address),
      status: 'up',
      statusReason: found.reason,
      ...(mac === undefined ? {} : { mac }),
      ...(vendor === undefined ? {} : { vendor }),
      ports: [...open].sort((a, b) => a.target.port - b.target.port),
      groups,
      ...(uniform === undefined ? {} : { uniform }),
      ...(left === 0 ? {} : { unasked: left }),
      ...(wentSilent ? { wentSilent } : {}),
    };
  }

  /** All hosts, and how many ports there are of each state and reason. */
  conclude(): { hosts: ScannedHost[]; counts: Map<string, number> } {
    const hosts: ScannedHost[] = [];
    const counts = new Map<string, number>();
    const add = (key: string, count: number): void => {
      if (count > 0) counts.set(key, (counts.get(key) ?? 0) + count);
    };
    for (const gathered of this.gathered.values()) {
      const host = this.record(gathered);
      hosts.push(host);
      for (const { state, reason } of host.ports) add(`${state} ${reason}`, 1);
      for (const { state, reason, count } of host.groups) add(`${state} ${reason}`, count);
      add('not asked', host.unasked ?? 0);
    }
    return { hosts, counts };
  }
}
