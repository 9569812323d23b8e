import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { concat, pcapHeader, pcapRecord } from '../../test/builders/capture.ts';
import {
  arp,
  ether,
  fragment4,
  gre,
  icmp4,
  igmp,
  ipv4,
  ipv6,
  tcp,
  udp,
  vxlan,
} from '../../test/builders/packet.ts';
import { FLOW_COLUMNS } from '../cli/flow-columns.ts';
import { flowLine } from '../cli/flow-line.ts';
import type { PortUse } from '../model/use.ts';
import { ndjsonRow } from '../report/json.ts';
import type { Column } from '../report/table.ts';
import { type Assessment, assess } from './assess.ts';
import { type ListedFlow, listFlows } from './flows.ts';

const CORPORA = fileURLToPath(new URL('../../../shared/corpora/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'portreeve-assess-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;

/** A capture of the frames, a millisecond apart unless stated. */
function capture(frames: readonly Uint8Array[], apartUs = 1000): string {
  const path = join(folder, `${files++}.pcap`);
  const records = frames.map((frame, index) => {
    const us = index * apartUs;
    return pcapRecord(frame, {
      seconds: 1_700_000_000 + Math.floor(us / 1e6),
      fraction: us % 1_000_000,
    });
  });
  writeFileSync(path, concat(pcapHeader(), ...records));
  return path;
}

const look = (frames: readonly Uint8Array[], choices = {}): Promise<Assessment> =>
  assess([capture(frames)], { top: 100, ...choices });

const CLIENT = '10.0.0.7';
const SERVER = '192.0.2.80';

interface Ends {
  readonly client?: string;
  readonly server?: string;
  readonly sport?: number;
  readonly dport?: number;
}

/** The segments of a TCP connection by flags; lower case is sent by the server. */
function segments(letters: readonly string[], ends: Ends = {}): Uint8Array[] {
  const { client = CLIENT, server = SERVER, sport = 40_000, dport = 443 } = ends;
  return letters.map((flags) => {
    const fromServer = flags === flags.toLowerCase();
    const upper = flags.toUpperCase();
    return fromServer
      ? ether(
          {},
          ipv4(
            { src: server, dst: client },
            tcp({ sport: dport, dport: sport, flags: upper, seq: 9000 }),
          ),
        )
      : ether({}, ipv4({ src: client, dst: server }, tcp({ sport, dport, flags: upper })));
  });
}

function portOf(assessment: Assessment, port: number, direction = 'known'): PortUse | undefined {
  return assessment.ports.find((use) => use.port === port && use.direction === direction);
}

describe('status of a port', () => {
  it.each<[string, Uint8Array[], PortUse['status'], number]>([
    ['a handshake', segments(['S', 'sa', 'A']), 'answered', 1],
    ['a half-open scan', segments(['S', 'sa', 'R']), 'answered', 1],
    ['a refusal', segments(['S', 'ra']), 'refused', 0],
    ['silence', segments(['S', 'S']), 'tried', 0],
    ['a SYN-ACK alone', segments(['sa']), 'backscatter', 0],
    ['a reset alone', segments(['r'], { sport: 55_000 }), 'backscatter', 0],
    ['the server’s half of a connection', segments(['sa', 'a', 'pa']), 'answered', 1],
    ['the client’s half of a connection', segments(['S', 'A', 'PA']), 'likely', 0],
    [
      'mid-stream, known by port class alone',
      segments(['A', 'pa'], { sport: 55_000 }),
      'likely',
      0,
    ],
  ])('%s', async (_what, frames, status, services) => {
    const assessment = await look(frames);
    expect(portOf(assessment, 443)).toMatchObject({ status, serving: services, flows: 1 });
    expect(assessment.services).toHaveLength(services);
  });

  it('makes no service of ports alone, and says that it does not know', async () => {
    const frames = segments(['A', 'pa'], { sport: 40_000, dport: 8080 });
    const assessment = await look(frames);
    expect(portOf(assessment, 8080, 'unknown')).toMatchObject({ status: 'unknown', serving: 0 });
    expect(assessment.services).toEqual([]);
    expect(assessment.notes.map(({ id }) => id)).toContain('direction-unknown');
  });

  it('takes an ICMP error about a UDP question for a refusal', async () => {
    const question = ipv4({ src: CLIENT, dst: SERVER }, udp({ sport: 40_000, dport: 7 }, 'x'));
    const error = ipv4({ src: SERVER, dst: CLIENT }, icmp4({ type: 3, code: 3 }, question));
    const assessment = await look([ether({}, question), ether({}, error)]);
    expect(portOf(assessment, 7)).toMatchObject({ status: 'refused', flowsRefused: 1 });
  });

  it('keeps a multicast apart from attempts', async () => {
    const frame = ether(
      {},
      ipv4({ src: CLIENT, dst: '224.0.0.251' }, udp({ sport: 5353, dport: 5353 })),
    );
    const assessment = await look([frame]);
    expect(portOf(assessment, 5353)).toMatchObject({ status: 'group', tried: 0, clients: 1 });
    expect(assessment.hosts).toBe(1);
  });
});

describe('figures', () => {
  it('counts both ways, clients, servers and zones', async () => {
    const frames = [
      ...segments(['S', 'sa', 'A', 'PA', 'pa']),
      ...segments(['S', 'sa', 'A'], { client: '203.0.113.5' }),
      ...segments(['S', 's', 'S'], { server: '192.0.2.81', sport: 40_001 }).slice(0, 1),
    ];
    const assessment = await look(frames);
    expect(portOf(assessment, 443)).toMatchObject({
      packets: 9,
      packetsToServer: 6,
      packetsToClient: 3,
      bytesToServer: 240,
      bytesToClient: 120,
      meanLength: 40,
      serving: 1,
      tried: 2,
      clients: 2,
      clientsEstimated: false,
      flowsAnswered: 2,
      flowsUnanswered: 1,
      zones: [
        { client: 'in', server: 'out', flows: 2 },
        { client: 'out', server: 'out', flows: 1 },
      ],
    });
    expect(assessment.services).toMatchObject([
      { server: SERVER, port: 443, confirmed: 'handshake', clients: 2, flows: 2, zone: 'out' },
    ]);
    expect(assessment.services[0]!.locator).toMatch(/\.pcap#1$/);
    expect(assessment.hosts).toBe(4);
    expect(assessment.topHosts[0]).toMatchObject({ address: SERVER, services: 1 });
    expect(assessment.conversations[0]).toMatchObject({
      client: CLIENT,
      server: SERVER,
      bytes: 200,
    });
  });

  it('names zones', async () => {
    const prefix = { family: 4, words: [0xc0000250], length: 32 } as const;
    const assessment = await look(segments(['S', 'sa']), { zones: [{ name: 'dmz', prefix }] });
    expect(portOf(assessment, 443)!.zones).toMatchObject([{ client: 'in', server: 'dmz' }]);
  });

  it('counts what a tunnel carries once, for the flow inside', async () => {
    const inside = ether({}, ipv4({ src: CLIENT, dst: SERVER }, tcp({ dport: 22, flags: 'S' })));
    const outer = ipv4({ src: '10.9.9.1', dst: '10.9.9.2' }, udp({}, vxlan({ vni: 5 }, inside)));
    const assessment = await look([ether({}, outer)]);
    expect(portOf(assessment, 22)).toMatchObject({ packets: 1, bytes: 40 });
    expect(portOf(assessment, 4789, 'unknown')).toMatchObject({
      packets: 0,
      bytes: outer.length - 40,
    });
    expectWhole(assessment);
  });
});

/** Ports and the named remainder are all there is. */
function expectWhole(assessment: Assessment): void {
  const parts = [...assessment.ports, ...assessment.remainder];
  const sum = (of: (part: (typeof parts)[number]) => number) =>
    parts.reduce((total, part) => total + of(part), 0);
  expect(sum(({ packets }) => packets)).toBe(assessment.packets);
  expect(sum(({ bytes }) => bytes)).toBe(assessment.bytes);
  expect(assessment.sizes.reduce((total, { packets }) => total + packets, 0)).toBe(
    assessment.packets,
  );
}

const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '192.0.2.3', '198.51.100.4', '224.0.0.5');
const port = fc.constantFrom(0, 22, 53, 443, 4789, 8080, 50_000, 60_000);
const segment = fc
  .record({ sport: port, dport: port, flags: fc.constantFrom('S', 'SA', 'A', 'PA', 'R', 'F') })
  .map((fields) => tcp(fields, 'data'));
const datagram = fc
  .record({ sport: port, dport: port })
  .chain((fields) => fc.uint8Array({ maxLength: 60 }).map((bytes) => udp(fields, bytes)));
const message = fc.constantFrom(icmp4({ type: 8 }), icmp4({ type: 0 }), igmp({}));
const packet = fc
  .tuple(address, address, fc.oneof(segment, datagram, message))
  .map(([src, dst, payload]) => ipv4({ src, dst }, payload));
const frame = fc.oneof(
  packet.map((payload) => [ether({}, payload)]),
  packet.map((payload) => [ether({ vlan: [7] }, payload)]),
  packet.map((payload) => [ether({}, ipv4({ dst: '10.1.1.1' }, gre({}, payload)))]),
  packet.map((payload) => [
    ether({}, ipv4({ dst: '10.1.1.1' }, udp({}, vxlan({}, ether({}, payload))))),
  ]),
  packet.map((payload) => fragment4(payload, 48).map((each) => ether({}, each))),
  packet.map((payload) => [ether({}, payload), ether({}, payload)]),
  packet.chain((payload) =>
    fc.nat(payload.length).map((length) => [ether({}, payload).subarray(0, 14 + length)]),
  ),
  fc.constant([ether({}, arp({ sender: '192.0.2.1', target: '192.0.2.2' }))]),
  fc.constant([ether({}, ipv6({}, udp({ dport: 53 }, 'question')))]),
  fc.uint8Array({ minLength: 1, maxLength: 90 }).map((bytes) => [bytes]),
);

describe('ports and remainder', () => {
  it.each([false, true])('add up for any frames (duplicates dropped: %s)', async (drop) => {
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 40 }), async (frames) => {
        const path = capture(frames.flat(), 100);
        expectWhole(await assess([path], { top: 5, dropDuplicates: drop }));
        rmSync(path);
      }),
      { numRuns: 150 },
    );
  });

  it('have no frames of what logs tell', async () => {
    const log = join(folder, 'fw.log');
    const line = (proto: string) =>
      `Oct  3 10:00:01 fw kernel: FW-DROP IN=eth0 OUT=eth1 SRC=198.51.100.7 DST=10.0.2.20 LEN=60 ${proto}`;
    const lines = [line('PROTO=TCP SPT=50112 DPT=22 SYN'), line('PROTO=ICMP TYPE=8 CODE=0')];
    writeFileSync(log, `${lines.join('\n')}\n${lines[0]}\n`);
    const path = capture([ether({}, arp({ sender: '192.0.2.1', target: '192.0.2.2' }))]);
    const { packets, remainder, logs } = await assess([path, log], { top: 5 });
    expect([packets, logs?.packets]).toEqual([1, 3]);
    expect(remainder.map(({ part, packets: each }) => [part, each])).toEqual([
      ['icmp', 1],
      ['not-ip', 1],
    ]);
  });

  it('add up when flows have to leave memory early', async () => {
    const frames = Array.from({ length: 3000 }, (_, index) =>
      ether({}, ipv4({ src: CLIENT }, tcp({ sport: 1 + index, dport: 80, flags: 'S' }))),
    );
    const assessment = await look(frames, { maxFlows: 64 });
    expectWhole(assessment);
    expect(assessment.flows).toBe(3000);
    expect(portOf(assessment, 80)).toMatchObject({ flowsUnanswered: 3000, clients: 1 });
  });

  const decode = join(CORPORA, 'decode');
  it.runIf(existsSync(decode))('add up for every capture of the corpus', async () => {
    const names = readdirSync(decode).filter((each) => /\.pcap(ng)?$/.test(each));
    expect(names).not.toEqual([]);
    for (const name of names) {
      for (const dropDuplicates of [false, true]) {
        expectWhole(await assess([join(decode, name)], { top: 5, dropDuplicates }));
      }
    }
  });
});

describe('a sweep by ARP', () => {
  const SWEEPER = '192.0.2.1';
  const question = (host: number) => ether({}, arp({ sender: SWEEPER, target: `192.0.2.${host}` }));
  const answer = (host: number) =>
    ether({}, arp({ sender: `192.0.2.${host}`, target: SWEEPER, operation: 2 }));

  it('is told, with the frames of questions that nobody answered', async () => {
    const hosts = Array.from({ length: 60 }, (_, index) => index + 2);
    const frames = hosts.flatMap((host) =>
      host % 6 === 0 ? [question(host), answer(host)] : [question(host)],
    );
    const { findings } = await assess([capture(frames)], { top: 10 });
    const [sweep, ...others] = findings.filter(({ id }) => id === 'arp-sweep');
    expect(others).toEqual([]);
    expect(sweep).toMatchObject({
      subject: { text: SWEEPER },
      numbers: { addresses: 50, answered: 10 },
      thresholds: { 'scan-hosts': 25 },
    });
    expect(sweep!.evidence[0]!.locator).toMatch(/#1$/);
  });

  it('is none where most hosts exist, or few were asked for', async () => {
    const known = Array.from({ length: 60 }, (_, index) => index + 2);
    const many = known.flatMap((host) => [question(host), ...(host > 30 ? [answer(host)] : [])]);
    const asked = [many, known.slice(0, 20).map(question)].map(async (frames) => {
      const { findings } = await assess([capture(frames)], {
        top: 10,
        thresholds: { 'scan-hosts': 25, 'scan-failed': 0.6 },
      });
      return findings.map(({ id }) => id);
    });
    for (const ids of await Promise.all(asked)) expect(ids).not.toContain('arp-sweep');
  });
});

describe('inputs', () => {
  it('keeps what came before the damage, and locates it', async () => {
    const path = join(folder, 'cut.pcap');
    const whole = concat(
      pcapHeader(),
      ...segments(['S', 'sa', 'A']).map((each) => pcapRecord(each)),
    );
    writeFileSync(path, whole.subarray(0, whole.length - 3));
    const assessment = await assess([path], { top: 5 });
    expect(assessment.packets).toBe(2);
    expect(assessment.faults).toMatchObject([{ code: 'truncated-record', record: 3 }]);
    expect(assessment.notes[0]).toMatchObject({ id: 'truncated-record', missing: true });
    expect(assessment.notes[0]!.what).toContain('record 3');
  });

  it('has nothing to say of an empty capture', async () => {
    const assessment = await look([]);
    expect(assessment).toMatchObject({ packets: 0, ports: [], services: [], notes: [], hosts: 0 });
    expectWhole(assessment);
  });

  it('stops when told to, and says so', async () => {
    const controller = new AbortController();
    controller.abort();
    const assessment = await look(segments(['S', 'sa']), { signal: controller.signal });
    expect(assessment.interrupted).toBe(true);
    expect(assessment.notes.map(({ id }) => id)).toContain('interrupted');
  });
});

describe('blind spots', () => {
  const DOUBLED = ether({}, ipv4({ id: 77 }, tcp({ flags: 'S' })));

  it.each<[string, Uint8Array[], string]>([
    [
      'half a mirror port',
      Array.from({ length: 10 }, (_, index) =>
        segments(['S', 'A', 'PA'], { sport: 41_000 + index }),
      ).flat(),
      'one-way',
    ],
    ['doubled frames', [DOUBLED, DOUBLED], 'duplicates'],
    [
      'a fragment without its first',
      [ether({}, fragment4(ipv4({}, udp({}, 'x'.repeat(90))), 48)[1]!)],
      'fragments-unmatched',
    ],
  ])('%s', async (_what, frames, id) => {
    const path = capture(frames, 10);
    const assessment = await assess([path], { top: 5 });
    expect(assessment.notes.map((note) => note.id)).toContain(id);
  });

  it('has none where there are none', async () => {
    expect((await look(segments(['S', 'sa', 'A', 'PA', 'pa', 'FA', 'fa']))).notes).toEqual([]);
  });
});

describe('flows', () => {
  async function listAll(path: string, choices = {}): Promise<ListedFlow[]> {
    const early: ListedFlow[] = [];
    const { listed } = await listFlows([path], choices, (each) => early.push(each));
    return [...early, ...listed];
  }

  it('come in time order with reason and confirmation', async () => {
    const frames = [...segments(['S', 'sa', 'A']), ...segments(['S'], { dport: 25 })];
    const flows = await listAll(capture(frames));
    expect(flows).toMatchObject([
      { flow: { serverPort: 443, direction: { reason: 'syn' } }, confirmed: 'handshake' },
      { flow: { serverPort: 25 }, confirmed: null, clientInside: true, serverInside: false },
    ]);
  });

  it('are all listed when memory is small', async () => {
    const frames = Array.from({ length: 500 }, (_, index) =>
      ether({}, ipv4({ src: CLIENT }, tcp({ sport: 1 + index, dport: 80, flags: 'S' }))),
    );
    const flows = await listAll(capture(frames), { maxFlows: 64 });
    expect(new Set(flows.map(({ flow }) => flow.clientPort)).size).toBe(500);
    expect(flows).toHaveLength(500);
  });

  const zeek = join(CORPORA, 'zeek');
  it.runIf(existsSync(zeek))('are the same JSON by hand and by columns', async () => {
    const names = readdirSync(zeek).filter((each) => /\.pcap(ng)?$/.test(each));
    let flows = 0;
    for (const name of names) {
      for (const flow of await listAll(join(zeek, name))) {
        flows++;
        expect(flowLine(flow)).toBe(ndjsonRow('flow', FLOW_COLUMNS as Column<ListedFlow>[], flow));
      }
    }
    expect(flows).toBeGreaterThan(100);
  });
});
