/** What is said of existing rules, and of connections, where a platform adds rules of its own. */
import { describe, expect, it } from 'vitest';
import { checkText, hostsNamed, platformNamed, testConversation } from './policy.ts';

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
