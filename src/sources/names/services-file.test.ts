import { expect, it } from 'vitest';
import { parseServices, readServicesFile } from './services-file.ts';

it('reads names and aliases by transport, the first of equals', () => {
  const ports = parseServices(`
# comment
http\t\t80/tcp\t\twww # WorldWideWeb
http 8080/tcp
domain 53/tcp
domain 53/udp
bad 70000/tcp
worse
`);
  expect([...ports]).toEqual([
    ['http/tcp', 80],
    ['www/tcp', 80],
    ['domain/tcp', 53],
    ['domain/udp', 53],
  ]);
});

it('knows no names without a file', () => {
  expect(readServicesFile('/nonexistent').size).toBe(0);
});
