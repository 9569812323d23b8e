import { describe, expect, it } from 'vitest';
import { parseNftables } from '../acl/nftables-parse.ts';
import { untrackedPorts } from './untracked-ports.ts';

const table = (family: string, ...rules: string[]) =>
  [
    `table ${family} t {`,
    'chain c {',
    'type filter hook forward priority 0; policy drop;',
    ...rules,
    '}',
    '}',
  ].join('\n');

describe('untrackedPorts', () => {
  it.each<[string, string, number | undefined]>([
    ['ports alone', table('inet', 'tcp dport 80 accept'), 4],
    ['types of ICMP alone', table('inet', 'icmp type 8 accept'), 4],
    ['source ports, later', table('ip', 'ip saddr 10.0.0.1 accept', 'udp sport 53 accept'), 5],
    ['addresses alone', table('inet', 'ip saddr 10.0.0.1 accept'), undefined],
    ['states', table('inet', 'ct state established accept', 'tcp dport 80 accept'), undefined],
    [
      'states in the other family only',
      `${table('ip', 'ct state established accept')}\n${table('ip6', 'tcp dport 80 accept')}`,
      10,
    ],
    [
      'states in a table of both',
      `${table('inet', 'ct state established accept')}\n${table('ip6', 'tcp dport 80 accept')}`,
      undefined,
    ],
  ])('%s', (_name, text, line) => {
    const { filter, faults } = parseNftables(text);
    expect(faults).toEqual([]);
    expect(untrackedPorts(filter)?.line).toBe(line);
  });
});
