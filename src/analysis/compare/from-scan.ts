/** A scan of any scanner, as the network side of a comparison: what it saw of one host. */
import type { NetworkSide, ObservedPort } from '../../model/comparison.ts';
import type { ScannedHost, ScanRecord } from '../../model/scanned-host.ts';
import { parsePorts } from '../../net/port-range.ts';

export interface ChosenScan {
  readonly network: NetworkSide;
  /** The addresses of the scan that were taken for the host's. */
  readonly addresses: readonly string[];
}

/**
 * The hosts with one of the addresses; without any, the only host of the scan. Undefined when that
 * leaves none, or more than one to choose from.
 *
 * @param name for people: the file
 */
export function scanSide(
  { hosts, endMs, startMs }: ScanRecord,
  name: string,
  addresses: readonly string[] | undefined,
  fallbackMs: number,
): ChosenScan | undefined {
  const up = hosts.filter(({ status, ports }) => status !== 'down' || ports.length > 0);
  const mine =
    addresses === undefined ? up : up.filter(({ address }) => addresses.includes(address));
  if (mine.length === 0 || (addresses === undefined && mine.length > 1)) return undefined;
  const seenMs = endMs ?? startMs ?? fallbackMs;
  return {
    network: {
      vantage: { kind: 'unknown', name },
      ports: mine.flatMap((host) => observed(host, name, seenMs)),
      uniform: mine.filter(({ uniform }) => uniform !== undefined).map(({ address }) => address),
      seenMs,
    },
    addresses: mine.map(({ address }) => address),
  };
}

function observed(
  { address, ports, groups }: ScannedHost,
  name: string,
  scanMs: number,
): ObservedPort[] {
  const evidence = (transport: string, port: number, seenMs: number): ObservedPort['evidence'] => ({
    source: 'scan',
    seenMs,
    locator: `${name} ${address} ${transport}/${port}`,
  });
  const listed = ports.map(({ target, state, reason, ttl, seenMs }): ObservedPort => {
    const { transport, port } = target;
    return {
      address,
      transport,
      port,
      state,
      reason,
      ...(ttl === undefined ? {} : { ttl }),
      evidence: evidence(transport, port, seenMs ?? scanMs),
    };
  });
  const known = new Set(listed.map(({ transport, port }) => `${transport} ${port}`));
  const grouped = groups.flatMap(({ transport, state, reason, ports: text }) =>
    (text === '' ? [] : parsePorts(text)).flatMap(({ first, last }) => {
      const found: ObservedPort[] = [];
      for (let port = first; port <= last; port++) {
        if (known.has(`${transport} ${port}`)) continue;
        found.push({
          address,
          transport,
          port,
          state,
          reason,
          evidence: evidence(transport, port, scanMs),
        });
      }
      return found;
    }),
  );
  return [...listed, ...grouped];
}
