/** What was expected of Debian's units was compared with what `systemd --test` says of them. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unitTies } from './unit-ties.ts';

let root = '';
let folders: string[] = [];

function write(name: string, text: string): void {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function link(name: string, target: string): void {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'portreeve-ties-'));
  folders = ['etc', 'run', 'lib', 'none'].map((name) => join(root, name));
  write('lib/print.service', '[Unit]\nRequires=print.socket\n[Install]\nAlso=print.path\n');
  write('lib/print.socket', '[Socket]\nListenStream=631\n');
  write('lib/print.path', '[Path]\nPathExists=/x\n');
  write('lib/browse.service', '[Unit]\nWants=print.service \\\n  other.service\n');
  write('lib/queue.service', '[Unit]\n# Requires=other.service\nRequires=print.service\n');
  write(
    'lib/other.service',
    '[Unit]\nPropagatesStopTo=follower.service gone.service daemon.service\n',
  );
  write('lib/follower.service', '[Unit]\nWants=linked.service\n[Service]\nExecStart=/bin/true\n');
  write('lib/watch.timer', '[Timer]\nUnit=other.service\nOnCalendar=daily\n');
  write('lib/hidden.timer', '[Timer]\nUnit=other.service\n');
  link('etc/hidden.timer', '/dev/null');
  write('lib/login.socket', '[Socket]\nListenStream=23\nAccept=yes\n');
  write('lib/login@.service', '[Service]\nExecStart=-/usr/sbin/telnetd\n');
  link('lib/multi-user.target.wants/print.service', '../print.service');
  link('etc/multi-user.target.wants/other.service', join(root, 'lib/other.service'));
  write('lib/multi-user.target', '[Unit]\n');
  write('lib/cluster.service', '[Service]\nType=oneshot\n');
  write('lib/db@.service', '[Unit]\nPartOf=cluster.service\n[Service]\n');
  link('run/cluster.service.wants/db@15-main.service', '../../lib/db@.service');
  write(
    'etc/db@15-main.service.d/more.conf',
    '[Unit]\nUpholds=helper-%i.service\nPartOf=%p.target\n',
  );
  write('lib/helper-15-main.service', '[Service]\n');
  write('lib/db.target', '[Unit]\n');
  write('elsewhere/own.service', '[Service]\n');
  link('etc/linked.service', join(root, 'elsewhere/own.service'));
  link('etc/daemon.service', join(root, 'lib/follower.service'));
  write('lib/uses.service', '[Unit]\nBindsTo=daemon.service\n');
});
afterAll(() => rmSync(root, { recursive: true }));

const ties = (...units: string[]) => unitTies(units, folders);

describe('ties of units', () => {
  it('are what starts them, what pulls them in, and what ends with them', () => {
    expect(ties('print.service')).toEqual([
      {
        unit: 'print.service',
        names: ['print.service'],
        triggeredBy: ['print.path', 'print.socket'],
        triggers: [],
        pulledInBy: ['browse.service', 'multi-user.target', 'queue.service'],
        endsWith: ['queue.service'],
      },
    ]);
    expect(ties('print.socket')).toMatchObject([
      {
        triggeredBy: [],
        triggers: ['print.service'],
        pulledInBy: ['print.service'],
        endsWith: ['print.service'],
      },
    ]);
  });

  it('leave out what disabling undoes, what is masked, and what is not there', () => {
    expect(ties('other.service', 'gone.service', 'hidden.timer')).toEqual([
      {
        unit: 'other.service',
        names: ['other.service'],
        triggeredBy: ['watch.timer'],
        triggers: [],
        pulledInBy: ['browse.service'],
        endsWith: ['follower.service'],
      },
    ]);
  });

  it('are those of an instance, by its template and what adds to it', () => {
    expect(ties('db@*.service')).toEqual([
      {
        unit: 'db@15-main.service',
        names: ['db@15-main.service'],
        triggeredBy: [],
        triggers: [],
        pulledInBy: ['cluster.service'],
        endsWith: [],
      },
    ]);
    expect(ties('cluster.service', 'helper-15-main.service', 'db.target')).toMatchObject([
      { unit: 'cluster.service', endsWith: ['db@.service', 'db@15-main.service'] },
      { unit: 'db.target', endsWith: ['db@15-main.service'] },
      { unit: 'helper-15-main.service', pulledInBy: ['db@15-main.service'] },
    ]);
    expect(ties('login@.service')).toMatchObject([{ triggeredBy: ['login.socket'] }]);
  });

  it('count under every name of a unit, and are told by that of its file, once', () => {
    for (const asked of [['daemon.service'], ['follower.service', 'daemon.service']]) {
      expect(ties(...asked)).toMatchObject([
        {
          unit: 'follower.service',
          names: ['daemon.service', 'follower.service'],
          pulledInBy: ['uses.service'],
          // And other.service, which it follows, is none that follows it.
          endsWith: ['uses.service'],
        },
      ]);
    }
  });

  it('are those of a file that was linked from elsewhere, by the name of the link', () => {
    expect(ties('linked.service')).toMatchObject([
      { unit: 'linked.service', pulledInBy: ['follower.service'] },
    ]);
  });

  it('name other units as their files do', () => {
    // daemon.service is a link to follower.service, which other.service stops.
    expect(ties('other.service')).toMatchObject([{ endsWith: ['follower.service'] }]);
    expect(ties('login.socket')).toMatchObject([{ triggers: ['login@.service'] }]);
  });

  it('are none without units or folders', () => {
    expect(ties()).toEqual([]);
    expect(unitTies(['print.service'], [join(root, 'none')])).toEqual([]);
  });
});
