/**
 * Wireshark's dissectors are the judge of the packet builders: the frames of a test file go into
 * one capture, tshark reads it once with checksum validation on, and each row names the fields it
 * must have found. Rows without `fault` must be free of malformed parts and bad checksums.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { pcapng } from './pcapng.ts';

/** Link types of the pcap drafts. */
export const NULL = 0;
export const ETHERNET = 1;
export const PPP = 9;
export const RAW = 101;
export const WIFI = 105;
export const LOOP = 108;
export const SLL = 113;
export const RADIOTAP = 127;
export const NFLOG = 239;
export const SLL2 = 276;

/** tshark field names and the values a frame must show; several occurrences joined by commas. */
export type Fields = Readonly<Record<string, string>>;

/** Name, link type, frame, fields, and a part of the expert message tshark must give, if any. */
export type Row = readonly [
  name: string,
  linkType: number,
  frame: Uint8Array,
  fields: Fields,
  fault?: string,
];

const PREFERENCES = [
  'ip.check_checksum:TRUE',
  'ip.tso_support:FALSE',
  'tcp.check_checksum:TRUE',
  'tcp.relative_sequence_numbers:FALSE',
  'udp.check_checksum:TRUE',
  'dccp.check_checksum:TRUE',
  'sctp.checksum:CRC-32C',
  'wlan.check_checksum:TRUE',
  'wlan.check_fcs:TRUE',
  'eth.check_fcs:TRUE',
];

/** What tshark finds in each frame, by field name. */
function dissect(rows: readonly Row[]): Record<string, string>[] {
  const asked = rows.flatMap(([, , , fields]) => Object.keys(fields));
  const names = ['_ws.malformed', '_ws.expert.message', '_ws.expert.severity', ...new Set(asked)];
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-tshark-'));
  try {
    const file = join(folder, 'frames.pcapng');
    writeFileSync(file, pcapng(rows.map(([, linkType, frame]) => ({ linkType, frame }))));
    const options = PREFERENCES.flatMap((preference) => ['-o', preference]);
    // Nothing in a label tells that a pseudowire with a control word follows.
    const hints = ['-d', 'mpls.label==300,pwethcw'];
    const columns = names.flatMap((name) => ['-e', name]);
    const done = spawnSync(
      'tshark',
      ['-n', '-r', file, ...hints, ...options, '-T', 'fields', ...columns],
      {
        encoding: 'utf8',
      },
    );
    if (done.status !== 0) throw new Error(done.error?.message ?? done.stderr);
    return done.stdout.split('\n').map((line) => {
      const values = line.split('\t');
      return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const present = spawnSync('tshark', ['--version']).status === 0;
const required = process.env.PORTREEVE_LAB === 'required';

/** Wireshark's PI_ERROR. */
const SEVERITY_ERROR = '8388608';

/** Declares one test per row. Without tshark they are skipped, or fail where the lab is required. */
export function judgeByTshark(subject: string, rows: readonly Row[]): void {
  if (!present && !required)
    console.warn(`${subject}: not checked, tshark is missing (Debian package tshark)`);
  describe.skipIf(!present && !required)(`${subject}, as tshark reads them`, () => {
    let found: Record<string, string>[] = [];
    beforeAll(() => {
      found = dissect(rows);
    }, 60_000);

    it.each(rows.map((row, index) => ({ name: row[0], row, index })))('$name', ({ row, index }) => {
      const [, , , fields, fault] = row;
      const seen = found[index] ?? {};
      expect(seen).toMatchObject(fields);
      const messages = seen['_ws.expert.message'];
      if (fault !== undefined) {
        expect(messages).toContain(fault);
        return;
      }
      expect(seen['_ws.malformed']).toBe('');
      expect(messages).not.toMatch(/malformed|bad checksum|should be|exceeds/i);
      expect(seen['_ws.expert.severity']?.split(',')).not.toContain(SEVERITY_ERROR);
    });
  });
}
