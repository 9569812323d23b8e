import { describe, expect, it } from 'vitest';
import { MIRROR_PLATFORMS, mirrorPlatform, planMirror } from './platforms.ts';
import { MirrorFault, type MirrorRequest } from './request.ts';

/** Two ports and the sniffer's, as each platform writes them. */
const PORTS: Readonly<Record<string, readonly [monitor: string, to: string]>> = {
  'cisco-2900xl': ['Fa0/1-2', 'Fa0/24'],
  'cisco-ios': ['Gi1/0/1-2', 'TenGigabitEthernet1/1/1'],
  'cisco-nxos': ['eth1/1-2', 'Ethernet1/48'],
  arista: ['Et1-2', 'Et48'],
  'junos-els': ['ge-0/0/1-2', 'ge-0/0/23'],
  junos: ['ge-0/0/1-2', 'ge-0/0/23.0'],
  comware: ['GE1/0/1-2', 'XGE1/0/49'],
  'aos-s': ['1-2', '24'],
  'aos-cx': ['1/1/1-2', '1/1/24'],
  mikrotik: ['ether1-2', 'sfp-sfpplus1'],
  openvswitch: ['eth1-2', 'eth9'],
  'linux-tc': ['eth1-2', 'eth9'],
  nftables: ['eth1-2', 'eth9'],
};

function request(id: string, changes: Partial<MirrorRequest> = {}): MirrorRequest {
  const [monitor, to] = PORTS[id]!;
  const bridge = id === 'openvswitch' ? { bridge: 'br0' } : {};
  return {
    monitor: [monitor],
    vlans: [],
    to,
    direction: 'both',
    session: 1,
    ...bridge,
    ...changes,
  };
}

function written(id: string, changes: Partial<MirrorRequest> = {}): string {
  const { configure, show, save, undo, pitfalls } = planMirror(
    mirrorPlatform(id)!,
    request(id, changes),
  );
  const part = (title: string, lines: readonly string[]) => [`== ${title}`, ...lines];
  return [
    ...part('configure', configure),
    ...part('show', show),
    ...part('save', save),
    ...part('undo', undo),
    ...part('pitfalls', pitfalls),
    '',
  ].join('\n');
}

describe.each(MIRROR_PLATFORMS.map(({ id }) => id))('%s', (id) => {
  it('mirrors ports', async () => {
    await expect(written(id)).toMatchFileSnapshot(`../../../test/golden/mirror/${id}.txt`);
  });

  it('writes plain ASCII that a switch can be given', () => {
    expect(written(id)).toMatch(/^[\n\x20-\x7e]*$/);
  });

  it('takes back what it configured, and nothing else', () => {
    const { undo, configure } = planMirror(mirrorPlatform(id)!, request(id));
    expect(undo.length).toBeGreaterThan(0);
    expect(configure.length).toBeGreaterThan(1);
  });

  it('refuses a port that is mirrored to itself', () => {
    const [monitor] = PORTS[id]!;
    const to = monitor.replace(/-\d$/, '');
    expect(() => planMirror(mirrorPlatform(id)!, request(id, { to }))).toThrow('itself');
  });

  it.each(['', ' ', 'x;reload', 'Fa0/1\nreload', '../1', '1-', '9-1', 'Gi1/0/1-99999'])(
    'refuses %j as a port',
    (port) => {
      const plan = () => planMirror(mirrorPlatform(id)!, request(id, { monitor: [port] }));
      expect(plan).toThrow(MirrorFault);
    },
  );

  it('refuses sessions it does not have', () => {
    const { sessions } = mirrorPlatform(id)!;
    const plan = () => planMirror(mirrorPlatform(id)!, request(id, { session: sessions + 1 }));
    expect(plan).toThrow('no session');
  });
});

it.each([
  ['cisco-ios', 'vlans', { monitor: [], vlans: [10, 20], direction: 'rx' }],
  ['cisco-ios', 'rspan', { remoteVlan: 900 }],
  ['cisco-ios', 'erspan', { remoteAddress: '192.0.2.9', originAddress: '192.0.2.1' }],
  ['cisco-nxos', 'vlans', { monitor: [], vlans: [10] }],
  ['junos-els', 'rx', { direction: 'rx' }],
  ['openvswitch', 'vlans', { monitor: [], vlans: [10] }],
  ['linux-tc', 'tx', { direction: 'tx' }],
] as const)('%s mirrors %s', async (id, name, changes) => {
  const golden = `../../../test/golden/mirror/${id}-${name}.txt`;
  await expect(written(id, changes as Partial<MirrorRequest>)).toMatchFileSnapshot(golden);
});

it.each([
  ['cisco-2900xl', { direction: 'rx' }, 'one direction'],
  ['cisco-2900xl', { vlans: [1], monitor: [] }, 'whole VLANs'],
  ['arista', { remoteVlan: 9 }, 'another switch'],
  ['junos', { remoteAddress: '192.0.2.9' }, 'GRE'],
  ['cisco-ios', { vlans: [1] }, 'not both'],
  ['cisco-ios', { vlans: [4095], monitor: [] }, 'no VLAN 4095'],
  ['cisco-ios', { monitor: [] }, 'nothing is named'],
  ['cisco-ios', { to: 'Gi1/0/1-3' }, 'more than one port'],
  ['aos-s', { monitor: ['9-1'] }, '“9-1” is no range'],
  ['aos-s', { monitor: ['1-99999'] }, 'too long a range'],
  ['openvswitch', { bridge: 'br0; rm' }, 'bridges'],
  ['linux-tc', { bridge: 'br0' }, 'no bridge'],
  ['cisco-2900xl', { bridge: 'br0' }, 'no bridge'],
  ['cisco-ios', { originAddress: '192.0.2.1' }, 'only in GRE'],
] as const)('%s refuses %j', (id, changes, what) => {
  const plan = () =>
    planMirror(mirrorPlatform(id)!, request(id, changes as Partial<MirrorRequest>));
  expect(plan).toThrow(what);
});

it('knows platforms by other names', () => {
  expect(mirrorPlatform('cisco-3500xl')?.id).toBe('cisco-2900xl');
  expect(mirrorPlatform('nothing')).toBeUndefined();
});
