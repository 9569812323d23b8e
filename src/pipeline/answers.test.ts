/** Services that answer from elsewhere, or that only a payload tells from their clients. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hex, join, type Payload, u8, u16, u32, zeros } from '../../test/builders/bytes.ts';
import { concat, pcapHeader, pcapRecord } from '../../test/builders/capture.ts';
import { ether, ipv4, tcp, udp } from '../../test/builders/packet.ts';
import { assess } from './assess.ts';

const folder = mkdtempSync(path(tmpdir(), 'portreeve-answers-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function look(frames: readonly Uint8Array[]) {
  const file = path(folder, `${files++}.pcap`);
  const records = frames.map((frame, n) => pcapRecord(frame, { seconds: 1_700_000_000 + n }));
  writeFileSync(file, concat(pcapHeader(), ...records));
  return assess([file], { top: 100 });
}

/** A datagram between ends such as `10.0.0.7:68`. */
function sent(from: string, to: string, payload: Payload = 'x'): Uint8Array {
  const [src = '', sport] = from.split(':');
  const [dst = '', dport] = to.split(':');
  const group = dst.startsWith('239.') || dst.endsWith('.255');
  const datagram = udp({ sport: Number(sport), dport: Number(dport) }, payload);
  return ether(group ? { dst: 'ff:ff:ff:ff:ff:ff' } : {}, ipv4({ src, dst }, datagram));
}

/** `server port status` of every port. */
async function ports(frames: readonly Uint8Array[]): Promise<string[]> {
  const { ports, services } = await look(frames);
  return ports.map(({ port, status }) => {
    const by = services.filter((each) => each.port === port).map(({ server }) => server);
    return `${port} ${status} ${by.join(' ')}`.trim();
  });
}

const dhcp = (operation: number, kind: number) =>
  join(u8(operation, 1, 6, 0), u32(7), zeros(228), hex('63825363'), u8(53, 1, kind, 255));
const PROBE = 'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\n\r\n';
const FOUND =
  'HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\nLOCATION: http://x/\r\n\r\n';
const READ = join(u16(1), 'boot.img\0octet\0');
const BLOCK = join(u16(3, 1), zeros(512));
const ACKNOWLEDGED = u16(4, 1);
/** A null call of the mount daemon, and its answer (RFC 5531). */
const CALL = u32(7, 0, 2, 100_005, 3, 0, 0, 0, 0, 0);
const REPLY = u32(7, 1, 0, 0, 0, 0);

describe('questions and answers of two flows', () => {
  it.each<[string, Uint8Array[], string[]]>([
    [
      'an address, offered to the new one',
      [
        sent('0.0.0.0:68', '255.255.255.255:67', dhcp(1, 1)),
        sent('10.0.0.1:67', '10.0.0.7:68', dhcp(2, 2)),
      ],
      ['67 answered 10.0.0.1'],
    ],
    [
      'an address, offered to all',
      [
        sent('0.0.0.0:68', '255.255.255.255:67', dhcp(1, 1)),
        sent('10.0.0.1:67', '255.255.255.255:68', dhcp(2, 2)),
      ],
      ['67 answered 10.0.0.1'],
    ],
    [
      'an address that nobody offered',
      [sent('0.0.0.0:68', '255.255.255.255:67', dhcp(1, 1))],
      ['67 group'],
    ],
    [
      'an address given up, after an offer to all',
      [
        sent('10.0.0.1:67', '255.255.255.255:68', dhcp(2, 2)),
        sent('10.0.0.7:68', '10.0.0.1:67', dhcp(1, 7)),
      ],
      ['67 group'],
    ],
    [
      'a search',
      [
        sent('10.0.0.7:40000', '239.255.255.250:1900', PROBE),
        sent('10.0.0.9:1900', '10.0.0.7:40000', FOUND),
      ],
      ['1900 answered 10.0.0.9'],
    ],
    [
      'a found device, but nobody searched',
      [sent('10.0.0.9:1900', '10.0.0.7:50000', FOUND)],
      ['1900 backscatter'],
    ],
    [
      'equals that tell all, and one of them one other',
      [sent('10.0.0.7:17500', '10.0.0.255:17500'), sent('10.0.0.9:17500', '10.0.0.7:17500')],
      ['17500 group', '17500 unknown'],
    ],
    [
      'a file',
      [
        sent('10.0.0.7:33000', '10.0.0.9:69', READ),
        sent('10.0.0.9:44000', '10.0.0.7:33000', BLOCK),
        sent('10.0.0.7:33000', '10.0.0.9:44000', ACKNOWLEDGED),
      ],
      ['44000 answered 10.0.0.9', '69 answered 10.0.0.9'],
    ],
    [
      'a file that is not there',
      [
        sent('10.0.0.7:43000', '10.0.0.9:69', READ),
        sent('10.0.0.9:34000', '10.0.0.7:43000', join(u16(5, 1), 'File not found\0')),
      ],
      ['34000 answered 10.0.0.9', '69 answered 10.0.0.9'],
    ],
    [
      'a file from a host that is silent, while another speaks to that port',
      [
        sent('10.0.0.7:33000', '10.0.0.9:69', READ),
        sent('10.0.0.8:44000', '10.0.0.7:33000', BLOCK),
      ],
      ['33000 unknown', '69 tried'],
    ],
  ])('%s', async (_what, frames, expected) => {
    expect((await ports(frames)).sort()).toEqual(expected.sort());
  });
});

describe('who serves', () => {
  it.each([
    ['calls of a client below 1024', 800, 4001],
    ['calls of a client whose port is higher', 50_000, 40_001],
  ])('%s', async (_what, client, server) => {
    const found = await ports([
      sent(`10.0.0.7:${client}`, `10.0.0.9:${server}`, CALL),
      sent(`10.0.0.9:${server}`, `10.0.0.7:${client}`, REPLY),
    ]);
    expect(found).toEqual([`${server} answered 10.0.0.9`]);
  });

  it('is told by who asks in vain', async () => {
    const found = await ports([
      sent('10.0.0.7:800', '10.0.0.9:4001', CALL),
      sent('10.0.0.7:800', '10.0.0.9:4001', CALL),
    ]);
    expect(found).toEqual(['4001 tried']);
  });
});

/** A segment from the client (or with `down` the server) of port 139 of 10.0.0.9. */
function segment(flags: string, payload: Payload = '', down = false): Uint8Array {
  const [src, dst] = down ? ['10.0.0.9', '10.0.0.7'] : ['10.0.0.7', '10.0.0.9'];
  const [sport, dport] = down ? [139, 40_000] : [40_000, 139];
  return ether({}, ipv4({ src, dst }, tcp({ sport, dport, flags, seq: 100 }, payload)));
}

it('finds SMB 1 behind a NetBIOS session', async () => {
  const name = join(u8(32), 'CA'.repeat(16), u8(0));
  const smb1 = (answer: boolean, body: Uint8Array) =>
    join(
      u8(0),
      hex('0000'),
      u8(32 + body.length),
      hex('ff534d4272'),
      zeros(4),
      u8(answer ? 0x80 : 0),
      zeros(22),
      body,
    );
  const { findings, services } = await look([
    segment('S'),
    segment('SA', '', true),
    segment('PA', join(u8(0x81, 0, 0, 68), name, name)),
    segment('PA', hex('82000000'), true),
    segment('PA', smb1(false, join(u8(0), u16(0x0c00), u8(2), 'NT LM 0.12\0'))),
    segment('PA', smb1(true, join(u8(17), zeros(36))), true),
  ]);
  expect(services[0]?.spoken[0]).toMatchObject({ protocol: 'smb', answered: true });
  expect(findings.map(({ id }) => id)).toContain('obsolete-version');
});
