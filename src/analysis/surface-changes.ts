/**
 * What changed of a machine's attack surface between two runs. A service is known again by its port:
 * process ids and addresses change with every start. Of several services on one port the widest
 * reach counts, since that is what others meet with.
 */
import type { Transport } from '../model/transport.ts';
import { REACHES, type Reach, type SurfaceItem } from './surface.ts';

/** A port of an earlier or of this run. */
export interface SurfacePort {
  readonly transport: Transport;
  readonly port: number;
  readonly reach: Reach;
  /** Names of the programs that hold it, sorted; empty where they are not known. */
  readonly processes: readonly string[];
}

export type SurfaceChangeKind = 'new' | 'wider' | 'other-process' | 'narrower' | 'gone';
const ORDER: readonly SurfaceChangeKind[] = ['new', 'wider', 'other-process', 'narrower', 'gone'];

export interface SurfaceChange {
  readonly kind: SurfaceChangeKind;
  /** Absent: it was not there, or is no more. */
  readonly before?: SurfacePort;
  readonly now?: SurfacePort;
}

/** The ports of a run. */
export function surfacePorts(items: readonly SurfaceItem[]): SurfacePort[] {
  return onePerPort(
    items.map(({ transport, port, reach, listeners }) => ({
      transport,
      port,
      reach,
      processes: listeners.flatMap(({ owner }) =>
        owner.kind === 'processes' ? owner.processes.map(({ name }) => name) : [],
      ),
    })),
  );
}

/** Each port once, in order of port and transport. */
export function onePerPort(services: readonly SurfacePort[]): SurfacePort[] {
  const ports = new Map<string, SurfacePort>();
  for (const service of services) {
    const key = keyOf(service);
    const known = ports.get(key);
    const names = new Set([...(known?.processes ?? []), ...service.processes]);
    const reach = known === undefined || wider(known.reach, service.reach) ? service : known;
    const { transport, port } = service;
    ports.set(key, { transport, port, reach: reach.reach, processes: [...names].sort() });
  }
  return [...ports.values()].sort(byPort);
}

/** What widens the surface first. A process that is not known on one side is no change. */
export function surfaceChanges(
  before: readonly SurfacePort[],
  now: readonly SurfacePort[],
): SurfaceChange[] {
  const old = new Map(before.map((each) => [keyOf(each), each]));
  const changes: SurfaceChange[] = [];
  for (const each of now) {
    const was = old.get(keyOf(each));
    old.delete(keyOf(each));
    if (was === undefined) changes.push({ kind: 'new', now: each });
    else {
      const kind = changeOf(was, each);
      if (kind !== undefined) changes.push({ kind, before: was, now: each });
    }
  }
  for (const was of old.values()) changes.push({ kind: 'gone', before: was });
  return changes.sort(
    (left, right) =>
      ORDER.indexOf(left.kind) - ORDER.indexOf(right.kind) ||
      byPort((left.now ?? left.before)!, (right.now ?? right.before)!),
  );
}

function changeOf(was: SurfacePort, is: SurfacePort): SurfaceChangeKind | undefined {
  if (wider(was.reach, is.reach)) return 'wider';
  const known = was.processes.length > 0 && is.processes.length > 0;
  if (known && was.processes.join('\0') !== is.processes.join('\0')) return 'other-process';
  return wider(is.reach, was.reach) ? 'narrower' : undefined;
}

/** Whether more can reach `to` than could reach `from`. */
function wider(from: Reach, to: Reach): boolean {
  return REACHES.indexOf(to) < REACHES.indexOf(from);
}

function keyOf({ transport, port }: Pick<SurfacePort, 'transport' | 'port'>): string {
  return `${transport} ${port}`;
}

function byPort(left: SurfacePort, right: SurfacePort): number {
  return (
    left.port - right.port ||
    (left.transport < right.transport ? -1 : left.transport > right.transport ? 1 : 0)
  );
}
