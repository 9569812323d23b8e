import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { farScript, parseFarText } from './far-side.ts';
import { isDestination } from './ssh.ts';

const MARK = '0123456789abcdef0123456789abcdef';

describe('destinations', () => {
  it.each([
    'web1',
    'anna@web1',
    'anna@web-1.example',
    'a.b@192.0.2.7',
    '2001:db8::7',
    'anna@::1',
    '::ffff:192.0.2.7',
  ])('%s may be asked', (text) => {
    expect(isDestination(text)).toBe(true);
  });

  it.each([
    '-oProxyCommand=sh',
    '--',
    '',
    ' web1',
    'web1 reboot',
    'web1;reboot',
    'web1\nx',
    '$(reboot)',
    '`reboot`',
    'anna@-oProxyCommand=sh',
    '-l@web1',
    'web1%h',
    'a@b@c',
    "web1'",
    'ssh://web1',
    `${'a'.repeat(300)}`,
  ])('%j may not', (text) => {
    expect(isDestination(text)).toBe(false);
  });
});

describe('the script', () => {
  const isThere = (shell: string) => spawnSync(shell, ['--help']).error === undefined;
  const shells = ['dash', 'bash', 'busybox'].filter(isThere);
  it.runIf(process.platform === 'linux' && shells.length > 0).each(shells)(
    'runs in %s',
    async (shell) => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const words = shell === 'busybox' ? ['sh', '-s'] : ['-s'];
      const done = spawnSync(shell, words, {
        input: farScript(MARK),
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      });
      server.close();
      expect(done.stderr).toBe('');
      const far = parseFarText(done.stdout, MARK);
      expect(far).toMatchObject({ complete: true, uid: process.getuid?.(), littleEndian: true });
      expect(far.tables.get('tcp')).toContain(
        `:${port.toString(16).toUpperCase().padStart(4, '0')} `,
      );
      const me = far.processes.find(({ process: each }) => each.pid === process.pid);
      expect(me?.inodes.length).toBeGreaterThan(0);
      expect(me?.process.parentPid).toBe(process.ppid);
      expect(me?.process.commandLine[0]).toContain('node');
      expect(me?.process.name).toBe(readFileSync('/proc/self/comm', 'utf8').slice(0, -1));
      expect(me?.process.user?.uid).toBe(process.geteuid?.());
    },
  );

  it('takes no mark that the shell could read otherwise', () => {
    expect(() => farScript('$(reboot)0000000')).toThrow(TypeError);
    expect(() => farScript('')).toThrow(TypeError);
  });
});

describe('its answer', () => {
  it('holds processes with names that try to be something else', () => {
    const text = [
      'Welcome!',
      `${MARK} process 7`,
      ...['i88', 'i88', 'i89'],
      `${MARK} status`,
      ...['/proc/7/status:PPid:\t1', '/proc/7/status:Uid:\t0\t33\t0\t0'],
      `${MARK} comm`,
      ...['/proc/7/comm:evil', '/proc/7/comm:0000 table tcp ', '/proc/8/comm:other'],
      `${MARK} cgroup`,
      '/proc/7/cgroup:0::/system.slice/x.service',
      '',
      `${MARK} args /proc/7/cmdline`,
      ...['/bin/evil', '', 'i99', '/proc/8/comm:x', '', ''],
      `${MARK} end`,
    ].join('\n');
    const { processes, complete } = parseFarText(`${text}\n`, MARK);
    expect(complete).toBe(true);
    expect(processes).toEqual([
      {
        process: {
          pid: 7,
          name: 'evil\n0000 table tcp ',
          commandLine: ['/bin/evil', '', 'i99', '/proc/8/comm:x'],
          user: { uid: 33 },
          parentPid: 1,
          unit: 'x.service',
        },
        inodes: [88, 89],
      },
    ]);
  });

  it.each(['', 'no marks', `${MARK}`, `${MARK} process x\ni1`, `${MARK} table tcp\n${MARK}`])(
    'may be cut off: %j',
    (text) => {
      expect(parseFarText(text, MARK).complete).toBe(false);
    },
  );

  it('tells machines with octets the other way round', () => {
    expect(parseFarText(`${MARK} self\n0\ns390x\none\n`, MARK)).toMatchObject({
      littleEndian: false,
      hidden: false,
    });
    expect(parseFarText(`${MARK} self\n1000\nx86_64\n`, MARK)).toMatchObject({
      littleEndian: true,
      hidden: true,
    });
  });
});
