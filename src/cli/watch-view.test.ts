import { describe, expect, it } from 'vitest';
import type { Picture } from '../pipeline/watch.ts';
import { liveLines, rowKeys } from './live-page.ts';
import { Screen } from './live-screen.ts';
import { keysOf, type LiveState, newState, press as pressed } from './live-state.ts';
import { Rates } from './watch-rates.ts';
import { WATCH_PAGE, type WatchFacts } from './watch-view.ts';

const press = (state: LiveState, key: string, rows: readonly string[]) =>
  pressed(state, key, rows, WATCH_PAGE.views);

function port(number: number, bytes: number) {
  return {
    transport: 'tcp',
    port: number,
    direction: 'known',
    status: 'answered',
    bytes,
    packets: bytes / 100,
    serving: 1,
    clients: 2,
    bytesToServer: bytes / 4,
    bytesToClient: (bytes * 3) / 4,
  };
}

const PICTURE = {
  packets: 300,
  bytes: 30_000,
  flows: 7,
  evicted: 0,
  evictedLive: 0,
  hostCount: 3,
  hosts: [],
  conversations: [],
  services: [],
  sizes: [{ least: 0, most: 79, packets: 3 }],
  costMs: 1,
  ports: [port(80, 10_000), port(443, 20_000), port(22, 100)],
} as unknown as Picture;

function facts(changes: Partial<WatchFacts> = {}): WatchFacts {
  return {
    picture: PICTURE,
    rates: new Rates(),
    counts: [{ name: 'eth0', received: 300, dropped: 0, freezes: 0 }],
    elapsedMs: 61_000,
    filterText: '',
    news: [],
    unicode: true,
    ...changes,
  };
}

function lines(state = newState(), given = facts(), width = 80): string[] {
  return liveLines(WATCH_PAGE, state, given, width, 24).map(({ text }) => text);
}

describe('the live view', () => {
  it('fills the screen and no more', () => {
    const shown = lines();
    expect(shown).toHaveLength(24);
    expect(shown[0]).toContain('eth0 ● live 1 min 01 s');
    expect(shown[1]).toContain('0 drops');
    expect(shown[4]).toMatch(/^443\/tcp {2}https/);
    expect(shown[23]).toContain('[q] quit');
    for (const line of shown) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('always shows drops and filters', () => {
    const counts = [{ name: 'eth0', received: 1000, dropped: 10, freezes: 1 }];
    const state = newState();
    state.filter = 'https';
    const shown = lines(state, facts({ counts, filterText: 'tcp' }));
    expect(shown[0]).toContain('filter: tcp  showing: https');
    expect(shown[1]).toContain('10 drops (1.00 %), ring full once');
    expect(shown.slice(3).join('\n')).not.toContain('22/tcp');
  });

  it('announces services', () => {
    const shown = lines(newState(), facts({ news: ['10.0.0.1:80 tcp  1 client', 'other'] }));
    expect(shown[2]).toBe('▲ NEW  10.0.0.1:80 tcp  1 client  and 1 more');
  });

  it('leaves columns out where there is no room', () => {
    expect(lines(newState(), facts(), 40)[3]).not.toContain('CLIENTS');
    expect(lines(newState(), facts(), 200)[3]).toContain('FROM');
  });

  it('does without letters beyond ASCII', () => {
    const rates = new Rates();
    rates.take(PICTURE, 1000);
    rates.take({ ...PICTURE, ports: [port(443, 40_000)] } as unknown as Picture, 2000);
    expect(rates.of('443/tcp')).toBe(20_000);
    const shown = lines(newState(), facts({ unicode: false, rates })).join('');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII.
    expect(shown).toMatch(/^[\x00-\x7f]*$/);
  });
});

describe('keys', () => {
  it('are told apart', () => {
    expect(keysOf('j\x1b[B\x1b[5~q')).toEqual(['j', '\x1b[B', '\x1b[5~', 'q']);
    expect(keysOf('\x1b')).toEqual(['\x1b']);
  });

  it('move, look and come back', () => {
    const state = newState();
    const rows = rowKeys(WATCH_PAGE, state, facts());
    expect(rows).toEqual(['443/tcp', '80/tcp', '22/tcp']);
    for (const key of ['j', '\x1b[B', 'j', 'j']) press(state, key, rows);
    expect(state.row).toBe(2);
    press(state, 'k', rows);
    press(state, '\r', rows);
    expect(state.detail).toBe('80/tcp');
    expect(lines(state)[3]).toBe('80/tcp');
    press(state, '\x1b', rows);
    expect(state.detail).toBeUndefined();
  });

  it('type a filter, and take it back', () => {
    const state = newState();
    for (const key of ['/', 'q', 's', '\x7f', 's', '\r']) press(state, key, []);
    expect(state.filter).toBe('qs');
    expect(lines(state)).toContain('no row has “qs”; Esc shows all');
    press(state, '\x1b', []);
    expect(state.filter).toBe('');
  });

  it('switch views and orders', () => {
    const state = newState();
    press(state, 's', []);
    expect(lines(state)[23]).toContain('[s] bytes');
    for (const width of [20, 33, 40, 60, 79, 80, 100, 120, 200]) {
      const last = lines(state, facts(), width)[23]!;
      expect(last.length).toBeLessThanOrEqual(width);
      expect(last).toContain('[q] quit');
    }
    press(state, '\t', []);
    expect(state.view).toBe(1);
    press(state, '4', []);
    expect(lines(state)[3]).toContain('OCTETS');
    press(state, '?', []);
    expect(lines(state)[0]).toBe('Keys');
  });

  it.each([
    ['q', 'quit'],
    ['\x03', 'quit'],
    ['w', 'save'],
    ['x', undefined],
  ])('%j wishes to %s', (key, wish) => {
    expect(press(newState(), key, [])).toBe(wish);
  });
});

describe('the screen', () => {
  it('writes what changed, and restores the terminal', () => {
    const written: string[] = [];
    const screen = new Screen({ write: (text) => written.push(text) }, false);
    screen.enter();
    screen.resize(20, 5);
    screen.draw([]);
    written.length = 0;
    screen.draw([{ text: 'one' }, { text: 'two' }]);
    screen.draw([{ text: 'one' }, { text: 'three' }]);
    screen.draw([{ text: 'one' }, { text: 'three' }]);
    expect(written).toEqual([
      '\x1b[1;1Hone\x1b[0m\x1b[K\x1b[2;1Htwo\x1b[0m\x1b[K',
      '\x1b[2;1Hthree\x1b[0m\x1b[K',
    ]);
    screen.leave();
    screen.leave();
    expect(written).toHaveLength(3);
    expect(written[2]).toContain('\x1b[?1049l');
  });

  it('never writes beyond its width', () => {
    const written: string[] = [];
    const screen = new Screen({ write: (text) => written.push(text) }, true);
    screen.resize(20, 5);
    screen.draw([{ text: 'x'.repeat(100), look: 'inverse' }]);
    expect(written[0]).toContain(`${'x'.repeat(19)}…`);
  });
});
