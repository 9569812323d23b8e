/** What becomes one flow and what becomes two, and what is counted of each packet. */
import { describe, expect, it } from 'vitest';
import {
  flowsOf,
  ip,
  runSteps,
  START,
  type Step,
  step,
  tcpTalk,
  udpTalk,
  viewOf,
} from '../../test/builders/conversation.ts';
import {
  ether,
  fragment4,
  fragment6,
  gre,
  icmp4,
  icmp6,
  ipv4,
  ipv6,
  put16,
  tcp,
  udp,
} from '../../test/builders/packet.ts';
import { FlowTable } from './flow-table.ts';
import type { Timeouts } from './timeouts.ts';

const OPEN = ['> S 100', '< SA 500 101', '> A 101 501'];
const CLOSE = ['> FA 101 501', '< FA 501 102', '> A 102 502'];

const packets = (steps: readonly Step[], timeouts?: Partial<Timeouts>) =>
  flowsOf(steps, timeouts === undefined ? {} : { timeouts }).map(
    ({ toServer, toClient }) => toServer.packets + toClient.packets,
  );

describe('timeouts', () => {
  it.each<[string, number[], string[], Partial<Timeouts>?]>([
    ['UDP just before a minute', [2], ['0.5 > +1', '60.499999999 > +1']],
    ['UDP at a minute', [1, 1], ['0.5 > +1', '60.5 > +1']],
    ['UDP answered just before a minute', [2], ['0.5 > +1', '60.499999999 < +1']],
    ['UDP kept alive', [3], ['0 > +1', '59 > +1', '118 < +1']],
    ['UDP with another limit', [1, 1], ['0 > +1', '2 > +1'], { udp: 2 }],
    ['UDP with a fraction', [2], ['0.9 > +1', '1.149 > +1'], { udp: 0.25 }],
    ['UDP at a fraction', [1, 1], ['0.9 > +1', '1.15 > +1'], { udp: 0.25 }],
    ['UDP, a flow per packet', [1, 1, 1], ['0 > +1', '0 > +1', '0 < +1'], { udp: 0 }],
    ['UDP without a limit', [2], ['0 > +1', '99999999 > +1'], { udp: Number.POSITIVE_INFINITY }],
    ['UDP back in time', [3], ['100 > +1', '1 > +1', '101 > +1']],
  ])('%s: %j', (_, expected, lines, timeouts) => {
    expect(packets(udpTalk(lines), timeouts)).toEqual(expected);
  });

  it.each<[string, number[], string[], Partial<Timeouts>?]>([
    ['TCP just before five minutes', [4], [...OPEN, '300.002999999 > A 101 501']],
    ['TCP at five minutes', [3, 1], [...OPEN, '300.003 > A 101 501']],
    ['an attempt, repeated in time', [3], ['0 > S 100', '1 > S 100', '3 > S 100']],
    [
      'an attempt, from its first packet',
      [3, 1],
      ['0.5 > S 100', '1.5 > S 100', '5.499999999 > S 100', '5.5 > S 100'],
    ],
    [
      'an attempt, repeated without a pause',
      [10, 2],
      Array.from({ length: 12 }, (_, i) => `${i / 2} > S 100`),
    ],
    ['an attempt answered late', [1, 1], ['0 > S 100', '5 < SA 500 101']],
    [
      'an attempt answered in time lasts',
      [3],
      ['0 > S 100', '4.9 < SA 500 101', '100 > A 101 501'],
    ],
    ['closed, just before its limit', [7], [...OPEN, ...CLOSE, '4.98 < A 502 102']],
    ['closed, at its limit', [6, 1], [...OPEN, ...CLOSE, '5.1 < A 502 102']],
    [
      'closed, without a pause',
      [16, 1],
      [...OPEN, ...CLOSE, ...Array.from({ length: 11 }, (_, i) => `${0.006 + i / 2} < A 502 102`)],
    ],
    ['reset, at its limit', [4, 1], [...OPEN, '< R 501', '5.1 < R 501']],
    ['closed by one end only, lasts', [5], [...OPEN, '> FA 101 501', '200 < A 501 102']],
    [
      'closed, and a packet from before',
      [7],
      [
        '10 > S 100',
        '10.1 < SA 500 101',
        '10.2 > A 101 501',
        '10.3 > FA 101 501',
        '10.4 < FA 501 102',
        '10.35 < A 501 102',
        '10.5 > A 102 502',
      ],
    ],
    [
      'closed, with a limit beyond the stamp',
      [6, 1],
      [...OPEN, ...CLOSE, '700 < A 502 102'],
      { closed: 600 },
    ],
    [
      'closed, kept by a longer limit',
      [7],
      [...OPEN, ...CLOSE, '500 < A 502 102'],
      { closed: 600 },
    ],
  ])('%s: %j', (_, expected, lines, timeouts) => {
    expect(packets(tcpTalk(lines), timeouts)).toEqual(expected);
  });

  it.each([Number.NaN, -1])('%d is refused', (bad) => {
    expect(() => new FlowTable({ timeouts: { udp: bad } })).toThrow(TypeError);
    expect(() => new FlowTable({ maxFlows: bad })).toThrow(TypeError);
  });
});

describe('ports used again', () => {
  it.each<[string, number[], string[]]>([
    ['a SYN repeated', [4], ['> S 100', ...OPEN]],
    ['a SYN repeated after the SYN-ACK', [4], [...OPEN, '> S 100']],
    ['a SYN with another number', [3, 3], [...OPEN, '> S 900', '< SA 700 901', '> A 901 701']],
    ['an attempt with another number', [1, 1], ['> S 100', '> S 900']],
    ['after it was closed', [6, 3], [...OPEN, ...CLOSE, ...OPEN]],
    [
      'refused, tried again with another number',
      [2, 2],
      ['> S 100', '< RA 0 101', '> S 900', '< RA 0 901'],
    ],
    ['closed by both, then the other way round', [6, 1], [...OPEN, ...CLOSE, '< S 4000']],
    ['a SYN-ACK repeated with another number', [4], [...OPEN, '< SA 900 101']],
    ['SYN-ACKs alone, another number', [1, 1], ['< SA 500 101', '< SA 900 101']],
    ['SYN-ACKs alone, repeated', [2], ['< SA 500 101', '< SA 500 101']],
    ['a SYN after its SYN-ACK', [3], ['< SA 500 101', '> S 100', '> A 101 501']],
    ['a SYN in mid-stream', [2, 1], ['> A 5000 1', '< A 1 5000', '> S 100']],
    ['crossed SYNs', [2], ['> S 100', '< S 500']],
    ['a SYN of the server in an established connection', [3, 1], [...OPEN, '< S 9000']],
  ])('%s: %j', (_, expected, lines) => expect(packets(tcpTalk(lines))).toEqual(expected));
});

describe('keys', () => {
  it.each<[string, string]>([
    ['the same address and port at both ends', '192.0.2.1:500'],
    ['the same address at both ends', '192.0.2.1:600'],
  ])('%s', (_, server) => {
    const [flow, ...others] = flowsOf(
      udpTalk(['> +10', '< +20'], { client: '192.0.2.1:500', server }),
    );
    expect(others).toEqual([]);
    const both = server === '192.0.2.1:500';
    expect([flow!.toServer.packets, flow!.toClient.packets]).toEqual(both ? [2, 0] : [1, 1]);
  });

  it('TCP to itself', () => {
    const self = { client: '127.0.0.1:7', server: '127.0.0.1:7' };
    const [flow] = flowsOf(tcpTalk(['> S 100', '< SA 100 101', '> A 101 101'], self));
    expect(flow).toMatchObject({
      client: '127.0.0.1',
      toServer: { packets: 3 },
      toClient: { packets: 0 },
    });
  });

  it('VLANs, families, protocols and directions of ports are apart', () => {
    const at = (vlan: number[], payload: Uint8Array): Step => ({
      ...step(ether({ vlan }, payload)),
      ethernet: true,
    });
    const datagram = () => udp({ sport: 1000, dport: 2000 }, 'x');
    const steps = [
      at([10], ipv4({}, datagram())),
      at([20], ipv4({}, datagram())),
      at([10, 20], ipv4({}, datagram())),
      at([], ipv4({}, datagram())),
      at([], ipv4({}, tcp({ sport: 1000, dport: 2000 }))),
      at([], ipv4({}, udp({ sport: 2000, dport: 1000 }, 'x'))),
      at([], ipv6({}, datagram())),
    ];
    expect(flowsOf(steps)).toHaveLength(7);
    expect(flowsOf([...steps, ...steps])).toHaveLength(7);
  });
});

describe('ICMP', () => {
  const echo = (type: number, from = 1, to = 2) =>
    step(ip(`192.0.2.${from}`, `192.0.2.${to}`, icmp4({ type, id: 7 }, 'ping')));

  it('request and reply are one flow, of type and counterpart', () => {
    const [flow, ...others] = flowsOf([echo(8), echo(0, 2, 1)]);
    expect(others).toEqual([]);
    expect(flow).toMatchObject({
      transport: 'icmp',
      client: '192.0.2.1',
      clientPort: 8,
      serverPort: 0,
      state: 'OTH',
    });
  });

  it('one-way messages do not meet their reverse', () => {
    const redirect = (from: number, to: number) =>
      step(ip(`192.0.2.${from}`, `192.0.2.${to}`, icmp4({ type: 5, code: 5 }, 'x')));
    const flows = flowsOf([redirect(1, 2), redirect(2, 1)]);
    expect(flows.map((flow) => [flow.client, flow.clientPort, flow.serverPort])).toEqual([
      ['192.0.2.1', 5, 5],
      ['192.0.2.2', 5, 5],
    ]);
  });

  it.each(['as sent', 'answered before'])('errors are tied to the flow they quote, %s', (how) => {
    const talk = udpTalk(how === 'as sent' ? ['> +10'] : ['< +10', '> +10']);
    const quoted = talk.at(-1)!.packet;
    const error = (type: number, code: number) =>
      step(ip('203.0.113.1', '192.0.2.1', icmp4({ type, code }, quoted)));
    const { flows, table } = runSteps([...talk, error(3, 1), error(3, 3)]);
    const [flow] = flows.filter(({ transport }) => transport === 'udp');
    expect(flow).toMatchObject({ icmpErrors: 2, icmpError: '3/3', toServer: { packets: 1 } });
    expect(flows.filter(({ transport }) => transport === 'icmp')).toHaveLength(2);
    expect(table.orphanErrors).toBe(0);
  });

  it('errors about nothing seen are counted apart, and make no flow of what they quote', () => {
    const quoted = ipv4({ src: '192.0.2.1' }, tcp({}));
    const { flows, table } = runSteps([
      step(ip('203.0.113.1', '192.0.2.1', icmp4({ type: 11 }, quoted))),
    ]);
    expect(flows.map(({ transport }) => transport)).toEqual(['icmp']);
    expect(table.orphanErrors).toBe(1);
    const six = icmp6({ type: 1, code: 4 }, ipv6({}, udp({}, 'x')));
    expect(runSteps([step(ipv6({ src: '2001:db8::9' }, six))]).table.orphanErrors).toBe(1);
  });
});

describe('fragments', () => {
  it.each([4, 6])('of IPv%i UDP are charged to the ports of the first', (family) => {
    const datagram = udp({ sport: 5000, dport: 6000 }, 'x'.repeat(3000));
    const pieces =
      family === 4
        ? fragment4(ipv4({ flags: '', id: 9 }, datagram), 1500)
        : fragment6(ipv6({}, datagram), 1500);
    const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
    for (const order of [pieces, [...pieces].reverse()]) {
      const flows = flowsOf(order.map((piece) => step(piece)));
      expect(flows).toHaveLength(1);
      expect(flows[0]).toMatchObject({
        clientPort: 5000,
        serverPort: 6000,
        toServer: { packets: pieces.length, bytes: total },
      });
    }
  });

  it('of TCP leave its state alone', () => {
    const big = ipv4(
      { src: '192.0.2.1', dst: '198.51.100.2', flags: '', id: 9 },
      tcp({ flags: 'PA', seq: 101, ack: 501 }, 'x'.repeat(3000)),
    );
    const steps = [
      ...tcpTalk(OPEN),
      ...fragment4(big, 1500).map((piece) => step(piece, 1)),
      ...tcpTalk(['2 < A 501 3101', '> FA 3101 501', '< FA 501 3102', '> A 3102 502']),
    ];
    const [flow] = flowsOf(steps);
    expect(flow).toMatchObject({ history: 'ShADaFf', state: 'SF', retransmitted: 0 });
    expect(flow!.toServer.payloadBytes).toBe(3000);
  });
});

describe('counters', () => {
  it('octets, payload and lengths of both sides', () => {
    const [flow] = flowsOf(udpTalk(['> +10', '> +100', '> +50', '< +1']));
    expect(flow!.toServer).toEqual({
      packets: 3,
      bytes: 3 * 28 + 160,
      payloadBytes: 160,
      minLength: 38,
      maxLength: 128,
    });
    expect(flow!.toClient).toEqual({
      packets: 1,
      bytes: 29,
      payloadBytes: 1,
      minLength: 29,
      maxLength: 29,
    });
  });

  it('a side that sent nothing has lengths of 0', () => {
    expect(flowsOf(udpTalk(['> +10']))[0]!.toClient).toEqual({
      packets: 0,
      bytes: 0,
      payloadBytes: 0,
      minLength: 0,
      maxLength: 0,
    });
  });

  it('super-packets of segmentation offload, whose length says 0', () => {
    const packet = ipv4({ src: '192.0.2.1', length: 0 }, tcp({ flags: 'PA' }, 'x'.repeat(70_000)));
    const small = ipv4({ src: '192.0.2.1' }, tcp({ flags: 'PA' }, 'y'));
    const [flow] = flowsOf([step(packet), step(small), step(packet)]);
    expect(flow!.toServer).toEqual({
      packets: 3,
      bytes: 2 * 70_040 + 41,
      payloadBytes: 140_001,
      minLength: 41,
      maxLength: 65_535,
    });
    const [alone] = flowsOf([step(packet)]);
    expect(alone!.toServer).toMatchObject({ minLength: 65_535, maxLength: 65_535 });
  });

  it('octets carried for other flows', () => {
    const inner = ipv4({ src: '10.0.0.1', dst: '10.0.0.2' }, udp({}, 'hello'));
    const outer = ipv4({ src: '192.0.2.1', dst: '192.0.2.2' }, gre({}, inner));
    const flows = flowsOf([step(outer), step(outer)]);
    const tunnel = flows.find(({ transport }) => transport === 'ip-47');
    expect(tunnel).toMatchObject({
      carriedPackets: 2,
      carriedBytes: 2 * inner.length,
      toServer: { bytes: 2 * outer.length },
    });
    expect(flows.find(({ transport }) => transport === 'udp')).toMatchObject({
      tunnel: 'gre',
      carriedBytes: 0,
      toServer: { bytes: 2 * inner.length },
    });
  });

  it('carried octets beyond 32 bits', () => {
    const { names, ladder, decoder } = runSteps([]);
    const table = new FlowTable();
    const row = new Int32Array(16);
    row.set([1, 2, 0, 47, 0x7fffffff, 0, 0, 0, 0, 0x7fffffff, 0, 1, START, 0, 0, 12345]);
    for (let index = 0; index < 5; index++) table.consume(row, 1);
    expect(decoder.frames).toBe(0);
    const [flow] = viewOf(names, table.finish(), ladder);
    expect(flow).toMatchObject({
      carriedBytes: 5 * 0x7fffffff,
      toServer: { bytes: 5 * 0x7fffffff },
    });
  });

  it('packets whose header was cut: ports where they were captured, no state', () => {
    const packet = ipv4({}, tcp({ flags: 'S' }, 'x'.repeat(100)));
    const cut = (captured: number): Step => ({
      ...step(packet.subarray(0, captured)),
      original: packet.length,
    });
    expect(flowsOf([cut(24)])[0]).toMatchObject({
      clientPort: 40000,
      serverPort: 80,
      history: '',
      toServer: { bytes: packet.length },
    });
    expect(flowsOf([cut(22)])[0]).toMatchObject({
      clientPort: 0,
      serverPort: 0,
      direction: { confidence: 'unknown' },
    });
    const damaged = packet.slice();
    put16(damaged, 32, 0);
    expect(flowsOf([step(damaged)])[0]!.toServer.payloadBytes).toBe(0);
  });
});

describe('times', () => {
  it('are the earliest and the latest, whatever the order', () => {
    const [flow] = flowsOf(
      udpTalk(['5.5 > +1', '9.25 > +1', '1.75 < +1', '1.5 > +1', '9.125 < +1']),
    );
    expect([flow!.firstMs, flow!.lastMs]).toEqual([START * 1000 + 1500, START * 1000 + 9250]);
  });

  it.each([2 ** 31 - 2, 2 ** 31, 2 ** 32 - 100])('go on after 2038 (%i)', (start) => {
    const talk = { start };
    const [flow, ...others] = flowsOf(udpTalk(['0 > +1', '1 > +1', '2.5 < +1', '1.5 > +1'], talk));
    expect(others).toEqual([]);
    expect([flow!.firstMs, flow!.lastMs]).toEqual([start * 1000, start * 1000 + 2500]);
    expect(packets(udpTalk(['0 > +1', '61 > +1'], talk))).toEqual([1, 1]);
    expect(packets(tcpTalk([...OPEN, ...CLOSE, '4 < A 502 102', '9 < A 502 102'], talk))).toEqual([
      7, 1,
    ]);
    expect(packets(tcpTalk(['0 > S 100', '3 > S 100', '6 > S 100'], talk))).toEqual([2, 1]);
  });

  it('order flows to the nanosecond', () => {
    const at = (nanoseconds: number, sport: number) =>
      step(ipv4({}, udp({ sport }, 'x')), 0, nanoseconds);
    const flows = flowsOf([at(3, 1003), at(1, 1001), at(2, 1002)]);
    expect(flows.map(({ clientPort }) => clientPort)).toEqual([1001, 1002, 1003]);
  });
});
