import { describe, expect, it } from 'vitest';
import { fragileService } from './fragile-ports.ts';
import { udpPayload, udpPayloads } from './udp-payloads.ts';

function hexOf(port: number): string {
  return Buffer.from(udpPayload(port)!.bytes as Uint8Array<ArrayBuffer>).toString('hex');
}

describe('payloads for UDP services', () => {
  it('are there for at least 45 services, each under a name of its own', () => {
    const names = udpPayloads().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(45);
  });

  it('fit one Ethernet frame, are never empty, and claim each port once', () => {
    const ports = udpPayloads().flatMap((payload) => payload.ports);
    expect(new Set(ports).size).toBe(ports.length);
    for (const { bytes, name } of udpPayloads()) {
      expect(bytes.length, name).toBeGreaterThan(0);
      expect(bytes.length, name).toBeLessThanOrEqual(1232);
    }
  });

  it.each([
    [53, '705200000001000000000000' + '0000020001'],
    [137, `70520000000100000000000020434b${'41'.repeat(30)}0000210001`],
    [111, `705200010000000000000002000186a000000002${'0'.repeat(40)}`],
    [123, `e3${'..'.repeat(47)}`],
    [
      161,
      '303a020103300f02027052020300ffe30401040201030410300e0400020100020100040004000400' +
        '3012' +
        '04000400' +
        'a00c' +
        '02027052' +
        '020100' +
        '020100' +
        '3000',
    ],
    [69, `0001${'..'.repeat(22)}006f6374657400`],
    [520, `01020000${'00'.repeat(16)}00000010`],
    [177, '00010002000100'],
    [1434, '03'],
    [623, '0600ff06000011be80000000'],
    [3478, `000100002112a442${'..'.repeat(12)}`],
    [5351, '0000'],
  ])('port %d', (port, pattern) => {
    expect(hexOf(port)).toMatch(new RegExp(`^${pattern}$`));
  });

  it('give lengths inside that match the length outside', () => {
    const ber = (bytes: Uint8Array): number =>
      bytes[1]! < 128 ? bytes[1]! + 2 : ((bytes[2]! << 8) | bytes[3]!) + 4;
    for (const port of [88, 161, 389]) {
      const { bytes } = udpPayload(port)!;
      expect(ber(bytes)).toBe(bytes.length);
    }
    const ike = udpPayload(500)!.bytes;
    expect(new DataView(ike.buffer).getUint32(24)).toBe(ike.length);
    const dtls = udpPayload(5684)!.bytes;
    expect(new DataView(dtls.buffer).getUint16(11)).toBe(dtls.length - 13);
    const l2tp = udpPayload(1701)!.bytes;
    expect(new DataView(l2tp.buffer).getUint16(2)).toBe(l2tp.length);
    const slp = udpPayload(427)!.bytes;
    expect(new DataView(slp.buffer).getUint16(3)).toBe(slp.length);
    expect(udpPayload(443)!.bytes.length).toBe(1200);
  });

  it('carry no community and no password', () => {
    for (const { bytes } of udpPayloads()) {
      const words = String.fromCharCode(...bytes);
      expect(words).not.toMatch(/public|private|password|admin/i);
    }
  });
});

it.each([
  ['tcp', 9100, 'raw printing'],
  ['tcp', 9107, 'raw printing'],
  ['tcp', 102, 'Siemens S7 and IEC 61850'],
  ['tcp', 502, 'Modbus'],
  ['udp', 44818, 'EtherNet/IP'],
  ['udp', 47809, 'BACnet'],
])('%s %d is fragile', (transport, port, what) => {
  expect(fragileService(transport, port)).toBe(what);
});

it.each([
  ['tcp', 9108],
  ['tcp', 80],
  ['udp', 53],
  ['sctp', 102],
])('%s %d is not', (transport, port) => {
  expect(fragileService(transport, port)).toBeUndefined();
});
