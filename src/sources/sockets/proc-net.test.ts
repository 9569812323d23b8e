import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../net/address.ts';
import { type ProcNetTransport, parseProcNet } from './proc-net.ts';

const HEAD4 =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n';
const HEAD6 =
  '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const NONE6 = '00000000000000000000000000000000:0000';

const tcp4 = (local: string, state = '0A', uid = 0, inode = '88', slot = 0): string =>
  `${String(slot).padStart(4)}: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} 1 00000000dec2f1f1 100 0 0 10 0                      \n`;
const tcp6 = (local: string, state = '0A', inode = '88'): string =>
  `   0: ${local} ${NONE6} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000012345678 100 0 0 10 0\n`;
const udp4 = (local: string, state = '07', inode = '88'): string =>
  `  ${'123'.padStart(3)}: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000   101        0 ${inode} 2 00000000abcdef01 3        \n`;
const udp6 = (local: string, state = '07'): string =>
  ` 9123: ${local} ${NONE6} ${state} 00000000:00000000 00:00000000 00000000   101        0 88 2 00000000abcdef01 0\n`;

const read = (text: string, transport: ProcNetTransport, littleEndian = true): string[] =>
  parseProcNet(text, transport, littleEndian).rows.map(
    (row) => `${row.transport} ${formatAddress(row.address)} ${row.port} ${row.uid} ${row.inode}`,
  );

describe('parseProcNet', () => {
  it.each<[string, string, ProcNetTransport, string]>([
    ['tcp on every address', HEAD4 + tcp4('00000000:07E8'), 'tcp', 'tcp 0.0.0.0 2024 0 88'],
    ['tcp loopback', HEAD4 + tcp4('0100007F:1F90'), 'tcp', 'tcp 127.0.0.1 8080 0 88'],
    ['tcp one address', tcp4('0A0200C0:0016'), 'tcp', 'tcp 192.0.2.10 22 0 88'],
    ['highest port', tcp4('0100007F:FFFF'), 'tcp', 'tcp 127.0.0.1 65535 0 88'],
    [
      'greatest user and inode',
      tcp4('00000000:0001', '0A', 4294967294, '4294967295'),
      'tcp',
      'tcp 0.0.0.0 1 4294967294 4294967295',
    ],
    [
      'wide slot number',
      tcp4('00000000:0001', '0A', 0, '88', 1234567),
      'tcp',
      'tcp 0.0.0.0 1 0 88',
    ],
    ['no end of line', tcp4('0100007F:1F90').trimEnd(), 'tcp', 'tcp 127.0.0.1 8080 0 88'],
    [
      'tcp6 on every address',
      HEAD6 + tcp6('00000000000000000000000000000000:0050'),
      'tcp',
      'tcp :: 80 0 88',
    ],
    ['tcp6 loopback', tcp6('00000000000000000000000001000000:0277'), 'tcp', 'tcp ::1 631 0 88'],
    [
      'tcp6 link-local',
      tcp6('000080FE000000000002A05604C30AFE:0222'),
      'tcp',
      'tcp fe80::56a0:200:fe0a:c304 546 0 88',
    ],
    [
      'tcp6 one address',
      tcp6('B80D0120000000000000000001000000:01BB'),
      'tcp',
      'tcp 2001:db8::1 443 0 88',
    ],
    [
      'IPv4-mapped',
      tcp6('0000000000000000FFFF00000A0200C0:01BB'),
      'tcp',
      'tcp 192.0.2.10 443 0 88',
    ],
    [
      'IPv4-mapped wildcard',
      tcp6('0000000000000000FFFF000000000000:01BB'),
      'tcp',
      'tcp 0.0.0.0 443 0 88',
    ],
    ['udp', HEAD4 + udp4('3500007F:0035'), 'udp', 'udp 127.0.0.53 53 101 88'],
    ['udp group', udp4('FB0000E0:14E9'), 'udp', 'udp 224.0.0.251 5353 101 88'],
    ['udp6', udp6('00000000000000000000000000000000:14E9'), 'udp', 'udp :: 5353 101 88'],
    ['udplite', udp4('00000000:0400'), 'udplite', 'udplite 0.0.0.0 1024 101 88'],
    ['raw: protocol for port', udp4('00000000:0001'), 'raw', 'raw 0.0.0.0 1 101 88'],
  ])('reads %s', (_name, text, transport, expected) => {
    expect(read(text, transport)).toEqual([expected]);
  });

  it('reads what a big-endian machine prints', () => {
    expect(read(tcp4('7F000001:1F90'), 'tcp', false)).toEqual(['tcp 127.0.0.1 8080 0 88']);
    expect(read(tcp6('20010DB8000000000000000000000001:01BB'), 'tcp', false)).toEqual([
      'tcp 2001:db8::1 443 0 88',
    ]);
  });

  it('keeps sockets with a peer apart', () => {
    const text = HEAD4 + tcp4('0100007F:0050') + tcp4('0100007F:0050', '01') + tcp4('0:0', '06');
    const { rows, connected, faults } = parseProcNet(text, 'tcp', true);
    expect([rows.length, connected, faults.length]).toEqual([1, 1, 1]);
    const datagrams = HEAD4 + udp4('00000000:0035') + udp4('0100007F:9C40', '01');
    expect(parseProcNet(datagrams, 'udp', true)).toMatchObject({ connected: 1, faults: [] });
    // A TCP row in state 07 is closed, not waiting.
    expect(read(tcp4('00000000:0050', '07'), 'tcp')).toEqual([]);
  });

  it.each([
    ['nothing', '', 0],
    ['heading only', HEAD4, 0],
    ['blank lines', '\n\n   \n', 0],
    ['words', 'no such table\n', 1],
    ['address of 24 bits', tcp4('00007F:1F90'), 1],
    ['address of 64 bits', tcp4('0100007F0100007F:1F90'), 1],
    ['port of five digits', tcp4('0100007F:11F90'), 1],
    ['letters for the inode', tcp4('0100007F:1F90', '0A', 0, 'x88'), 1],
    ['an inode that may be cut', tcp4('0100007F:1F90').slice(0, 93), 1],
    ['binary', '\0\x01\x1b[31m\xff\n', 1],
  ])('finds no row in %s', (_name, text, faults) => {
    const result = parseProcNet(text, 'tcp', true);
    expect(result.rows).toEqual([]);
    expect(result.faults).toHaveLength(faults);
  });

  it('locates the line it cannot read and keeps the others', () => {
    const text = `${HEAD4}${tcp4('0100007F:0001')}rubbish ${'x'.repeat(500)}\n${tcp4('0100007F:0002')}`;
    const { rows, faults } = parseProcNet(text, 'tcp', true);
    expect(rows.map((row) => row.port)).toEqual([1, 2]);
    expect(faults).toEqual([{ line: 3, text: `rubbish ${'x'.repeat(112)}` }]);
  });

  it('gives the same row or a fault for every truncation', () => {
    const line = tcp6('B80D0120000000000000000001000000:01BB', '0A', '88').trimEnd();
    const full = read(line, 'tcp');
    for (let length = 0; length <= line.length; length++) {
      const { rows, faults } = parseProcNet(line.slice(0, length), 'tcp', true);
      const shown = read(line.slice(0, length), 'tcp');
      if (rows.length > 0) expect(shown).toEqual(full);
      else expect(faults).toHaveLength(line.slice(0, length).trim() === '' ? 0 : 1);
    }
  });

  it('accounts for every line of any text', () => {
    const line = fc.oneof(
      fc.string().map((text) => text.replaceAll('\n', ' ')),
      fc.constantFrom(tcp4('0100007F:1F90').trimEnd(), tcp4('0100007F:1F90', '01').trimEnd()),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const { rows, connected, faults } = parseProcNet(lines.join('\n'), 'tcp', true);
        const meant = lines.filter((each) => {
          const bare = each.trimStart();
          return bare !== '' && !bare.startsWith('sl ');
        });
        expect(rows.length + connected + faults.length).toBe(meant.length);
      }),
    );
  });
});
