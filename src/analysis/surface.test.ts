import { describe, expect, it } from 'vitest';
import type { ComparedEndpoint, HostSide, VerdictName } from '../model/comparison.ts';
import { exposureOf } from '../model/exposure.ts';
import type { Listener } from '../model/listener.ts';
import type { Reachability } from '../model/packet-filter.ts';
import { parseAddress } from '../net/address.ts';
import { countReaches, surfaceOf } from './surface.ts';

function listener(address: string, port: number, more: Partial<Listener> = {}): Listener {
  return {
    kind: 'listener',
    local: { address, transport: 'tcp', port },
    state: 'listening',
    exposure: exposureOf(parseAddress(address)!),
    acceptsIPv4: address.includes(':') ? 'no' : 'yes',
    owner: { kind: 'processes', processes: [{ pid: 7, name: 'web', commandLine: [] }] },
    evidence: { source: 'test', seenMs: 0, locator: `${address} ${port}` },
    ...more,
  };
}
const host = (listeners: Listener[], addresses?: string[]): HostSide => ({
  name: 'h',
  listeners,
  connections: [],
  whole: true,
  seenMs: 0,
  ...(addresses === undefined ? {} : { addresses }),
});
const row = (port: number, verdict: VerdictName, of?: Listener): ComparedEndpoint => ({
  kind: 'endpoint',
  addresses: ['10.0.0.5'],
  transport: 'tcp',
  port,
  verdict,
  sure: 'likely',
  why: 'because',
  do: [],
  host: { says: '', evidence: [] },
  network: { says: '', evidence: [] },
  vantages: [],
  ...(of === undefined ? {} : { listener: of }),
});
const filter = (answer: Reachability['answer']): Listener['firewall'] => ({
  ipv4: { answer, rules: ['r'], on: ['x'] },
});
const inside = ['10.0.0.5'];
const outside = ['10.0.0.5', '8.8.4.4'];

describe('reach', () => {
  it.each<[string, Listener, string[] | undefined, string, string]>([
    ['loopback', listener('127.0.0.1', 9), outside, 'this-machine', 'bound to loopback'],
    [
      'a private address',
      listener('0.0.0.0', 9),
      inside,
      'local-network',
      'bound to every address',
    ],
    ['a public address', listener('0.0.0.0', 9), outside, 'anywhere', 'bound to every address'],
    ['one address of two', listener('10.0.0.5', 9), outside, 'local-network', 'bound to 10.0.0.5'],
    ['IPv6 alone', listener('::', 9), outside, 'this-machine', 'shut off by a firewall'],
    ['a link', listener('fe80::1', 9), outside, 'local-network', 'bound to a link-local address'],
    [
      'no network',
      listener('0.0.0.0', 9),
      [],
      'this-machine',
      'the machine has no address but loopback',
    ],
    [
      'addresses not known',
      listener('0.0.0.0', 9),
      undefined,
      'local-network',
      'bound to every address; which those are is not known',
    ],
    [
      'a firewall that shuts it off',
      listener('0.0.0.0', 9, { firewall: filter('no')! }),
      outside,
      'this-machine',
      'shut off by r',
    ],
    [
      'a firewall that lets it in',
      listener('0.0.0.0', 9, { firewall: filter('yes')! }),
      outside,
      'anywhere',
      'bound to every address',
    ],
    [
      'a firewall on which it depends',
      listener('0.0.0.0', 9, { firewall: filter('depends')! }),
      outside,
      'anywhere',
      'depends on x (r)',
    ],
  ])('of %s', (_what, of, addresses, reach, because) => {
    expect(surfaceOf(host([of], addresses), [])).toMatchObject([{ reach, because }]);
  });

  it('ends where asking found a firewall', () => {
    const of = listener('0.0.0.0', 9);
    expect(surfaceOf(host([of], inside), [row(9, 'firewalled', of)])).toMatchObject([
      { reach: 'this-machine' },
    ]);
  });
});

describe('services', () => {
  it('are one for sockets of the same processes, and two for others', () => {
    const other = listener('127.0.0.1', 80, { owner: { kind: 'kernel' } });
    const items = surfaceOf(
      host([listener('0.0.0.0', 80), listener('127.0.0.1', 80), other], inside),
      [],
    );
    expect(items.map(({ reach, listeners }) => [reach, listeners.length])).toEqual([
      ['local-network', 2],
      ['this-machine', 1],
    ]);
    expect(countReaches(items)).toEqual({ anywhere: 0, 'local-network': 1, 'this-machine': 1 });
  });

  it('are not sockets of other namespaces, nor such as are bound only', () => {
    const away = listener('0.0.0.0', 80, { network: 'blue' });
    const bound = listener('0.0.0.0', 80, { state: 'bound' });
    expect(surfaceOf(host([away, bound], inside), [])).toEqual([]);
  });

  it('rank what reaches too far first, and name why', () => {
    const items = surfaceOf(
      host(
        [
          listener('0.0.0.0', 443),
          listener('0.0.0.0', 6379),
          listener('127.0.0.1', 23),
          listener('0.0.0.0', 23),
        ],
        outside,
      ),
      [row(4444, 'hidden')],
    );
    expect(
      items
        .map(({ port, concern }) => `${port} ${concern}`)
        .slice(0, 3)
        .sort(),
    ).toEqual(['23 error', '4444 error', '6379 error']);
    expect(items.find(({ port }) => port === 6379)?.reasons.join()).toMatch(/belongs/);
    expect(items.find(({ port }) => port === 443)?.concern).toBe('info');
  });
});
