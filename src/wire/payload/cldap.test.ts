/** Composed by RFC 1798 and [MS-ADTS] section 6.3. */
import { describe } from 'vitest';
import { hex, join, u8, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { CLDAP } from './cldap.ts';

const tlv = (tag: number, ...parts: (Uint8Array | string)[]) => {
  const content = join(...parts);
  return join(u8(tag, 0x84), u32(content.length), content);
};
const int = (value: number) => u8(2, 1, value);
const SEARCH = tlv(
  0x30,
  int(1),
  tlv(
    0x63,
    hex('0400 0a0100 0a0100 020100 020100 010100'),
    tlv(0xa0, tlv(0xa3, tlv(4, 'NtVer'), tlv(4, hex('16000000')))),
    tlv(0x30, tlv(4, 'Netlogon')),
  ),
);
/** LOGON_SAM_LOGON_RESPONSE_EX: forest, domain (a pointer), host, NetBIOS names. */
const LOGON = join(
  hex('1700 0000 fd030000'),
  zeros(16),
  hex('06 6f6666696365 04 74657374 00 c018 03 646331 c018 06 4f4646494345 00 03 444331 00 00'),
);
const FOUND = join(
  tlv(
    0x30,
    int(1),
    tlv(0x64, hex('0400'), tlv(0x30, tlv(0x30, hex('0408'), 'netlogon', tlv(0x31, tlv(4, LOGON))))),
  ),
  tlv(0x30, int(1), tlv(0x65, hex('0a0100 0400 0400'))),
);

describe('cldap', () => {
  testDetector(CLDAP, [
    {
      name: 'looking for a domain controller',
      transport: 17,
      dport: 389,
      bytes: SEARCH,
      is: 'certain asks',
    },
    {
      name: 'a domain controller',
      transport: 17,
      sport: 389,
      bytes: FOUND,
      is: 'certain answers',
      facts: ['domain = office.test', 'cldap dc1.office.test of source', 'netbios DC1 of source'],
    },
    {
      name: 'no such thing',
      transport: 17,
      sport: 389,
      bytes: hex('300c 020101 6507 0a0100 0400 0400'),
      is: 'certain answers',
    },
    {
      name: 'a bind',
      transport: 17,
      dport: 389,
      bytes: hex('300c 020101 6007 020103 0400 8000'),
      is: 'no',
    },
    {
      name: 'a message of SNMP',
      transport: 17,
      dport: 161,
      bytes: hex('3016 020100 0406 7075626c6963 a009 020101 020100 020100'),
      is: 'no',
    },
    {
      name: 'a length beyond the datagram',
      transport: 17,
      dport: 389,
      bytes: hex('3084000000ff 020101 6507 0a0100 0400 0400'),
      is: 'no',
    },
  ]);
});
