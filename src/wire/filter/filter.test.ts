import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { execute, verify } from '../../../test/builders/bpf-machine.ts';
import { FilterFault } from './fault.ts';
import { Filter } from './filter.ts';
import { parseFilter } from './parser.ts';

const ports = new Map([
  ['http tcp', 80],
  ['domain tcp', 53],
  ['domain udp', 53],
  ['syslog udp', 514],
]);
const book = { port: (name: string, transport: string) => ports.get(`${name} ${transport}`) };

function frame(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
}

/** TCP SYN from 192.0.2.1:40000 to 198.51.100.7:80, 60 octets with padding. */
const SYN = frame(`
  00005e005301 00005e005302 0800
  4500 0028 0001 0000 4006 0000 c0000201 c6336407
  9c40 0050 00000001 00000000 5002 ffff 0000 0000
  000000000000`);

function matches(text: string, octets = SYN, linkType = 1): boolean {
  const filter = new Filter(text, book);
  const answer = filter.forLinkType(linkType).matches(octets, 0, octets.length, octets.length);
  const program = filter.bytecode(linkType, 100);
  verify(program);
  expect(execute(program, octets, octets.length) > 0).toBe(answer);
  return answer;
}

function faultOf(text: string, linkType = 1): FilterFault {
  try {
    new Filter(text, book).forLinkType(linkType);
  } catch (error) {
    expect(error).toBeInstanceOf(FilterFault);
    return error as FilterFault;
  }
  throw new Error(`“${text}” was taken`);
}

describe('a filter', () => {
  it.each([
    '',
    'tcp',
    'port 80',
    'port http',
    'tcp dst port http',
    'tcp port 443 or 80',
    'tcp port (443 or 80)',
    'port (443 or not 22)',
    'host 192.0.2.1 and 198.51.100.7',
    'src 192.0.2.1',
    'src net 192.0.2',
    'net 192.0.2.0/24',
    'net 192.0.2.0 mask 255.255.255.0',
    'ether host 00:00:5e:00:53:01',
    'ether dst 0000.5e00.5301',
    'ether src 00-00-5e-00-53-02',
    'portrange 79-81',
    'portrange 80',
    'dst portrange domain-http',
    'ip proto 6',
    'ip proto \\tcp',
    'proto tcp',
    'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn',
    'tcp[13] = 2',
    'ip[0] & 0xf == 5',
    '(ip[2:2] - ((ip[0] & 0xf) << 2)) - ((tcp[12] & 0xf0) >> 2) = 0',
    'len = 60',
    'len == 074',
    'less 60 and greater 60',
    'not udp and !icmp && (tcp || arp)',
    'ether[0] & 1 = 0',
    'byte 12 = 8',
    'src or dst port 80',
    'not src and dst port 80',
    'port 22 or 80',
  ])('“%s” matches', (text) => expect(matches(text)).toBe(true));

  it.each([
    'udp',
    'port 443',
    'src port 80',
    'udp port 80',
    'host 192.0.2.2',
    'ip6',
    'not ip',
    'tcp[13] = 18',
    'broadcast',
    'multicast',
    'vlan',
    'len > 60',
    'tcp[200] = 0',
    'not tcp[200] = 0',
    'ip[0] / ip[6] = 1',
    'not ip[0] / ip[6] = 1',
    'port 22 or 443',
  ])('“%s” does not match', (text) => expect(matches(text)).toBe(false));

  it('groups “and” and “or” from the left, as libpcap does', () => {
    expect(matches('tcp or udp and udp')).toBe(false);
    expect(matches('tcp or (udp and udp)')).toBe(true);
  });

  it('looks inside after vlan, and outside again in another filter', () => {
    const tagged = frame(`${Buffer.from(SYN.subarray(0, 12)).toString('hex')} 8100 0064
      ${Buffer.from(SYN.subarray(12)).toString('hex')}`);
    expect(matches('vlan and tcp port 80', tagged)).toBe(true);
    expect(matches('vlan 100', tagged)).toBe(true);
    expect(matches('vlan 101', tagged)).toBe(false);
    expect(matches('tcp port 80', tagged)).toBe(false);
    expect(matches('tcp port 80 or vlan and tcp port 80', tagged)).toBe(true);
  });

  it('never reads beyond a frame, wherever it is cut', () => {
    const texts = ['tcp port 80', 'host 192.0.2.1', 'tcp[13] & 2 != 0', 'not ip6', 'geneve 1'];
    for (let length = 0; length <= SYN.length; length++) {
      for (const text of texts) matches(text, SYN.slice(0, length));
    }
    expect(matches('tcp port 80', SYN.slice(0, 37))).toBe(false);
    expect(matches('tcp dst port 80', SYN.slice(0, 38))).toBe(true);
  });

  it('reads links without Ethernet', () => {
    expect(matches('tcp port 80', SYN.slice(14), 101)).toBe(true);
    expect(matches('tcp port 80', SYN.slice(14), 228)).toBe(true);
    expect(matches('tcp port 80', SYN.slice(14), 229)).toBe(false);
  });

  it('passes authentication headers without turning in circles', () => {
    const text = 'ip protochain 6';
    const looping = SYN.slice();
    looping[23] = 51;
    looping[34] = 51;
    looping[35] = 254;
    const filter = new Filter(text).forLinkType(1);
    expect(filter.matches(looping, 0, looping.length, looping.length)).toBe(false);
    expect(filter.matches(SYN, 0, SYN.length, SYN.length)).toBe(true);
    expect(() => new Filter(text).bytecode(1, 100)).toThrow('protochain');
  });

  it('jumps far in long programs', () => {
    const many = Array.from({ length: 100 }, (_, index) => `port ${1000 + index}`).join(' or ');
    expect(matches(`${many} or port 80`)).toBe(true);
    expect(matches(many)).toBe(false);
    expect(() => new Filter(`${many} or ${many}`).bytecode(1, 9)).toThrow('4096');
  });

  it.each([
    ['proto TCP port 80', true, 'tcp port 80'],
    ['PROTO tcp PORT 80', true, '“PORT” is read as “port”'],
    ['proto tcp dst port 443', false, 'tcp port 80'],
    ['TCP and Port 80', true, '“TCP” is read as “tcp”'],
  ])('understands “%s”, with a note', (text, answer, note) => {
    expect(matches(text)).toBe(answer);
    expect(parseFilter(text).notes.join('\n')).toContain(note);
  });

  it('names the hosts whose addresses are needed', () => {
    const text = 'host a.example or (src b.example and not a.example) or tcp port http';
    expect(parseFilter(text).hostNames).toEqual(['a.example', 'b.example']);
  });
});

describe('a fault', () => {
  it.each([
    ['prot 80', 0, 4, 'does not say what it is', 'port'],
    ['tcp prot 80', 4, 8, 'does not say what it is', 'port'],
    ['tcp port', 8, 8, 'ends', ''],
    ['10.0.0.1', 0, 8, 'does not say what it is', ''],
    ['(tcp', 0, 1, 'never closed', ''],
    ['tcp)', 3, 4, 'cannot stand here', ''],
    ['tcp[tcpflags] & tcp-sny != 0', 16, 23, '“tcp-sny” cannot stand here', 'tcp-syn'],
    ['udp or (tcp[tcpflag] = 2)', 12, 19, '“tcpflag” cannot stand here', 'tcpflags'],
    ['tcp[13] and udp', 8, 11, '“and” cannot stand here', ''],
    ['(tcp[13]) and udp', 10, 13, '“and” cannot stand here', ''],
    ['tcp[13]', 7, 7, 'something more is expected', ''],
    ['len + udp > 5', 6, 9, '“udp” cannot stand here', ''],
    ['port 70000', 5, 10, '65535', ''],
    ['net 10.0.0.1/8', 4, 14, 'bits set', ''],
    ['host 10.0.0.0/8', 5, 15, 'is a network', ''],
    ['host 300.1.1.1', 5, 14, '300 is above 255', ''],
    ['tcp[0:3] = 1', 6, 7, '1, 2 or 4 octets', ''],
    ['len / 0 = 1', 6, 7, 'divided by zero', ''],
    ['len << 32 = 1', 7, 9, '31 at most', ''],
    ['len = 089', 6, 9, 'octal', ''],
    ['len = 99999999999', 6, 17, '32 bits', ''],
    ["'tcp'", 0, 1, 'means nothing', ''],
    ['host 00:11:22', 5, 13, 'neither', ''],
    ['tcp host 192.0.2.1', 9, 18, 'means nothing', ''],
    ['icmp port 80', 10, 12, 'has no ports', ''],
    ['host tcp', 5, 8, 'word of the filter language', ''],
    ['port nosuch', 5, 11, 'no service', ''],
    ['udp port http', 9, 13, 'of tcp, not of udp', ''],
    ['host nosuch', 5, 11, 'no address', ''],
    ['vlan 5000', 5, 9, '4095', ''],
    ['vpi 3', 0, 3, 'ATM', ''],
    ['wlan type data', 0, 14, 'not of IEEE 802.11', ''],
    ['inbound', 0, 7, 'which way', ''],
    ['tcp\u0000', 3, 4, 'U+0000', ''],
    ['port 80 and', 11, 11, 'ends', ''],
    ['gateway 192.0.2.1', 8, 17, 'name', ''],
    ['ip broadcast', 0, 12, 'netmask', ''],
  ])('in “%s” is at %i–%i', (text, at, end, what, candidate) => {
    const fault = faultOf(text);
    expect([fault.at, fault.end]).toEqual([at, end]);
    expect(fault.message).toContain(what);
    if (candidate !== '') expect(fault.candidates).toContain(candidate);
  });

  it('is all that any text can lead to', () => {
    const word = fc.constantFrom(
      ...'tcp port 80 and or not ( ) [ ] : & = host 10.1 ::1 / proto len 0x1f - vlan mask'.split(
        ' ',
      ),
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join(' ')),
    );
    fc.assert(
      fc.property(text, (each) => {
        try {
          new Filter(each, book).forLinkType(1).matches(SYN, 0, SYN.length, SYN.length);
        } catch (error) {
          if (!(error instanceof FilterFault)) throw error;
          expect(error.at).toBeLessThanOrEqual(each.length);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['(', 'not ', '-', '(-(', 'ip['])('comes of “%s” a thousand times', (piece) => {
    expect(faultOf(piece.repeat(1000))).toBeInstanceOf(FilterFault);
  });
});
