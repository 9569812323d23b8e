/**
 * What changed between two scans. Only what both asked is compared: a port that one of them never
 * asked has not changed, and silence that turns into other silence (`open|filtered`, `filtered`)
 * says nothing.
 */
import type { PortStateName } from '../model/port-state.ts';
import type { PortGroup, ScannedHost, ScanRecord } from '../model/scanned-host.ts';
import { containsPort, type PortRange, parsePorts } from '../net/port-range.ts';

/** State of a port in one scan; `not-listed`: the scan lists open ports only, and not this one. */
export type SeenState = PortStateName | 'not-listed' | 'host-down';

export interface PortChange {
  readonly address: string;
  readonly transport: string;
  readonly port: number;
  /** `opened` and `closed` touch open ports; `changed` any other states. */
  readonly change: 'opened' | 'closed' | 'changed';
  readonly before: SeenState;
  readonly after: SeenState;
  readonly reason: string;
}

export interface HostChange {
  readonly address: string;
  readonly change: 'appeared' | 'vanished';
}

export interface ScanDifference {
  readonly ports: readonly PortChange[];
  readonly hosts: readonly HostChange[];
  /** Open ports of the earlier scan that the new one did not ask. */
  readonly notAsked: number;
}

/**
 * @param isTarget whether the new scan covers the address
 */
export function compareScans(
  before: ScanRecord,
  after: ScanRecord,
  isTarget: (address: string) => boolean,
): ScanDifference {
  const [old, now] = [new Lookup(before), new Lookup(after)];
  const ports: PortChange[] = [];
  const hosts: HostChange[] = [];
  let notAsked = 0;
  for (const host of after.hosts) {
    if (!old.has(host.address)) hosts.push({ address: host.address, change: 'appeared' });
    for (const { target, state, reason } of host.ports) {
      const { transport, port } = target;
      const earlier = old.state(host.address, transport, port);
      if (earlier === undefined) continue;
      const change = changeOf(earlier, state);
      if (change !== undefined) {
        ports.push({
          address: host.address,
          transport,
          port,
          change,
          before: earlier,
          after: state,
          reason,
        });
      }
    }
  }
  for (const host of before.hosts) {
    const { address } = host;
    if (!isTarget(address)) {
      notAsked += host.ports.filter(({ state }) => state === 'open').length;
      continue;
    }
    if (!now.has(address)) hosts.push({ address, change: 'vanished' });
    for (const { target, state } of host.ports) {
      const { transport, port } = target;
      if (now.isListed(address, transport, port)) continue;
      const later = now.state(address, transport, port);
      if (later === undefined) {
        if (state === 'open') notAsked++;
        continue;
      }
      const change = changeOf(state, later);
      const reason = now.reason(address, transport, port);
      if (change !== undefined) {
        ports.push({ address, transport, port, change, before: state, after: later, reason });
      }
    }
  }
  return { ports, hosts, notAsked };
}

/** States that are all kinds of "no answer that says open". */
const SILENT = new Set<SeenState>([
  'filtered',
  'open|filtered',
  'closed|filtered',
  'not-listed',
  'host-down',
]);

function changeOf(before: SeenState, after: SeenState): PortChange['change'] | undefined {
  if (before === after) return undefined;
  if (after === 'open') return 'opened';
  if (before === 'open') return 'closed';
  if (SILENT.has(before) || SILENT.has(after)) return undefined;
  return 'changed';
}

interface KnownGroup extends PortGroup {
  readonly ranges: readonly PortRange[];
}

/** The states of one scan by address, transport and port. */
class Lookup {
  private readonly record: ScanRecord;
  private readonly hosts = new Map<string, ScannedHost>();
  private readonly listed = new Map<string, ScannedHost['ports'][number]>();
  private readonly groups = new Map<string, readonly KnownGroup[]>();
  private readonly asked: readonly { transport: string; ranges: readonly PortRange[] }[];

  constructor(record: ScanRecord) {
    this.record = record;
    this.asked = record.asked.map(({ transport, ports }) => ({
      transport,
      ranges: rangesOf(ports),
    }));
    for (const host of record.hosts) {
      this.hosts.set(host.address, host);
      for (const each of host.ports) {
        this.listed.set(`${host.address} ${each.target.transport}/${each.target.port}`, each);
      }
      this.groups.set(
        host.address,
        host.groups.map((group) => ({ ...group, ranges: rangesOf(group.ports) })),
      );
    }
  }

  has(address: string): boolean {
    return this.hosts.has(address);
  }

  isListed(address: string, transport: string, port: number): boolean {
    return this.listed.has(`${address} ${transport}/${port}`);
  }

  /** Undefined: the scan did not ask the port, as far as it says. */
  state(address: string, transport: string, port: number): SeenState | undefined {
    const listed = this.listed.get(`${address} ${transport}/${port}`);
    if (listed !== undefined) return listed.state;
    const group = this.groupOf(address, transport, port);
    if (group !== undefined) return group.state;
    if (!this.covers(transport, port)) return undefined;
    return this.has(address) ? 'not-listed' : 'host-down';
  }

  reason(address: string, transport: string, port: number): string {
    return this.groupOf(address, transport, port)?.reason ?? 'no-response';
  }

  private groupOf(address: string, transport: string, port: number): KnownGroup | undefined {
    return this.groups
      .get(address)
      ?.find((group) => group.transport === transport && containsPort(group.ranges, port));
  }

  /** A scan that does not say what it asked is taken to have asked everything. */
  private covers(transport: string, port: number): boolean {
    if (this.asked.length === 0) return this.record.scanner !== 'portreeve';
    const own = this.asked.filter((each) => each.transport === transport);
    return own.some(({ ranges }) => ranges.length === 0 || containsPort(ranges, port));
  }
}

function rangesOf(ports: string): PortRange[] {
  try {
    return ports === '' ? [] : parsePorts(ports);
  } catch {
    return [];
  }
}
