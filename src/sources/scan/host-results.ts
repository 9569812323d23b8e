/** Folds what a scan learned of a host's ports into the record that leaves it. */

import { isOpen, OUTCOMES, PENDING, type PortState } from '../../model/port-state.ts';
import type { PortGroup } from '../../model/scanned-host.ts';
import { formatAddress } from '../../net/address.ts';
import { type HostScan, NOT_MINE } from './host-scan.ts';
import { portText, type ScannedTransport } from './ports.ts';

/** One answered port as a record. */
export function portState(
  host: HostScan,
  cell: number,
  transport: ScannedTransport,
  port: number,
  seenMs?: number,
): PortState {
  const outcome = OUTCOMES[host.outcomes[cell]!]!;
  const rttMs = host.roundTripMs(cell);
  const ttl = host.ttls[cell]!;
  return {
    kind: 'port',
    target: { address: formatAddress(host.address), transport, port },
    state: outcome.state,
    reason: outcome.reason,
    ...(ttl === 0 ? {} : { ttl }),
    attempts: host.tries[cell]!,
    ...(rttMs === undefined ? {} : { rttMs: Math.round(rttMs * 1000) / 1000 }),
    ...(seenMs === undefined ? {} : { seenMs }),
  };
}

export interface FoldedPorts {
  readonly open: readonly PortState[];
  readonly groups: readonly PortGroup[];
  /** Ports of this shard that were not asked: interrupted. */
  readonly unasked: number;
  /** Ports of other shards. */
  readonly notMine: number;
}

/** @param ports the port of each cell, ascending; `listOpen` false: open ones are a group too */
export function foldPorts(
  host: HostScan,
  transport: ScannedTransport,
  ports: Uint16Array,
  listOpen: boolean,
): FoldedPorts {
  const open: PortState[] = [];
  const byCode = new Map<number, number[]>();
  for (let cell = 0; cell < ports.length; cell++) {
    const code = host.outcomes[cell]!;
    if (listOpen && isOpen(code)) {
      open.push(portState(host, cell, transport, ports[cell]!));
      continue;
    }
    const list = byCode.get(code);
    if (list === undefined) byCode.set(code, [ports[cell]!]);
    else list.push(ports[cell]!);
  }
  const groups: PortGroup[] = [];
  for (const [code, list] of byCode) {
    const outcome = code === NOT_MINE ? undefined : OUTCOMES[code];
    if (outcome === undefined) continue;
    groups.push({ transport, ...outcome, count: list.length, ports: portText(list) });
  }
  groups.sort((left, right) => right.count - left.count);
  return {
    open,
    groups,
    unasked: byCode.get(PENDING)?.length ?? 0,
    notMine: byCode.get(NOT_MINE)?.length ?? 0,
  };
}
