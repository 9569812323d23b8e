/**
 * Asks ports of this machine from its own addresses, and from a network namespace beside it where
 * that is permitted: then the packets come in as another machine's would, and cross the firewall.
 */

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { BindRefusal, ObservedPort } from '../../model/comparison.ts';
import { NativeUnavailable, SystemCallError } from '../../native/libc.ts';
import { inNetwork } from '../../native/netlink.ts';
import { type ProbeTarget, probeAll, refusedBinds } from '../../native/probe.ts';
import { parseAddress } from '../../net/address.ts';
import { classifyAddress } from '../../net/address-class.ts';

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

export type BesideResult =
  | { readonly kind: 'asked'; readonly ports: readonly ObservedPort[] }
  | { readonly kind: 'not-asked'; readonly because: string };

/**
 * Makes a network namespace with one link to this machine, asks from there, and removes it again.
 * Needs root and the program `ip`. Nothing of it stays, also when asking fails.
 */
export function probeFromBeside(places: readonly ProbePlace[], timeoutMs: number): BesideResult {
  if (process.geteuid?.() !== 0)
    return { kind: 'not-asked', because: 'making a network namespace needs root' };
  const name = `portreeve-${randomBytes(3).toString('hex')}`;
  try {
    layOut(name);
    const ports = inNetwork(`/run/netns/${name}`, () =>
      probe(places, timeoutMs, 'a namespace beside it'),
    );
    return ports === undefined
      ? { kind: 'not-asked', because: 'system calls cannot be used' }
      : { kind: 'asked', ports };
  } catch (error) {
    const because =
      error instanceof IpError || error instanceof SystemCallError ? error.message : undefined;
    if (because === undefined) throw error;
    return { kind: 'not-asked', because };
  } finally {
    spawnSync('ip', ['netns', 'delete', name], { stdio: 'ignore', env: PATHS });
  }
}

class IpError extends Error {}
const PATHS = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };

/** Link-local IPv4 and unique local IPv6: nobody else has them. */
function layOut(name: string): void {
  const link = name.replace('portreeve-', 'pr');
  const [third = 0] = randomBytes(1);
  const near = `169.254.${third}.1`;
  const prefix = `fd${randomBytes(1).toString('hex')}:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}:1`;
  ip('netns', 'add', name);
  ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  ip('address', 'add', `${near}/30`, 'dev', link);
  ip('link', 'set', link, 'up');
  ip('-n', name, 'address', 'add', `169.254.${third}.2/30`, 'dev', 'eth0');
  ip('-n', name, 'link', 'set', 'eth0', 'up');
  ip('-n', name, 'route', 'add', 'default', 'via', near);
  if (!hasIPv6()) return;
  ip('address', 'add', `${prefix}::1/64`, 'dev', link, 'nodad');
  ip('-n', name, 'address', 'add', `${prefix}::2/64`, 'dev', 'eth0', 'nodad');
  ip('-n', name, 'route', 'add', 'default', 'via', `${prefix}::1`);
}

function hasIPv6(): boolean {
  try {
    return readFileSync('/proc/net/if_inet6', 'utf8') !== '';
  } catch {
    return false;
  }
}

function ip(...words: string[]): void {
  const done = spawnSync('ip', words, { encoding: 'utf8', env: PATHS });
  if (done.status === 0) return;
  const said = done.stderr?.trim().split('\n').at(-1) ?? '';
  throw new IpError(
    done.error === undefined ? `ip ${words[0]}: ${said}` : 'the program ip is not there',
  );
}

const PORTS = 65_535;
const SETTLE_MS = 300;

/**
 * Ports that cannot be bound, tried twice so that what was only passing falls out. Takes about a
 * second; for that time a program that wants one of the ports at that very moment may be refused.
 */
export function bindTest(): BindRefusal[] {
  const privileged = process.geteuid?.() === 0;
  return (['tcp', 'udp'] as const).flatMap((transport) => {
    const first = refusedBinds(transport, range(privileged ? 1 : 1024, PORTS)).map(
      ({ port }) => port,
    );
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_MS);
    return refusedBinds(transport, first).map(({ port, error }) => ({
      transport,
      port,
      because: error === 'EADDRINUSE' ? ('in-use' as const) : ('forbidden' as const),
    }));
  });
}

function* range(first: number, last: number): Generator<number> {
  for (let port = first; port <= last; port++) yield port;
}
