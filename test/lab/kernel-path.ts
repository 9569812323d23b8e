/** Namespaces in a row, each but the first and last a router, for packets sent from end to end. */
import type { Lab, Space } from './lab.ts';

/**
 * Joins the spaces: `eth0` leads back, `eth1` on (the first has `eth0` alone), and packets to
 * 10.0.0.0/8 and 2001:db8::/32 go to the last. Returns the address at which the first sends.
 */
export function joinInARow(lab: Lab, spaces: readonly Space[]): string {
  let mac = '';
  for (const space of spaces.slice(1, -1)) {
    space.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
    const names = ['all', 'default'].map((name) => `net.ipv4.conf.${name}.rp_filter=0`);
    space.run('sysctl', '-qw', ...names);
  }
  spaces.slice(1).forEach((right, index) => {
    const left = spaces[index]!;
    const net = index + 1;
    const out = index === 0 ? 'eth0' : 'eth1';
    lab.join(
      left,
      right,
      [`192.168.${net}.1/30`, `fd00:${net}::1/64`],
      [`192.168.${net}.2/30`, `fd00:${net}::2/64`],
      [out, 'eth0'],
    );
    const link = right.run('cat', '/sys/class/net/eth0/address').trim();
    if (index === 0) {
      mac = link;
      return;
    }
    for (const via of [`192.168.${net}.2`, `fd00:${net}::2`]) {
      const known = ['lladdr', link, 'dev', out, 'nud', 'permanent'];
      left.run('ip', 'neigh', 'replace', via, ...known);
    }
    for (const prefix of ['10.0.0.0/8', '9.255.255.255/32']) {
      left.run('ip', 'route', 'add', prefix, 'via', `192.168.${net}.2`);
    }
    left.run('ip', '-6', 'route', 'add', '2001:db8::/32', 'via', `fd00:${net}::2`);
  });
  return mac;
}
