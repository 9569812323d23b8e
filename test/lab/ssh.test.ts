/** Sockets of another machine through a real sshd in a namespace, as root and as a user without rights. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab, Lab, listening, run, type Space } from './lab.ts';
import { populate } from './population.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
/** Of its own for each run, since accounts are the whole machine's. */
const USER = `pv${randomBytes(4).toString('hex')}`;
const PORT = 2222;

interface Row {
  readonly transport: string;
  readonly address: string;
  readonly port: number;
  readonly network: string | null;
  readonly owner: string;
  readonly ownerUnknownBecause: string | null;
  readonly pids: readonly number[];
}

const describeRow = ({ transport, address, port, pids }: Row): string =>
  `${transport} ${address} ${port} ${[...pids].sort().join()}`;

describeLab('sockets over ssh', ['ip', 'perl', 'sshd', 'ssh', 'ssh-keygen', 'useradd'], () => {
  const lab = new Lab();
  let folder = '';
  let near: Space;
  let far: Space;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'portreeve-ssh-'));
    chmodSync(folder, 0o755);
    near = lab.space('near');
    far = lab.space('far');
    lab.join(near, far, ['10.9.0.2/24'], ['10.9.0.1/24', 'fd00:9::1/64']);
    run(
      'useradd',
      '--no-create-home',
      '--password',
      '*',
      '--home-dir',
      join(folder, 'home'),
      '--shell',
      '/bin/sh',
      USER,
    );
    for (const name of ['host', 'key'])
      run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name));
    mkdirSync(join(folder, 'home'));
    run('cp', join(folder, 'key.pub'), join(folder, 'keys'));
    const uid = Number(run('id', '-u', USER));
    chownSync(join(folder, 'home'), uid, uid);
    writeFileSync(
      join(folder, 'sshd'),
      [
        `Port ${PORT}`,
        'ListenAddress 10.9.0.1',
        `HostKey ${join(folder, 'host')}`,
        `AuthorizedKeysFile ${join(folder, 'keys')}`,
      ]
        .concat([
          'StrictModes no',
          'PermitRootLogin yes',
          'UsePAM no',
          'PasswordAuthentication no',
          `PidFile ${join(folder, 'pid')}`,
        ])
        .join('\n'),
    );
    writeFileSync(
      join(folder, 'ssh'),
      [
        `Port ${PORT}`,
        `IdentityFile ${join(folder, 'key')}`,
        'IdentitiesOnly yes',
        'StrictHostKeyChecking no',
      ]
        .concat([`UserKnownHostsFile ${join(folder, 'known')}`, 'LogLevel ERROR', 'BatchMode yes'])
        .join('\n'),
    );
    mkdirSync('/run/sshd', { recursive: true });
    far.start('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'sshd')]);
    await populate(far, 11, { processes: 12, sockets: 4 });
    listening(far, [PORT]);
  });
  afterAll(async () => {
    await lab.close();
    spawnSync('userdel', [USER]);
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = (user: string, ...more: string[]) =>
    JSON.parse(
      near.run(
        process.execPath,
        CLI,
        'sockets',
        '--ssh',
        `${user}@10.9.0.1`,
        '--ssh-config',
        join(folder, 'ssh'),
        '--json',
        ...more,
      ),
    ) as { sockets: Row[]; facts: { subject: string }; notes: { id: string }[] };

  it('are those that the machine sees itself, with their owners, for root', () => {
    const there = JSON.parse(far.run(process.execPath, CLI, 'sockets', '--json')) as {
      sockets: Row[];
    };
    const own = there.sockets
      .filter(({ network }) => network === null)
      .map(describeRow)
      .sort();
    const asked = ask('root');
    expect(asked.facts.subject).toBe('root@10.9.0.1');
    expect(own.length).toBeGreaterThan(10);
    expect(asked.sockets.map(describeRow).sort()).toEqual(own);
  });

  it('are all there for a user without rights, and each says why its owner is unknown', () => {
    const { sockets, notes } = ask(USER);
    const root = ask('root');
    expect(sockets.length).toBe(root.sockets.length);
    for (const row of sockets)
      expect([row.owner, row.ownerUnknownBecause]).toEqual(['unknown', 'privilege']);
    expect(notes.map(({ id }) => id)).toContain('owner-privilege');
  });

  it('are compared with what is seen from here', () => {
    const text = near.run(
      process.execPath,
      CLI,
      'compare',
      '--ssh',
      'root@10.9.0.1',
      '--ssh-config',
      join(folder, 'ssh'),
      '--json',
    );
    const { mismatches, endpoints, facts } = JSON.parse(text) as {
      mismatches: unknown[];
      endpoints: { port: number; verdict: string }[];
      facts: { asked: number };
    };
    expect(mismatches).toEqual([]);
    expect(endpoints.find(({ port }) => port === PORT)?.verdict).toBe('agree');
    expect(facts.asked).toBeGreaterThan(1000);
  });

  it('are compared of several machines at once, and one that refuses stops none', () => {
    const machines = ['root@10.9.0.1', `${USER}@10.9.0.1`, 'nobody-here@10.9.0.1'];
    const { status, stdout } = spawnSync(
      'ip',
      [
        ...['netns', 'exec', near.name, process.execPath, CLI, 'compare', '--json'],
        ...['--ssh-config', join(folder, 'ssh')],
        ...machines.flatMap((machine) => ['--ssh', machine]),
      ],
      { encoding: 'utf8' },
    );
    expect(status).toBe(3);
    const { mismatches, endpoints, facts, notes } = JSON.parse(stdout) as {
      mismatches: unknown[];
      endpoints: { port: number; verdict: string; machine: string }[];
      facts: { hosts: { name: string }[] };
      notes: { id: string; what: string }[];
    };
    expect(mismatches).toEqual([]);
    expect(facts.hosts.map(({ name }) => name)).toEqual(machines.slice(0, 2));
    const agree = endpoints.filter(({ port, verdict }) => port === PORT && verdict === 'agree');
    expect(agree.map(({ machine }) => machine)).toEqual(machines.slice(0, 2));
    expect(notes.filter(({ id }) => id === 'machine-not-seen')).toMatchObject([
      { what: machines[2] },
    ]);
  });

  it('give an error in words when ssh cannot connect, and none may pass an option', () => {
    const attempt = (...words: string[]) =>
      spawnSync('ip', ['netns', 'exec', near.name, process.execPath, CLI, 'sockets', ...words], {
        encoding: 'utf8',
      });
    const refused = attempt('--ssh', 'nobody-here@10.9.0.1', '--ssh-config', join(folder, 'ssh'));
    expect([refused.status, refused.stdout]).toEqual([3, '']);
    expect(refused.stderr).toMatch(
      /cannot look at the sockets of nobody-here@10\.9\.0\.1\n {2}why .*denied/i,
    );
    const option = attempt(`--ssh=-oProxyCommand=touch ${join(folder, 'owned')}`);
    expect(option.status).toBe(2);
    expect(spawnSync('test', ['-e', join(folder, 'owned')]).status).toBe(1);
  });

  it('are watched as they open and close', async () => {
    const child = far.start(process.execPath, [
      CLI,
      'sockets',
      '--watch',
      '--for',
      '60',
      '--ndjson',
    ]);
    let text = '';
    child.stdout!.on('data', (chunk) => {
      text += chunk;
    });
    let ready = '';
    child.stderr!.on('data', (chunk) => {
      ready += chunk;
    });
    await expect.poll(() => ready, { timeout: 20_000 }).toContain('watching');
    const server = far.start('socat', ['TCP-LISTEN:7777,bind=10.9.0.1', '-']);
    const events = () =>
      text
        .split('\n')
        .filter(Boolean)
        .map(
          (line) =>
            JSON.parse(line) as { kind: string; port: number; processes: { name: string }[] },
        )
        .filter(({ port }) => port === 7777);
    await expect
      .poll(events, { timeout: 20_000 })
      .toMatchObject([{ kind: 'opened', processes: [{ name: 'socat' }] }]);
    server.kill();
    await expect
      .poll(events, { timeout: 20_000 })
      .toMatchObject([{ kind: 'opened' }, { kind: 'closed', processes: [{ name: 'socat' }] }]);
    child.kill();
  });
});
