/** Lists of the ASA that access-group binds to interfaces, and the advanced ones of an FTD. */
import { describe, expect, it } from 'vitest';
import type { PacketHeader } from '../net/header-fields.ts';
import { decide } from '../policy/evaluate.ts';
import { parseAsa } from './cisco-asa-parse.ts';

const BOUND = `access-list OUT_IN extended permit tcp any host 10.0.2.20 eq 443
access-list IN_OUT extended permit udp any any eq 53
access-list SPLIT standard permit 10.0.0.0 255.0.0.0
access-list DMZ_OUT extended deny tcp any any eq 8443
access-list DMZ_OUT extended permit ip any any
access-group OUT_IN in interface outside
access-group IN_OUT in interface inside
access-group DMZ_OUT out interface dmz
`;
const WITH_GLOBAL = `${BOUND}access-list ALL extended permit icmp any any
access-group ALL global
`;
const ADVANCED = `access-list CSM_FW_ACL_ remark rule-id 268435457: ACCESS POLICY: Main - Mandatory
access-list CSM_FW_ACL_ remark rule-id 268435457: L7 RULE: Web out
access-list CSM_FW_ACL_ advanced permit tcp ifc inside 10.0.1.0 255.255.255.0 ifc outside any eq https rule-id 268435457 event-log both
access-list CSM_FW_ACL_ remark rule-id 268435458: L4 RULE: Backup
access-list CSM_FW_ACL_ advanced trust tcp any any eq 873 rule-id 268435458
access-list CSM_FW_ACL_ advanced deny ip any any rule-id 1 event-log flow-start
access-group CSM_FW_ACL_ global
`;

function packet(destinationPort: number): PacketHeader {
  return {
    ...{ state: 'new', family: 4, laterFragment: false, protocol: 6, tcpFlags: 2 },
    source: { family: 4, words: [0xc6336407] },
    destination: { family: 4, words: [0x0a000214] },
    ...{ sourcePort: 50112, destinationPort, icmpType: 0, icmpCode: 0 },
  };
}

describe.each([
  ['outside', 'inside', 443, 'accept', 'accept'],
  ['outside', 'inside', 80, 'drop', 'drop'],
  ['inside', 'outside', 443, 'drop', 'drop'],
  ['inside', 'dmz', 8443, 'drop', 'drop'],
  ['outside', 'dmz', 443, 'accept', 'accept'],
  // Of other interfaces the levels decide, which are not in the text; one list for all does.
  ['guest', 'outside', 80, 'accept', 'drop'],
] as const)('from %s to %s, port %i', (from, to, port, bound, withGlobal) => {
  it.each([
    [BOUND, bound],
    [WITH_GLOBAL, withGlobal],
  ])('is decided by the lists of its interfaces', (text, expected) => {
    const { filter, faults } = parseAsa(text);
    expect(faults).toEqual([]);
    const vantage = { hook: 'forward', inNames: [from], outNames: [to] } as const;
    expect(decide(filter, vantage, packet(port)).verdict).toBe(expected);
  });
});

it('says what it took of interfaces without a list', () => {
  expect(parseAsa(BOUND).assumed).toHaveLength(1);
  expect(parseAsa(WITH_GLOBAL).assumed).toBeUndefined();
});

it('asks the list that was bound last to an interface', () => {
  const text = `access-list OLD extended permit ip any any
access-list NEW extended deny ip any any
access-group OLD in interface outside
access-group NEW in interface outside
access-group OLD global
access-group NEW global
`;
  const { filter, faults } = parseAsa(text);
  expect(faults).toEqual([]);
  for (const from of ['outside', 'guest']) {
    const vantage = { hook: 'forward', inNames: [from] } as const;
    expect(decide(filter, vantage, packet(80)).verdict).toBe('drop');
  }
});

it('reads advanced lists with the interfaces of their entries and the names of their rules', () => {
  const { filter, faults, assumed } = parseAsa(ADVANCED);
  expect(faults).toEqual([]);
  expect(assumed).toHaveLength(1);
  const [chain] = filter.chains;
  expect(chain!.rules.slice(1)).toMatchObject([
    {
      action: 'accept',
      match: { inInterfaces: ['inside'], outInterfaces: ['outside'] },
      comment: 'Web out',
      log: { prefix: '' },
      line: 3,
    },
    { action: 'accept', comment: 'Backup', line: 5 },
    { action: 'drop', line: 6 },
  ]);
});

it('reads what an FTD lists', () => {
  const { filter, faults } = parseAsa(`access-list CSM_FW_ACL_; 2 elements; name hash: 0x4a69e3f3
access-list CSM_FW_ACL_ line 1 remark rule-id 9998: PREFILTER POLICY: Default Tunnel and Priority Policy
access-list CSM_FW_ACL_ line 2 remark rule-id 9998: RULE: DEFAULT TUNNEL ACTION RULE
access-list CSM_FW_ACL_ line 3 advanced permit tcp ifc inside any any eq https rule-id 9998 (hitcnt=4) 0xf5b597d6
access-list CSM_FW_ACL_ line 4 advanced deny ip any any rule-id 268434432 event-log flow-start (hitcnt=97) 0x97aa021a
`);
  expect(faults).toEqual([]);
  expect(filter.chains[0]!.rules.slice(1)).toMatchObject([
    { action: 'accept', hits: 4, comment: 'DEFAULT TUNNEL ACTION RULE' },
    { action: 'drop', hits: 97, log: { prefix: '' } },
  ]);
});
