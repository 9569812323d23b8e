import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nearestPlatform, platformsOf } from './audit-rules.ts';

const GOLDEN = new URL('../../test/golden/acl/', import.meta.url);

describe('the platform of a text of rules', () => {
  it.each<[string, string[]]>([
    ['nftables', ['nftables']],
    ['iptables-host', ['iptables']],
    ['cisco-asa', ['cisco-asa']],
    ['cisco-nxos', ['cisco-nxos']],
    ['fortios', ['fortios']],
    ['junos-srx', ['junos-srx']],
    // Only people can tell the two.
    ['opnsense', ['pfsense', 'opnsense']],
    ['windows', ['windows']],
  ])('%s', (name, wanted) => {
    const text = readFileSync(new URL(`${name}.txt`, GOLDEN), 'utf8');
    expect(platformsOf(text).map((platform) => platform.name)).toEqual(wanted);
  });

  it('that nothing understands as a whole is the one that comes nearest', () => {
    const asa = [
      'access-list IN extended permit tcp any host 10.0.2.20 eq 443 log',
      'access-list IN extended permit tcp any any time-range WORK',
    ];
    expect(platformsOf(asa.join('\n'))).toEqual([]);
    expect(nearestPlatform(asa.join('\n'))?.name).toBe('cisco-asa');
    expect(nearestPlatform('nothing of the kind')).toBeUndefined();
  });
});
