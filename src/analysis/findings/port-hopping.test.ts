import { describe, expect, it } from 'vitest';
import { step, tcpTalk, udpTalk } from '../../../test/builders/conversation.ts';
import {
  accused,
  ask,
  attempt,
  findingsIn,
  many,
  NOTHING_SPOKEN,
  refusedDatagram,
  talk,
} from '../../../test/builders/findings.ts';
import { ipv4, udp } from '../../../test/builders/packet.ts';

const SOURCE = '10.0.2.31';
const TARGET = '10.0.2.40';
const PORTS = [1027, 1029, 1033, 1038, 1041, 1046, 1052, 1059, 1063, 1071, 1074, 1085];

describe('one application that hops over ports', () => {
  it('a dozen ports with one datagram of one length each', () => {
    const steps = PORTS.flatMap((port, n) =>
      ask({ at: 10 + 61 * n, client: `${SOURCE}:1044`, server: `${TARGET}:${port}` }, [201]),
    );
    expect(findingsIn(steps)).toMatchObject([
      {
        id: 'port-hopping',
        severity: 'medium',
        subject: { client: SOURCE, server: TARGET, transport: 'udp' },
        numbers: { ports: 12, flows: 12, packets: 12, answered: 0, length: 229, sameSizeShare: 1 },
        thresholds: { 'hop-ports': 8, 'hop-same-size': 0.9 },
      },
    ]);
    const [finding] = findingsIn(steps);
    expect(finding!.what).toContain(
      'one application seems to hop over 12 udp ports, one packet on each',
    );
    expect(finding!.evidence.map(({ locator }) => locator)).toEqual(
      PORTS.map((_, n) => `test.pcap#${n + 1}`),
    );
    expect(finding!.filter).toBe(`host ${SOURCE} and host ${TARGET} and udp`);
  });

  it.each([
    ['dynamic ports', 49_152],
    ['ports below its own', 20_000],
  ])('%s, of which nobody can say who serves', (_what, base) => {
    const steps = many(10, (n) =>
      ask({ at: 7 * n, client: `${SOURCE}:50000`, server: `${TARGET}:${base + 17 * n}` }, [150]),
    );
    expect(accused(steps)).toEqual([`port-hopping ${SOURCE} → ${TARGET}`]);
  });

  it('ports that answer', () => {
    const steps = many(9, (n) =>
      ask(
        { at: 30 * n, client: `${SOURCE}:${2000 + n}`, server: `${TARGET}:${21_000 + 131 * n}` },
        [64, 64],
      ),
    );
    expect(findingsIn(steps)).toMatchObject([
      { id: 'port-hopping', numbers: { ports: 9, answered: 9 } },
    ]);
  });

  it('broadcasts', () => {
    const steps = PORTS.map((dport, n) =>
      step(
        ipv4({ src: SOURCE, dst: '255.255.255.255' }, udp({ sport: 1044, dport }, 'x'.repeat(99))),
        n,
      ),
    );
    expect(accused(steps)).toEqual([`port-hopping ${SOURCE} → 255.255.255.255`]);
  });

  it('TCP connections of one length', () => {
    const steps = many(9, (n) =>
      talk(
        { at: 30 * n, client: `${SOURCE}:${2000 + n}`, server: `${TARGET}:${31_000 + 77 * n}` },
        [300],
      ),
    );
    expect(accused(steps)).toEqual([`port-hopping ${SOURCE} → ${TARGET}`]);
  });

  it('one source and a few targets', () => {
    const steps = many(9, (n) =>
      ask(
        { at: n, client: `${SOURCE}:1044`, server: `10.0.2.${40 + (n % 3)}:${30_001 + 2 * n}` },
        [180],
      ),
    );
    expect(accused(steps)).toEqual([`port-hopping ${SOURCE} → 10.0.2.40, 10.0.2.41, 10.0.2.42`]);
  });

  it('over IPv6', () => {
    const steps = many(9, (n) =>
      ask({ at: n, client: '[fd00::31]:1044', server: `[fd00::40]:${30_001 + 2 * n}` }, [180]),
    );
    expect(accused(steps)).toEqual(['port-hopping fd00::31 → fd00::40']);
  });

  it('at other thresholds', () => {
    const steps = many(5, (n) =>
      ask({ at: n, client: `${SOURCE}:1044`, server: `${TARGET}:${31_001 + n}` }, [180]),
    );
    expect(accused(steps)).toEqual([]);
    expect(accused(steps, { thresholds: { 'hop-ports': 5 } })).toHaveLength(1);
  });
});

describe('what looks like hopping and is none', () => {
  const pair = (port: number, n: number) => ({
    at: 5 * n,
    client: `${SOURCE}:${3000 + n}`,
    server: `${TARGET}:${port}`,
  });
  it.each([
    ['seven ports', many(7, (n) => ask(pair(31_000 + n, n), [180]))],
    [
      'many ports with packets of many lengths',
      many(20, (n) => ask(pair(31_000 + n, n), [100 + 9 * n])),
    ],
    [
      'FTP in passive mode: every listing has the same length',
      [
        ...talk({ at: 0, client: `${SOURCE}:3000`, server: `${TARGET}:21` }, [20, 200, 30, 90]),
        ...many(20, (n) => talk(pair(50_000 + 3 * n, n), [60])),
      ],
    ],
    [
      'FTP in active mode: the server calls back',
      [
        ...talk({ at: 0, client: `${SOURCE}:3000`, server: `${TARGET}:21` }, [20, 200]),
        ...many(20, (n) =>
          talk({ at: n, client: `${TARGET}:20`, server: `${SOURCE}:${3100 + n}` }, [700]),
        ),
      ],
    ],
    [
      'dynamic ports of DCE/RPC',
      [
        ...talk({ at: 0, client: `${SOURCE}:3000`, server: `${TARGET}:135` }, [72, 60, 156, 152]),
        ...many(16, (n) => talk(pair(49_664 + n, n), [116, 84])),
      ],
    ],
    [
      'TFTP: every transfer has a port of its own',
      many(20, (n) => [
        ...ask({ at: n, client: `${SOURCE}:${3000 + n}`, server: `${TARGET}:69` }, [20]),
        ...ask(
          { at: n, client: `${TARGET}:${50_000 + n}`, server: `${SOURCE}:${3000 + n}` },
          [100, 4],
        ),
      ]),
    ],
    [
      'calls: RTP ports that SIP agreed on',
      [
        ...ask({ at: 0, client: `${SOURCE}:5060`, server: `${TARGET}:5060` }, [700, 500]),
        ...many(20, (n) =>
          ask(
            { at: n, client: `${SOURCE}:${16_384 + 2 * n}`, server: `${TARGET}:${20_000 + 2 * n}` },
            [172, 172],
          ),
        ),
      ],
    ],
    [
      'a stream: many packets on each port',
      many(10, (n) =>
        udpTalk(
          Array.from({ length: 40 }, (_, k) => `${k}.${n} > +160`),
          {
            client: `${SOURCE}:${16_384 + 2 * n}`,
            server: `${TARGET}:${20_000 + 2 * n}`,
          },
        ),
      ),
    ],
    [
      'a resolver that asks from a new port each time',
      many(60, (n) =>
        ask({ at: n, client: `${SOURCE}:${40_000 + 31 * n}`, server: `${TARGET}:53` }, [33, 200]),
      ),
    ],
    [
      'one service asked again and again',
      many(60, (n) =>
        ask({ at: n, client: `${SOURCE}:${40_000 + n}`, server: `${TARGET}:27960` }, [33, 200]),
      ),
    ],
    [
      'traceroute',
      many(30, (n) =>
        refusedDatagram(
          { at: n, client: `${SOURCE}:40000`, server: `192.0.2.1:${33_434 + n}` },
          { router: '10.0.0.1', type: 11, size: 32 },
        ),
      ),
    ],
    [
      'peers of BitTorrent behind one address',
      many(7, (n) =>
        ask(
          { at: n, client: `${SOURCE}:51413`, server: `192.0.2.9:${6881 + n * 997}` },
          [101, 280],
        ),
      ),
    ],
    [
      'known services of one server',
      many(12, (n) =>
        ask(
          pair([53, 123, 161, 500, 1812, 1813, 5060, 1900, 5353, 3478, 4500, 137][n]!, n),
          [90, 90],
        ),
      ),
    ],
  ])('%s', (_what, steps) => {
    expect(accused(steps).filter((each) => !each.startsWith('equal'))).toEqual([]);
  });

  it('a scan with a payload that is refused is a scan', () => {
    const steps = many(30, (n) =>
      refusedDatagram(
        { at: n, client: `${SOURCE}:40000`, server: `${TARGET}:${31_000 + n}` },
        { size: 64 },
      ),
    );
    expect(accused(steps)).toEqual([`vertical-scan ${SOURCE} → ${TARGET}`]);
  });

  it('a scan of known ports too is a scan', () => {
    const steps = many(40, (n) =>
      ask({ at: n, client: `${SOURCE}:40000`, server: `${TARGET}:${n + 1}` }, []),
    );
    expect(
      accused([
        ...steps,
        ...many(20, (n) =>
          attempt({ at: n, client: `${SOURCE}:40001`, server: `${TARGET}:${n + 1}` }),
        ),
      ]),
    ).toEqual([`vertical-scan ${SOURCE} → ${TARGET}`]);
  });

  it('streams of a known protocol are none', () => {
    const steps = many(10, (n) => ask(pair(31_000 + n, n), [180]));
    const spoken = { ...NOTHING_SPOKEN, protocolAt: () => 'rtp' };
    expect(accused(steps)).toHaveLength(1);
    expect(accused(steps, { spoken })).toEqual([]);
  });

  it('a TCP scan is no hopping: it has no content', () => {
    const steps = many(20, (n) =>
      tcpTalk(['> S 1', '< SA 1 2', '> R 2'], {
        client: `${SOURCE}:40000`,
        server: `${TARGET}:${31_000 + n}`,
      }),
    );
    expect(accused(steps)).toEqual([]);
  });
});
