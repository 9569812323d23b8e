import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesOf, INTERFACES, type Step } from '../../../test/builders/conversation.ts';
import { ask, attempt, ping, talk } from '../../../test/builders/findings.ts';
import { DirectionLadder } from '../../flow/direction.ts';
import { FlowSet } from '../../flow/flow-set.ts';
import { FlowTable } from '../../flow/flow-table.ts';
import { parsePrefix } from '../../net/prefix.ts';
import { Decoder } from '../../wire/decoder.ts';
import { PACKET_WORDS } from '../../wire/packet-batch.ts';
import { FlowFacts } from '../flow-facts.ts';
import { ZoneTable } from '../zones.ts';
import { flowFilter } from './filter.ts';
import { FilterError } from './parse.ts';

const STEPS: Step[] = [
  ...talk({ at: 0, client: '10.0.0.5:40000', server: '10.0.1.10:443' }, [500, 9000]),
  ...talk({ at: 1, client: '203.0.113.5:40001', server: '10.0.1.20:3389' }, [90, 90]),
  ...ask({ at: 2, client: '10.0.0.5:40002', server: '10.0.2.10:53' }),
  ...attempt({ at: 3, client: '10.0.0.6:40003', server: '192.0.2.1:22' }),
  ...attempt({ at: 4, client: '203.0.113.9:40004', server: '10.0.1.10:22' }, true),
  ...ping('10.0.0.5', '10.0.1.10', 5),
  ...ask({ at: 6, client: '[fd00::5]:40006', server: '[2001:db8::53]:53' }),
  ...ask({ at: 7, client: '10.0.0.5:50001', server: '10.0.0.6:50000' }, [10]),
];
/** A letter for each of the flows above. */
const LETTERS = new Map([
  ['443', 'a'],
  ['3389', 'b'],
  ['53 0', 'c'],
  ['22 192', 'd'],
  ['22 10', 'e'],
  ['ping', 'f'],
  ['53 6', 'g'],
  ['50000', 'h'],
]);

function letterOf(facts: FlowFacts): string {
  const keys = [
    facts.protocol === 1 ? 'ping' : String(facts.port),
    `${facts.port} ${facts.family === 0 ? facts.server >>> 24 : 6}`,
    `${facts.port} ${facts.family === 0 ? 0 : 6}`,
  ];
  return keys.map((key) => LETTERS.get(key)).find((letter) => letter !== undefined) ?? '?';
}

function meant(text: string): string {
  const decoder = new Decoder({});
  const table = new FlowTable({});
  const zones = new ZoneTable([{ name: 'dmz', prefix: parsePrefix('10.0.1.0/24') }]);
  const filter = flowFilter(text, { addresses: decoder.addresses, zones });
  const packets = new Set<number>();
  for (const batch of batchesOf(STEPS)) {
    for (let index = 0; index < batch.count; ) {
      index = decoder.decode(batch, INTERFACES, index);
      if (filter.knowsPackets) {
        for (let row = 0; row < decoder.rowCount; row++) {
          if (filter.acceptsPacket(decoder.rows, row * PACKET_WORDS)) packets.add(row);
        }
      }
      table.consume(decoder.rows, decoder.rowCount);
      decoder.rowCount = 0;
    }
  }
  const letters: string[] = [];
  let flowPackets = 0;
  new FlowSet([table.finish()], new DirectionLadder()).visit((chunk, base, decision, more) => {
    if (!filter.accepts(chunk, base, decision, more)) return;
    const facts = new FlowFacts();
    facts.read(chunk, base, decision, more);
    letters.push(letterOf(facts));
    flowPackets += facts.packetsToServer + facts.packetsToClient;
  });
  // A packet is meant exactly when its flow is, where packets can tell.
  if (filter.knowsPackets) expect(packets.size).toBe(flowPackets);
  return letters.sort().join('');
}

describe('filters over flows', () => {
  it.each([
    ['port:443', 'a'],
    ['port:22', 'de'],
    ['port:53/udp', 'cg'],
    ['port:53/tcp', ''],
    ['port:1-500', 'acdeg'],
    ['port:443,3389', 'ab'],
    ['port:50000', 'h'],
    ['service:rdp', 'b'],
    ['service:ssh', 'de'],
    ['service:domain', 'cg'],
    ['service:rdp,ssh', 'bde'],
    ['proto:udp', 'cgh'],
    ['proto:icmp', 'f'],
    ['proto:6', 'abde'],
    ['host:10.0.0.5', 'acfh'],
    ['host:10.0.1.0/24', 'abef'],
    ['host:2001:db8::53', 'g'],
    ['host:[fd00::5]', 'g'],
    ['client:10.0.0.5', 'acfh'],
    ['server:10.0.0.5', ''],
    ['server:10.0.1.10', 'aef'],
    ['zone:outside', 'bdeg'],
    ['zone:out', 'bdeg'],
    ['zone:dmz', 'abef'],
    ['client-zone:outside server-zone:dmz', 'be'],
    ['state:S0', 'dh'],
    ['state:rej', 'e'],
    ['state:SF,REJ', 'abceg'],
    ['status:answered', 'ab'],
    // By their ports alone.
    ['status:likely', 'cg'],
    ['status:refused', 'e'],
    ['status:tried', 'd'],
    ['status:unknown', 'h'],
    ['bytes>1k', 'a'],
    ['bytes>=9k', 'a'],
    ['bytes:>1k', 'a'],
    ['bytes<41', 'dh'],
    ['packets=1', 'dh'],
    ['packets>=2 packets<5', 'cefg'],
    ['duration<1ms', 'dh'],
    ['not port:443', 'bcdefgh'],
    ['!port:443', 'bcdefgh'],
    ['port:443 or port:53', 'acg'],
    ['port:443 || port:53', 'acg'],
    ['port:443 and host:10.0.0.5', 'a'],
    ['port:443 && host:10.0.0.6', ''],
    ['proto:udp host:10.0.0.5 or port:22', 'cdeh'],
    ['proto:udp (host:10.0.0.5 or port:22)', 'ch'],
    ['not (port:443 or proto:udp) not proto:icmp', 'bde'],
    ['NOT port:443 AND proto:tcp', 'bde'],
    ['service:rdp zone:outside', 'b'],
  ])('%s', (text, letters) => {
    expect(meant(text)).toBe(letters);
  });

  it.each([
    ['', 0, 1, /ends where a term is expected/],
    ['port:443 or', 11, 1, /ends where a term is expected/],
    ['(port:443', 0, 1, /never closed/],
    ['port:443)', 8, 1, /never opened/],
    ['and port:443', 0, 3, /a term is expected/],
    ['443', 0, 3, /word:value/],
    ['prot:443', 0, 4, /no word “prot”/],
    ['port:', 5, 1, /needs a value/],
    ['port:1,,2', 7, 1, /needs a value/],
    ['port:70000', 5, 5, /65535/],
    ['port:9-3', 5, 3, /the lower one first/],
    ['port:53/upd', 8, 3, /no transport “upd”/],
    ['port>443', 0, 4, /takes a colon/],
    ['bytes:1M', 0, 5, /is compared/],
    ['bytes>1Q', 6, 2, /a number/],
    ['bytes>1k,2k', 9, 2, /one number/],
    ['host:10.0.0.999', 5, 10, /not an IPv4 or IPv6/],
    ['host:10.0.0.5/8', 5, 10, /write 10\.0\.0\.0\/8/],
    ['zone:moon', 5, 4, /no zone “moon”/],
    ['state:S9', 6, 2, /no state “S9”/],
    ['status:fine', 7, 4, /no status “fine”/],
    ['service:zzz', 8, 3, /know the service “zzz”/],
    ['proto:tcq', 6, 3, /no protocol “tcq”/],
    ['port:1 zone:moon', 12, 4, /no zone/],
    [`${'('.repeat(100)}port:1${')'.repeat(100)}`, 65, 1, /nested too deeply/],
    [`${'not '.repeat(100)}port:1`, 260, 3, /nested too deeply/],
    ['x'.repeat(5000), 0, 1, /at most 4096/],
  ])('refuses %j', (text, at, length, message) => {
    let thrown: unknown;
    try {
      meant(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(FilterError);
    const error = thrown as FilterError;
    expect(error.message).toMatch(message);
    expect([error.at, error.length]).toEqual([at, length]);
  });

  it('reads any text, or says where it cannot', () => {
    const words = fc.constantFrom(
      ...['port:', 'host:', '443', '10.0.0.1', '(', ')', ' ', 'or', 'not', ',', '>', 'bytes', '/'],
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(words, fc.string({ maxLength: 4 })), { maxLength: 12 }),
        (pieces) => {
          const text = pieces.join('');
          const world = { addresses: new Decoder({}).addresses, zones: new ZoneTable() };
          try {
            flowFilter(text, world);
          } catch (error) {
            expect(error).toBeInstanceOf(FilterError);
            expect((error as FilterError).at).toBeLessThanOrEqual(text.length);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
