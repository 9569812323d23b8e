import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nftables } from '../acl/nftables.ts';
import { parseAddress } from '../net/address.ts';
import { decide } from './evaluate.ts';
import { RuleHits } from './rule-hits.ts';
import { type Passed, RuleUsage, type Usage } from './rule-usage.ts';

const RULES = `table inet filter {
  chain web {
    tcp dport { 80, 443 } log prefix "A " accept
    tcp dport 8080 drop
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    ip saddr 10.0.0.0/24 jump web
    iifname "eth9" tcp dport 25 log prefix "A " accept
    tcp dport 22 counter packets 7 bytes 500 accept
    tcp dport 21 counter packets 0 bytes 0 accept
    udp dport 53 log prefix "A "
    udp dport 53 accept
    udp dport 54 accept
    log prefix "D " drop
  }
}
`;
const filter = nftables.parse(RULES).filter;
const lineOf = (text: string): number =>
  RULES.split('\n').findIndex((each) => each.includes(text)) + 1;

function passed(text: string, more: Partial<Passed> = {}): Passed {
  const [verdict, client, server, protocol, port] = text.split(' ') as [
    Passed['verdict'],
    string,
    string,
    string,
    string,
  ];
  return {
    ...{ verdict, client: parseAddress(client)!, server: parseAddress(server)!, code: 0 },
    ...{ protocol: protocol === 'tcp' ? 6 : 17, port: Number(port), hooks: ['forward'] },
    ...{
      inNames: ['eth1'],
      outNames: ['eth0'],
      rule: null,
      events: 2,
      firstMs: 1000,
      lastMs: 5000,
    },
    ...{ locator: 'fw.log:1', ...more },
  };
}

function use(...rows: Passed[]): Usage & { of: (text: string) => Usage['lines'][number] } {
  const usage = new RuleUsage(filter, new RuleHits(filter));
  for (const row of rows) usage.add(row);
  const result = usage.usage();
  return { ...result, of: (text) => result.lines.find(({ line }) => line === lineOf(text))! };
}

describe('the use of rules', () => {
  it('is counted by line, in chains that are jumped to as well', () => {
    const { of, lines, events, allowed } = use(
      passed('allow 10.0.0.7 192.0.2.1 tcp 443'),
      passed('deny 10.0.0.7 192.0.2.1 tcp 8080', { lastMs: 9000 }),
      passed('deny 10.9.0.7 192.0.2.1 tcp 443'),
    );
    expect([events, allowed]).toEqual([6, 2]);
    expect(of('{ 80, 443 }')).toMatchObject({ hits: 2, status: 'used', logged: true });
    expect(of('{ 80, 443 }').unusedServices).toEqual(['tcp/80']);
    expect(of('8080 drop')).toMatchObject({ hits: 2, lastMs: 9000, locator: 'fw.log:1' });
    expect(of('log prefix "D " drop')).toMatchObject({ hits: 2, action: 'drop' });
    expect(lines.every(({ line }) => line > 0)).toBe(true);
  });

  it('by answers is use, though no log shows them', () => {
    const { of } = use(passed('allow 10.0.0.7 192.0.2.1 tcp 443'));
    expect(of('established')).toMatchObject({ hits: 0, answers: 2, status: 'used' });
  });

  it.each([
    ['what the device counted', 'dport 22', 'used', null],
    ['counted by the device, never, and not logged', 'dport 21', 'unused', false],
    ['logged by the rule before', 'dport 53 accept', 'unused', true],
    ['logged by no rule', 'dport 54', 'unlogged', false],
    ['logged and on another interface', 'eth9', 'unused', true],
  ])('%s', (_, text, status, logged) => {
    const use1 = use(passed('allow 10.0.0.7 192.0.2.1 tcp 443')).of(text);
    expect(use1).toMatchObject({ status, ...(logged === null ? {} : { logged }) });
  });

  it('is only possible where the log does not name the interface', () => {
    const nowhere = { inNames: undefined, outNames: undefined };
    const { of, vague } = use(passed('allow 10.9.0.7 192.0.2.1 tcp 25', nowhere));
    expect(of('eth9')).toMatchObject({ status: 'possible', hits: 0 });
    expect(vague).toBe(2);
  });

  it('proves nothing where nothing allowed is logged', () => {
    const { of } = use(passed('deny 10.9.0.7 192.0.2.1 tcp 443'));
    expect(of('{ 80, 443 }').status).toBe('unlogged');
  });

  it('is compared with what the log says', () => {
    const { otherwise, otherwiseSample } = use(
      passed('allow 10.0.0.7 192.0.2.1 tcp 443'),
      passed('deny 10.0.0.8 192.0.2.1 tcp 443', { locator: 'fw.log:9' }),
    );
    expect([otherwise, otherwiseSample]).toEqual([
      2,
      { locator: 'fw.log:9', line: lineOf('{ 80, 443 }') },
    ]);
  });

  it('is what deciding one packet after the other says', () => {
    const hits = new RuleHits(filter);
    const packet = fc.record({
      state: fc.constantFrom('new' as const, 'established' as const),
      family: fc.constant(4 as const),
      source: fc.constantFrom('10.0.0.7', '10.9.0.7').map((text) => parseAddress(text)!),
      destination: fc.constant(parseAddress('192.0.2.1')!),
      laterFragment: fc.constant(false),
      protocol: fc.constantFrom(6, 17, 1),
      sourcePort: fc.constant(50_000),
      destinationPort: fc.constantFrom(21, 22, 25, 53, 54, 80, 443, 8080, 9),
      ...{ icmpType: fc.constant(8), icmpCode: fc.constant(0), tcpFlags: fc.constantFrom(2, 16) },
    });
    fc.assert(
      fc.property(packet, fc.constantFrom('eth1', 'eth9'), (header, name) => {
        const vantage = { hook: 'forward' as const, inNames: [name], outNames: ['eth0'] };
        const [found] = hits.deciders(header, vantage, null);
        const told = decide(filter, vantage, header);
        expect(found!.accepts).toBe(told.verdict === 'accept');
        expect(found!.rule < 0 ? undefined : hits.rules[found!.rule]).toBe(told.rule);
      }),
      { numRuns: 300 },
    );
  });
});
