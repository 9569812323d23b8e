/** Every text in `fixtures/` must give what the `.json` beside it says; and no octets may hurt. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../model/connection.ts';
import type { Listener, Owner } from '../../../model/listener.ts';
import { type ForeignReading, readForeign } from './read-foreign.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'fixtures');
const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));

const octetsOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function ownerText(owner: Owner): string {
  if (owner.kind === 'kernel') return '(kernel)';
  if (owner.kind === 'unknown') return `(${owner.because})`;
  return owner.processes
    .map(({ pid, name, services, user, unit }) => {
      const parts = [JSON.stringify(name).slice(1, -1), pid ?? '?'];
      if (user !== undefined) parts.push(`as ${user.name ?? ''}#${user.uid ?? '?'}`);
      if (services !== undefined) parts.push(`[${services.join(' ')}]`);
      if (unit !== undefined) parts.push(unit);
      return parts.join(' ');
    })
    .join(', ');
}

/** One line a socket, so that a twin can be read beside its text. */
function socketText(socket: Listener | Connection): string {
  const { local, user, owner, evidence } = socket;
  const who = user === undefined ? '' : ` by ${user.name ?? ''}#${user.uid ?? '?'}`;
  const place = `${evidence.locator} ${local.transport} ${local.address} ${local.port}`;
  if (socket.kind === 'connection') {
    const state = socket.state === 'unknown' ? `unknown ${socket.stateText ?? ''}` : socket.state;
    return `${place} > ${socket.remote.address} ${socket.remote.port} ${state}: ${ownerText(owner)}${who}`;
  }
  const { state, acceptsIPv4, device, backlog } = socket;
  const more = `${device === undefined ? '' : ` on ${device}`}${backlog === undefined ? '' : ` backlog ${backlog}`}`;
  return `${place} ${state} ipv4=${acceptsIPv4}${more}: ${ownerText(owner)}${who}`;
}

function twinOf(reading: ForeignReading) {
  return {
    formats: reading.formats,
    listeners: reading.listeners.map(socketText),
    connections: reading.connections.map(socketText),
    unread: reading.unread.map(({ line, why }) => `${line}: ${why}`),
    notes: reading.notes.map(({ id }) => id),
  };
}

const read = (octets: Uint8Array): ForeignReading =>
  readForeign(new Uint8Array(octets), { name: 'f', seenMs: 1 });

describe('others’ output', () => {
  it.each(names)('%s', (name) => {
    const path = join(folder, name);
    const found = twinOf(read(new Uint8Array(readFileSync(path))));
    const twin = path.replace(/txt$/, 'json');
    if (process.env.WRITE_TWINS === 'new' && !existsSync(twin)) {
      writeFileSync(twin, `${JSON.stringify(found, null, 2)}\n`);
    }
    expect(found).toEqual(JSON.parse(readFileSync(twin, 'utf8')));
  });

  it('has enough of them', () => {
    expect(names.length).toBeGreaterThanOrEqual(60);
  });
});

const texts = names.map((name) => new Uint8Array(readFileSync(join(folder, name))));
const decoder = new TextDecoder();

describe('damage', () => {
  it('of any kind costs no more than what it hit', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.nat(),
        fc.nat(),
        fc.uint8Array({ maxLength: 8 }),
        (text, at, cut, bytes) => {
          const octets = Uint8Array.from([
            ...text.subarray(0, at % (text.length + 1)),
            ...bytes,
            ...text.subarray((at + (cut % 40)) % (text.length + 1)),
          ]);
          const reading = read(octets);
          for (const { local } of reading.listeners) {
            expect(local.port).toBeGreaterThanOrEqual(0);
            expect(local.port).toBeLessThanOrEqual(65535);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('leaves the rows before it as they were', () => {
    let compared = 0;
    for (const text of texts) {
      const whole = read(text);
      // Rows of these formats stand on one line each, and nothing behind changes them.
      if (!/^(netstat of Linux|ss of Linux|sockstat)/.test(whole.formats[0] ?? '')) continue;
      if (whole.formats.length > 1) continue;
      const lines = decoder.decode(text).split('\n');
      const half = lines.slice(0, lines.length >> 1).join('\n');
      const places = (reading: ForeignReading): string[] =>
        reading.listeners.map(({ local }) => `${local.transport} ${local.address} ${local.port}`);
      const before = places(read(octetsOf(half)));
      expect(places(whole).slice(0, before.length)).toEqual(before);
      compared += before.length;
    }
    expect(compared).toBeGreaterThan(15);
  });

  it.each<[string, string]>([
    ['one long line', 'x '.repeat(400_000)],
    ['a long row', `tcp LISTEN 0 5 *:22 *:* users:((${'("a",pid=1,fd=2),'.repeat(40_000)}`],
    ['many braces', '{'.repeat(300_000)],
    ['many brackets and quotes', '[{"'.repeat(100_000)],
    ['many colons', `  TCP    ${':'.repeat(200_000)}  *:*`],
    ['many dots', `tcp4 0 0 ${'.'.repeat(200_000)} *.* LISTEN`],
    ['blanks', `sshd${' '.repeat(200_000)}700`],
    ['digits', `sshd ${'1 '.repeat(100_000)}`],
    ['NUL octets', '\0'.repeat(200_000)],
    ['words with dashes', `${'--- '.repeat(100_000)}`],
    ['words', `${'Local '.repeat(50_000)}LocalPort !`],
    ['equals signs', `${'= '.repeat(100_000)}x`],
    ['quotes', `"a","1"${',"x"'.repeat(100_000)}!`],
  ])('of the shape “%s” takes no long time', (_what, text) => {
    const reading = read(octetsOf(text));
    expect(reading.listeners.length).toBeLessThan(2);
  });
});

describe('much of it', () => {
  it('is read in full', () => {
    const rows = Array.from(
      { length: 20_000 },
      (_, index) =>
        `tcp LISTEN 0 5 10.0.${index >> 8}.${index & 255}:22 0.0.0.0:* users:(("x",pid=${index + 1},fd=3))`,
    );
    const { listeners, unreadCount } = read(octetsOf(rows.join('\n')));
    expect([listeners.length, unreadCount]).toEqual([20_000, 0]);
  });
});
