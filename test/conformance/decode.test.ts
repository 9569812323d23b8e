/**
 * Captures of many tools' test suites, with what tcpdump prints for them: packet counts must be
 * equal, and the addresses and ports of each line must be those of one of the packet's rows.
 *
 * tcpdump prints some packets on several lines and some on none, so lines are matched to frames
 * one to one where their numbers agree, and else in the order that makes most lines match.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../../src/net/address.ts';
import { openCaptures } from '../../src/sources/pcap/capture-reader.ts';
import { Decoder } from '../../src/wire/decoder.ts';
import { LINK_TYPES } from '../../src/wire/link.ts';
import { P_FRAME, P_PORTS, PACKET_WORDS } from '../../src/wire/packet-batch.ts';
import { accounted, type Row, rowAt } from '../builders/decode.ts';

const FOLDER = join(fileURLToPath(new URL('.', import.meta.url)), '../../../shared/corpora/decode');
const present = existsSync(FOLDER);
if (!present) console.warn(`SKIPPED: no captures in ${FOLDER}`);

/** Least share of lines with ports on which both must agree. */
const LEAST_AGREEMENT = 0.995;

interface Meta {
  readonly linktype: number | readonly number[] | null;
  readonly packets: number;
  readonly tcpdumpPackets: number | null;
}

interface Reading {
  readonly decoder: Decoder;
  readonly rows: readonly Row[];
  /** `address.port > address.port` of the rows of each frame, by frame number. */
  readonly pairs: ReadonlyMap<number, ReadonlySet<string>>;
}

async function read(file: string): Promise<Reading> {
  const reader = await openCaptures([file]);
  const decoder = new Decoder();
  const rows: Row[] = [];
  const pairs = new Map<number, Set<string>>();
  const take = () => {
    for (let at = 0; at < decoder.rowCount * PACKET_WORDS; at += PACKET_WORDS) {
      const row = rowAt(decoder, at);
      rows.push(row);
      if (decoder.rows[at + P_PORTS] === 0 && row.protocol !== 6 && row.protocol !== 17) continue;
      const frame = decoder.rows[at + P_FRAME]!;
      const known = pairs.get(frame) ?? new Set();
      pairs.set(frame, known.add(`${row.source}.${row.sport} > ${row.destination}.${row.dport}`));
    }
    decoder.rowCount = 0;
  };
  let position = 0;
  for (;;) {
    const batch = await reader.next();
    if (batch === undefined) break;
    // By position: numbers leave out the blocks that are no packets.
    for (let index = 0; index < batch.count; index++) batch.number[index] = ++position;
    for (let from = 0; from < batch.count; take())
      from = decoder.decode(batch, reader.interfaces, from);
  }
  decoder.flush();
  take();
  await reader.close();
  return { decoder, rows, pairs };
}

/** The pairs with ports that one line of tcpdump's names, outer first. */
function pairsOf(line: string): string[] {
  const found = [];
  for (const [, source = '', destination = ''] of line.matchAll(
    /(?<![\w.:])([\da-f:.]+) > ([\da-f:.]+)(?=:(?: |$))/g,
  )) {
    const [from, to] = [endpoint(source), endpoint(destination)];
    if (from !== undefined && to !== undefined) found.push(`${from} > ${to}`);
  }
  // Behind extension headers the ports stand alone: `A > B: HBH 1024 > 80: tcp 15`.
  const [, source, destination, sport, dport] =
    /IP6 ([\da-f:]+) > ([\da-f:]+): .* (\d+) > (\d+): (?:tcp|UDP)/.exec(line) ?? [];
  if (sport !== undefined) found.push(`${source}.${sport} > ${destination}.${dport}`);
  return found;
}

/** `192.0.2.1.80` in canonical text; undefined for an address without a port. */
function endpoint(text: string): string | undefined {
  const dot = text.lastIndexOf('.');
  const address = dot < 0 ? undefined : parseAddress(text.slice(0, dot));
  if (address === undefined || !/^\d+$/.test(text.slice(dot + 1))) return undefined;
  return `${formatAddress(address)}${text.slice(dot)}`;
}

interface Line {
  readonly number: number;
  readonly text: string;
  readonly pairs: readonly string[];
}

/** Whether all pairs of a line are rows of a frame. */
const agrees = (line: Line, rows: ReadonlySet<string> | undefined): boolean =>
  line.pairs.every((pair) => rows?.has(pair) ?? false);

/** The lines with ports that no frame, in order, has the rows for. */
function disagreeing(text: string, packets: number, pairs: Reading['pairs']): [Line[], number] {
  const lines = text
    .split('\n')
    .map((line, index): Line => ({ number: index + 1, text: line, pairs: pairsOf(line) }))
    .filter((line) => /^\S/.test(line.text));
  const named = lines.filter((line) => line.pairs.length > 0);
  if (lines.length === packets) {
    const wrong = lines.filter(
      (line, index) => line.pairs.length > 0 && !agrees(line, pairs.get(index + 1)),
    );
    return [wrong, named.length];
  }
  return [unmatched(named, packets, pairs), named.length];
}

/** Leaves over as few lines as can be when lines and frames keep their order. */
function unmatched(named: readonly Line[], packets: number, pairs: Reading['pairs']): Line[] {
  const width = packets + 1;
  // best[line][frame]: lines matched among those from `line` on, in frames from `frame` on.
  const best = Array.from({ length: named.length + 1 }, () => new Uint32Array(width + 1));
  for (let line = named.length - 1; line >= 0; line--) {
    for (let frame = packets; frame >= 1; frame--) {
      const here = agrees(named[line]!, pairs.get(frame)) ? 1 + best[line + 1]![frame]! : 0;
      best[line]![frame] = Math.max(here, best[line + 1]![frame]!, best[line]![frame + 1]!);
    }
  }
  const left: Line[] = [];
  let frame = 1;
  for (let line = 0; line < named.length; line++) {
    while (frame < packets && best[line]![frame] === best[line]![frame + 1]) frame++;
    const matched = agrees(named[line]!, pairs.get(frame));
    if (!matched || best[line]![frame] === best[line + 1]![frame]) left.push(named[line]!);
  }
  return left;
}

describe.skipIf(!present)('captures of other tools', () => {
  const names = present
    ? readdirSync(FOLDER)
        .filter((name) => /\.(pcap|pcapng)$/.test(name))
        .sort()
    : [];
  const metaOf = (name: string): Meta =>
    JSON.parse(readFileSync(join(FOLDER, name.replace(/\.pcap(ng)?$/, '.meta.json')), 'utf8'));
  let lines = 0;
  const disagreements: string[] = [];

  it.each(names)('%s', async (name) => {
    const meta = metaOf(name);
    const { decoder, rows, pairs } = await read(join(FOLDER, name));
    expect(decoder.frames).toBe(meta.packets);
    expect(accounted(decoder, rows)).toBe(decoder.octets);
    const unread = [meta.linktype ?? []].flat().filter((type) => !LINK_TYPES.has(type));
    for (const linkType of decoder.unknownLinks.keys()) expect(unread).toContain(linkType);
    if (typeof meta.linktype === 'number' && unread.length > 0) {
      expect(decoder.unknownLinks.get(meta.linktype)?.frames ?? 0).toBe(meta.packets);
    }
    const text = readFileSync(join(FOLDER, name.replace(/\.pcap(ng)?$/, '.tcpdump.txt')), 'utf8');
    const [wrong, named] = disagreeing(text, meta.packets, pairs);
    lines += named;
    for (const line of wrong) disagreements.push(`${name}:${line.number}: ${line.text}`);
  });

  it(`agree with tcpdump on ${LEAST_AGREEMENT * 100} % of lines with ports`, () => {
    const agreed = lines - disagreements.length;
    console.info(`${agreed} of ${lines} lines agree\n${disagreements.join('\n')}`);
    expect(lines).toBeGreaterThan(700);
    expect(agreed / lines).toBeGreaterThanOrEqual(LEAST_AGREEMENT);
  });
});
