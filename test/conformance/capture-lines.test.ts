/**
 * Lines of `capture -nqt` beside those of tcpdump 4.99.3, over captures of many tools' test
 * suites: TCP, UDP and ICMP over IPv4 and IPv6, and ARP.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openCaptures } from '../../src/sources/pcap/capture-reader.ts';
import { Printer } from '../../src/wire/print/printer.ts';

const FOLDER = join(fileURLToPath(new URL('.', import.meta.url)), '../../../shared/corpora/decode');
const present = existsSync(FOLDER);
if (!present) console.warn(`SKIPPED: no captures in ${FOLDER}`);

const LEAST_EQUAL = 0.99;
const COMPARED = /^(?:IP6? .*(?:: tcp \d|UDP, |ICMP6?[ ,]|\[\|(?:tcp|udp|icmp6?)\])|ARP, )/;

async function printed(file: string): Promise<string[]> {
  const reader = await openCaptures([file]);
  const printer = new Printer({ quiet: true, time: 'none' });
  let text = '';
  for (let batch = await reader.next(); batch !== undefined; batch = await reader.next()) {
    for (let index = 0; index < batch.count; index++) {
      const { linkType } = reader.interfaces[batch.interface[index]!]!;
      printer.print(batch, index, linkType);
      text += Buffer.from(printer.text).toString('latin1');
      printer.clear();
    }
  }
  await reader.close();
  return headLines(text);
}

/** Without the lines that continue a packet, and without blanks at the end. */
function headLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => /^\S/.test(line));
}

/** The lines of `theirs` that stand in `ours` in the same order, as many as can be. */
function inOrder(theirs: readonly string[], ours: readonly string[]): Set<number> {
  const found = new Set<number>();
  let from = 0;
  for (const [index, line] of theirs.entries()) {
    if (ours[index] === line && theirs.length === ours.length) {
      found.add(index);
      continue;
    }
    if (theirs.length === ours.length) continue;
    const at = ours.indexOf(line, from);
    if (at < 0) continue;
    found.add(index);
    from = at + 1;
  }
  return found;
}

describe.skipIf(!present)('lines of packets', () => {
  it(`are those of tcpdump for ${LEAST_EQUAL * 100} % of TCP, UDP, ICMP and ARP`, async () => {
    let compared = 0;
    const different: string[] = [];
    for (const name of readdirSync(FOLDER).sort()) {
      if (!/\.(pcap|pcapng)$/.test(name)) continue;
      const path = join(FOLDER, name);
      const ours = await printed(path);
      const expected = path.replace(/\.pcap(ng)?$/, '.tcpdump.txt');
      const theirs = headLines(readFileSync(expected, 'latin1'));
      const equal = inOrder(theirs, ours);
      for (const [index, line] of theirs.entries()) {
        if (!COMPARED.test(line)) continue;
        compared++;
        if (!equal.has(index)) different.push(`${name}: ${line}\n    ours: ${ours[index]}`);
      }
    }
    console.info(`${compared - different.length} of ${compared} lines\n${different.join('\n')}`);
    expect(compared).toBeGreaterThan(600);
    expect(1 - different.length / compared).toBeGreaterThanOrEqual(LEAST_EQUAL);
  }, 60_000);
});
