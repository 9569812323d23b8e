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

/** Ports of one outcome, gathered in runs. */
interface Runs {
  count: number;
  readonly pieces: string[];
}

/** @param ports the port of each cell, ascending; `listOpen` false: open ones are a group too */
export function foldPorts(
  host: HostScan,
  transport: ScannedTransport,
  ports: Uint16Array,
  listOpen: boolean,
): FoldedPorts {
  const open: PortState[] = [];
  const byCode = new Map<number, Runs>();
  for (let cell = 0; cell < ports.length; ) {
    const code = host.outcomes[cell]!;
    if (listOpen && isOpen(code)) {
      open.push(portState(host, cell, transport, ports[cell]!));
      cell++;
      continue;
    }
    let end = cell + 1;
    while (
      end < ports.length &&
      host.outcomes[end] === code &&
      ports[end] === ports[end - 1]! + 1
    ) {
      end++;
    }
    const runs = byCode.get(code) ?? { count: 0, pieces: [] };
    byCode.set(code, runs);
    runs.count += end - cell;
    runs.pieces.push(portText(ports.subarray(cell, end)));
    cell = end;
  }
  const groups: PortGroup[] = [];
  for (const [code, { count, pieces }] of byCode) {
    const outcome = code === NOT_MINE ? undefined : OUTCOMES[code];
    if (outcome !== undefined)
      groups.push({ transport, ...outcome, count, ports: pieces.join(',') });
  }
  groups.sort((left, right) => right.count - left.count);
  return {
    open,
    groups,
    unasked: byCode.get(PENDING)?.count ?? 0,
    notMine: byCode.get(NOT_MINE)?.count ?? 0,
  };
}
