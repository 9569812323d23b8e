/** The direction ladder where other flows, or only ports, decide. */

import { describe, expect, it } from 'vitest';
import { flowsOf, type Step, tcpTalk, udpTalk } from '../../test/builders/conversation.ts';
import { ASK, DNS, said } from '../../test/builders/decided.ts';

describe('services learned from other flows', () => {
  const handshake = tcpTalk(['> S 100', '< SA 500 101', '> A 101 501'], {
    client: '192.0.2.1:40000',
    server: '198.51.100.2:9000',
  });
  const midStream = (client: string, server: string, start = 1_700_000_001) =>
    tcpTalk(['< PA 1 1 +5', '> A 1 6'], { client, server, start });

  it('an accepted connection makes a service', () => {
    const flows = flowsOf([...handshake, ...midStream('192.0.2.3:9001', '198.51.100.2:9000')]);
    expect(said(flows[1]!)).toBe('192.0.2.3:9001 learned-service likely');
  });

  it.each<[string, Step[]]>([
    ['a refusal', tcpTalk(['> S 100', '< RA 0 101'], { server: '198.51.100.2:9000' })],
    ['an attempt', tcpTalk(['> S 100'], { server: '198.51.100.2:9000' })],
    ['a stealth SYN-ACK', tcpTalk(['< SA 500 101', '> R 101'], { server: '198.51.100.2:9000' })],
    ['a unanswered query', udpTalk([`> ${ASK}`], DNS)],
    [
      'the same port at both ends',
      tcpTalk(['> S 100', '< SA 500 101', '> A 101 501'], {
        client: '192.0.2.1:9000',
        server: '198.51.100.2:9000',
      }),
    ],
  ])('%s does not', (_, steps) => {
    const flows = flowsOf([...steps, ...midStream('192.0.2.3:9001', '198.51.100.2:9000')]);
    expect(said(flows[1]!)).toBe('198.51.100.2:9000 first-packet unknown');
  });

  it('two services that talk to each other stay undecided', () => {
    const other = tcpTalk(['> S 100', '< SA 500 101', '> A 101 501'], {
      client: '192.0.2.9:41000',
      server: '192.0.2.3:9001',
    });
    const flows = flowsOf([
      ...handshake,
      ...other,
      ...midStream('192.0.2.3:9001', '198.51.100.2:9000'),
    ]);
    expect(said(flows[2]!)).toBe('198.51.100.2:9000 first-packet unknown');
  });
});

describe('fan-in', () => {
  const peers = (count: number, port: (index: number) => number, hub: number): Step[] =>
    Array.from({ length: count }, (_, index) =>
      udpTalk(['< +5', '> +5'], {
        client: `192.0.2.${10 + index}:${port(index)}`,
        server: `198.51.100.2:${hub}`,
      }),
    ).flat();
  const all = (steps: Step[]) =>
    [
      ...new Set(
        flowsOf(steps).map(
          (flow) =>
            `${flow.serverPort === 9000 || flow.serverPort === 40000 ? 'hub' : 'peer'} ${flow.direction.reason} ${flow.direction.confidence}`,
        ),
      ),
    ].sort();

  it.each<[string, string[], Step[]]>([
    [
      'three peers from ports of their own',
      ['hub fan-in likely'],
      peers(3, (i) => 20000 + i, 9000),
    ],
    ['two hundred peers', ['hub fan-in likely'], peers(200, (i) => 20000 + i, 9000)],
    ['two peers are too few', ['peer first-packet unknown'], peers(2, (i) => 20000 + i, 9000)],
    ['peers that share a port', ['peer first-packet unknown'], peers(5, () => 20000, 9000)],
    ['four ports of five', ['hub fan-in likely'], peers(5, (i) => 20000 + Math.max(1, i), 9000)],
    [
      'three ports of five',
      ['peer first-packet unknown'],
      peers(5, (i) => 20000 + Math.max(2, i), 9000),
    ],
    ['a scanner with one source port', ['peer port-class likely'], peers(9, (i) => 100 + i, 40000)],
  ])('%s: %s', (_, expected, steps) => expect(all(steps)).toEqual(expected));

  it('needs different peers, not only ports', () => {
    const steps = Array.from({ length: 6 }, (_, index) =>
      udpTalk(['< +5', '> +5'], {
        client: `192.0.2.10:${20000 + index}`,
        server: '198.51.100.2:9000',
      }),
    ).flat();
    expect(all(steps)).toEqual(['peer first-packet unknown']);
  });

  it.each<[string, string[]]>([
    ['ACK', ['> A 1 1', '< R 1']],
    ['FIN', ['> F 1', '< RA 0 2']],
    ['no', ['> - 1', '< RA 0 1']],
    ['unanswered ACK', ['> A 1 1']],
  ])('a %s scan from one port over many hosts and ports makes no service', (_, lines) => {
    const steps = Array.from({ length: 50 }, (_, index) =>
      tcpTalk(lines, { client: '192.0.2.1:40000', server: `198.51.100.${index}:${2000 + index}` }),
    ).flat();
    expect(flowsOf(steps).every((flow) => flow.direction.reason === 'first-packet')).toBe(true);
  });
});

describe('port classes', () => {
  it.each<[number, number, 'client' | 'server' | 'unknown']>([
    [50000, 80, 'client'],
    [80, 50000, 'server'],
    [40000, 443, 'client'],
    [50000, 8080, 'client'],
    [40000, 8080, 'unknown'],
    [22, 80, 'unknown'],
    [50000, 60000, 'unknown'],
    [49151, 49152, 'server'],
    [1023, 1024, 'server'],
    [801, 2049, 'client'],
    [2049, 801, 'server'],
    [400, 2049, 'server'],
    [0, 50000, 'unknown'],
    [50000, 0, 'unknown'],
  ])('from %i to %i: the sender is %s', (from, to, expected) => {
    const [flow] = flowsOf(
      udpTalk(['> +1'], { client: `192.0.2.1:${from}`, server: `198.51.100.2:${to}` }),
    );
    const role =
      flow!.direction.confidence === 'unknown'
        ? 'unknown'
        : flow!.client === '192.0.2.1'
          ? 'client'
          : 'server';
    expect(role).toBe(expected);
    if (role !== 'unknown') expect(said(flow!)).toContain('port-class likely');
  });
});
