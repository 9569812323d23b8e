import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  PolicyFileError,
  readCandidates,
  readJournal,
  replaceFile,
  UnwritableFile,
} from './policy-files.ts';

describe.skipIf(process.platform === 'win32')('replaceFile', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'portreeve-replace-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('keeps a link and the permissions of what it replaces', () => {
    const target = join(folder, 'policy.yaml');
    const link = join(folder, 'link.yaml');
    writeFileSync(target, 'old');
    chmodSync(target, 0o600);
    symlinkSync(target, link);
    replaceFile(link, 'new');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('new');
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(['link.yaml', 'policy.yaml']);
  });

  // A pipe stands for everything that is no plain file: with root, a test that fails on /dev/null
  // would destroy it. Opened for both, it takes a short text without anybody reading.
  it('writes to a pipe and never puts a file in its place', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const both = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      replaceFile(pipe, 'text');
      const got = new Uint8Array(8);
      expect(readSync(both, got)).toBe(4);
      expect(new TextDecoder().decode(got.subarray(0, 4))).toBe('text');
    } finally {
      closeSync(both);
    }
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  });

  it('says what it could not write, and leaves nothing behind', () => {
    expect(() => replaceFile(folder, 'text')).toThrow(new UnwritableFile(folder, 'EISDIR'));
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('files that somebody changed', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'portreeve-damaged-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const HEAD = {
    ...{ kind: 'candidates', version: 1, names: { '10.0.0.1': 'web' }, inputs: [] },
    zones: { a: ['10.0.0.0/8', '2001:db8::/32'], rest: 'rest' },
  };
  const SOUND = {
    ...{ kind: 'conversation', from: 'a', to: 'b', client: '10.0.0.1', server: '192.0.2.1' },
    ...{ service: 'tcp/1433', standing: 'thin', connections: 1, answered: 1, denied: 0, hours: 1 },
    ...{ firstMs: 0, lastMs: 0, direction: { reason: 'syn', confidence: 'certain' }, seen: 'x#1' },
  };
  const DECISION = { kind: 'decision', decision: 'allow', by: 'alice', atMs: 1 };

  function faultOf(read: () => unknown): string {
    try {
      read();
    } catch (error) {
      if (!(error instanceof PolicyFileError)) throw error;
      const [fault] = error.faults;
      return fault === undefined ? error.message : `${fault.line} ${fault.what}`;
    }
    return 'sound';
  }

  it.each<[string, object, object, string]>([
    ['nothing', {}, {}, 'sound'],
    ['an address', {}, { client: 'web' }, '4 “web” is not an address.'],
    ['the families', {}, { server: '2001:db8::1' }, '4 One end is IPv4, the other IPv6.'],
    ['a service', {}, { service: 'tcp/x' }, '4 "x" is not a port'],
    ['a text', {}, { seen: 7 }, '4 The conversation lacks “seen”.'],
    ['a count', {}, { connections: -1 }, '4 The conversation lacks “connections”.'],
    ['a moment', {}, { lastMs: 1e300 }, '4 The conversation lacks “lastMs”.'],
    ['the standing', {}, { standing: 'fine' }, '4 “fine” is no standing.'],
    ['the direction', {}, { direction: { reason: 7 } }, '4 The conversation lacks “direction”.'],
    ['what is unobserved', {}, { unobserved: 'no' }, '4 “unobserved” is true or false.'],
    ['a word', {}, { spoken: [] }, '4 “sources”, “because” and “spoken” are words.'],
    ['no zones', { zones: 7 }, {}, '2 The zones are missing.'],
    ['a prefix', { zones: { a: ['10.0.0.0/99'] } }, {}, '2 "10.0.0.0/99" has no prefix length'],
    ['a zone', { zones: { a: 7 } }, {}, '2 The zone “a” has no prefixes.'],
    [
      'a name',
      { zones: { 'a\x1b[2J': ['::/0'] } },
      {},
      '2 “a\x1b[2J” cannot be the name of a zone.',
    ],
    ['host names', { names: { '10.0.0.1': 7 } }, {}, '2 The names of hosts are missing.'],
    ['inputs', { inputs: 'x' }, {}, '2 The inputs are missing.'],
    ['the kind', { version: 2 }, {}, 'was not written by “policy learn”'],
  ])('tells where %s is wrong', (_, head, conversation, expected) => {
    const file = join(folder, 'c.ndjson');
    const lines = [{ ...HEAD, ...head }, SOUND, { ...SOUND, ...conversation }];
    writeFileSync(file, `\n${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
    expect(faultOf(() => readCandidates(file))).toContain(expected);
  });

  it.each<[object, string]>([
    [{}, 'sound'],
    [{ decision: 'maybe' }, '1 The line is not a decision.'],
    [{ by: 7 }, '1 The line is not a decision.'],
    [{ atMs: null }, '1 The line is not a decision.'],
    [{ reason: 7 }, '1 The reason is not text.'],
    [{ expiresMs: 'soon' }, '1 “expiresMs” is no moment.'],
    [{ conversation: undefined }, '1 The conversation is missing.'],
    [{ conversation: { ...SOUND, client: '::' } }, '1 One end is IPv4, the other IPv6.'],
  ])('tells what is wrong with a decision: %j', (change, expected) => {
    const file = join(folder, 'p.journal.ndjson');
    writeFileSync(file, JSON.stringify({ ...DECISION, conversation: SOUND, ...change }));
    expect(faultOf(() => readJournal(file))).toBe(expected);
  });

  it('tells which line is no JSON', () => {
    const file = join(folder, 'c.ndjson');
    writeFileSync(file, `${JSON.stringify(HEAD)}\n[1]\n`);
    expect(faultOf(() => readCandidates(file))).toBe('2 The line is not a JSON object.');
  });
});
