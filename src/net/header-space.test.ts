/**
 * Header space against two oracles: every packet of a small universe, one at a time, and z3, which
 * knows nothing of intervals or diagrams.
 */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { type Dice, diceOf } from '../../test/builders/policy.ts';
import { type AddressRange, mergeRanges } from './address-range.ts';
import type { Node } from './decision-diagram.ts';
import { type PacketHeader, STATES } from './header-fields.ts';
import { type HeaderMatch, matches, type NumberRange } from './header-match.ts';
import { ALL_PACKETS, HeaderSpaces, NO_PACKETS } from './header-space.ts';
import { countPackets, lookUp, witness } from './header-witness.ts';

const address4 = (word: number): AddressRange => ({ family: 4, first: [word], last: [word] });

/** Values at which small universes are looked at: edges of ranges and their neighbours. */
const WORDS = [0, 1, 2, 7, 8, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
const PORTS = [0, 1, 2, 1023, 1024, 65_534, 65_535];
const PROTOCOLS = [0, 1, 6, 17, 47, 58, 132, 255];

function somePacket(dice: Dice): PacketHeader {
  const pick = (values: readonly number[]) => values[dice(values.length)]!;
  const family = dice(2) === 0 ? 4 : 6;
  const words = () =>
    family === 4 ? [pick(WORDS)] : [pick(WORDS), pick(WORDS), pick(WORDS), pick(WORDS)];
  return {
    state: STATES[dice(STATES.length)]!,
    family,
    source: { family, words: words() },
    destination: { family, words: words() },
    laterFragment: dice(4) === 0,
    protocol: pick(PROTOCOLS),
    sourcePort: pick(PORTS),
    destinationPort: pick(PORTS),
    icmpType: dice(4),
    icmpCode: dice(4),
    tcpFlags: dice(256),
  };
}

function someRange(dice: Dice, values: readonly number[]): NumberRange {
  const one = values[dice(values.length)]!;
  const two = values[dice(values.length)]!;
  return { first: Math.min(one, two), last: Math.max(one, two) };
}

function someAddresses(dice: Dice): AddressRange[] {
  const ranges = Array.from({ length: 1 + dice(4) }, (): AddressRange => {
    if (dice(2) === 0) {
      const { first, last } = someRange(dice, WORDS);
      return { family: 4, first: [first], last: [last] };
    }
    const low = Array.from({ length: 4 }, () => WORDS[dice(WORDS.length)]!);
    const high = low.map((word) => (dice(3) > 0 ? word : WORDS[dice(WORDS.length)]!));
    const at = low.findIndex((word, index) => word !== high[index]);
    const ordered = at < 0 || low[at]! < high[at]!;
    return { family: 6, first: ordered ? low : high, last: ordered ? high : low };
  });
  return mergeRanges(ranges);
}

function someMatch(dice: Dice): HeaderMatch {
  const maybe = <T>(make: () => T, key: string, odds = 3) =>
    dice(odds) === 0 ? { [key]: make() } : {};
  const list =
    <T>(make: () => T) =>
    () =>
      Array.from({ length: 1 + dice(2) }, make);
  const code = () => someRange(dice, [0, 1, 2, 3, 255]);
  return {
    ...maybe(
      list(() => STATES[dice(STATES.length)]!),
      'states',
    ),
    ...maybe(() => (dice(2) === 0 ? 4 : 6), 'family'),
    ...maybe(() => someAddresses(dice), 'source', 2),
    ...maybe(() => someAddresses(dice), 'destination', 2),
    ...maybe(() => dice(2) === 0, 'laterFragment', 6),
    ...maybe(
      list(() => someRange(dice, PROTOCOLS)),
      'protocols',
      2,
    ),
    ...maybe(
      list(() => someRange(dice, PORTS)),
      'sourcePorts',
    ),
    ...maybe(
      list(() => someRange(dice, PORTS)),
      'destinationPorts',
    ),
    ...maybe(
      list(() => ({ type: code(), code: code() })),
      'icmp',
      8,
    ),
    ...maybe(
      list(() => {
        const mask = dice(256);
        return { mask, value: mask & dice(256) };
      }),
      'tcpFlags',
      8,
    ),
  };
}

describe('a set of packets', () => {
  it('holds exactly the packets that the rule matches, through all operations', () => {
    const dice = diceOf(1);
    for (let round = 0; round < 200; round++) {
      const spaces = new HeaderSpaces();
      const one = someMatch(dice);
      const two = someMatch(dice);
      const [left, right] = [spaces.matched(one), spaces.matched(two)];
      const both = spaces.intersection(left, right);
      const either = spaces.union(left, right);
      const only = spaces.difference(left, right);
      for (let count = 0; count < 200; count++) {
        const packet = somePacket(dice);
        const [inOne, inTwo] = [matches(one, packet), matches(two, packet)];
        const told = [left, right, both, either, only, spaces.complement(left)].map(
          (node) => lookUp(spaces, node, packet) === 1,
        );
        expect(told, JSON.stringify({ one, two, packet })).toEqual([
          ...[inOne, inTwo, inOne && inTwo, inOne || inTwo],
          ...[inOne && !inTwo, !inOne],
        ]);
      }
    }
  });

  it('is the same node whenever it is the same set', () => {
    const dice = diceOf(2);
    const spaces = new HeaderSpaces();
    for (let round = 0; round < 300; round++) {
      const [a, b, c] = [1, 2, 3].map(() => spaces.matched(someMatch(dice))) as [Node, Node, Node];
      expect(spaces.union(a, b)).toBe(spaces.union(b, a));
      expect(spaces.intersection(a, b)).toBe(spaces.intersection(b, a));
      expect(spaces.union(a, spaces.union(b, c))).toBe(spaces.union(spaces.union(a, b), c));
      const outside = spaces.intersection(spaces.complement(a), spaces.complement(b));
      expect(spaces.complement(spaces.union(a, b))).toBe(outside);
      expect(spaces.complement(spaces.complement(a))).toBe(a);
      expect(spaces.union(spaces.difference(a, b), spaces.intersection(a, b))).toBe(a);
      expect(spaces.difference(a, a)).toBe(NO_PACKETS);
      expect(spaces.union(a, spaces.complement(a))).toBe(ALL_PACKETS);
      expect(spaces.unionAll([a, b, c])).toBe(spaces.union(spaces.union(a, b), c));
    }
  });

  it('gives a witness that is in it, and none when it is empty', () => {
    const dice = diceOf(3);
    for (let round = 0; round < 500; round++) {
      const spaces = new HeaderSpaces();
      const [one, two] = [someMatch(dice), someMatch(dice)];
      const set = spaces.difference(spaces.matched(one), spaces.matched(two));
      const packet = witness(spaces, set);
      expect(packet === undefined).toBe(set === NO_PACKETS);
      expect(countPackets(spaces, set) === 0n).toBe(set === NO_PACKETS);
      if (packet === undefined) continue;
      expect(matches(one, packet), JSON.stringify({ one, packet })).toBe(true);
      expect(matches(two, packet), JSON.stringify({ two, packet })).toBe(false);
    }
  });

  it('counts the packets that differ in something they carry', () => {
    const spaces = new HeaderSpaces();
    const host = [address4(1)];
    const count = (match: HeaderMatch) =>
      countPackets(
        spaces,
        spaces.matched({ states: ['new'], source: host, destination: host, ...match }),
      );
    const one = (value: number) => [{ first: value, last: value }];
    // A whole packet and a later fragment of every protocol that carries nothing known.
    expect(count({ protocols: one(47) })).toBe(2n);
    expect(count({ protocols: one(17), destinationPorts: one(53) })).toBe(65_536n);
    expect(count({ protocols: one(17) })).toBe(65_536n ** 2n + 1n);
    expect(count({ protocols: one(6), tcpFlags: [{ mask: 2, value: 2 }] })).toBe(
      65_536n ** 2n * 128n,
    );
    expect(count({ protocols: one(1), icmp: [{ type: { first: 8, last: 8 } }] })).toBe(256n);
    // ICMPv6 on IPv4 is a protocol like others.
    expect(count({ protocols: one(58) })).toBe(2n);
    expect(count({ source: [], protocols: one(6) })).toBe(0n);
  });

  it('knows prefixes of IPv6 at every length', () => {
    const words = [0x20010db8, 0x12345678, 0x9abcdef0, 0x0fedcba9];
    for (let length = 0; length <= 128; length++) {
      const spaces = new HeaderSpaces();
      const first = words.map((word, at) => masked(word, length - 32 * at, 0));
      const last = words.map((word, at) => masked(word, length - 32 * at, 1));
      const source = [{ family: 6, first, last } as const];
      const set = spaces.matched({ source });
      const inside: PacketHeader = {
        ...somePacket(diceOf(4)),
        family: 6,
        source: { family: 6, words },
      };
      expect(lookUp(spaces, set, inside)).toBe(1);
      for (const flipped of [length - 1, length]) {
        if (flipped < 0 || flipped > 127) continue;
        const other = words.map((word, at) =>
          at === flipped >> 5 ? (word ^ (1 << (31 - (flipped & 31)))) >>> 0 : word,
        );
        const packet = { ...inside, source: { family: 6, words: other } as const };
        expect(lookUp(spaces, set, packet), `bit ${flipped} of /${length}`).toBe(
          flipped < length ? 0 : 1,
        );
      }
    }
  });

  it('maps packets to verdicts, the first rule strongest', () => {
    const dice = diceOf(5);
    for (let round = 0; round < 60; round++) {
      const spaces = new HeaderSpaces(4);
      const rules = Array.from({ length: 1 + dice(8) }, () => ({
        match: someMatch(dice),
        verdict: 1 + dice(3),
      }));
      const map = spaces.overrideAll(
        rules.map(({ match, verdict }) => spaces.mask(verdict, spaces.matched(match))),
      );
      for (let count = 0; count < 200; count++) {
        const packet = somePacket(dice);
        const first = rules.find(({ match }) => matches(match, packet));
        expect(lookUp(spaces, map, packet)).toBe(first?.verdict ?? 0);
      }
    }
  });
});

function masked(word: number, ones: number, fill: 0 | 1): number {
  if (ones >= 32) return word;
  const mask = ones <= 0 ? 0xffffffff : 0xffffffff >>> ones;
  return (fill === 1 ? word | mask : word & ~mask) >>> 0;
}

const hasZ3 = spawnSync('z3', ['--version']).status === 0;

/** One question for z3 (SMT-LIB 2, QF_BV): a set, as a term over the fields. */
function term(match: HeaderMatch): string {
  const bits = (value: number, width: number) => `(_ bv${value} ${width})`;
  const within = (name: string, { first, last }: NumberRange, width: number) =>
    `(and (bvule ${bits(first, width)} ${name}) (bvule ${name} ${bits(last, width)}))`;
  const any = (terms: readonly string[]) => `(or false ${terms.join(' ')})`;
  const parts: string[] = [];
  const { states, family, protocols, sourcePorts, destinationPorts, icmp, tcpFlags } = match;
  if (states) parts.push(any(states.map((state) => `(= st ${bits(STATES.indexOf(state), 3)})`)));
  if (family) parts.push(family === 4 ? '(not six)' : 'six');
  for (const side of ['source', 'destination'] as const) {
    const name = side === 'source' ? 's' : 'd';
    const whole = (words: readonly number[]) => {
      const four = words.length === 1 ? [0, 0, 0, words[0]!] : words;
      return `(_ bv${four.reduce((sum, word) => sum * 4294967296n + BigInt(word), 0n)} 128)`;
    };
    const ranges = match[side]?.map(
      ({ family: own, first, last }) =>
        `(and ${own === 4 ? '(not six)' : 'six'} (bvule ${whole(first)} ${name}) (bvule ${name} ${whole(last)}))`,
    );
    if (ranges) parts.push(any(ranges));
  }
  const protocol = (number: number) => `(= pr ${bits(number, 8)})`;
  if (match.laterFragment !== undefined) parts.push(match.laterFragment ? 'lf' : '(not lf)');
  if (protocols) parts.push(any(protocols.map((range) => within('pr', range, 8))));
  const ports = any([6, 17, 33, 132, 136].map(protocol));
  if (sourcePorts) {
    parts.push('(not lf)', ports, any(sourcePorts.map((range) => within('sp', range, 16))));
  }
  if (destinationPorts) {
    parts.push('(not lf)', ports, any(destinationPorts.map((range) => within('dp', range, 16))));
  }
  if (icmp) {
    parts.push('(not lf)', `(ite six ${protocol(58)} ${protocol(1)})`);
    const code = (range: NumberRange | undefined) => (range ? within('ic', range, 8) : 'true');
    parts.push(any(icmp.map((one) => `(and ${within('it', one.type, 8)} ${code(one.code)})`)));
  }
  if (tcpFlags) {
    const held = tcpFlags.map(
      ({ mask, value }) => `(= (bvand fl ${bits(mask, 8)}) ${bits(value, 8)})`,
    );
    parts.push('(not lf)', protocol(6), any(held));
  }
  return `(and true ${parts.join(' ')})`;
}

const FIELDS = `(set-logic QF_BV)
(declare-const six Bool) (declare-const lf Bool) (declare-const st (_ BitVec 3))
(declare-const s (_ BitVec 128)) (declare-const d (_ BitVec 128)) (declare-const pr (_ BitVec 8))
(declare-const sp (_ BitVec 16)) (declare-const dp (_ BitVec 16)) (declare-const it (_ BitVec 8))
(declare-const ic (_ BitVec 8)) (declare-const fl (_ BitVec 8))
(assert (bvule st (_ bv4 3)))
`;

describe.skipIf(!hasZ3)(`rule lists${hasZ3 ? '' : ' (skipped: needs z3)'}`, () => {
  it('are equal, or one within the other, exactly when z3 says so', () => {
    const dice = diceOf(6);
    const questions: string[] = [];
    const answers: boolean[] = [];
    for (let round = 0; round < 150; round++) {
      const spaces = new HeaderSpaces();
      const lists = [1, 2].map(() => Array.from({ length: 1 + dice(4) }, () => someMatch(dice)));
      // Some lists are another order or a part of the other, so that “equal” happens.
      if (dice(3) === 0) lists[1] = [...lists[0]!].reverse();
      if (dice(3) === 0) lists[1] = lists[0]!.slice(0, 1 + dice(lists[0]!.length));
      const [one, two] = lists.map((list) =>
        spaces.unionAll(list.map((match) => spaces.matched(match))),
      ) as [Node, Node];
      const [left, right] = lists.map((list) => `(or false ${list.map(term).join(' ')})`);
      questions.push(`(push)(assert (and ${left} (not ${right})))(check-sat)(pop)`);
      answers.push(spaces.difference(one, two) === NO_PACKETS);
      questions.push(`(push)(assert (distinct ${left} ${right}))(check-sat)(pop)`);
      answers.push(one === two);
    }
    const asked = spawnSync('z3', ['-in', '-T:60'], {
      input: FIELDS + questions.join('\n'),
      encoding: 'utf8',
    });
    const said = asked.stdout.trim().split('\n');
    expect(said).toEqual(answers.map((holds) => (holds ? 'unsat' : 'sat')));
    expect(answers.filter(Boolean).length).toBeGreaterThan(20);
  });
});
