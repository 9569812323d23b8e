/** Every verdict on small hosts, and that hosts which agree with the network are never doubted. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  ComparedEndpoint,
  CompareInput,
  HostSide,
  NetworkSide,
  ObservedPort,
  SeenService,
} from '../../model/comparison.ts';
import { exposureOf } from '../../model/exposure.ts';
import type { AcceptsIPv4, Listener } from '../../model/listener.ts';
import type { FilterRule, PacketFilter } from '../../model/packet-filter.ts';
import type { Transport } from '../../model/transport.ts';
import { parseAddress } from '../../net/address.ts';
import { compare, isMismatch } from './compare.ts';

const ipv4 = '192.0.2.1';
const ipv6 = '2001:db8::1';
const evidence = { source: 'test', seenMs: 0, locator: 'here' };

function listener(
  address: string,
  port: number,
  more: Partial<Listener> & { transport?: Transport } = {},
): Listener {
  const { transport = 'tcp', ...rest } = more;
  return {
    kind: 'listener',
    local: { address, transport, port },
    state: transport === 'tcp' ? 'listening' : 'bound',
    exposure: exposureOf(parseAddress(address)!),
    acceptsIPv4: address.includes(':') ? 'no' : 'yes',
    owner: { kind: 'processes', processes: [{ pid: 7, name: 'web', commandLine: [] }] },
    evidence: { ...evidence, locator: `${transport} ${address} ${port}` },
    ...rest,
  };
}
const dual = (port: number, more: Partial<Listener> = {}): Listener =>
  listener('::', port, { acceptsIPv4: 'yes', ...more });
const seen = (
  address: string,
  port: number,
  state: ObservedPort['state'],
  more: Partial<ObservedPort> = {},
): ObservedPort => ({
  address,
  transport: 'tcp',
  port,
  state,
  reason: 'test',
  evidence,
  ...more,
});
const udp = { transport: 'udp' } as const;
const named = (name: string): Listener['owner'] => ({
  kind: 'processes',
  processes: [{ pid: 9, name, commandLine: [] }],
});
const rule = (kind: 'drop' | 'reject' | 'redirect', port: number, family?: 4 | 6): FilterRule => ({
  name: `rule ${kind} ${port}`,
  action: { kind },
  conditions: [
    { kind: 'port', ports: [{ first: port, last: port }], not: false },
    ...(family === undefined ? [] : [{ kind: 'family' as const, family, not: false }]),
  ],
});
const filterOf = (...rules: FilterRule[]): PacketFilter => ({
  bases: [{ id: 'input', rules, families: [4, 6], policy: 'accept', nat: false }],
  chains: [],
});

interface Scene {
  readonly listeners?: readonly Listener[];
  readonly ports?: readonly ObservedPort[];
  readonly host?: Partial<HostSide>;
  readonly network?: Partial<NetworkSide>;
  readonly more?: Partial<CompareInput>;
}

function look({
  listeners = [],
  ports = [],
  host = {},
  network = {},
  more = {},
}: Scene): ComparedEndpoint[] {
  return compare({
    host: {
      name: 'h',
      listeners,
      connections: [],
      addresses: [ipv4, ipv6],
      whole: true,
      seenMs: 0,
      ...host,
    },
    networks: [
      { vantage: { kind: 'network', name: 'there' }, ports, uniform: [], seenMs: 0, ...network },
    ],
    traffic: [],
    refusals: [],
    ...more,
  });
}
const words = (scene: Scene): string[] =>
  look(scene).map(({ verdict, sure, port }) => `${verdict} ${sure} ${port}`);

describe('verdicts', () => {
  it.each<[string, Scene, string[]]>([
    [
      'open and listening',
      { listeners: [listener('0.0.0.0', 80)], ports: [seen(ipv4, 80, 'open')] },
      ['agree certain 80'],
    ],
    [
      'open and listening on that address',
      { listeners: [listener(ipv4, 80)], ports: [seen(ipv4, 80, 'open')] },
      ['agree certain 80'],
    ],
    [
      'both families of one socket',
      { listeners: [dual(80)], ports: [seen(ipv4, 80, 'open'), seen(ipv6, 80, 'open')] },
      ['agree certain 80'],
    ],
    [
      'closed and nothing there',
      { ports: [seen(ipv4, 80, 'closed'), seen(ipv4, 81, 'filtered')] },
      [],
    ],
    [
      'dropped by a rule that is known',
      {
        listeners: [listener('0.0.0.0', 80)],
        ports: [seen(ipv4, 80, 'filtered')],
        host: { filter: filterOf(rule('drop', 80)) },
      },
      ['firewalled certain 80'],
    ],
    [
      'dropped on the way',
      {
        listeners: [listener('0.0.0.0', 80)],
        ports: [seen(ipv4, 80, 'filtered')],
        host: { filter: filterOf() },
      },
      ['firewalled likely 80'],
    ],
    [
      'dropped by who knows what',
      { listeners: [listener('0.0.0.0', 80)], ports: [seen(ipv4, 80, 'filtered')] },
      ['firewalled likely 80'],
    ],
    [
      'loopback only',
      { listeners: [listener('127.0.0.1', 80)], ports: [seen(ipv4, 80, 'closed')] },
      ['bind-scoped certain 80'],
    ],
    [
      'another address',
      { listeners: [listener('192.0.2.2', 80)], ports: [seen(ipv4, 80, 'closed')] },
      ['bind-scoped certain 80'],
    ],
    [
      'rejected by a rule',
      {
        listeners: [dual(80)],
        ports: [seen(ipv4, 80, 'closed')],
        host: { filter: filterOf(rule('reject', 80)) },
      },
      ['rejected certain 80'],
    ],
    [
      'rejected for no known reason',
      { listeners: [dual(80)], ports: [seen(ipv4, 80, 'closed')] },
      ['rejected likely 80'],
    ],
    [
      'rejected though the filter lets it in',
      { listeners: [dual(80)], ports: [seen(ipv4, 80, 'closed')], host: { filter: filterOf() } },
      ['rejected open 80'],
    ],
    [
      'sent elsewhere, nothing here',
      { ports: [seen(ipv4, 80, 'open')], host: { filter: filterOf(rule('redirect', 80)) } },
      ['nat certain 80'],
    ],
    [
      'sent elsewhere in spite of a socket',
      {
        listeners: [dual(80)],
        ports: [seen(ipv4, 80, 'open')],
        host: { filter: filterOf(rule('redirect', 80)) },
      },
      ['nat certain 80'],
    ],
    [
      'a published container',
      {
        listeners: [listener('0.0.0.0', 80, { owner: named('docker-proxy') })],
        ports: [seen(ipv4, 80, 'open')],
      },
      ['container-proxy likely 80'],
    ],
    [
      'the kernel',
      {
        listeners: [listener('0.0.0.0', 2049, { owner: { kind: 'kernel' } })],
        ports: [seen(ipv4, 2049, 'open')],
      },
      ['kernel certain 2049'],
    ],
    [
      'the kernel, which refuses what is not its protocol',
      {
        listeners: [listener('0.0.0.0', 5000, { owner: { kind: 'kernel' } })],
        ports: [seen(ipv4, 5000, 'closed')],
      },
      ['kernel certain 5000'],
    ],
    [
      'a process that is hidden even from root',
      {
        listeners: [
          listener('0.0.0.0', 80, { owner: { kind: 'unknown', because: 'hidden-processes' } }),
        ],
        ports: [seen(ipv4, 80, 'open')],
      },
      ['hidden likely 80'],
    ],
    [
      'a process that is hidden from who is not root',
      {
        listeners: [
          listener('0.0.0.0', 80, { owner: { kind: 'unknown', because: 'hidden-processes' } }),
        ],
        ports: [seen(ipv4, 80, 'open')],
        host: { whole: false },
      },
      ['agree certain 80'],
    ],
    ['nothing that listens', { ports: [seen(ipv4, 80, 'open')] }, ['hidden open 80']],
    [
      'nothing that listens, seen from itself',
      { ports: [seen(ipv4, 80, 'open')], network: { vantage: { kind: 'self', name: 'itself' } } },
      ['hidden likely 80'],
    ],
    [
      'tied to another interface',
      {
        listeners: [listener('0.0.0.0', 80, { device: 'eth7' })],
        ports: [seen(ipv4, 80, 'closed')],
      },
      ['bind-scoped likely 80'],
    ],
    [
      'perhaps IPv6 alone, by its tables',
      { listeners: [dual(80, { acceptsIPv4: 'probably' })], ports: [seen(ipv4, 80, 'closed')] },
      ['family-gap likely 80'],
    ],
    [
      'bound, not listening',
      {
        listeners: [listener('0.0.0.0', 80, { state: 'bound' })],
        ports: [seen(ipv4, 80, 'closed')],
      },
      [],
    ],
    [
      'another namespace',
      {
        listeners: [listener('0.0.0.0', 80, { network: 'blue' })],
        ports: [seen(ipv4, 80, 'open')],
      },
      ['other-namespace likely 80'],
    ],
    [
      'an address that is not its own',
      { ports: [seen('192.0.2.9', 80, 'open')] },
      ['stale-address likely 80'],
    ],
    [
      'everything open',
      { ports: [seen(ipv4, 80, 'open')], network: { uniform: [ipv4] } },
      ['proxy likely 80'],
    ],
    [
      'answers that come another way',
      {
        listeners: [dual(22), dual(25), dual(80), dual(443)],
        ports: [
          seen(ipv4, 22, 'open', { ttl: 64 }),
          seen(ipv4, 25, 'open', { ttl: 64 }),
          seen(ipv4, 443, 'open', { ttl: 64 }),
          seen(ipv4, 80, 'open', { ttl: 250 }),
        ],
      },
      ['proxy likely 80', 'agree certain 22', 'agree certain 25', 'agree certain 443'],
    ],
    [
      'UDP that is silent',
      { listeners: [listener('0.0.0.0', 69, udp)], ports: [seen(ipv4, 69, 'open|filtered', udp)] },
      ['bound-silent likely 69'],
    ],
    [
      'UDP that is silent and let in',
      {
        listeners: [listener('0.0.0.0', 69, udp)],
        ports: [seen(ipv4, 69, 'open|filtered', udp)],
        host: { filter: filterOf() },
      },
      ['bound-silent certain 69'],
    ],
    [
      'UDP that is shut off',
      {
        listeners: [listener('0.0.0.0', 69, udp)],
        ports: [seen(ipv4, 69, 'open|filtered', udp)],
        host: { filter: filterOf(rule('drop', 69)) },
      },
      ['firewalled certain 69'],
    ],
    [
      'UDP on loopback',
      { listeners: [listener('127.0.0.1', 69, udp)], ports: [seen(ipv4, 69, 'closed', udp)] },
      ['bind-scoped certain 69'],
    ],
    ['UDP that nobody has', { ports: [seen(ipv4, 69, 'open|filtered', udp)] }, []],
    [
      'IPv6 alone',
      {
        listeners: [listener('::', 80)],
        ports: [seen(ipv4, 80, 'closed'), seen(ipv6, 80, 'open')],
      },
      ['family-gap certain 80', 'agree certain 80'],
    ],
    [
      'one family dropped',
      { listeners: [dual(80)], ports: [seen(ipv4, 80, 'open'), seen(ipv6, 80, 'filtered')] },
      ['firewall-asymmetry certain 80', 'agree certain 80'],
    ],
    [
      'one family rejected',
      { listeners: [dual(80)], ports: [seen(ipv4, 80, 'closed'), seen(ipv6, 80, 'open')] },
      ['firewall-asymmetry certain 80', 'agree certain 80'],
    ],
    ['never looked at', { listeners: [dual(80)] }, ['not-probed certain 80']],
    [
      'a port that is set aside',
      { more: { refusals: [{ transport: 'tcp', port: 5000, because: 'forbidden' }] } },
      ['reserved likely 5000'],
    ],
    [
      'a port that somebody hides',
      { more: { refusals: [{ transport: 'tcp', port: 5000, because: 'in-use' }] } },
      ['hidden likely 5000'],
    ],
    [
      'a port in use, and shown',
      {
        listeners: [listener('127.0.0.1', 80)],
        more: { refusals: [{ transport: 'tcp', port: 80, because: 'in-use' }] },
      },
      ['not-probed certain 80'],
    ],
    [
      'sides far apart in time',
      {
        listeners: [dual(80)],
        ports: [seen(ipv4, 80, 'open')],
        network: { seenMs: 2 * 86_400_000 },
      },
      ['agree likely 80'],
    ],
    [
      'traffic that nobody explains',
      { more: { traffic: [service(ipv4, 99)] } },
      ['traffic-only open 99'],
    ],
    ['traffic of others', { more: { traffic: [service('192.0.2.77', 99)] } }, []],
  ])('%s', (_what, scene, expected) => {
    expect(words(scene)).toEqual(expected);
  });

  it('joins addresses that share a verdict, and shows all sides', () => {
    const [row] = look({
      listeners: [dual(80)],
      ports: [seen(ipv4, 80, 'open'), seen(ipv6, 80, 'open')],
      more: { traffic: [service(ipv4, 80)] },
    });
    expect(row).toMatchObject({
      addresses: [ipv4, ipv6],
      why: 'open, and [::]:80 by web (7)',
      network: { says: 'open (test) from there', evidence: [evidence, evidence] },
      traffic: { says: 'answered 3 clients' },
      vantages: ['there'],
    });
  });

  it('names the rule', () => {
    const [row] = look({
      listeners: [dual(80)],
      ports: [seen(ipv4, 80, 'filtered')],
      host: { filter: filterOf(rule('drop', 80)) },
    });
    expect(row?.why).toBe('[::]:80 by web (7), shut off by rule drop 80');
  });
});

function service(address: string, port: number): SeenService {
  return { address, transport: 'tcp', port, clients: 3, evidence };
}

/** A host, and what a scan of it must then see. */
interface SimulatedSocket {
  readonly address: string;
  readonly port: number;
  readonly transport: 'tcp' | 'udp';
  readonly accepts: AcceptsIPv4;
}
const socket = fc.record<SimulatedSocket>({
  address: fc.constantFrom('0.0.0.0', '127.0.0.1', ipv4, '::', '::1', ipv6, '192.0.2.2'),
  port: fc.integer({ min: 1, max: 60 }),
  transport: fc.constantFrom('tcp', 'udp'),
  accepts: fc.constantFrom('yes', 'no'),
});

function truth(sockets: readonly SimulatedSocket[], closed: ReadonlySet<number>): ObservedPort[] {
  const ports: ObservedPort[] = [];
  for (const address of [ipv4, ipv6]) {
    for (const transport of ['tcp', 'udp'] as const) {
      for (let port = 1; port <= 60; port++) {
        const six = address.includes(':');
        const takes = sockets.some((each) => {
          if (each.port !== port || each.transport !== transport) return false;
          if (each.address === '::') return six || each.accepts === 'yes';
          return each.address === '0.0.0.0' ? !six : each.address === address;
        });
        const open = transport === 'tcp' ? 'open' : 'open|filtered';
        const state = closed.has(port)
          ? transport === 'tcp'
            ? 'filtered'
            : 'open|filtered'
          : takes
            ? open
            : 'closed';
        ports.push(seen(address, port, state, { transport }));
      }
    }
  }
  return ports;
}

describe('hosts that agree with the network', () => {
  it.each([
    ['with their filter known', true],
    ['with their filter unknown', false],
  ])('are never doubted, %s', (_what, known) => {
    fc.assert(
      fc.property(
        fc.array(socket, { maxLength: 40 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 8 }),
        (sockets, closed) => {
          const listeners = sockets.map(({ address, port, transport, accepts }) =>
            listener(address, port, {
              transport,
              ...(address === '::' ? { acceptsIPv4: accepts } : {}),
            }),
          );
          const rows = look({
            listeners,
            ports: truth(sockets, new Set(closed)),
            host: known ? { filter: filterOf(...closed.map((port) => rule('drop', port))) } : {},
          });
          expect(rows.filter(isMismatch)).toEqual([]);
          // Every port that answers is there.
          const agreed = new Set(
            rows.filter(({ verdict }) => verdict === 'agree').map(({ port }) => port),
          );
          for (const { state, port } of truth(sockets, new Set(closed)))
            if (state === 'open') expect(agreed).toContain(port);
        },
      ),
      { numRuns: 300 },
    );
  });
});
