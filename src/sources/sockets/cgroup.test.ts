import { describe, expect, it } from 'vitest';
import { parseCgroup } from './cgroup.ts';

const ID = '3f4e5d6c7b8a'.padEnd(64, '0');
const inside = (runtime: string, id = '3f4e5d6c7b8a') => ({ container: { runtime, id } });

describe('control groups', () => {
  it.each<[string, string, object]>([
    ['a service', '0::/system.slice/nginx.service', { unit: 'nginx.service' }],
    [
      'a template',
      '0::/system.slice/system-postgresql.slice/postgresql@15-main.service',
      { unit: 'postgresql@15-main.service' },
    ],
    [
      'a name with escapes, as systemctl wants it',
      '0::/system.slice/a\\x2db.service',
      { unit: 'a\\x2db.service' },
    ],
    ['a name like a file’s', '0::/system.slice/_cgroup.service', { unit: 'cgroup.service' }],
    ['a session', '0::/user.slice/user-1000.slice/session-3.scope', { unit: 'session-3.scope' }],
    [
      'a service of a user',
      '0::/user.slice/user-1000.slice/user@1000.service/app.slice/sync.service',
      { unit: 'sync.service', unitOf: 1000 },
    ],
    [
      'what runs the services of a user',
      '0::/user.slice/user-1000.slice/user@1000.service/init.scope',
      { unit: 'init.scope', unitOf: 1000 },
    ],
    [
      'version 1',
      '12:pids:/user.slice\n1:name=systemd:/system.slice/ssh.service\n0::/\n',
      { unit: 'ssh.service' },
    ],
    ['no unit', '0::/\n', {}],
    ['nothing', '', {}],
    ['something else', 'hello\n0::relative', {}],
    ['docker with systemd', `0::/system.slice/docker-${ID}.scope`, inside('docker')],
    ['docker without', `0::/docker/${ID}`, inside('docker')],
    ['docker, version 1', `5:memory:/docker/${ID}\n1:name=systemd:/docker/${ID}`, inside('docker')],
    ['podman', `0::/machine.slice/libpod-${ID}.scope/container`, inside('podman')],
    ['podman without systemd', `1:cpu:/libpod_parent/libpod-${ID}`, inside('podman')],
    ['podman’s monitor', `0::/machine.slice/libpod-conmon-${ID}.scope`, inside('podman')],
    [
      'kubernetes with containerd',
      `0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${ID}.scope`,
      inside('kubernetes'),
    ],
    ['kubernetes with CRI-O', `0::/kubepods.slice/crio-${ID}.scope`, inside('kubernetes')],
    ['kubernetes without systemd', `0::/kubepods/besteffort/pod9/${ID}`, inside('kubernetes')],
    ['containerd', `0::/default/${ID}`, inside('containerd')],
    ['lxc', '0::/lxc.payload.web/system.slice/x.service', inside('lxc', 'web')],
    ['old lxc', '0::/lxc/web', inside('lxc', 'web')],
    [
      'lxc, version 1',
      '9:name=systemd:/lxc.payload.web\n0::/lxc.payload.web',
      inside('lxc', 'web'),
    ],
    ['lxc’s monitor', '9:name=systemd:/lxc.monitor.web\n0::/lxc.monitor.web', {}],
    ['nerdctl', `0::/system.slice/nerdctl-${ID}.scope`, inside('containerd')],
    ['nspawn', '0::/machine.slice/systemd-nspawn@web.service/payload', inside('nspawn', 'web')],
    ['machinectl', '0::/machine.slice/machine-web.scope', inside('nspawn', 'web')],
  ])('of %s', (_what, text, expected) => {
    expect(parseCgroup(text)).toEqual(expected);
  });
});
