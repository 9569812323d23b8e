/**
 * Filters against libpcap: its own test cases, and expressions by the grammar over many captures
 * at once, beside the tcpdump of this machine. Each filter also runs as bytecode in a machine of
 * our own, against the predicate.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatIPv4, formatIPv6, parseAddress } from '../../src/net/address.ts';
import { NoBytecode } from '../../src/wire/filter/bytecode.ts';
import { FilterFault } from '../../src/wire/filter/fault.ts';
import { Filter } from '../../src/wire/filter/filter.ts';
import { execute, verify } from '../builders/bpf-machine.ts';
import { ExpressionMaker, type Facts } from '../builders/filter-expressions.ts';
import { type ReadFrame, readCaptures } from '../builders/read-capture.ts';

const CORPORA = join(fileURLToPath(new URL('.', import.meta.url)), '../../../shared/corpora');
const present = existsSync(CORPORA);
if (!present) console.warn(`SKIPPED: no captures in ${CORPORA}`);
const tcpdump = spawnSync('tcpdump', ['--version']).status === 0;
if (!tcpdump) console.warn('SKIPPED: comparison with tcpdump, which is not installed');

interface Case {
  readonly file: string;
  readonly filter: string;
  readonly expected: readonly number[];
  readonly netmask?: string;
  readonly names?: Readonly<
    Record<string, { mac?: string; ipv4?: readonly string[]; ipv6?: readonly string[] }>
  >;
}

function wordsOf(text: string): readonly number[] {
  return parseAddress(text)!.words;
}

function filterOf({ filter, netmask, names }: Case): Filter {
  const hosts = new Map(
    Object.entries(names ?? {}).map(([name, { mac, ipv4 = [], ipv6 = [] }]) => [
      name,
      {
        ipv4: ipv4.map((text) => wordsOf(text)[0]!),
        ipv6: ipv6.map(wordsOf),
        ...(mac === undefined
          ? {}
          : { mac: mac.split(':').map((octet) => Number.parseInt(octet, 16)) }),
      },
    ]),
  );
  const mask = netmask === undefined ? {} : { netmask: wordsOf(netmask)[0]! };
  return new Filter(filter, { hosts, ...mask });
}

describe.skipIf(!present)("libpcap's own test cases", () => {
  const cases: Case[] = present
    ? JSON.parse(readFileSync(join(CORPORA, 'bpf/cases.json'), 'utf8'))
    : [];

  it.each(cases)('$file: $filter', async (each) => {
    const { frames, reader } = await readCaptures([join(CORPORA, 'bpf', each.file)]);
    const filter = filterOf(each);
    const got = frames.map(({ interface: which, octets, original }) => {
      const predicate = filter.forLinkType(reader.interfaces[which]!.linkType);
      return predicate.matches(octets, 0, octets.length, original) ? 1 : 0;
    });
    expect(got).toEqual(each.expected);
    const { linkType } = reader.interfaces[0]!;
    if (!each.filter.includes('protochain')) {
      const program = filter.bytecode(linkType, 65_535);
      verify(program);
      const run = frames.map(({ octets, original }) =>
        execute(program, octets, original) > 0 ? 1 : 0,
      );
      expect(run).toEqual(each.expected);
    }
  });
});

/** Frames of many captures of one link type, in one file, numbered by their time. */
interface Pile {
  readonly linkType: number;
  readonly path: string;
  readonly frames: readonly ReadFrame[];
  /** Index into `captures` for each frame. */
  readonly owners: readonly number[];
  readonly captures: readonly string[];
  readonly facts: Facts;
}

const FRAMES_OF_ONE = 120;

async function pileUp(folder: string, linkType: number): Promise<Pile> {
  const frames: ReadFrame[] = [];
  const owners: number[] = [];
  const captures: string[] = [];
  for (const corpus of ['decode', 'zeek']) {
    for (const name of readdirSync(join(CORPORA, corpus)).sort()) {
      if (!/\.(pcap|pcapng)$/.test(name)) continue;
      const { frames: read, reader } = await readCaptures([join(CORPORA, corpus, name)]);
      const fitting = read.filter((frame) => {
        const { linkType: type } = reader.interfaces[frame.interface]!;
        return type === linkType && frame.octets.length < 10_000;
      });
      if (fitting.length === 0) continue;
      for (const frame of fitting.slice(0, FRAMES_OF_ONE)) {
        frames.push(frame);
        owners.push(captures.length);
      }
      captures.push(name);
    }
  }
  const path = join(folder, `${linkType}.pcap`);
  writeFileSync(path, fileOf(frames, linkType));
  return { linkType, path, frames, owners, captures, facts: factsOf(frames, linkType) };
}

function fileOf(frames: readonly ReadFrame[], linkType: number): Uint8Array {
  const size = frames.reduce((sum, { octets }) => sum + 16 + octets.length, 24);
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  [0xa1b2c3d4, 0x0004_0002, 0, 0, 262_144, linkType].forEach((word, index) => {
    view.setUint32(index * 4, word, true);
  });
  let at = 24;
  for (const [index, { octets, original }] of frames.entries()) {
    view.setUint32(at, index, true);
    view.setUint32(at + 8, octets.length, true);
    view.setUint32(at + 12, original, true);
    file.set(octets, at + 16);
    at += 16 + octets.length;
  }
  return file;
}

const PAYLOADS: Readonly<Record<number, number>> = { 0: 4, 1: 14, 101: 0, 113: 16, 276: 20 };

function factsOf(frames: readonly ReadFrame[], linkType: number): Facts {
  const ipv4 = new Set(['192.0.2.1']);
  const ipv6 = new Set(['2001:db8::1']);
  const macs = new Set(['00:00:5e:00:53:01']);
  const ports = new Set([53, 80, 443]);
  const at = PAYLOADS[linkType] ?? 14;
  for (const { octets } of frames) {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    if (linkType === 1 && octets.length > 14) {
      macs.add(Buffer.from(octets.subarray(0, 6)).toString('hex').match(/../g)!.join(':'));
    }
    if (octets.length < at + 44) continue;
    if (octets[at]! >> 4 === 4) {
      ipv4.add(formatIPv4(view.getInt32(at + 12)));
      ipv4.add(formatIPv4(view.getInt32(at + 16)));
      if ([6, 17, 132].includes(octets[at + 9]!)) ports.add(view.getUint16(at + 22));
    } else if (octets[at]! >> 4 === 6) {
      const words = [8, 12, 16, 20].map((offset) => view.getUint32(at + offset));
      ipv6.add(formatIPv6(words));
    }
  }
  return { ipv4: [...ipv4], ipv6: [...ipv6], macs: [...macs], ports: [...ports] };
}

/** Indexes of the frames that tcpdump selects, or undefined where it refuses the filter. */
function selectedByTcpdump(
  path: string,
  expression: string,
  ...options: string[]
): Set<number> | undefined {
  const done = spawnSync('tcpdump', [...options, '-r', path, '-w', '-', '--', expression], {
    maxBuffer: 1 << 28,
  });
  // Its optimizer found out that nothing can match, which it takes for a mistake.
  if (done.stderr.includes('rejects all packets')) return new Set();
  if (done.status !== 0) return undefined;
  const selected = new Set<number>();
  const out = done.stdout;
  for (let at = 24; at + 16 <= out.length; at += 16 + out.readUInt32LE(at + 8)) {
    selected.add(out.readUInt32LE(at));
  }
  return selected;
}

/** Frames that only one of them selects; all of them where only one refuses the filter. */
function difference(
  { frames }: Pile,
  theirs: ReadonlySet<number> | undefined,
  ours: ReadonlySet<number> | undefined,
): number[] {
  if (theirs === undefined && ours === undefined) return [];
  return frames.flatMap((_, index) =>
    theirs !== undefined && ours !== undefined && theirs.has(index) === ours.has(index)
      ? []
      : [index],
  );
}

interface Verdicts {
  readonly selected: Set<number> | undefined;
  /** Frames on which bytecode and predicate differ. */
  readonly split: readonly number[];
}

function selectedByUs({ linkType, frames }: Pile, expression: string): Verdicts {
  try {
    const filter = new Filter(expression);
    const predicate = filter.forLinkType(linkType);
    const program = bytecodeIfAny(filter, linkType);
    const selected = new Set<number>();
    const split: number[] = [];
    for (const [index, { octets, original }] of frames.entries()) {
      const matches = predicate.matches(octets, 0, octets.length, original);
      if (matches) selected.add(index);
      if (program === undefined) continue;
      if (execute(program, octets, original) > 0 !== matches) split.push(index);
    }
    return { selected, split };
  } catch (error) {
    if (!(error instanceof FilterFault)) throw error;
    return { selected: undefined, split: [] };
  }
}

function bytecodeIfAny(filter: Filter, linkType: number) {
  try {
    const program = filter.bytecode(linkType, 262_144);
    verify(program);
    return program;
  } catch (error) {
    if (error instanceof NoBytecode) return undefined;
    throw error;
  }
}

/** Expressions for each link type: more with PORTREEVE_FILTER_EXPRESSIONS. */
const EXPRESSIONS = Number(process.env.PORTREEVE_FILTER_EXPRESSIONS ?? 150);
const SEED = Number(process.env.PORTREEVE_FILTER_SEED ?? 20_261_122);

describe.skipIf(!present || !tcpdump)('filters by the grammar, beside tcpdump', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'portreeve-filter-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([1, 113, 276, 101, 0, 127, 9])(
    'select the same frames of link type %i',
    async (linkType) => {
      const pile = await pileUp(folder, linkType);
      const maker = new ExpressionMaker(SEED + linkType, pile.facts, linkType);
      const wrong: string[] = [];
      let pairs = 0;
      let matching = 0;
      let refused = 0;
      const share = linkType === 1 ? 1 : 0.3;
      for (let count = 0; count < EXPRESSIONS * share; count++) {
        const expression = maker.filter();
        const theirs = selectedByTcpdump(pile.path, expression);
        const { selected: ours, split } = selectedByUs(pile, expression);
        if (split.length > 0) wrong.push(`bytecode differs on ${split.slice(0, 3)}: ${expression}`);
        let different = difference(pile, theirs, ours);
        if (different.length > 0) {
          // Its optimizer leaves out loads, which shows on frames too short for them, and refuses
          // divisions by zero that are never reached. The filter as written is what counts.
          const plain = selectedByTcpdump(pile.path, expression, '-O');
          different = difference(pile, plain, ours);
        }
        if (ours === undefined) refused++;
        if (different.length > 0) {
          const names = new Set(different.map((index) => pile.captures[pile.owners[index]!]));
          wrong.push(`${expression}: frames ${different.slice(0, 5)} of ${[...names].slice(0, 3)}`);
        }
        pairs += pile.captures.length;
        matching += (ours?.size ?? 0) > 0 ? 1 : 0;
      }
      console.info(
        `link type ${linkType}: ${pairs} pairs of filter and capture, ${matching} filters match something, ${refused} refused by both`,
      );
      expect(wrong).toEqual([]);
      expect(matching).toBeGreaterThan(5);
    },
    120_000,
  );
});
