import { describe, expect, it } from 'vitest';
import { rangeOfPrefix } from '../net/address-range.ts';
import { parsePrefix } from '../net/prefix.ts';
import type { Party, Policy, Rule } from './intent.ts';
import { nearRules } from './rule-match.ts';
import { parseService } from './service-text.ts';

function party(...prefixes: readonly string[]): Party {
  const addresses = prefixes.map((text) => rangeOfPrefix(parsePrefix(text)));
  return { names: prefixes, addresses: prefixes.length === 0 ? undefined : addresses };
}

function rule(id: string, from: Party, to: Party, service: string, more: Partial<Rule> = {}): Rule {
  return {
    ...{ id, action: 'allow', from, to, serviceNames: [service] },
    ...{ services: [parseService(service)], unobserved: false, log: false },
    ...more,
  };
}

const WEB = party('192.0.2.10');
const SQL = party('198.51.100.20');
const policy: Policy = {
  ...{ version: 1, name: 'shop', zones: [], groups: [], services: [], default: 'deny' },
  logDeniedPerSecond: 50,
  rules: [
    rule('sql', WEB, SQL, 'tcp/1433'),
    rule('rpc', WEB, party('198.51.100.10'), 'tcp/49152-65535'),
    rule('ping', party(), SQL, 'icmp/8'),
    rule('old', party('192.0.2.11'), SQL, 'tcp/1433', { expiresMs: 10 }),
    rule('never', party(), SQL, 'tcp/22', { action: 'deny' }),
  ],
};

describe('which rules come nearest', () => {
  it.each<[string, string, string, string[]]>([
    ['192.0.2.11', '198.51.100.20', 'tcp/1433', ['sql client', 'ping service']],
    ['192.0.2.10', '198.51.100.20', 'tcp/22', ['sql service', 'ping service']],
    ['192.0.2.10', '198.51.100.21', 'tcp/1433', ['sql server']],
    ['192.0.2.10', '198.51.100.10', 'tcp/1433', ['rpc service', 'sql server']],
    ['192.0.2.11', '198.51.100.20', 'icmp/0', ['ping service']],
    ['192.0.2.99', '198.51.100.99', 'tcp/1433', ['sql client server', 'ping service server']],
    ['2001:db8::1', '2001:db8::2', 'udp/53', ['ping service server']],
  ])('%s -> %s %s', (client, server, service, expected) => {
    const near = nearRules(policy, { client, server, service }, 20);
    expect(near.map(({ rule: { id }, lacks }) => `${id} ${lacks.join(' ')}`)).toEqual(expected);
  });

  it('are none where every part is unknown', () => {
    const rules = policy.rules.slice(0, 1);
    const asked = { client: '192.0.2.99', server: '192.0.2.98', service: 'udp/1' };
    expect(nearRules({ ...policy, rules }, asked, 0)).toEqual([]);
  });
});
