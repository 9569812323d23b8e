/** Asks ports of machines by system calls, and tries which ports of this one can be bound. */

import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { BindRefusal, ObservedPort } from '../../model/comparison.ts';
import { NativeUnavailable } from '../../native/libc.ts';
import { type ProbeTarget, probeAll, refusedBinds } from '../../native/probe.ts';
import { parseAddress } from '../../net/address.ts';
import { classifyAddress } from '../../net/address-class.ts';
import type { SocketView } from './socket-view.ts';

export interface ProbePlace {
  readonly address: string;
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
}

/** Addresses of this machine that others could ask: not loopback. Link-local ones carry a zone. */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address.replace(/%.*$/, ''));
}

/** Undefined: system calls cannot be used here. Answers about our own limits are left out. */
export function probe(
  places: readonly ProbePlace[],
  timeoutMs: number,
  from: string,
): ObservedPort[] | undefined {
  const targets = places.map(targetOf);
  const known = places.filter((_, index) => targets[index] !== undefined);
  try {
    const answers = probeAll(
      targets.filter((target) => target !== undefined),
      timeoutMs,
    );
    const seenMs = Date.now();
    return known.flatMap(
      (place, index) => observation(place, answers[index] ?? 'silent', seenMs, from) ?? [],
    );
  } catch (error) {
    if (error instanceof NativeUnavailable) return undefined;
    throw error;
  }
}

/** Link-local addresses are of one interface, which is not known here: they are not asked. */
function targetOf({ address, transport, port }: ProbePlace): ProbeTarget | undefined {
  const parsed = parseAddress(address);
  if (parsed === undefined || classifyAddress(parsed) === 'link-local') return undefined;
  return { family: parsed.family, words: parsed.words, scope: 0, transport, port };
}

const CLOSED = 'ECONNREFUSED';
const FILTERED: ReadonlyMap<string, string> = new Map([
  ['EHOSTUNREACH', 'host-unreach'],
  ['ENETUNREACH', 'net-unreach'],
  ['EACCES', 'admin-prohibited'],
  ['EPERM', 'admin-prohibited'],
  ['ETIMEDOUT', 'no-response'],
  ['ENOPROTOOPT', 'proto-unreach'],
  ['EPROTO', 'proto-unreach'],
]);

/** Undefined where the answer says something of ourselves only (`EMFILE`, `EADDRNOTAVAIL`). */
function observation(
  place: ProbePlace,
  answer: string,
  seenMs: number,
  from: string,
): ObservedPort | undefined {
  const tcp = place.transport === 'tcp';
  const evidence = {
    source: 'probe',
    seenMs,
    locator: `${from} to ${place.address} ${place.transport}/${place.port}`,
  };
  const seen = (state: ObservedPort['state'], reason: string): ObservedPort => ({
    ...place,
    state,
    reason,
    evidence,
  });
  if (answer === 'open') return seen('open', tcp ? 'syn-ack' : 'udp-response');
  if (answer === 'silent')
    return tcp ? seen('filtered', 'no-response') : seen('open|filtered', 'no-response');
  if (answer === CLOSED) return seen('closed', tcp ? 'conn-refused' : 'port-unreach');
  const reason = FILTERED.get(answer);
  return reason === undefined ? undefined : seen('filtered', reason);
}

const PORTS = 65_535;
const SETTLE_MS = 300;

/**
 * Ports that cannot be bound, tried twice so that what was only passing falls out. Takes about a
 * second; for that time a program that wants one of the ports at that very moment may be refused.
 * Undefined where system calls cannot be used.
 */
export function bindTest(): BindRefusal[] | undefined {
  try {
    return (['tcp', 'udp'] as const).flatMap(bindTestOf);
  } catch (error) {
    if (error instanceof NativeUnavailable) return undefined;
    throw error;
  }
}

function bindTestOf(transport: 'tcp' | 'udp'): BindRefusal[] {
  const first = refusedBinds(transport, range(1, PORTS)).map(({ port }) => port);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_MS);
  const refusals = refusedBinds(transport, first).map(({ port, error }) => ({
    transport,
    port,
    because: error === 'EADDRINUSE' ? ('in-use' as const) : ('forbidden' as const),
  }));
  return withoutPrivileged(refusals, firstUnprivileged());
}

/**
 * Refusals that no socket accounts for, looked up after they were met: what was asked meanwhile leaves
 * sockets behind that wait for a minute (TIME-WAIT), and programs come and go. Those still refused.
 */
export function unexplained(
  refusals: readonly BindRefusal[],
  { listeners, connections }: Pick<SocketView, 'listeners' | 'connections'>,
  tryAgain: typeof refusedBinds = refusedBinds,
): BindRefusal[] {
  const key = ({ transport, port }: { readonly transport: string; readonly port: number }) =>
    `${transport} ${port}`;
  const held = new Set([...listeners, ...connections].map(({ local }) => key(local)));
  const left = refusals.filter((each) => each.because !== 'in-use' || !held.has(key(each)));
  return (['tcp', 'udp'] as const).flatMap((transport) => {
    const own = left.filter((each) => each.transport === transport);
    const ports = new Set(
      tryAgain(
        transport,
        own.map(({ port }) => port),
      ).map(({ port }) => port),
    );
    return own.filter(({ port }) => ports.has(port));
  });
}

/** Where most low ports are forbidden, it is for want of privilege: that sets no port aside. */
function withoutPrivileged(refusals: readonly BindRefusal[], first: number): BindRefusal[] {
  const low = refusals.filter(({ port, because }) => port < first && because === 'forbidden');
  if (low.length * 2 < first) return [...refusals];
  return refusals.filter((refusal) => !low.includes(refusal));
}

/** ip(7), `ip_unprivileged_port_start`. */
function firstUnprivileged(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'latin1'));
  } catch {
    return 1024;
  }
}

function* range(first: number, last: number): Generator<number> {
  for (let port = first; port <= last; port++) yield port;
}
