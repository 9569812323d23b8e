import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { accountNames, parsePasswd } from './accounts.ts';

it('reads names, the first of an id wins, and passes over what is no account', () => {
  const text =
    'root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n# comment:x:5\n+::::::\nbroken\nbig:x:99999999999:0::/:\nnobody:*:65534:65534:a:b:c:d\nlast:x:7';
  expect([...parsePasswd(text)]).toEqual([
    [0, 'root'],
    [65534, 'nobody'],
    [7, 'last'],
  ]);
});

it('leaves ids nameless when the file is missing or does not name them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-passwd-'));
  try {
    writeFileSync(join(folder, 'passwd'), 'www-data:x:33:33::/:\n');
    const named = accountNames(join(folder, 'passwd'));
    expect([named(33), named(34)]).toEqual([{ uid: 33, name: 'www-data' }, { uid: 34 }]);
    expect(accountNames(join(folder, 'none'))(0)).toEqual({ uid: 0 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
