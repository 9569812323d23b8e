/** Fixtures from dhclient 4.4 and dnsmasq 2.90 (Debian 12), and composed by RFC 8415. */
import { describe } from 'vitest';
import { hex, ip6, join, u8, u16, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { DHCPV6 } from './dhcpv6.ts';

/** Client identity, an association with one address, the full name pc.test. */
const REQUEST = join(
  hex('03 123456 0001 000a 0003 0001 020000000001'),
  hex('0003 0028 00000001 00000000 00000000 0005 0018'),
  ip6('2001:db8::7'),
  u32(3600, 7200),
  hex('0027 000a 00 02 7063 04 74657374 00'),
);

describe('dhcpv6', () => {
  testDetector(DHCPV6, [
    {
      name: 'a host looks for a server',
      bytes: hex(`
      01c9289c0001000e000100013295b46b027aaee92ece00060006002700170027000800020000002700180008
      6c6170746f702d37076578616d706c650474657374000003000caee92ece00000e1000001518
    `),
      transport: 17,
      sport: 546,
      dport: 547,
      is: 'certain asks',
    },
    {
      name: 'an advertisement',
      bytes: hex(`
      02c9289c0001000e000100013295b46b027aaee92ece0002000e000100013295b334e65551f2ced100030028
      aee92ece0000070800000c4e0005001820010db800500000000000000000010c00000e1000000e10000d0009
      00007375636365737300070001000027000a03086c6170746f702d37
    `),
      transport: 17,
      sport: 547,
      dport: 546,
      is: 'certain answers',
      facts: ['dhcpv6 laptop-7 of 32.1.13.184.0.80.0.0.0.0.0.0.0.0.1.12'],
    },
    {
      name: 'a request with the full name',
      bytes: hex(`
      03ac02440001000e000100013295b46b027aaee92ece0002000e000100013295b334e65551f2ced100060006
      0027001700270008000200000027001800086c6170746f702d37076578616d706c6504746573740000030028
      aee92ece00000e10000015180005001820010db800500000000000000000010c00001c2000001d4c
    `),
      transport: 17,
      sport: 546,
      dport: 547,
      is: 'certain asks',
      facts: ['dhcpv6 laptop-7.example.test of 32.1.13.184.0.80.0.0.0.0.0.0.0.0.1.12'],
    },
    {
      name: 'the reply names the address',
      bytes: hex(`
      07ac02440001000e000100013295b46b027aaee92ece0002000e000100013295b334e65551f2ced100030028
      aee92ece0000070800000c4e0005001820010db800500000000000000000010c00000e1000000e10000d0009
      0000737563636573730027001803086c6170746f702d37076578616d706c65047465737400
    `),
      transport: 17,
      sport: 547,
      dport: 546,
      is: 'certain answers',
      facts: ['dhcpv6 laptop-7.example.test of 32.1.13.184.0.80.0.0.0.0.0.0.0.0.1.12'],
    },
    {
      name: 'a relayed request',
      transport: 17,
      sport: 547,
      dport: 547,
      bytes: join(u8(12, 0), zeros(32), u16(9, REQUEST.length), REQUEST),
      is: 'certain asks',
      facts: ['dhcpv6 pc.test of 32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.7'],
    },
    {
      name: 'an information request without identity',
      transport: 17,
      sport: 546,
      dport: 547,
      bytes: hex('0b 123456 0006 0004 0017 0018'),
      is: 'likely asks',
    },
    {
      name: 'options that go beyond the packet',
      transport: 17,
      sport: 546,
      dport: 547,
      bytes: hex('01 123456 0001 00ff 0001'),
      is: 'no',
    },
    {
      name: 'an identity of an unknown kind',
      transport: 17,
      sport: 546,
      dport: 547,
      bytes: hex('01 123456 0001 0008 0099 0001 02000000'),
      is: 'no',
    },
    {
      name: 'an unknown option',
      transport: 17,
      sport: 546,
      dport: 547,
      bytes: hex('01 123456 4142 0004 00000000'),
      is: 'no',
    },
    {
      name: 'option zero',
      transport: 17,
      sport: 546,
      dport: 547,
      bytes: join(hex('01 123456'), zeros(60)),
      is: 'no',
    },
  ]);
});
