/** What is said of existing rules, and of connections, where a platform adds rules of its own. */
import { describe, expect, it } from 'vitest';
import {
  checkText,
  hostsNamed,
  newPolicy,
  platformNamed,
  provePolicy,
  renderPolicy,
  testConversation,
  zonesOf,
} from './policy.ts';

const found = (name: string, text: string) =>
  checkText(platformNamed(name)!, text, [], []).anomalies.map(
    ({ kind, rule }) => `${kind} ${rule?.line ?? '-'}`,
  );

describe('checkText', () => {
  it.each([
    // Written for two families, and told once; ufw lets out what no rule denies.
    ['ufw', 'ufw allow 22/tcp\n', ['wide 1', 'open-default -']],
    ['ufw', 'ufw default deny outgoing\n', []],
    // What the platform lets pass unasked is nobody's rule, but an order that matters.
    [
      'ufw',
      'ufw default deny outgoing\nufw deny from 203.0.113.0/24\n',
      ['redundant 2', 'correlated 2'],
    ],
    ['windows', 'Set-NetFirewallProfile -All -DefaultOutboundAction Block\n', []],
    ['windows', 'Set-NetFirewallProfile -All -LogBlocked True\n', ['open-default -']],
  ])('%s: %s', (name, text, kinds) => {
    expect(found(name, text)).toEqual(kinds);
  });
});

it('says where rules that cross are no longer looked for', () => {
  const text = (rules: number) =>
    `table ip t { chain c { type filter hook forward priority 0; policy drop;\n${'tcp dport 22 ct state new accept\n'.repeat(rules)}} }`;
  const notes = (rules: number) =>
    checkText(platformNamed('nftables')!, text(rules), [], []).notes.map(({ id }) => id);
  expect(notes(1500)).toEqual([]);
  expect(notes(1501)).toEqual(['crossing-rules']);
});

describe('provePolicy', () => {
  const nftables = platformNamed('nftables')!;
  const zones = zonesOf({ dmz: ['10.0.1.0/24'], inside: ['10.0.2.0/24'] });
  const policy = newPolicy('test', [{ ...zones[0]!, interfaces: ['eth1'] }, zones[1]!]);
  const { text } = renderPolicy(policy, nftables, 0);
  const proof = (rule: string) =>
    provePolicy(
      policy,
      nftables,
      text!.replace('ct state established', `${rule}\nct state established`),
      [],
      0,
    );

  it.each([
    ['iifname "eth7" accept', 'extra interface eth7'],
    ['oifname "eth7" tcp dport 22 accept', 'extra undefined'],
    ['iifname "eth1" accept', 'extra dmz'],
    ['iifname != "eth1" drop', 'missing inside'],
  ])('finds what %s does at an interface', (rule, first) => {
    const [difference] = proof(rule).differences;
    expect(`${difference?.kind} ${difference?.from}`).toBe(first);
  });

  it('finds rules that a second piece of the table adds', () => {
    const more = 'table inet portreeve { chain forward { tcp dport 22 accept; }\n}\n';
    const all = text!.replace('counter drop comment', 'counter comment') + more;
    expect(provePolicy(policy, nftables, all, [], 0).differences).toMatchObject([
      { kind: 'extra', packet: { destinationPort: 22 } },
    ]);
  });

  it('says that forged senders are left out where interfaces of zones are asked for', () => {
    const ids = (rule: string) => proof(rule).notes.map(({ id }) => id);
    expect(ids('iifname "eth1" ip saddr 10.0.1.0/24 drop')).toEqual(['interfaces-by-zone']);
    expect(ids('iifname "eth7" drop')).toEqual([]);
  });
});

describe('testConversation', () => {
  const { filter } = platformNamed('netsh')!.parse(
    'netsh advfirewall firewall add rule name=a dir=in action=allow protocol=tcp localport=22\n' +
      'netsh advfirewall set allprofiles firewallpolicy blockinbound,blockoutbound\n',
  );
  const asked = { client: '192.0.2.1', server: '192.0.2.2', service: 'tcp/22' };
  const at = (name: string) => testConversation(filter, [], asked, hostsNamed([], name)).verdict;

  it('asks the rules of a machine for what comes in there, and for what goes out', () => {
    expect(at('192.0.2.2')).toBe('accept');
    expect(at('192.0.2.1')).toBe('drop');
    expect(at('192.0.2.0/30')).toBe('drop');
  });

  it('does not say yes where no rule was asked', () => {
    expect(() => testConversation(filter, [], asked)).toThrow(/name it with --host/);
    expect(() => at('192.0.2.9')).toThrow(/Neither end is 192\.0\.2\.9/);
    expect(() => at('nobody')).toThrow(/no address, and no group/);
  });
});
