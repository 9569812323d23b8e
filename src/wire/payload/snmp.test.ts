/** Fixtures from snmpd and its clients 5.9 (Debian 12), and composed by RFC 1157 and RFC 3412. */
import { describe } from 'vitest';
import { hex } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { SNMP } from './snmp.ts';

describe('snmp', () => {
  testDetector(SNMP, [
    {
      name: 'version 1 asks for name and description',
      bytes: hex(`
      303b020100040a6c61622d736563726574a02a02044cdaa9ba020100020100301c300c06082b060102010101
      000500300c06082b060102010105000500
    `),
      transport: 17,
      sport: 51417,
      dport: 161,
      is: 'certain asks',
      facts: ['version = 1'],
    },
    {
      name: 'its answer',
      bytes: hex(`
      3060020100040a6c61622d736563726574a24f02044cdaa9ba0201000201003041301c06082b060102010101
      0004104c696e7578206c616220726f75746572302106082b060102010105000415726f757465722d312e6578
      616d706c652e74657374
    `),
      transport: 17,
      sport: 161,
      dport: 51417,
      fromServer: true,
      is: 'certain answers',
      facts: ['version = 1', 'product = Linux lab router', 'snmp router-1.example.test of source'],
    },
    {
      name: 'version 2c in bulk',
      bytes: hex(`
      302b020101040a6c61622d736563726574a51a02047d6af02a02010002010a300c300a06062b060102010105
      00
    `),
      transport: 17,
      sport: 48054,
      dport: 161,
      is: 'certain asks',
      facts: ['version = 2c'],
    },
    {
      name: 'its answer',
      bytes: hex(`
      3082010b020101040a6c61622d736563726574a281f902047d6af02a0201000201003081ea301c06082b0601
      020101010004104c696e7578206c616220726f75746572301606082b06010201010200060a2b06010401bf08
      03020a300e06082b0601020101030043020095301006082b060102010104000404726f6f74302106082b0601
      02010105000415726f757465722d312e6578616d706c652e74657374301306082b060102010106000407556e
      6b6e6f776e300d06082b060102010108004301003017060a2b06010201010901020106092b060106030a0301
      013017060a2b06010201010901020206092b060106030b0301013017060a2b06010201010901020306092b06
      0106030f020101
    `),
      transport: 17,
      sport: 161,
      dport: 48054,
      fromServer: true,
      is: 'certain answers',
      facts: ['version = 2c', 'product = Linux lab router', 'snmp router-1.example.test of source'],
    },
    {
      name: 'version 3 looks for the engine',
      bytes: hex(`
      303e020103301102046f9d55fd020300ffe30401040201030410300e04000201000201000400040004003014
      04000400a00e0204501778050201000201003000
    `),
      transport: 17,
      sport: 38595,
      dport: 161,
      is: 'certain asks',
      facts: ['version = 3', 'security = noAuthNoPriv'],
    },
    {
      name: 'a report',
      bytes: hex(`
      3071020103301102046f9d55fd020300ffe30401000201030421301f041180001f88803abfc65b12f8026b00
      0000000201010201010400040004003036041180001f88803abfc65b12f8026b000000000400a81f02045017
      78050201000201003011300f060a2b060106030f01010400410101
    `),
      transport: 17,
      sport: 161,
      dport: 38595,
      fromServer: true,
      is: 'certain answers',
      facts: ['version = 3', 'security = noAuthNoPriv'],
    },
    {
      name: 'version 3, encrypted',
      bytes: hex(`
      30818a020103301102046f9d55fc020300ffe3040107020103043b3039041180001f88803abfc65b12f8026b
      000000000201010201010406726561646572040c5314c7124f33d239d6f800db04086646271a4d3426750435
      a0b815a177a2779dfa3c090a9257bc8c753e814b4fbf72b9c99c8325610d0c412a4c41a1c991b4632d047734
      1d3acddf59e53c26db
    `),
      transport: 17,
      sport: 38595,
      dport: 161,
      is: 'certain',
      facts: ['version = 3', 'security = authPriv'],
    },
    {
      name: 'a trap of version 2c',
      bytes: hex(`
      3049020101040a6c61622d736563726574a73802045f0146cf020100020100302a300f06082b060102010103
      0043031512663017060a2b06010603010104010006092b0601060301010501
    `),
      transport: 17,
      sport: 36037,
      dport: 162,
      is: 'certain asks',
      facts: ['version = 2c'],
    },
    {
      name: 'a trap of version 1',
      bytes: hex(`
      302d020100040a6c61622d736563726574a41c06072b06010401bf084004c0a8320202010602011143031512
      683000
    `),
      transport: 17,
      sport: 59083,
      dport: 162,
      is: 'certain asks',
      facts: ['version = 1'],
    },
    {
      name: 'version 5',
      transport: 17,
      dport: 161,
      bytes: hex('3013 020105 0406 7075626c6963 a006 020101 020100'),
      is: 'no',
    },
    {
      name: 'a length that does not fit',
      transport: 17,
      dport: 161,
      bytes: hex('3026 020101 0406 7075626c6963 a019 020101 020100'),
      is: 'no',
    },
    {
      name: 'a message of LDAP',
      transport: 17,
      dport: 161,
      bytes: hex('300c 020101 6007 020103 0400 8000'),
      is: 'no',
    },
    {
      name: 'a community beyond the message',
      transport: 17,
      dport: 161,
      bytes: hex('3008 020101 047f 41414100'),
      is: 'no',
    },
  ]);
});
