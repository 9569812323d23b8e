/**
 * The captures of bro-simple-scan are judged as its notice logs say, and no capture of the other
 * corpora, which hold the traffic of test suites, accuses anybody of a scan.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/model/finding.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { assess } from '../../src/pipeline/assess.ts';
import { ACCUSATIONS } from '../builders/findings.ts';
import { corpus } from './corpora.ts';

interface Expected {
  readonly localNets: readonly string[];
  readonly darkNets?: readonly string[];
  readonly notices: readonly { readonly src: string; readonly note: string }[];
}

/** What a notice of the scan detector is called here. */
const NOTES: Readonly<Record<string, readonly string[]>> = {
  'Scan::Address_Scan': ['horizontal-scan', 'block-scan'],
  'Scan::Port_Scan': ['vertical-scan'],
  'Scan::Random_Scan': ['block-scan'],
};
const SCANS = new Set([...Object.values(NOTES).flat(), 'more-scans', 'ping-sweep']);

const folder = corpus('scan');

describe.runIf(folder !== undefined)('scans as their notice logs say', () => {
  const files = readdirSync(folder ?? '.').filter((name) => /\.(pcap|trace)$/.test(name));
  it.each(files)('%s', async (name) => {
    const stem = name.replace(/\.\w+$/, '');
    const expected: Expected = JSON.parse(
      readFileSync(join(folder!, `${stem}.expect.json`), 'utf8'),
    );
    const { findings } = await assess([join(folder!, name)], {
      top: 1,
      zones: expected.localNets.map((net) => ({ name: 'in', prefix: parsePrefix(net) })),
      dark: (expected.darkNets ?? []).map(parsePrefix),
    });
    const scans = findings.filter(({ id }) => SCANS.has(id));
    expect(scans.map(({ subject }) => subject.client)).toEqual(
      expected.notices.map(({ src }) => src),
    );
    scans.forEach(({ id }, index) => {
      expect(NOTES[expected.notices[index]!.note]).toContain(id);
    });
    // The answers of an attack are told as such, and nothing else is said of anybody.
    const others = findings.filter((finding) => !scans.includes(finding));
    expect(others.map(({ id }) => id)).toEqual(name === 'backscatter.trace' ? ['backscatter'] : []);
  });
});

const others = ['zeek', 'decode', 'bpf'].flatMap((name) => {
  const path = corpus(name);
  if (path === undefined) return [];
  return readdirSync(path)
    .filter((file) => /\.(pcap|pcapng)$/.test(file))
    .map((file) => join(path, file));
});

describe.runIf(others.length > 0)('the captures of other corpora', () => {
  it('accuse nobody', async () => {
    const accused: string[] = [];
    for (const path of others) {
      // Some files are no captures at all: their faults are tested elsewhere.
      const findings: readonly Finding[] = await assess([path], { top: 1 }).then(
        (assessment) => assessment.findings,
        () => [],
      );
      for (const { id, subject } of findings) {
        if (ACCUSATIONS.has(id)) accused.push(`${path}: ${id} ${subject.text}`);
      }
    }
    expect(accused).toEqual([]);
  });
});
