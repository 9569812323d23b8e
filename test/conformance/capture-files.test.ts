/**
 * Capture files of established test suites: record counts, interfaces and rejections must be what
 * `shared/corpora` says. Its README tells where each file is from.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCaptures } from '../builders/read-capture.ts';

const here = dirname(fileURLToPath(import.meta.url));
const corpora = join(here, '..', '..', '..', 'shared', 'corpora');
const present = existsSync(corpora);
if (!present)
  process.stderr.write(`conformance: ${corpora} is absent; capture files NOT checked\n`);

interface Meta {
  readonly packets: number;
  readonly linktype: number | readonly number[] | null;
  readonly linktypes?: readonly number[];
  readonly mustReject?: boolean;
  readonly fileTruncated?: boolean;
  readonly tcpdumpError?: string;
}

const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const isCapture = (name: string) => /\.(pcap|pcapng|trace)$/.test(name);
const list = (folder: string) =>
  present ? readdirSync(join(corpora, folder)).filter(isCapture).sort() : [];

/** Damage that the record of a file names in words only. */
const FAULTS: Readonly<Record<string, string>> = {
  'damaged-bad-trailer.pcapng': 'bad-block-length',
  'damaged-cut-in-block.pcapng': 'truncated-record',
  'damaged-cut-in-file-header.pcap': 'truncated-file-header',
  'damaged-cut-in-packet-data.pcap': 'truncated-record',
  'damaged-cut-in-packet-header.pcap': 'truncated-record',
  'damaged-huge-caplen.pcap': 'record-too-large',
  'libpcap-linktype-reserved-field-not-zero.pcap': 'bad-link-type',
  'libpcap-pcap-invalid-version-1.pcap': 'unsupported-version',
  'libpcap-pcapng-invalid-vers-1.pcapng': 'unsupported-version',
  'pcapng-be-test901.pcapng': 'unsupported-version',
  'suricata-bug-6875-01.pcap': 'record-too-large',
};

describe.skipIf(!present)('captures of corpora/decode', () => {
  it('are all there', () => expect(list('decode')).toHaveLength(149));

  it.each(list('decode'))('%s', async (name) => {
    const path = join(corpora, 'decode', name);
    const meta = json(path.replace(/\.pcap(ng)?$/, '.meta.json')) as Meta;
    for (const chunkOctets of [4096, 4_194_304]) {
      const { frames, reader } = await readCaptures([path], { chunkOctets });
      expect(frames).toHaveLength(meta.packets);
      const fault = FAULTS[name];
      const expected = fault ?? (meta.fileTruncated ? 'truncated-record' : undefined);
      expect(reader.faults.map(({ code }) => code)).toEqual(expected ? [expected] : []);
      if (meta.mustReject) continue;
      const stated = meta.linktypes ?? [meta.linktype];
      const types = reader.interfaces.map(({ linkType }) => linkType);
      expect(types).toEqual(fault === 'unsupported-version' ? [1] : stated);
    }
  });
});

describe.skipIf(!present)('captures of corpora/bpf', () => {
  const cases = present
    ? (json(join(corpora, 'bpf', 'cases.json')) as { file: string; packets: number }[])
    : [];
  const packets = new Map(cases.map((each) => [each.file, each.packets]));

  it.each([...packets])('%s', async (file, count) => {
    const { frames, reader } = await readCaptures([join(corpora, 'bpf', file)]);
    expect(frames).toHaveLength(count);
    expect(reader.faults).toEqual([]);
  });
});

describe.skipIf(!present)('captures of corpora/zeek and corpora/scan', () => {
  const paths = ['zeek', 'scan'].flatMap((each) => list(each).map((name) => join(each, name)));

  it.each(paths)('%s is read whole', async (path) => {
    const { frames, reader } = await readCaptures([join(corpora, path)]);
    expect(reader.faults).toEqual([]);
    expect(frames.length).toBeGreaterThan(0);
    const numbers = frames.map(({ number }) => number);
    expect(numbers).toEqual(frames.map((_, i) => i + 1));
  });

  it('come out of their folder in time order, complete', async () => {
    const folder = join(corpora, 'zeek');
    const { frames, reader } = await readCaptures([folder]);
    let alone = 0;
    for (const name of list('zeek'))
      alone += (await readCaptures([join(folder, name)])).frames.length;
    expect(frames).toHaveLength(alone);
    expect(reader.skipped.length).toBe(readdirSync(folder).length - list('zeek').length);
    expect(reader.faults).toEqual([]);
  });
});
