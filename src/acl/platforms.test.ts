/**
 * What holds for every platform: what is rendered and read back lets through exactly what was
 * meant, nothing a person or a capture writes becomes syntax, and no text makes the parser crash or
 * hang. One fixed policy is kept as a golden file per platform.
 */
import { describe, expect, it } from 'vitest';
import { PLACES, planAt, planOf } from '../../test/builders/platform-plans.ts';
import { diceOf } from '../../test/builders/policy.ts';
import { parseAddress } from '../net/address.ts';
import { rangeOfAddress } from '../net/address-range.ts';
import { compareFilters } from '../policy/compare.ts';
import { acceptedBy, verdictSpaces } from '../policy/evaluate.ts';
import type { Policy } from '../policy/intent.ts';
import { describePacket } from '../policy/packet-text.ts';
import { extentOf } from '../policy/plan.ts';
import { outOfPlace } from './platform.ts';
import { PLATFORMS, platformNamed } from './platforms.ts';

/** Policies by platform, those it refuses not counted; many more were tried by hand (docs/acl.md says how many). */
const POLICIES = Number(process.env.PORTREEVE_POLICIES ?? 50);
const MUTATIONS = Number(process.env.PORTREEVE_MUTATIONS ?? 150);

const host = (text: string) => rangeOfAddress(parseAddress(text)!);
const WEB = ['192.0.2.10', '2001:db8:1::10'].map(host);
const SQL = ['198.51.100.20', '2001:db8:2::20'].map(host);
/** One rule, so that nothing else can let through what a change lets in. */
const EDITED: Policy = {
  ...{ version: 1, name: 'edited', zones: [], groups: [], services: [], default: 'deny' },
  logDeniedPerSecond: 50,
  rules: [
    {
      ...{ id: 'R1', action: 'allow', unobserved: false, log: false, serviceNames: ['tcp/443'] },
      from: { names: ['web'], addresses: WEB },
      to: { names: ['sql'], addresses: SQL },
      services: [{ protocol: 6, ports: [{ first: 443, last: 443 }] }],
    },
  ],
};

const COMMENT = /^\s*(#|!|;|\/\/|:|rem |<!--|<\?)/i;
/** Where a word may be anything: within quotes, remarks, names and descriptions. */
const FREE =
  /(["'])(?:(?!\1).)*xyzzy(?:(?!\1).)*\1|\bremark .*xyzzy|<descr>.*xyzzy|# .*xyzzy|(?:VpcId|SubnetId|Type|GroupDescription|Description|name): .*xyzzy/;

describe('platformNamed', () => {
  it('knows every name and alias once, whatever the case', () => {
    const names = PLATFORMS.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(platformNamed(name.toUpperCase())).toBeDefined();
    expect(platformNamed('abacus')).toBeUndefined();
  });
});

describe.each(PLATFORMS)('$name', (platform) => {
  it('filters somewhere, and says so where it does not', () => {
    const { filters } = platform.capabilities;
    expect(filters.length).toBeGreaterThan(0);
    for (const place of ['between', 'host'] as const) {
      const refusal = outOfPlace(platform, planAt(1, place, platform));
      expect(refusal === undefined).toBe(filters.includes(place));
    }
  });
});

describe.each(PLACES)('$name, $place', ({ platform, place }) => {
  const { name, render, parse, capabilities } = platform;
  const plan = (seed: number) => planAt(seed, place, platform);

  it('reads back what it writes as exactly what was meant', () => {
    let rendered = 0;
    for (let seed = 0; rendered < POLICIES; seed++) {
      // A platform that refuses nearly everything would take for ever.
      expect(seed).toBeLessThan(10 * POLICIES + 100);
      const wanted = plan(seed);
      const { text, refusals } = render(wanted);
      if (text === undefined) {
        for (const { what } of refusals) expect(what, `seed ${seed}`).toMatch(/^[A-Z].*\.$/s);
        expect(refusals.length).toBeGreaterThan(0);
        continue;
      }
      rendered++;
      const { filter, faults } = parse(text);
      expect(faults, `seed ${seed}\n${text}`).toEqual([]);
      const differences = compareFilters(
        ...([verdictSpaces(), wanted.filter, filter, wanted.zones, extentOf(wanted)] as const),
      );
      expect(differences, `seed ${seed}\n${text}`).toEqual([]);
    }
  });

  it('is compared with what somebody changed, down to the packet', () => {
    const wanted = planOf(EDITED, place, platform, { name: 'web', addresses: WEB });
    const { text } = render(wanted);
    const changes = [
      ['443', '444', 'extra'],
      ['198.51.100.20', '198.51.100.21', 'extra'],
      ['2001:db8:2::20', '2001:db8:2::21', 'missing'],
    ] as const;
    for (const [from, to, kind] of changes) {
      const changed = text!.replaceAll(from, to).replaceAll(from.replaceAll('.', '_'), 'PR_other');
      const { filter, faults } = parse(changed);
      expect(faults, changed).toEqual([]);
      const found = compareFilters(
        ...([verdictSpaces(), wanted.filter, filter, wanted.zones, extentOf(wanted)] as const),
      );
      const told = found
        .filter((one) => one.kind === kind)
        .map(({ packet }) => describePacket(packet));
      expect(told.join('\n'), changed).toContain(kind === 'extra' ? to : from);
    }
  });

  it('says who can still manage the machine that filters', () => {
    const texts = Array.from({ length: 20 }, (_, seed) => seed).flatMap((seed) => {
      return render(plan(seed)).text ?? [];
    });
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) expect(text).toMatch(/^(?:[#!] |<!-- |rem | *"| *)Manage: +\S.{40}/m);
    for (const line of capabilities.management) expect(line.length).toBeLessThanOrEqual(90);
  });

  it('writes the same text for the same plan', () => {
    const write = () => render(plan(7));
    expect(write()).toEqual(write());
  });

  it('survives mutated texts, and says so when it did not understand', () => {
    const dice = diceOf(99);
    const texts = Array.from({ length: 12 }, (_, seed) => {
      return render(plan(seed + 500)).text ?? '';
    }).filter((text) => text !== '');
    expect(texts).not.toEqual([]);
    let noticed = 0;
    for (let round = 0; round < MUTATIONS; round++) {
      const text = mutated(texts[round % texts.length]!, dice);
      const { filter, faults } = parse(text);
      if (faults.length > 0) noticed++;
      for (const { line, what } of faults) {
        expect(line, what).toBeGreaterThan(0);
        expect(what).toMatch(/^[A-Z“].*\.$/s);
      }
      if (round % 10 === 0 && faults.length === 0) {
        const hook = place === 'between' ? 'forward' : 'input';
        acceptedBy(verdictSpaces(), filter, { hook });
      }
    }
    expect(noticed).toBeGreaterThan(MUTATIONS / 10);
  });

  it('finds an unknown word in every line, wherever it stands', () => {
    const seeds = Array.from({ length: 60 }, (_, index) => index + 3);
    const texts = seeds.flatMap((seed) => render(plan(seed)).text ?? []);
    const text = texts.filter(({ length }) => length < 4500)[0] ?? texts[0]!;
    const lines = text.split('\n');
    const places = lines.flatMap((line, index) =>
      line.trim() === '' || COMMENT.test(line)
        ? []
        : [...line.matchAll(/ (?=\S)|$/g)].map(({ index: at }) => ({ index, at })),
    );
    // Some of them; each takes a reading of the whole text.
    const step = Math.ceil(places.length / 60);
    let tried = 0;
    for (const { index, at } of places.filter((_, place) => place % step === 0)) {
      const line = lines[index]!;
      if (line.slice(0, at).trim() === '') continue;
      const changed = `${line.slice(0, at)} xyzzy${line.slice(at)}`;
      if (FREE.test(changed)) continue;
      const broken = lines.with(index, changed).join('\n');
      expect(parse(broken).faults, changed).not.toEqual([]);
      tried++;
    }
    expect(tried).toBeGreaterThan(5);
  });

  it('finds an unknown line wherever it stands', () => {
    const seeds = Array.from({ length: 40 }, (_, index) => index + 3);
    const text = seeds.map((seed) => render(plan(seed)).text).find((one) => one !== undefined)!;
    const lines = text.split('\n');
    // Some places; each takes a reading of the whole text.
    const step = Math.ceil(lines.length / 25);
    for (const [index, line] of lines.entries()) {
      if (line.trim() === '' || COMMENT.test(line) || index % step !== 0) continue;
      const broken = [...lines];
      broken.splice(index + 1, 0, 'xyzzy-unknown plugh');
      expect(parse(broken.join('\n')).faults, `after line ${index + 1}: ${line}`).not.toEqual([]);
    }
  });

  it('writes the example as in the golden file', async () => {
    // Where the platform cannot express this example, the longest of some others.
    const texts = Array.from({ length: 40 }, (_, index) => index + 11).map(
      (seed) => render(plan(seed)).text,
    );
    const longest = texts.reduce((one = '', two = '') => (two.length > one.length ? two : one));
    const shown = texts[0] ?? longest;
    await expect(shown ?? '').toMatchFileSnapshot(
      `../../test/golden/acl/${name}${place === 'host' && capabilities.filters.length > 1 ? '-host' : ''}.txt`,
    );
  });
});

function mutated(text: string, dice: (below: number) => number): string {
  let result = text;
  for (let count = 1 + dice(3); count > 0; count--) {
    const at = dice(result.length);
    const end = Math.min(result.length, at + dice(12));
    switch (dice(5)) {
      case 0:
        result = result.slice(0, at) + result.slice(end);
        break;
      case 1:
        result = result.slice(0, at) + String.fromCharCode(dice(256)) + result.slice(at + 1);
        break;
      case 2:
        result = result.slice(0, at) + result.slice(dice(result.length), dice(result.length) + 20);
        break;
      case 3:
        result = result.slice(0, end) + result.slice(at);
        break;
      default: {
        const words = result.split(' ');
        words[dice(words.length)] = words[dice(words.length)]!;
        result = words.join(' ');
      }
    }
    if (result.length === 0) return '\n';
  }
  return result;
}
