import { describe, expect, it } from 'vitest';
import { decodeFrames, ETHERNET, type Shot } from '../../../test/builders/decode.ts';
import {
  ether,
  gre,
  ipv4,
  join,
  mpls,
  type Payload,
  ppp,
  pppoe,
  sll,
  u16,
  udp,
  zeros,
} from '../../../test/builders/packet.ts';
import type { Finding } from '../../model/finding.ts';
import { Filter } from '../../wire/filter/filter.ts';
import { reachOf, withFilter } from './reach.ts';

const FILTER = 'udp port 137';
const SHOWN = [{ locator: 'lan.pcap#7' }];
const packet = ipv4({ id: 1 }, udp({ sport: 137, dport: 137 }, 'names'));
const other = ipv4({ id: 2 }, udp({ sport: 138, dport: 138 }, 'names'));
const SLL = 113;
const PPP_HDLC = 50;
const PPPOE = 51;

const finding = (filter: string | undefined, evidence: Finding['evidence']) =>
  ({ id: 'x', evidence, ...(filter === undefined ? {} : { filter }) }) as Finding;

type Wrap = (packet: Payload) => Uint8Array;
const plain: Wrap = (inner) => ether({}, inner);
const tag: Wrap = (inner) => ether({ vlan: 10 }, inner);
const priority: Wrap = (inner) => ether({ vlan: 0 }, inner);
const tags: Wrap = (inner) => ether({ vlan: [100, 10] }, inner);
const threeTags: Wrap = (inner) => ether({ vlan: [100, 10, 7] }, inner);
const label: Wrap = (inner) => ether({}, mpls([16], inner));
const labels: Wrap = (inner) => ether({}, mpls([16, 17, 18], inner));
const session: Wrap = (inner) => ether({}, pppoe({}, inner));
const taggedSession: Wrap = (inner) => ether({ vlan: 7 }, pppoe({}, inner));
const taggedLabel: Wrap = (inner) => ether({ vlan: 7 }, mpls([16], inner));

/** The filter of a finding in a capture of frames like these, on one interface. */
function filterOf(wraps: readonly Wrap[], linkType = ETHERNET): string | undefined {
  const shots = wraps.map((wrap): Shot => ({ bytes: wrap(packet), linkType }));
  const { decoder, rows } = decodeFrames(shots);
  expect(rows.length).toBeGreaterThanOrEqual(wraps.length);
  const names = {
    contexts: decoder.contexts.list,
    interfaces: [{ source: 'lan.pcap', linkType, snapLength: 0 }],
    paths: decoder.paths.list,
  };
  return withFilter(finding(FILTER, SHOWN), reachOf(names)).filter;
}

describe('the filter of a finding', () => {
  it.each<[string, Wrap[], string, number?]>([
    ['is as it was without tags', [plain], FILTER],
    ['looks behind a tag', [plain, tag], `${FILTER}) or (vlan and (${FILTER}))`],
    ['looks behind a tag without an id', [priority], `${FILTER}) or (vlan and (${FILTER}))`],
    ['looks behind two', [tags, tag, plain], `vlan and (${FILTER})) or (vlan and (${FILTER}))`],
    ['looks behind three', [threeTags], 'vlan and vlan and vlan and'],
    ['looks behind a label', [plain, label], `(${FILTER}) or (mpls and (${FILTER}))`],
    ['looks behind several', [label, labels], `(mpls and (${FILTER})) or (mpls and mpls and (`],
    ['looks into PPPoE', [plain, session], `(pppoes and (${FILTER}))`],
    ['looks into PPPoE behind a tag', [tag, taggedSession], 'or (pppoes and'],
    ['looks behind a tag and a label', [taggedLabel, plain], 'or (vlan and mpls and'],
    ['needs no word for PPPoE as the link', [(inner) => pppoe({}, inner)], FILTER, PPPOE],
    ['looks behind labels over PPP', [(inner) => ppp({}, mpls([16], inner))], 'mpls', PPP_HDLC],
  ])('%s', (_, wraps, part, linkType = ETHERNET) => {
    const filter = filterOf(wraps, linkType);
    expect(filter).toContain(part);
    const predicate = new Filter(filter!).forLinkType(linkType);
    const passes = (bytes: Uint8Array) => predicate.matches(bytes, 0, bytes.length, bytes.length);
    for (const wrap of wraps) {
      expect(passes(wrap(packet))).toBe(true);
      expect(passes(wrap(other))).toBe(false);
    }
  });

  it.each<[string, Wrap[], number?]>([
    ['inside tunnels', [plain, tag, (inner) => ether({}, ipv4({}, gre({}, inner)))]],
    ['behind a tag in one frame and a label in another', [tag, label]],
    ['in a pseudowire', [(inner) => ether({}, mpls([16], ether({}, inner)))]],
    ['in FabricPath', [(inner) => join(zeros(12), u16(0x8903, 0x0101), ether({}, inner))]],
    ['behind labels of multicast', [(inner) => ether({ type: 0x8848 }, mpls([16], inner))]],
    [
      'behind a tag on a link that has none',
      [(inner) => sll({ protocol: 0x8100 }, join(u16(5, 0x800), inner))],
      SLL,
    ],
    [
      'behind more tags than anybody reads',
      [(inner) => ether({ vlan: [1, 2, 3, 4, 5, 6, 7, 8, 9] }, inner)],
    ],
  ])('is none for what is %s', (_, wraps, linkType) => {
    expect(filterOf(wraps, linkType)).toBeUndefined();
  });

  it('is none where another interface has frames that hold no tags', () => {
    const { decoder } = decodeFrames([{ bytes: tag(packet), linkType: ETHERNET }]);
    const reach = (...linkTypes: number[]) =>
      reachOf({
        contexts: decoder.contexts.list,
        interfaces: linkTypes.map((linkType) => ({ source: 'x', linkType, snapLength: 0 })),
        paths: decoder.paths.list,
      });
    expect(withFilter(finding(FILTER, SHOWN), reach(ETHERNET, ETHERNET)).filter).toContain('vlan');
    expect(withFilter(finding(FILTER, SHOWN), reach(ETHERNET, SLL)).filter).toBeUndefined();
    expect(() => new Filter(`vlan and ${FILTER}`).forLinkType(SLL)).toThrow('no vlan');
  });

  it('stays where there are no frames to go by', () => {
    const [inside, tagged] = [ether({}, ipv4({}, gre({}, packet))), tag(packet)].map((bytes) => {
      const { decoder } = decodeFrames([bytes]);
      return reachOf({
        contexts: decoder.contexts.list,
        interfaces: [],
        paths: decoder.paths.list,
      });
    });
    expect(withFilter(finding(FILTER, []), inside!).filter).toBe(FILTER);
    expect(withFilter(finding(undefined, SHOWN), tagged!).filter).toBeUndefined();
  });
});
