import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ANY, framingOf, interfaceNamed, listInterfaces } from './interfaces.ts';

const folder = mkdtempSync(join(tmpdir(), 'portreeve-sys-'));
afterAll(() => rmSync(folder, { recursive: true }));

function add(name: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(folder, name));
  for (const [file, text] of Object.entries(files))
    writeFileSync(join(folder, name, file), `${text}\n`);
}

add('eth0', { ifindex: '2', type: '1', flags: '0x1003', carrier: '1' });
add('lo', { ifindex: '1', type: '772', flags: '0x9', carrier: '1' });
add('tun0', { ifindex: '7', type: '65534', flags: '0x90' });
add('odd', { type: '1' });

it('lists interfaces by index, and passes over what is none', () => {
  expect(listInterfaces(folder).map(({ name, index, up }) => [name, index, up])).toEqual([
    ['lo', 1, true],
    ['eth0', 2, true],
    ['tun0', 7, false],
  ]);
  expect(listInterfaces(join(folder, 'nothing'))).toEqual([]);
});

it.each(['', '.', '..', 'a/b', '../eth0', 'a name', 'sixteen-letters-'])('knows no %j', (name) => {
  expect(interfaceNamed(name, folder)).toBeUndefined();
});

it.each([
  ['eth0', { linkType: 1, cooked: false }],
  ['lo', { linkType: 1, cooked: false }],
  ['tun0', { linkType: 101, cooked: false }],
])('knows how frames of %s come', (name, framing) => {
  expect(framingOf(interfaceNamed(name, folder)!)).toEqual(framing);
});

it('takes all interfaces, and link layers it does not know, in cooked form', () => {
  expect(framingOf(ANY)).toEqual({ linkType: 276, cooked: true });
  expect(framingOf({ ...ANY, index: 9, hardware: 280 })).toEqual({ linkType: 276, cooked: true });
});
