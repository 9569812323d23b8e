import { describe, expect, it } from 'vitest';
import { type ColourChoice, palette, terminalAbility } from './terminal.ts';

const tty = { isTTY: true, columns: 100 };

describe('colour', () => {
  it.each<[string, object, Record<string, string>, ColourChoice, boolean]>([
    ['terminal', tty, {}, 'auto', true],
    ['pipe', {}, {}, 'auto', false],
    ['dumb terminal', tty, { TERM: 'dumb' }, 'auto', false],
    ['NO_COLOR', tty, { NO_COLOR: '1' }, 'auto', false],
    ['empty NO_COLOR', tty, { NO_COLOR: '' }, 'auto', true],
    ['FORCE_COLOR on a pipe', {}, { FORCE_COLOR: '1' }, 'auto', true],
    ['FORCE_COLOR=0', tty, { FORCE_COLOR: '0' }, 'auto', false],
    ['NO_COLOR before FORCE_COLOR', tty, { NO_COLOR: '1', FORCE_COLOR: '1' }, 'auto', false],
    ['--color=always before NO_COLOR', {}, { NO_COLOR: '1' }, 'always', true],
    ['--color=never before FORCE_COLOR', tty, { FORCE_COLOR: '1' }, 'never', false],
  ])('%s', (_, stream, environment, choice, expected) => {
    expect(terminalAbility(stream, environment, choice).colour).toBe(expected);
  });
});

describe('characters beyond ASCII', () => {
  it.each<[Record<string, string>, string, boolean]>([
    [{ LANG: 'en_US.UTF-8' }, 'linux', true],
    [{ LANG: 'C.utf8' }, 'linux', true],
    [{ LANG: 'C' }, 'linux', false],
    [{}, 'linux', false],
    [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, 'linux', false],
    [{ LANG: 'C', LC_CTYPE: 'C.UTF-8' }, 'linux', true],
    [{ LANG: 'C.UTF-8', LC_ALL: '' }, 'linux', true],
    [{}, 'win32', true],
  ])('%j on %s: %s', (environment, platform, expected) => {
    expect(terminalAbility(tty, environment, 'auto', platform).unicode).toBe(expected);
  });
});

describe('commands to copy', () => {
  it.each([
    [undefined, 'portreeve scan x', 'portreeve scan x'],
    ['./portreeve', 'portreeve scan x', './portreeve scan x'],
    ['./portreeve', 'sudo portreeve', 'sudo ./portreeve'],
    ['./portreeve', 'nft list ruleset', 'nft list ruleset'],
    [
      './p',
      'sudo setpriv --reuid=$USER --init-groups portreeve x',
      'sudo setpriv --reuid=$USER --init-groups ./p x',
    ],
    ['./p', 'sudo tcpdump -w - | portreeve assess -', 'sudo tcpdump -w - | ./p assess -'],
    ['./p', "portreeve assess 'our portreeve file'", "./p assess 'our portreeve file'"],
    ['./portreeve', 'see portreeve.txt', 'see portreeve.txt'],
    ["/home/it's $& mine/portreeve", 'portreeve', "'/home/it'\\''s $& mine/portreeve'"],
  ])('of a program called as %s: %s', (program, line, expected) => {
    const environment = program === undefined ? {} : { PORTREEVE_PROGRAM: program };
    expect(palette(terminalAbility(tty, environment)).command(line)).toBe(expected);
  });
});

describe('width', () => {
  it.each<[object, Record<string, string>, number]>([
    [tty, {}, 100],
    [tty, { COLUMNS: '70' }, 100],
    [{}, { COLUMNS: '70' }, 70],
    [{}, {}, Number.POSITIVE_INFINITY],
    [{ isTTY: true }, {}, 80],
    [{ isTTY: true, columns: 0 }, { COLUMNS: 'wide' }, 80],
  ])('%j with %j: %d', (stream, environment, expected) => {
    expect(terminalAbility(stream, environment).width).toBe(expected);
  });
});

describe('palette', () => {
  it('says everything in ASCII where it must', () => {
    const style = palette({ width: 80, colour: false, unicode: false });
    const severities = ['error', 'warning', 'ok', 'info'] as const;
    expect(severities.map(style.mark)).toEqual(['x', '!', '+', '-']);
    expect(style.safe('a → b … · é \u009b')).toBe('a -> b ... - \\xe9 \\x9b');
    expect(style.separator + style.ellipsis).toMatch(/^[\x20-\x7e]+$/);
  });

  it('has a mark of its own for each severity, in colour or not', () => {
    for (const colour of [true, false]) {
      const style = palette({ width: 80, colour, unicode: true });
      const severities = ['error', 'warning', 'ok', 'info'] as const;
      expect(severities.map(style.mark)).toEqual(['✖', '!', '✔', '·']);
    }
  });
});
