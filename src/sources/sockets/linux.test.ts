import { afterEach, describe, expect, it } from 'vitest';
import { asNobody, type FakeProc, fakeProc } from '../../../test/fake-proc.ts';
import type { Listener } from '../../model/listener.ts';
import { type LinuxSocketOptions, readLinuxSockets, SocketTablesError } from './linux.ts';

const row = (local: string, inode: number, state = '0A', uid = 0): string =>
  `   0: ${local} ${local.length > 13 ? '0'.repeat(32) : '00000000'}:0000 ${state} 00000000:00000000 00:00000000 00000000 ${uid}        0 ${inode} 1 0 100 0 0 10 0\n`;
const EVERY4 = '00000000:0050';
const EVERY6 = '00000000000000000000000000000000:0050';
const LOCAL4 = '0100007F:1F90';

const disposals: (() => void)[] = [];
afterEach(() => {
  for (const dispose of disposals.splice(0)) dispose();
});

function look(content: FakeProc, options: LinuxSocketOptions = {}) {
  const { root, dispose } = fakeProc(content);
  disposals.push(dispose);
  const view = readLinuxSockets({
    root,
    passwd: `${root}/passwd`,
    littleEndian: true,
    asRoot: false,
    now: () => 1_767_225_600_000,
    ...options,
  });
  return { ...view, root, ids: view.blindSpots.map((spot) => spot.id) };
}

const processesOf = (listener: Listener | undefined) =>
  listener?.owner.kind === 'processes' ? listener.owner.processes : listener?.owner;

const INIT = { pid: 1, comm: 'init' };

describe('owners', () => {
  it('names the process, its user and its command line', () => {
    const { listeners, root, ids } = look({
      tables: { tcp: row(LOCAL4, 88, '0A', 7) },
      processes: [
        INIT,
        {
          pid: 40,
          comm: 'web',
          cmdline: '/bin/web\0--dir\0a b\0\0\0',
          uid: 33,
          files: ['/dev/null', 'socket:[9]', 'socket:[88]'],
        },
      ],
    });
    expect(listeners).toEqual([
      {
        kind: 'listener',
        local: { address: '127.0.0.1', transport: 'tcp', port: 8080 },
        state: 'listening',
        exposure: 'loopback',
        acceptsIPv4: 'yes',
        owner: {
          kind: 'processes',
          processes: [
            {
              pid: 40,
              name: 'web',
              commandLine: ['/bin/web', '--dir', 'a b'],
              user: { uid: 33 },
              parentPid: 1,
            },
          ],
        },
        user: { uid: 7 },
        evidence: {
          source: 'proc',
          seenMs: 1_767_225_600_000,
          locator: `${root}/net/tcp inode 88`,
        },
      },
    ]);
    expect(ids).toEqual(['firewall-rules']);
  });

  it('names every process that inherited the socket, the parent first', () => {
    const { listeners } = look({
      tables: { tcp: row(EVERY4, 88) + row(LOCAL4, 89) },
      processes: [
        INIT,
        { pid: 30, parent: 900, files: ['socket:[88]', 'socket:[88]'] },
        { pid: 31, parent: 900, files: ['socket:[88]'] },
        { pid: 900, files: ['socket:[89]', 'socket:[88]'] },
      ],
    });
    expect(processesOf(listeners[0])).toMatchObject([{ pid: 900 }, { pid: 30 }, { pid: 31 }]);
    expect(processesOf(listeners[1])).toMatchObject([{ pid: 900 }]);
  });

  it.each([
    ['a newline', 'a\nPPid:\t66'],
    ['escape bytes', '\x1b[2Jx\x07'],
    ['parentheses', ') S 5 ((x)'],
    ['a backslash', 'a\\nb'],
    ['a trailing newline', 'ab\n'],
    ['nothing', ''],
  ])('takes a name with %s as it is', (_what, comm) => {
    const { listeners } = look({
      tables: { tcp: row(LOCAL4, 88) },
      processes: [INIT, { pid: 40, comm, parent: 12, uid: 5, files: ['socket:[88]'] }],
    });
    expect(processesOf(listeners[0])).toMatchObject([
      { pid: 40, name: comm, parentPid: 12, user: { uid: 5 } },
    ]);
  });

  it('says that the process was gone before it could be read', () => {
    const { listeners, ids } = look({
      tables: { tcp: row(LOCAL4, 88) + row(EVERY4, 89) },
      processes: [
        INIT,
        { pid: 40, files: ['socket:[88]', 'socket:[89]'], vanishing: true },
        { pid: 41, files: ['socket:[89]'] },
      ],
    });
    expect(processesOf(listeners[0])).toEqual({ kind: 'unknown', because: 'gone' });
    expect(processesOf(listeners[1])).toMatchObject([{ pid: 41 }]);
    expect(ids).toContain('owner-gone');
  });

  it('blames privilege only when some process may not be looked into', () => {
    const content: FakeProc = {
      tables: { tcp: row(LOCAL4, 88) + row(EVERY4, 89) },
      processes: [
        INIT,
        { pid: 40, files: ['socket:[88]'], forbidden: true },
        { pid: 41, files: ['socket:[89]'] },
      ],
    };
    const { root, dispose } = fakeProc(content);
    disposals.push(dispose);
    const view = asNobody(() => readLinuxSockets({ root, littleEndian: true, asRoot: false }));
    expect(view.listeners.map((listener) => listener.owner)).toMatchObject([
      { kind: 'unknown', because: 'privilege' },
      { kind: 'processes', processes: [{ pid: 41 }] },
    ]);
    expect(view.blindSpots[0]).toEqual({
      id: 'owner-privilege',
      what: 'which process holds 1 of the 2 sockets',
      because: "looking into other users' processes needs root or CAP_SYS_PTRACE",
      remedy: 'run the same command with sudo',
      missing: true,
    });
    const asRoot = asNobody(() => readLinuxSockets({ root, littleEndian: true, asRoot: true }));
    expect(asRoot.blindSpots[0]!.remedy).not.toContain('sudo');
  });

  it('sees that something covers a process, and blames nobody else', () => {
    const { listeners, blindSpots } = look({
      tables: { tcp: row(LOCAL4, 88) + row(EVERY4, 89) },
      processes: [INIT, { pid: 40, masked: true }, { pid: 41, files: ['socket:[89]'] }],
    });
    expect(listeners.map(({ owner }) => owner)).toMatchObject([
      { kind: 'unknown', because: 'hidden-processes' },
      { kind: 'processes', processes: [{ pid: 41 }] },
    ]);
    expect(blindSpots[0]).toMatchObject({
      id: 'processes-masked',
      what: 'process 40',
      because: 'something is mounted over /proc/40: a way to hide',
      missing: true,
    });
  });

  it.each<[string, FakeProc, Listener['owner']]>([
    ['the kernel when all processes were seen', { processes: [INIT] }, { kind: 'kernel' }],
    [
      'the container when outer processes are out of sight',
      { processes: [INIT], pidNamespace: 'pid:[4026532000]' },
      { kind: 'unknown', because: 'pid-namespace' },
    ],
    [
      'hidden processes when the first one is missing',
      { processes: [{ pid: 77 }] },
      { kind: 'unknown', because: 'hidden-processes' },
    ],
  ])('names %s', (_what, content, owner) => {
    const { listeners, blindSpots } = look({ ...content, tables: { udp: row(EVERY4, 88, '07') } });
    expect(listeners[0]?.owner).toEqual(owner);
    expect(blindSpots.some((spot) => spot.missing)).toBe(owner.kind === 'unknown');
  });

  it('gives sockets without a file to the kernel even unprivileged', () => {
    const { listeners } = look({
      tables: { tcp: row(EVERY4, 0) + row(LOCAL4, 0) },
      processes: [{ pid: 77 }],
    });
    expect(listeners.map((listener) => listener.owner.kind)).toEqual(['kernel', 'kernel']);
  });
});

describe('IPv4 on IPv6 sockets', () => {
  const answer = (tables: Record<string, string>, bindV6Only?: string) => {
    const view = look({ tables, processes: [INIT], ...(bindV6Only ? { bindV6Only } : {}) });
    const v6 = view.listeners.find((listener) => listener.local.address.includes(':'));
    return [v6?.acceptsIPv4, view.ids.includes('ipv6-only-unknown')];
  };
  it.each([
    ['default off', { tcp6: row(EVERY6, 88) }, '0', ['probably', true]],
    ['default on', { tcp6: row(EVERY6, 88) }, '1', ['probably-not', true]],
    ['default unreadable', { tcp6: row(EVERY6, 88) }, undefined, ['unknown', true]],
    [
      'IPv4 bound beside it',
      { tcp: row(EVERY4, 87), tcp6: row(EVERY6, 88) },
      '0',
      ['probably-not', true],
    ],
    [
      'another transport beside it',
      { udp: row(EVERY4, 87, '07'), tcp6: row(EVERY6, 88) },
      '0',
      ['probably', true],
    ],
    ['one address', { tcp6: row('00000000000000000000000001000000:0050', 88) }, '0', ['no', false]],
    ['raw', { raw6: row(EVERY6, 88, '07') }, '0', ['no', false]],
  ])('%s', (_name, tables, bindV6Only, expected) => {
    expect(answer(tables as Record<string, string>, bindV6Only)).toEqual(expected);
  });
});

describe('tables', () => {
  it('reads all that exist, and each row once', () => {
    const { listeners, connectedDatagram } = look({
      tables: {
        tcp: row(LOCAL4, 1) + row(LOCAL4, 1) + row(LOCAL4, 2) + row(LOCAL4, 3, '01'),
        udp: row(EVERY4, 4, '07') + row(EVERY4, 5, '01'),
        udplite6: row(EVERY6, 6, '07'),
        raw: row('00000000:0001', 7, '07'),
        'sctp/eps':
          ' ENDPT SOCK STY SST HBKT LPORT UID INODE LADDRS\n0 0 2 10 1 2905 0 8 0.0.0.0 \n',
      },
      processes: [INIT],
    });
    expect(
      listeners.map(
        (each) =>
          `${each.local.transport} ${each.evidence.locator.split(' ').at(-1)} ${each.state}`,
      ),
    ).toEqual([
      'tcp 1 listening',
      'tcp 2 listening',
      'udp 4 bound',
      'udplite 6 bound',
      'raw 7 bound',
      'sctp 8 listening',
    ]);
    expect(connectedDatagram).toBe(1);
  });

  it('has nothing to say about empty tables, and says so', () => {
    const { listeners, ids } = look({ tables: { tcp: '', tcp6: '' }, processes: [INIT] });
    expect(listeners).toEqual([]);
    expect(ids).toEqual(['firewall-rules']);
  });

  it('reports lines it cannot read, escaped', () => {
    const { blindSpots } = look({
      tables: { tcp: `${row(LOCAL4, 1)}\x1b[31mbad\n` },
      processes: [INIT],
    });
    const spot = blindSpots.find(({ id }) => id === 'lines-unreadable');
    expect(spot).toMatchObject({ what: '1 line of the socket tables', missing: true });
    expect(spot?.because).toContain('/proc/net/tcp line 2: "\\u001b[31mbad"');
  });

  it('reports a table that exists and cannot be read', () => {
    const { root, dispose } = fakeProc({ tables: { tcp: '', 'udp/x': '' }, processes: [INIT] });
    disposals.push(dispose);
    expect(readLinuxSockets({ root }).blindSpots[0]).toMatchObject({
      id: 'table-unreadable',
      what: 'the sockets in /proc/net/udp',
      because: 'the file could not be read (EISDIR)',
    });
  });

  it('throws when there is no table at all', () => {
    expect(() => look({ processes: [INIT] })).toThrow(SocketTablesError);
    expect(() => readLinuxSockets({ root: '/nonexistent' })).toThrow(/\/nonexistent\/net/);
  });
});

describe('network namespaces', () => {
  it('counts the others that hold processes', () => {
    const { blindSpots } = look({
      tables: { tcp: '' },
      processes: [
        INIT,
        { pid: 5, network: 'net:[2]' },
        { pid: 6, network: 'net:[2]' },
        { pid: 7, network: 'net:[3]' },
      ],
    });
    expect(blindSpots[0]).toMatchObject({
      id: 'network-namespaces',
      what: 'sockets in 2 other network namespaces on this machine',
      missing: true,
    });
  });

  it('does not tell root to become root', () => {
    const { blindSpots } = look(
      { tables: { tcp: '' }, processes: [INIT, { pid: 5, network: 'net:[2]' }] },
      { asRoot: true },
    );
    for (const { remedy } of blindSpots) expect(remedy ?? '').not.toContain('sudo');
  });
});
