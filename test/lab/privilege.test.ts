/** Who may capture: a private copy of the runtime with one capability, and what others are told. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab, Lab, type Space } from './lab.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const NOBODY = '65534';
const AS_NOBODY = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

/** Process ids of what a process started, in its first thread. */
function readChildren(pid: number): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
}

describeLab('the right to capture', ['ip', 'ping', 'setcap', 'setpriv', 'sudo', 'unshare'], () => {
  let lab: Lab;
  let space: Space;
  let folder = '';
  let env: NodeJS.ProcessEnv;

  beforeAll(() => {
    lab = new Lab();
    space = lab.space('priv');
    folder = mkdtempSync(join(tmpdir(), 'portreeve-private-'));
    chmodSync(folder, 0o755);
    env = { ...process.env, PORTREEVE_CAPTURE_FOLDER: join(folder, 'lib') };
  });
  afterAll(async () => {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const portreeve = (words: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, [CLI, ...words], { encoding: 'utf8', env: { ...env, ...more } });

  const asNobody = (words: readonly string[]) =>
    spawnSync('setpriv', [...AS_NOBODY, process.execPath, CLI, ...words], {
      encoding: 'utf8',
      env,
    });

  it('is missed with a message that names the ways', () => {
    const { status, stderr } = asNobody(['capture', '-i', 'lo', '-c', '1']);
    expect(status).toBe(4);
    expect(stderr).toContain('permission denied (EPERM)');
    for (const way of ['sudo portreeve …', 'setup-capture', '--ambient-caps', 'assess -']) {
      expect(stderr).toContain(way);
    }
  });

  it('is shown, not given, without root', () => {
    const { status, stdout } = asNobody(['setup-capture']);
    expect(status).toBe(4);
    expect(stdout).toContain('setcap cap_net_raw=ep');
    expect(existsSync(env.PORTREEVE_CAPTURE_FOLDER!)).toBe(false);
    const odd = asNobody(['setup-capture', '--group', 'x\x1b[31my']);
    expect(odd.stdout).toContain("-g 'x\\x1b[31my'");
  });

  it('comes with a private copy, is given up once interfaces are open, and is taken back', async () => {
    const before = readFileSync(process.execPath).length;
    const caller = { SUDO_UID: NOBODY, SUDO_GID: NOBODY, SUDO_USER: 'nobody' };
    const made = portreeve(['setup-capture'], caller);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    const copy = join(env.PORTREEVE_CAPTURE_FOLDER!, 'capture-node');
    expect(statSync(copy)).toMatchObject({ uid: 0, gid: Number(NOBODY), size: before });
    expect(statSync(copy).mode & 0o7777).toBe(0o750);

    const words = [...AS_NOBODY, process.execPath, CLI, 'capture', '-i', 'lo', '-nqt', '-c', '2'];
    const child = space.start('setpriv', words, { env });
    const end = new Promise((resolve) => child.once('close', resolve));
    let out = '';
    child.stdout!.on('data', (piece) => {
      out += piece;
    });
    await new Promise((resolve) => child.stderr!.once('data', resolve));
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\s+65534\s+65534\s+65534/m);
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^CapPrm:\s+0+$/m);
    space.run('ping', '-c1', '127.0.0.1');
    await end;
    expect(out.trimEnd().split('\n')).toHaveLength(2);

    expect(portreeve(['setup-capture', '--undo'], caller).status).toBe(0);
    expect(existsSync(env.PORTREEVE_CAPTURE_FOLDER!)).toBe(false);
    expect(asNobody(['capture', '-i', 'lo', '-c', '1']).status).toBe(4);
  });

  it('is given up under sudo, and what is written belongs to who called it', async () => {
    // Rules of sudo that only this process and its children see.
    const rules = join(folder, 'sudoers');
    writeFileSync(rules, 'nobody ALL = (root) NOPASSWD: ALL\n', { mode: 0o440 });
    const own = join(folder, 'own');
    mkdirSync(own);
    chownSync(own, Number(NOBODY), Number(NOBODY));
    const file = join(own, 'lo.pcapng');
    const sudo = ['setpriv', ...AS_NOBODY, 'sudo', '-n', process.execPath, CLI];
    const words = [...sudo, 'capture', '-i', 'lo', '-c', '2', '-w', file];
    const script = 'mount --bind "$1" /etc/sudoers && shift && exec "$@"';
    const child = space.start('unshare', ['-m', 'sh', '-c', script, 'sh', rules, ...words], {
      env,
    });
    const end = new Promise((resolve) => child.once('close', resolve));
    let said = '';
    await new Promise<void>((resolve) => {
      child.stderr!.on('data', (piece) => {
        said += piece;
        if (said.includes('capturing on')) resolve();
      });
      child.once('close', resolve);
    });
    expect(said).toContain('capturing on');
    const [, program] = /^(\d+)/.exec(readChildren(child.pid!)) ?? [];
    const status = readFileSync(`/proc/${program}/status`, 'utf8');
    expect(status).toMatch(/^Name:\s+(node|MainThread)/m);
    expect(status).toMatch(/^Uid:\s+65534\s+65534\s+65534/m);
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^CapPrm:\s+0+$/m);
    space.run('ping', '-c1', '127.0.0.1');
    await end;
    expect(statSync(file)).toMatchObject({ uid: Number(NOBODY), gid: Number(NOBODY) });
    const { stdout } = asNobody(['capture', '-r', file, '-nqt']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
  });

  it('wants to know for whom', () => {
    const { status, stderr } = portreeve(['setup-capture']);
    expect(status).toBe(2);
    expect(stderr).toContain('--group NAME');
  });
});
