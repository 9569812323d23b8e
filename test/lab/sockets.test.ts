/** What `portreeve sockets` says of random populations, held against what `ss` says. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeLab, Lab, type Space } from './lab.ts';
import { populate } from './population.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
/** The bar is 50 populations; a few suffice for every change. */
const POPULATIONS = Number(process.env.PORTREEVE_POPULATIONS ?? 4);

interface Row {
  readonly port: number;
  readonly transport: string;
  readonly address: string;
  readonly acceptsIPv4: string;
  readonly device: string | null;
  readonly network: string | null;
  readonly owner: string;
  readonly ownerUnknownBecause: string | null;
  readonly processes: readonly { pid: number; name: string }[];
}

function ours(space: Space, ...options: string[]): Row[] {
  const text = space.run(process.execPath, CLI, 'sockets', '--json', ...options);
  return (JSON.parse(text) as { sockets: Row[] }).sockets;
}

/** `tcp * 443 nginx/900 nginx/901`: `*` takes both families. */
function describeOurs(row: Row): string {
  const star = row.address === '::' && row.acceptsIPv4 === 'yes';
  const device = row.device === null ? '' : `%${row.device}`;
  // ss of iproute2 6.1 ends a name at its first closing parenthesis.
  const users = row.processes.map(({ name, pid }) => `${name.replace(/\).*$/, '')}/${pid}`).sort();
  return `${row.transport} ${star ? '*' : row.address}${device} ${row.port} ${users.join(' ')}`;
}

/** The same of a line of `ss -H -tulpn -O`. */
function describeSs(line: string): string {
  const [transport = '', , , , local = ''] = line.split(/\s+/);
  const colon = local.lastIndexOf(':');
  const [host = '', device] = local.slice(0, colon).split('%');
  const bare = host.replace(/^\[|\]$/g, '').replace(/^::ffff:/, '');
  const users = new Set(
    [...line.matchAll(/\("(.{0,15}?)",pid=(\d+),fd=\d+\)(?=,\("|\)$)/g)].map(
      ([, name = '', pid]) => `${name.replace(/\).*$/, '')}/${pid}`,
    ),
  );
  const at = `${bare}${device === undefined ? '' : `%${device}`}`;
  return `${transport} ${at} ${local.slice(colon + 1)} ${[...users].sort().join(' ')}`;
}

function theirs(space: Space): string[] {
  const text = space.run('ss', '-H', '-tulpn', '-O');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => describeSs(line.trimEnd()));
}

describeLab('sockets beside ss', ['ip', 'ss', 'perl'], () => {
  it(`agree on every row of ${POPULATIONS} random populations`, async () => {
    expect(existsSync(CLI)).toBe(true);
    for (let seed = 1; seed <= POPULATIONS; seed++) {
      const lab = new Lab();
      try {
        const space = lab.space('a');
        lab.join(space, lab.space('b'), ['10.9.0.1/24', 'fd00:9::1/64'], ['10.9.0.2/24']);
        await populate(space, seed, { processes: 40, sockets: 6 });
        const rows = ours(space).filter(
          ({ network, transport }) => network === null && /^(tcp|udp)$/.test(transport),
        );
        const found = rows.map(describeOurs).sort();
        const expected = theirs(space).sort();
        expect(expected.length, `seed ${seed}`).toBeGreaterThan(60);
        expect(found, `seed ${seed}`).toEqual(expected);
      } finally {
        await lab.close();
      }
    }
  });

  it('are found in every namespace by root, and named after it', async () => {
    const lab = new Lab();
    try {
      const inside = lab.space('in');
      const outside = lab.space('out');
      await populate(inside, 7, { processes: 3, sockets: 3 });
      const far = ours(outside).filter(({ network }) => network === inside.name);
      const near = ours(inside).filter(({ network }) => network === null);
      expect(near.length).toBeGreaterThan(2);
      expect(far.map(describeOurs).sort()).toEqual(near.map(describeOurs).sort());
    } finally {
      await lab.close();
    }
  });

  it('say of each row why its owner is unknown to who is not root', async () => {
    const lab = new Lab();
    try {
      const space = lab.space('a');
      await populate(space, 3, { processes: 5, sockets: 4 });
      // The checkout may lie where others may not read: hand the program over as a whole.
      const words = [
        'netns',
        'exec',
        space.name,
        'setpriv',
        '--reuid=65534',
        '--clear-groups',
        process.execPath,
      ];
      const copy = spawnSync('mktemp', ['-d'], { encoding: 'utf8' }).stdout.trim();
      try {
        spawnSync('sh', [
          '-c',
          `cp -r "$1/." "$2" && chmod -R a+rX "$2"`,
          'sh',
          join(CLI, '..'),
          copy,
        ]);
        const { stdout, stderr } = spawnSync(
          'ip',
          [...words, join(copy, 'cli.js'), 'sockets', '--json'],
          { encoding: 'utf8' },
        );
        expect(stderr).toBe('');
        const rows = (JSON.parse(stdout) as { sockets: Row[] }).sockets;
        expect(rows.length).toBeGreaterThan(3);
        for (const row of rows)
          expect([row.owner, row.ownerUnknownBecause]).toEqual(['unknown', 'privilege']);
      } finally {
        spawnSync('rm', ['-rf', copy]);
      }
    } finally {
      await lab.close();
    }
  });

  it('say that processes are hidden, by hidepid or by a namespace of processes', async () => {
    const lab = new Lab();
    try {
      const space = lab.space('a');
      await populate(space, 5, { processes: 4, sockets: 3 });
      const ask = (words: readonly string[]): Row[] => {
        const { stdout, stderr } = spawnSync('ip', ['netns', 'exec', space.name, ...words], {
          encoding: 'utf8',
        });
        expect(stderr).toBe('');
        const { sockets } = JSON.parse(stdout) as { sockets: Row[] };
        return sockets.filter(({ network }) => network === null);
      };
      const copy = spawnSync('mktemp', ['-d'], { encoding: 'utf8' }).stdout.trim();
      try {
        spawnSync('sh', [
          '-c',
          'cp -r "$1/." "$2" && chmod -R a+rX "$2"',
          'sh',
          join(CLI, '..'),
          copy,
        ]);
        const cli = `"${process.execPath}" "${join(copy, 'cli.js')}" sockets --json`;
        const hidden = ask([
          'unshare',
          '--mount',
          'sh',
          '-c',
          `mount -t proc -o hidepid=invisible proc /proc && exec setpriv --reuid=65534 --regid=65534 --clear-groups ${cli}`,
        ]);
        const inner = ask([
          'unshare',
          '--mount',
          '--pid',
          '--fork',
          '--mount-proc',
          'sh',
          '-c',
          cli,
        ]);
        for (const [rows, because] of [
          [hidden, 'hidden-processes'],
          [inner, 'pid-namespace'],
        ] as const) {
          expect(rows.length).toBeGreaterThan(2);
          for (const row of rows)
            expect([row.owner, row.ownerUnknownBecause]).toEqual(['unknown', because]);
        }
      } finally {
        spawnSync('rm', ['-rf', copy]);
      }
    } finally {
      await lab.close();
    }
  });

  it('show raw and packet sockets, and connections', async () => {
    const lab = new Lab();
    try {
      const [a, b] = [lab.space('a'), lab.space('b')];
      lab.join(a, b, ['10.9.0.1/24'], ['10.9.0.2/24']);
      // As root: else tcpdump would give the device away to its own user.
      a.start('tcpdump', ['-i', 'eth0', '-Z', 'root', '-w', '/dev/null']);
      a.start('socat', ['TCP-LISTEN:7000,fork', 'EXEC:cat']);
      // Of raw sockets this kernel may tell in /proc alone.
      a.start('socat', ['-u', 'IP4-RECV:89', '-']);
      await expect.poll(() => a.run('ss', '-Hltn')).toContain(':7000');
      b.start('socat', ['-u', 'TCP:10.9.0.1:7000', '-']);
      await expect.poll(() => a.run('ss', '-Htn')).toContain('ESTAB');
      await expect.poll(() => ours(a).some(({ transport }) => transport === 'packet')).toBe(true);
      const answer = JSON.parse(a.run(process.execPath, CLI, 'sockets', '--all', '--json'));
      const mine = answer.connections.filter((each: Row) => each.network === null);
      expect(mine).toMatchObject([
        {
          localAddress: '10.9.0.1',
          localPort: 7000,
          remoteAddress: '10.9.0.2',
          state: 'established',
          owner: 'processes',
        },
      ]);
      const packet = answer.sockets.find(
        (each: Row) => each.transport === 'packet' && each.network === null,
      );
      expect(packet).toMatchObject({ device: 'eth0', exposure: 'link-local' });
      expect(packet.processes[0].name).toBe('tcpdump');
      const raw = answer.sockets.find(
        (each: Row) => each.transport === 'raw' && each.network === null,
      );
      expect(raw).toMatchObject({ port: 89, exposure: 'every-address', owner: 'processes' });
      expect(raw.processes[0].name).toBe('socat');
    } finally {
      await lab.close();
    }
  });
});
