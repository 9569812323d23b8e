import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packagesOf } from './packages.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portreeve-lists-'));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write('openssh-server.list', '/.\n/usr\n/usr/sbin\n/usr/sbin/sshd\n');
  write('libx:amd64.list', '/.\n/bin/netd\n/usr/lib/x');
  write('other.list', '/usr/sbin/sshd-keygen\n/opt/usr/sbin/sshd\n');
  write('other.md5sums', '/usr/bin/zzz\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('packages', () => {
  it('are found by the whole path, in merged folders too', () => {
    const found = packagesOf(
      ['/usr/sbin/sshd', '/usr/bin/netd', '/usr/bin/zzz', '/usr/lib', 'sshd'],
      folder,
    );
    expect([...found]).toEqual([
      ['/usr/bin/netd', 'libx'],
      ['/usr/sbin/sshd', 'openssh-server'],
    ]);
  });

  it('are not asked for files that are gone', () => {
    expect(packagesOf(['/usr/sbin/sshd (deleted)'], folder).size).toBe(0);
    expect(packagesOf(['/usr/sbin/sshd'], join(folder, 'none')).size).toBe(0);
  });
});
