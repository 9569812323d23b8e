import { describe, expect, it } from 'vitest';
import { flowRecord } from '../../test/builders/flow-record.ts';
import type { Flow } from '../model/flow.ts';
import { mergeRanges, rangeOfPrefix } from '../net/address-range.ts';
import { parsePrefix } from '../net/prefix.ts';
import { deniedFlow } from './denied.ts';
import type { Zone } from './intent.ts';
import { Learner } from './learn.ts';

function zone(name: string, isRest: boolean, ...prefixes: string[]): Zone {
  const addresses = mergeRanges(prefixes.map((text) => rangeOfPrefix(parsePrefix(text))));
  return { name, addresses, isRest, interfaces: [] };
}
const zones = [
  zone('dmz', false, '10.0.1.0/24', '2001:db8:1::/64'),
  zone('internal', false, '10.0.2.0/24', '2001:db8:2::/64'),
  zone('internet', true, '0.0.0.0/1', '128.0.0.0/1'),
];
const HOUR = 3_600_000;

function learn(flows: readonly (readonly [Flow, boolean?, boolean?])[]) {
  const learner = new Learner(zones);
  for (const [flow, answered = flow.state !== 'S0', denied = false] of flows) {
    learner.add(flow, answered, denied ? 'denied' : undefined);
  }
  return learner.finish();
}
const told = (flows: Parameters<typeof learn>[0]) =>
  learn(flows).conversations.map(
    ({ from, to, service, standing }) => `${from} ${to} ${service} ${standing}`,
  );

const SQL = '10.0.1.10:50000 -> 10.0.2.20:1433 tcp';

describe('Learner', () => {
  it.each<[string, readonly (readonly [Flow, boolean?, boolean?])[], string[]]>([
    ['one answered connection', [[flowRecord(SQL)]], ['dmz internal tcp/1433 thin']],
    [
      'two within one hour',
      [[flowRecord(SQL)], [flowRecord(SQL, { firstMs: 5 })]],
      ['dmz internal tcp/1433 thin'],
    ],
    [
      'two in two hours',
      [[flowRecord(SQL)], [flowRecord(SQL, { firstMs: HOUR })]],
      ['dmz internal tcp/1433 confirmed'],
    ],
    [
      'client ports',
      [[flowRecord(SQL)], [flowRecord(SQL.replace('50000', '50001'), { firstMs: HOUR })]],
      ['dmz internal tcp/1433 confirmed'],
    ],
    ['no answer', [[flowRecord(SQL, { state: 'S0' })]], ['dmz internal tcp/1433 asked']],
    [
      'an answer after a refusal',
      [[flowRecord(SQL, { state: 'S0' })], [flowRecord(SQL)]],
      ['dmz internal tcp/1433 thin'],
    ],
    [
      'a denial',
      [[flowRecord(SQL, { state: 'S0' }), false, true]],
      ['dmz internal tcp/1433 asked'],
    ],
    [
      'unknown direction',
      [[flowRecord(SQL, { direction: { reason: 'fan-in', confidence: 'unknown' } })]],
      ['dmz internal tcp/1433 quarantined'],
    ],
    [
      'ports alone',
      [[flowRecord(SQL, { direction: { reason: 'port-class', confidence: 'likely' } })]],
      ['dmz internal tcp/1433 quarantined'],
    ],
    [
      'ports alone, then a SYN',
      [
        [flowRecord(SQL, { direction: { reason: 'port-class', confidence: 'likely' } })],
        [flowRecord(SQL)],
      ],
      ['dmz internal tcp/1433 thin'],
    ],
    ['within a zone', [[flowRecord('10.0.1.10:1 -> 10.0.1.11:22 tcp')]], []],
    ['multicast', [[flowRecord('10.0.1.10:5353 -> 224.0.0.251:5353 udp')]], []],
    ['link-local', [[flowRecord('169.254.1.1:5 -> 10.0.2.20:22 tcp')]], []],
    ['IPv6 outside all zones', [[flowRecord('2001:db8:9::1:5 -> 2001:db8:2::1:22 tcp')]], []],
    [
      'IPv6',
      [[flowRecord('2001:db8:1::1:5 -> 2001:db8:2::1:22 tcp')]],
      ['dmz internal tcp/22 thin'],
    ],
    [
      'the internet',
      [[flowRecord('198.51.100.7:5 -> 10.0.1.10:443 tcp')]],
      ['internet dmz tcp/443 thin'],
    ],
    [
      'an echo',
      [[flowRecord('10.0.1.10:8 -> 10.0.2.20:0 icmp'), false]],
      ['dmz internal icmp/8 thin'],
    ],
    [
      'an ICMP error',
      [[flowRecord('10.0.1.10:3 -> 10.0.2.20:1 icmp'), false]],
      ['dmz internal icmp/3 quarantined'],
    ],
    ['GRE', [[flowRecord('10.0.1.10:0 -> 10.0.2.20:0 ip-47'), false]], ['dmz internal ip/47 thin']],
    ['port 0', [[flowRecord('10.0.1.10:5 -> 10.0.2.20:0 udp')]], ['dmz internal udp quarantined']],
  ])('makes of %s what it is worth', (_name, flows, expected) => {
    expect(told(flows)).toEqual(expected);
  });

  it('sets a scan aside, but not what it was answered', () => {
    const scan = Array.from({ length: 40 }, (_, port): [Flow] => [
      flowRecord(`10.0.1.66:40000 -> 10.0.2.20:${port + 1} tcp`, {
        state: port === 21 ? 'SF' : 'S0',
      }),
    ]);
    const { conversations } = learn([...scan, [flowRecord(SQL, { state: 'S0' })]]);
    const standing = (standing: string) =>
      conversations.filter((each) => each.standing === standing);
    expect(standing('quarantined')).toHaveLength(39);
    expect(standing('quarantined')[0]!.because).toMatch(/^scan/);
    expect(standing('thin').map(({ service }) => service)).toEqual(['tcp/22']);
    expect(standing('asked').map(({ client }) => client)).toEqual(['10.0.1.10']);
  });

  it('sets a sweep over hosts aside', () => {
    const sweep = Array.from({ length: 16 }, (_, host): [Flow] => [
      flowRecord(`10.0.1.66:40000 -> 10.0.2.${host + 1}:445 tcp`, {
        state: 'S0',
        firstMs: host * HOUR,
      }),
    ]);
    const { conversations } = learn(sweep);
    expect(conversations.every(({ because }) => because?.startsWith('sweep'))).toBe(true);
  });

  it('counts what no firewall between the zones sees', () => {
    const learned = learn([
      [flowRecord('10.0.1.10:1 -> 10.0.1.11:22 tcp')],
      [flowRecord('127.0.0.1:1 -> 127.0.0.1:22 tcp')],
      [flowRecord(SQL)],
    ]);
    expect(learned).toMatchObject({ flows: 3, flowsWithinZone: 1, flowsOutside: 1 });
  });
});

describe('deniedFlow', () => {
  it('takes the sender for the client, whatever the ports say', () => {
    const nothing = { packets: 0, bytes: 0, payloadBytes: 0, minLength: 0, maxLength: 0 };
    const flow = flowRecord('10.0.2.20:53 -> 10.0.1.10:40000 udp', { state: 'S0' });
    const turned = { ...flow, toServer: nothing, toClient: flow.toServer };
    expect(deniedFlow(turned)).toMatchObject({
      client: '10.0.1.10',
      serverPort: 53,
      toServer: { packets: 5 },
    });
    expect(deniedFlow(flow)).toMatchObject({ client: '10.0.2.20', serverPort: 40_000 });
  });

  it('leaves out what opens nothing', () => {
    expect(deniedFlow(flowRecord(SQL, { state: 'OTH', history: 'D' }))).toBeUndefined();
    expect(deniedFlow(flowRecord(SQL))).toBeUndefined();
    expect(deniedFlow(flowRecord(SQL, { state: 'S0' }))).toBeDefined();
  });
});

describe('several sources', () => {
  it('counts once what several kinds of source saw, and says which', () => {
    const learner = new Learner(zones);
    const listener = { reason: 'listener', confidence: 'certain' } as const;
    for (const firstMs of [0, HOUR, 2 * HOUR]) {
      learner.add({ ...flowRecord(SQL, { firstMs }), spoken: 'tds' }, true);
      learner.add({ ...flowRecord(SQL, { firstMs }), direction: listener }, true);
    }
    learner.add({ ...flowRecord(SQL), direction: listener }, false, 'unknown');
    const [conversation] = learner.finish().conversations;
    expect(conversation).toMatchObject({
      ...{ connections: 4, answered: 3, standing: 'confirmed', spoken: 'tds' },
      sources: ['packets', 'sockets'],
    });
  });
});
