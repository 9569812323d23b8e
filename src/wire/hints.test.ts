import { describe, expect, it } from 'vitest';
import { decodeFrame, RAW_IP } from '../../test/builders/decode.ts';
import {
  hex,
  ipv4,
  join,
  type Payload,
  tcp,
  u8,
  u16,
  u32,
  udp,
  zeros,
} from '../../test/builders/packet.ts';

const overTcp = (payload: Payload, dport = 40001, sport = 40000) =>
  decodeFrame(ipv4({}, tcp({ sport, dport }, payload)), RAW_IP).rows[0]?.hint;
const overUdp = (payload: Payload, dport: number, sport = 40000) =>
  decodeFrame(ipv4({}, udp({ sport, dport }, payload)), RAW_IP).rows[0]?.hint;

const dnsHeader = (flags: number) => join(u16(0x1234, flags, 1, 0, 0, 0));
const question = (flags: number) => join(dnsHeader(flags), u16(0, 1, 1));
const hello = (type: number, version = 0x0301) => join(u8(22), u16(version, 6), u8(type), zeros(5));

describe('hints in TCP payloads', () => {
  it.each([
    ['GET / HTTP/1.1\r\n', 'http asks'],
    ['POST /form', 'http asks'],
    ['HEAD / H', 'http asks'],
    ['PUT /x ', 'http asks'],
    ['DELETE /', 'http asks'],
    ['OPTIONS * HTTP/1.1', 'http asks'],
    ['CONNECT host:443', 'http asks'],
    ['PATCH /x', 'http asks'],
    ['PRI * HTTP/2.0\r\n', 'http asks'],
    ['HTTP/1.1 200 OK\r\n', 'http answers'],
    ['220 mail.example.net ESMTP', 'mail-or-ftp answers'],
    ['220-Welcome', 'mail-or-ftp answers'],
    ['+OK ready', 'mail-or-ftp answers'],
    ['* OK IMAP', 'mail-or-ftp answers'],
    ['EHLO example.net', 'mail-or-ftp asks'],
    ['HELO example.net', 'mail-or-ftp asks'],
    ['SSH-2.0-OpenSSH', ''],
    ['GETTING', ''],
    ['get / http', ''],
    ['GET', ''],
    ['2200 ', ''],
    ['USER anonymous', ''],
  ])('%j: %s', (payload, hint) => {
    expect(overTcp(payload)).toBe(hint);
  });

  it.each([
    ['a client hello', hello(1), 'tls asks'],
    ['a client hello of TLS 1.0 to 1.3 records', hello(1, 0x0303), 'tls asks'],
    ['a server hello', hello(2), 'tls answers'],
    ['a certificate', hello(11), ''],
    ['application data', join(u8(23), u16(0x0303, 5), zeros(5)), ''],
    ['an unknown version', hello(1, 0x0201), ''],
    ['a record header alone', hello(1).subarray(0, 5), ''],
  ])('%s: %s', (_, payload, hint) => {
    expect(overTcp(payload, 443)).toBe(hint);
  });

  it.each([
    ['a query to port 53', join(u16(12), dnsHeader(0x0100)), 53, 40000, 'dns asks'],
    ['an answer from port 53', join(u16(12), dnsHeader(0x8180)), 40000, 53, 'dns answers'],
    ['a query whose length came before', question(0x0100), 53, 40000, 'dns asks'],
    ['an answer whose length came before', question(0x8180), 40000, 53, 'dns answers'],
    ['the same on another port', join(u16(12), dnsHeader(0x8180)), 54, 40000, ''],
    ['a length that no message has', join(u16(11), dnsHeader(0x0100)), 53, 40000, ''],
    ['a message cut short', join(u16(12), dnsHeader(0)).subarray(0, 13), 53, 40000, ''],
  ])('%s', (_, payload, dport, sport, hint) => {
    expect(overTcp(payload, dport, sport)).toBe(hint);
  });
});

describe('hints in UDP payloads', () => {
  const snmp = (tag: number, length = '26') =>
    hex(`30 ${length} 02 01 01 04 06 7075626c6963 ${tag.toString(16)} 19`);
  const radius = (code: number) => join(u8(code), zeros(19));
  const cases: [string, Payload, number, number, string][] = [
    ['DNS query', dnsHeader(0x0100), 40000, 53, 'dns asks'],
    ['DNS answer', dnsHeader(0x8180), 53, 40000, 'dns answers'],
    ['DNS cut short', dnsHeader(0x8180).subarray(0, 11), 53, 40000, ''],
    ['multicast DNS query', dnsHeader(0), 5353, 5353, 'dns asks'],
    ['multicast DNS answer', dnsHeader(0x8400), 5353, 5353, 'dns answers'],
    ['LLMNR query', dnsHeader(0), 50000, 5355, 'dns asks'],
    ['NetBIOS name answer', dnsHeader(0x8500), 137, 137, 'dns answers'],
    ['NTP client', join(u8(0x23), zeros(47)), 123, 123, 'ntp asks'],
    ['NTP server', join(u8(0x24), zeros(47)), 123, 40000, 'ntp answers'],
    ['NTP broadcast', join(u8(0x25), zeros(47)), 123, 123, 'ntp answers'],
    ['NTP symmetric', join(u8(0x21), zeros(47)), 123, 123, ''],
    ['DHCP discover', join(u8(1), zeros(240)), 68, 67, 'dhcp asks'],
    ['DHCP offer', join(u8(2), zeros(240)), 67, 68, 'dhcp answers'],
    ['DHCP of another operation', join(u8(3), zeros(240)), 67, 68, ''],
    ...[1, 3, 4, 5, 6, 8, 9, 11, 12].map((type): [string, Payload, number, number, string] => [
      `DHCPv6 message ${type}`,
      u32((type << 24) | 1),
      546,
      547,
      'dhcpv6 asks',
    ]),
    ...[2, 7, 10, 13].map((type): [string, Payload, number, number, string] => [
      `DHCPv6 message ${type}`,
      u32((type << 24) | 1),
      547,
      546,
      'dhcpv6 answers',
    ]),
    ['DHCPv6 message 0', u32(0), 547, 546, ''],
    ['DHCPv6 message 200', u32(200 << 24), 547, 546, ''],
    ['SNMP get', snmp(0xa0), 40000, 161, 'snmp asks'],
    ['SNMP next', snmp(0xa1), 40000, 161, 'snmp asks'],
    ['SNMP set', snmp(0xa3), 40000, 161, 'snmp asks'],
    ['SNMP bulk', snmp(0xa5), 40000, 161, 'snmp asks'],
    ['SNMP response', snmp(0xa2), 161, 40000, 'snmp answers'],
    ['SNMP response with a long length', snmp(0xa2, '82 0126'), 161, 40000, 'snmp answers'],
    ['SNMP trap', snmp(0xa4), 161, 40000, ''],
    ['SNMPv3', hex('30 26 02 01 03 30 0e 0201 01 0202 ffe3'), 40000, 161, ''],
    ['SNMP whose community never ends', hex('30 26 02 01 01 04 ff 7075626c6963'), 40000, 161, ''],
    ['SNMP whose length never ends', hex('30 ff 02 01 01 04 06 7075626c6963'), 40000, 161, ''],
    ['TFTP read', join(u16(1), 'file'), 40000, 69, 'tftp asks'],
    ['TFTP write', join(u16(2), 'file'), 40000, 69, 'tftp asks'],
    ['TFTP data', join(u16(3), 'file'), 40000, 69, ''],
    ['TFTP of two octets', u16(1), 40000, 69, ''],
    ['RADIUS access request', radius(1), 40000, 1812, 'radius asks'],
    ['RADIUS accounting request', radius(4), 40000, 1813, 'radius asks'],
    ['RADIUS accept', radius(2), 1812, 40000, 'radius answers'],
    ['RADIUS reject', radius(3), 1812, 40000, 'radius answers'],
    ['RADIUS challenge', radius(11), 1812, 40000, 'radius answers'],
    ['RADIUS accounting response', radius(5), 1813, 40000, 'radius answers'],
    ['RADIUS status', radius(12), 1812, 40000, ''],
    ['RADIUS cut short', radius(2).subarray(0, 19), 1812, 40000, ''],
    ['QUIC early data', join(u8(0xd1), u32(1)), 40000, 443, 'quic asks'],
    ['QUIC initial, which both send', join(u8(0xc1), u32(1), zeros(1195)), 40000, 443, ''],
    ['QUIC of another version', join(u8(0xd1), u32(2)), 40000, 443, ''],
    ['nothing', '', 53, 40000, ''],
    ['a port nobody knows', dnsHeader(0x8180), 54, 40000, ''],
  ];
  it.each(cases)('%s', (_, payload, sport, dport, hint) => {
    expect(overUdp(payload, dport, sport)).toBe(hint);
  });

  it('are read at any cut', () => {
    for (const [, payload, sport, dport] of cases) {
      const packet = ipv4({}, udp({ sport, dport }, payload));
      for (let length = 28; length <= packet.length; length++) {
        const { rows } = decodeFrame(packet.subarray(0, length), RAW_IP, packet.length);
        expect(rows).toHaveLength(1);
      }
    }
  });

  it('come from the other port when the lower one says nothing', () => {
    expect(overUdp(dnsHeader(0x0100), 5353, 443)).toBe('dns asks');
  });
});
