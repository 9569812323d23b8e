/** Bridges in software: Open vSwitch, Linux traffic control, nftables. */
import type { CheckedRequest, MirrorPlatform } from './request.ts';

/** A name that Linux takes for an interface (15 octets), and that no shell reads otherwise. */
function linuxPort(text: string): string | undefined {
  return /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,13}[A-Za-z0-9_])?$/.test(text) && !/\d-\d+$/.test(text)
    ? text
    : undefined;
}

/** Forgets how flows under way are forwarded; each is looked up again with its next packet. */
const REVALIDATE = 'ovs-appctl revalidator/purge';

export const OVS: MirrorPlatform = {
  id: 'openvswitch',
  title: 'Open vSwitch',
  comment: '#',
  example: 'eth1',
  port: linuxPort,
  sessions: 1,
  can: { direction: true, vlans: true, bridge: true, once: true },
  plan: ({ monitor, vlans, direction, to, bridge }) => {
    const names = monitor.map((_, index) => `@p${index}`);
    const list = names.join(',');
    const select = [
      ...(monitor.length > 0 && direction !== 'tx' ? [`select-src-port=${list}`] : []),
      ...(monitor.length > 0 && direction !== 'rx' ? [`select-dst-port=${list}`] : []),
      ...(vlans.length > 0 ? ['select-all=true', `select-vlan=${vlans.join(',')}`] : []),
    ].join(' ');
    return {
      configure: [
        'ovs-vsctl \\',
        ...monitor.map((port, index) => `  -- --id=${names[index]} get port ${port} \\`),
        `  -- --id=@out get port ${to} \\`,
        `  -- --id=@m create mirror name=portreeve ${select} output-port=@out \\`,
        `  -- add bridge ${bridge} mirrors @m`,
        REVALIDATE,
      ],
      show: ['ovs-vsctl list mirror portreeve'],
      save: ['# the database of Open vSwitch keeps it'],
      undo: [
        `ovs-vsctl -- --id=@m get mirror portreeve -- remove bridge ${bridge} mirrors @m`,
        REVALIDATE,
      ],
      pitfalls: [
        'The output port carries nothing else; what is sent to it is dropped.',
        'A packet between two selected ports is copied once.',
        'The last command makes the switch look anew at conversations under way, which some versions (3.1) leave as they were until they pause.',
      ],
    };
  },
};

/** Out of the way of other filters, and found again by the commands that take it back. */
const PRIORITY = 49_001;

export const LINUX_TC: MirrorPlatform = {
  id: 'linux-tc',
  title: 'Linux bridges and interfaces, with tc and mirred',
  comment: '#',
  example: 'eth1',
  port: linuxPort,
  sessions: 1,
  can: { direction: true },
  plan: (request) => {
    const { monitor, to } = request;
    const hooks = hooksOf(request);
    return {
      configure: [
        `ip link set dev ${to} up`,
        ...monitor.flatMap((port) => [
          `tc qdisc show dev ${port} | grep -q clsact || tc qdisc add dev ${port} clsact`,
          ...hooks.map(
            (hook) =>
              `tc filter add dev ${port} ${hook} protocol all prio ${PRIORITY} u32 match u32 0 0 action mirred egress mirror dev ${to}`,
          ),
        ]),
      ],
      show: monitor.flatMap((port) => hooks.map((hook) => `tc -s filter show dev ${port} ${hook}`)),
      save: ['# lost at the next start: put the commands above where the interfaces are set up'],
      undo: monitor.flatMap((port) =>
        hooks.map((hook) => `tc filter del dev ${port} ${hook} prio ${PRIORITY}`),
      ),
      pitfalls: [
        'Filters at smaller priorities that drop or redirect a packet keep it from being copied.',
        'Large packets that the card would split (TSO, GSO) are copied in one piece.',
      ],
    };
  },
};

function hooksOf({ direction }: CheckedRequest): string[] {
  return [...(direction === 'tx' ? [] : ['ingress']), ...(direction === 'rx' ? [] : ['egress'])];
}

export const NFTABLES: MirrorPlatform = {
  id: 'nftables',
  title: 'Linux with nftables (netdev family)',
  comment: '#',
  example: 'eth1',
  port: linuxPort,
  sessions: 1,
  can: { direction: true },
  plan: (request) => {
    const { monitor, to } = request;
    const chains = monitor.flatMap((port, index) =>
      hooksOf(request).flatMap((hook) => [
        `  chain ${hook}${index} {`,
        `    type filter hook ${hook} device "${port}" priority -500;`,
        `    dup to "${to}"`,
        '  }',
      ]),
    );
    return {
      configure: [
        `ip link set dev ${to} up`,
        "nft -f - <<'RULES'",
        'table netdev portreeve_mirror {',
        ...chains,
        '}',
        'RULES',
      ],
      show: ['nft list table netdev portreeve_mirror'],
      save: ['nft list table netdev portreeve_mirror >> /etc/nftables.conf'],
      undo: ['nft delete table netdev portreeve_mirror'],
      pitfalls: [
        'The egress hook needs Linux 5.16; before that mirror with --direction rx, or with linux-tc.',
        'Large packets that the card would split (TSO, GSO) are copied in one piece.',
      ],
    };
  },
};
