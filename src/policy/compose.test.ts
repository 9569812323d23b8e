/** Rules made of conversations allow exactly these, and change little when little changes. */
import { describe, expect, it } from 'vitest';
import { type Dice, diceOf } from '../../test/builders/policy.ts';
import { parseAddress } from '../net/address.ts';
import { mergeRanges, rangeOfAddress, rangeOfPrefix } from '../net/address-range.ts';
import { parsePrefix } from '../net/prefix.ts';
import { compareFilters } from './compare.ts';
import { composePolicy } from './compose.ts';
import type { Conversation, Decision } from './conversation.ts';
import { verdictSpaces } from './evaluate.ts';
import type { FilterRule } from './filter.ts';
import type { Policy, Rule } from './intent.ts';
import { planFor } from './plan.ts';
import { parseService } from './service-text.ts';

const EMPTY: Policy = {
  ...{ version: 1, name: 'test', groups: [], services: [], rules: [], default: 'deny' },
  zones: [
    ['dmz', '10.0.1.0/24'],
    ['internal', '10.0.2.0/24'],
  ].map(([name, prefix]) => ({
    ...{ name: name!, isRest: false, interfaces: [] },
    addresses: [rangeOfPrefix(parsePrefix(prefix!))],
  })),
  logDeniedPerSecond: 0,
};

function allow(
  text: string,
  fields: Partial<
    Pick<Decision, 'decision' | 'expiresMs'> &
      Pick<Conversation, 'unobserved' | 'clientRoles' | 'serverRoles'>
  > = {},
): Decision {
  const [client, server, service] = text.split(' ') as [string, string, string];
  return {
    ...{ kind: 'decision', decision: fields.decision ?? 'allow', by: 'alice', atMs: 1000 },
    ...(fields.expiresMs === undefined ? {} : { expiresMs: fields.expiresMs }),
    conversation: {
      ...{ kind: 'conversation', from: 'dmz', to: 'internal', client, server, service },
      ...{ standing: 'confirmed', connections: 3, answered: 3, denied: 0, hours: 2 },
      ...{
        firstMs: 0,
        lastMs: 1,
        direction: { reason: 'syn', confidence: 'certain' },
        seen: 'a#1',
      },
      ...(fields.unobserved ? { unobserved: true } : {}),
      ...(fields.clientRoles === undefined ? {} : { clientRoles: fields.clientRoles }),
      ...(fields.serverRoles === undefined ? {} : { serverRoles: fields.serverRoles }),
    },
  };
}

const compose = (
  decisions: readonly Decision[],
  before = EMPTY,
  names = new Map<string, string>(),
) => composePolicy(before, decisions, names);
const shown = ({ rules }: Policy) =>
  rules.map(
    ({ id, from, to, serviceNames }) =>
      `${id} ${from.names} -> ${to.names} ${serviceNames.join(' ')}`,
  );

function some(dice: Dice): Decision[] {
  const found = new Map<string, Decision>();
  for (let count = 2 + dice(40); count > 0; count--) {
    const service = ['tcp/80', 'tcp/81', 'tcp/443', 'udp/53', 'icmp/8', 'ip/89'][dice(6)];
    const [client, server] = [dice(6), dice(6)];
    const four = dice(3) > 0;
    const text = four
      ? `10.0.1.${client} 10.0.2.${server} ${service}`
      : `2001:db8:1::${client} 2001:db8:2::${server} ${service!.replace('icmp/8', 'icmpv6/128')}`;
    found.set(text, allow(text));
  }
  return [...found.values()];
}

/** Hosts of `some`, by names that hold for both families. */
const DUAL = new Map(
  [0, 1, 2, 3, 4, 5].flatMap((host): [string, string][] => [
    [`10.0.1.${host}`, `app${host}`],
    [`2001:db8:1::${host || ''}`, `app${host}`],
    [`10.0.2.${host}`, `db${host}`],
    [`2001:db8:2::${host || ''}`, `db${host}`],
  ]),
);

/** What is allowed, written one conversation a rule. */
function plainly(decisions: readonly Decision[]) {
  const accept = { action: 'accept', line: 0 } as const;
  const rules = decisions.map(({ conversation }): FilterRule => {
    const { protocol, ports, icmp } = parseService(conversation.service);
    const side = (text: string) => mergeRanges([rangeOfAddress(parseAddress(text)!)]);
    return {
      ...accept,
      match: {
        ...{ states: ['new'], source: side(conversation.client) },
        ...{
          destination: side(conversation.server),
          protocols: [{ first: protocol, last: protocol }],
        },
        ...(ports === undefined ? {} : { destinationPorts: ports }),
        ...(icmp === undefined ? {} : { icmp }),
      },
    };
  });
  const known: FilterRule = { ...accept, match: { states: ['established', 'related'] } };
  return {
    chains: [
      { name: 'x', hook: 'forward', otherwise: 'drop', line: 0, rules: [known, ...rules] } as const,
    ],
  };
}

describe('composePolicy', () => {
  it('allows exactly what was validated, over all packets', () => {
    for (let seed = 0; seed < 60; seed++) {
      const decisions = some(diceOf(seed));
      const { policy } = compose(decisions, EMPTY, seed % 2 === 0 ? new Map() : DUAL);
      const { filter } = planFor(policy, { stateful: true, nowMs: 0 });
      expect(
        compareFilters(verdictSpaces(), filter, plainly(decisions), []),
        `seed ${seed}`,
      ).toEqual([]);
      expect(policy.rules.length).toBeLessThanOrEqual(decisions.length);
    }
  });

  it('makes one rule of hosts that go by the same names in both families', () => {
    const decisions = ['tcp/443', 'udp/53', 'icmp/8'].flatMap((service) => [
      allow(`10.0.1.1 10.0.2.1 ${service}`),
      allow(`2001:db8:1::1 2001:db8:2::1 ${service.replace('icmp/8', 'icmpv6/128')}`),
    ]);
    const { policy, atLeast, composed } = compose(decisions, EMPTY, DUAL);
    expect(shown(policy)).toEqual(['R001 app -> db icmp/8 tcp/443 udp/53 icmpv6/128']);
    expect([atLeast, composed]).toEqual([1, 1]);
    // It is put together anew, and not taken for a person's.
    const more = [...decisions, allow('10.0.1.1 10.0.2.1 udp/123')];
    expect(shown(compose(more, policy, DUAL).policy)).toEqual([
      'R001 app1 -> db1 icmp/8 tcp/443 udp/53 udp/123',
      'R002 app1-2 -> db1-2 tcp/443 udp/53 icmpv6/128',
    ]);
  });

  it('claims no fewest where rules of the families might have been one', () => {
    const decisions = [
      allow('10.0.1.1 10.0.2.1 tcp/443'),
      allow('2001:db8:1::1 2001:db8:2::1 tcp/443'),
    ];
    const { atLeast, composed } = compose(decisions);
    expect([atLeast, composed]).toEqual([1, 2]);
  });

  it('puts hosts that do the same into one rule, and ports side by side into ranges', () => {
    const decisions = ['1', '2', '3'].flatMap((host) =>
      ['tcp/80', 'tcp/81'].map((service) => allow(`10.0.1.${host} 10.0.2.9 ${service}`)),
    );
    const { policy, atLeast } = compose(decisions);
    expect(shown(policy)).toEqual(['R001 http-clients -> 10.0.2.9 tcp/80-81']);
    expect(atLeast).toBe(1);
  });

  it('never writes a prefix that holds an address nobody validated', () => {
    const decisions = [0, 1, 2].map((host) => allow(`10.0.1.${host} 10.0.2.9 tcp/80`));
    const [group] = compose(decisions).policy.groups;
    expect(group!.addresses).toEqual(
      mergeRanges([0, 1, 2].map((host) => rangeOfAddress(parseAddress(`10.0.1.${host}`)!))),
    );
  });

  it('keeps apart what ends on another day, was not seen, or is of another family', () => {
    const decisions = [
      allow('10.0.1.1 10.0.2.9 tcp/80'),
      allow('10.0.1.1 10.0.2.9 tcp/81', { expiresMs: 5000 }),
      allow('10.0.1.1 10.0.2.9 tcp/82', { unobserved: true }),
      allow('2001:db8::1 2001:db8::2 tcp/80'),
    ];
    const { rules } = compose(decisions).policy;
    expect(rules).toHaveLength(4);
    expect(rules.filter(({ unobserved }) => unobserved)).toHaveLength(1);
    expect(rules.filter(({ expiresMs }) => expiresMs === 5000)).toHaveLength(1);
  });

  it('allows nothing that was denied or put off', () => {
    const decisions = [
      allow('10.0.1.1 10.0.2.9 tcp/80', { decision: 'deny' }),
      allow('10.0.1.1 10.0.2.9 tcp/81', { decision: 'later' }),
    ];
    expect(compose(decisions).policy.rules).toEqual([]);
  });

  it('keeps ids and names when a conversation is added', () => {
    const first = ['1', '2', '3', '4'].flatMap((host) => [
      allow(`10.0.1.${host} 10.0.2.9 tcp/443`),
      allow(`10.0.1.${host} 10.0.2.8 udp/53`),
    ]);
    const names = new Map([['10.0.2.9', 'shop']]);
    const before = compose(first, EMPTY, names).policy;
    const next = compose(
      [...first, allow('10.0.1.7 10.0.2.9 tcp/443'), allow('10.0.1.9 10.0.2.1 tcp/22')],
      before,
      names,
    );
    expect(shown(before)).toEqual([
      'R001 dns-clients -> 10.0.2.8 udp/53',
      'R002 dns-clients -> shop tcp/443',
    ]);
    const [one, ...others] = shown(next.policy);
    expect(one).toBe('R001 dns-clients -> 10.0.2.8 udp/53');
    expect(others[0]).toMatch(/^R002 .* -> shop tcp\/443$/);
    expect(others[1]).toBe('R003 10.0.1.9 -> 10.0.2.1 tcp/22');
    expect(compose(first, before, names).policy).toEqual(before);
  });

  it('names hosts by what they are for, one or many, and keeps the name as they become more', () => {
    const roles = { clientRoles: ['web-server'], serverRoles: ['domain-controller', 'dns'] };
    const first = [allow('10.0.1.10 10.0.2.10 tcp/389', roles)];
    const { policy } = compose(first);
    expect(shown(policy)).toEqual(['R001 web-server -> domain-controller tcp/389']);
    const more = [
      ...first,
      allow('10.0.1.10 10.0.2.11 tcp/389', roles),
      allow('10.0.1.77 10.0.2.99 tcp/1433'),
    ];
    const grown = compose(more, policy).policy;
    expect(shown(grown)).toEqual([
      'R001 web-server -> domain-controller tcp/389',
      'R002 10.0.1.77 -> 10.0.2.99 tcp/1433',
    ]);
    expect(grown.groups.map(({ name, addresses }) => [name, addresses.length])).toEqual([
      ['domain-controller', 1],
      ['web-server', 1],
    ]);
    // Roles are only known where the packets of this review were seen.
    expect(compose([allow('10.0.1.10 10.0.2.10 tcp/389')], policy).policy.groups).toEqual(
      policy.groups,
    );
  });

  it('gives a set its old name before a new one can take it', () => {
    const two = (low: number) =>
      [low, low + 2].map((host) => allow(`10.0.1.9 10.0.2.${host} tcp/1433`));
    const before = compose(two(50)).policy;
    const names = before.groups.map(({ name }) => name);
    const other = two(10).map(({ conversation, ...decision }) => ({
      ...decision,
      conversation: { ...conversation, client: '10.0.1.1' },
    }));
    const { groups, rules } = compose([...two(50), ...other], before).policy;
    expect(new Set(groups.map(({ name }) => name)).size).toBe(groups.length);
    expect(groups.find(({ name }) => name === names[0])?.addresses).toEqual(
      before.groups[0]!.addresses,
    );
    expect(rules).toHaveLength(2);
  });

  it('finds the stem of names that stand side by side', () => {
    const names = new Map([
      ['10.0.1.10', 'web-1'],
      ['10.0.1.11', 'web-2'],
    ]);
    const decisions = [...names.keys()].map((host) => allow(`${host} 10.0.2.9 tcp/443`));
    expect(shown(compose(decisions, EMPTY, names).policy)).toEqual([
      'R001 web -> 10.0.2.9 tcp/443',
    ]);
  });

  it('leaves rules of people alone, and needs no other for what they allow', () => {
    const own: Rule = {
      ...{ id: 'mine', action: 'allow', unobserved: true, log: false, serviceNames: ['tcp/1-100'] },
      from: { names: ['dmz'], addresses: EMPTY.zones[0]!.addresses },
      to: { names: ['internal'], addresses: EMPTY.zones[1]!.addresses },
      services: [parseService('tcp/1-100')],
    };
    const edited: Rule = {
      ...own,
      id: 'R005',
      evidence: { conversations: 1, connections: 1, firstMs: 0, lastMs: 0, samples: [] },
    };
    const before = { ...EMPTY, rules: [own, edited] };
    const { policy } = compose(
      [allow('10.0.1.1 10.0.2.9 tcp/80'), allow('10.0.1.1 10.0.2.9 udp/53')],
      before,
    );
    expect(policy.rules.slice(0, 2)).toEqual([own, edited]);
    expect(shown(policy)[2]).toBe('R006 10.0.1.1 -> 10.0.2.9 udp/53');
    expect(policy.rules).toHaveLength(3);
    const { contradicted } = compose(
      [allow('10.0.1.1 10.0.2.9 tcp/80', { decision: 'deny' })],
      before,
    );
    expect(contradicted.map(({ rule }) => rule)).toEqual(['mine']);
  });
});
