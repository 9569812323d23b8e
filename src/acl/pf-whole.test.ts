/** pf.conf as gateways have it: rules by direction and interface, translation beside them. */
import { describe, expect, it } from 'vitest';
import type { PacketHeader } from '../net/header-fields.ts';
import { decide } from '../policy/evaluate.ts';
import { parsePf } from './pf-parse.ts';

const GATEWAY = `# a small office
ext = "em0"
int = "em1"
dmz = "vlan20"
servers = "{ 10.0.2.10 10.0.2.11 }"
set skip on lo
set block-policy drop
match in all scrub (no-df max-mss 1440)
match out on $ext inet from 10.0.0.0/8 nat-to ($ext)
antispoof quick for $int
block log all
pass out quick on $ext proto { tcp udp icmp } modulate state
pass in on $int from 10.0.1.0/24
pass in on ! $ext proto udp to any port domain
block in quick on $int to 10.0.2.0/24
pass in on $ext proto tcp to ($ext) port 22
pass in on $ext proto tcp to 203.0.113.7 port 443 rdr-to 10.0.2.10
pass in on $dmz proto tcp from $servers to 198.51.100.0/24 port https
anchor "relayd/*"
`;

function verdict(
  from: string,
  to: string,
  source: number,
  destination: number,
  port: number,
  protocol = 6,
): string {
  const packet: PacketHeader = {
    ...{ state: 'new', family: 4, laterFragment: false, protocol, tcpFlags: 2 },
    source: { family: 4, words: [source] },
    destination: { family: 4, words: [destination] },
    ...{ sourcePort: 50112, destinationPort: port, icmpType: 0, icmpCode: 0 },
  };
  const vantage = { hook: 'forward', inNames: [from], outNames: [to] } as const;
  return decide(parsePf(GATEWAY).filter, vantage, packet).verdict;
}

const CLIENT = 0x0a000105;
const SERVER = 0x0a00020a;
const OUTSIDE = 0xc6336407;

describe('a gateway', () => {
  it('is understood, and names what decides beside its rules', () => {
    const { faults, beside, assumed } = parsePf(GATEWAY);
    expect([faults, assumed]).toEqual([[], undefined]);
    expect(beside?.map(({ what, lines }) => [what, lines])).toEqual([
      ['match', 2],
      ['antispoof', 1],
      ['rdr-to', 1],
      ['anchor', 1],
    ]);
  });

  it.each<[string, Parameters<typeof verdict>, string]>([
    ['in and out', ['em1', 'em0', CLIENT, OUTSIDE, 80], 'accept'],
    ['a way out alone', ['vlan20', 'em0', SERVER, OUTSIDE, 80], 'drop'],
    ['a way in alone', ['em1', 'em2', CLIENT, OUTSIDE, 80], 'drop'],
    ['a later pass', ['vlan20', 'em0', SERVER, OUTSIDE, 443], 'accept'],
    ['another interface than the one excluded', ['em2', 'em0', CLIENT, OUTSIDE, 53, 17], 'accept'],
    ['the interface excluded', ['em0', 'em0', OUTSIDE, OUTSIDE, 53, 17], 'drop'],
    ['a quick block', ['em1', 'em0', CLIENT, SERVER, 80], 'drop'],
    ['what is for the gateway itself', ['em0', 'em1', OUTSIDE, CLIENT, 22], 'drop'],
    ['what only redirection lets in', ['em0', 'em1', OUTSIDE, 0xcb007107, 443], 'drop'],
  ])('asks about %s', (_what, asked, expected) => {
    expect(verdict(...asked)).toBe(expected);
  });

  it('says that tables may change', () => {
    const { faults, assumed } = parsePf('table <bad> persist\nblock quick from <bad>\npass\n');
    expect([faults, assumed]).toEqual([[], ['that the table <bad> holds what stands in the text']]);
  });

  it('says what it takes of the group of the default route', () => {
    const { faults, assumed } = parsePf('block all\npass out on egress from 10.0.0.0/8\n');
    expect(faults).toEqual([]);
    expect(assumed).toHaveLength(1);
  });
});
