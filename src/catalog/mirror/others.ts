/** Juniper, HPE, Aruba and MikroTik. */
import type { CheckedRequest, MirrorPlan, MirrorPlatform } from './request.ts';

/** `ge-0/0/1`, with the unit that switching uses. */
function junosPort(text: string): string | undefined {
  const [, name, unit] =
    /^((?:fe|ge|xe|et|mge)-\d{1,2}\/\d{1,2}\/\d{1,3}|ae\d{1,3})(\.\d{1,5})?$/.exec(text) ?? [];
  return name === undefined ? undefined : `${name}${unit ?? '.0'}`;
}

function junosPlan(tree: string, show: string): (request: CheckedRequest) => MirrorPlan {
  return ({ monitor, vlans, direction, to }) => {
    const analyzer = `${tree} analyzer portreeve`;
    const ways = [
      ...(direction === 'tx' ? [] : ['ingress']),
      ...(direction === 'rx' ? [] : ['egress']),
    ];
    const ports = monitor.flatMap((port) =>
      ways.map((way) => `set ${analyzer} input ${way} interface ${port}`),
    );
    return {
      configure: [
        'configure exclusive',
        ...ports,
        ...vlans.map((vlan) => `set ${analyzer} input ingress vlan ${vlan}`),
        `set ${analyzer} output interface ${to}`,
        'commit confirmed 5',
        '# Look at it, then within five minutes:',
        'commit and-quit',
      ],
      show: [show],
      save: ['# commit has saved it'],
      undo: ['configure exclusive', `delete ${analyzer}`, 'commit and-quit'],
      pitfalls: [
        'The port of the sniffer must be a switching port without a VLAN of its own.',
        'Small models have one analyzer; egress copies of some carry no VLAN tag or a wrong one.',
        ...(vlans.length === 0 ? [] : ['VLANs are copied in the receiving direction only.']),
      ],
    };
  };
}

export const JUNOS_ELS: MirrorPlatform = {
  id: 'junos-els',
  title: 'Juniper EX and QFX with enhanced layer 2 software (ELS)',
  comment: '#',
  example: 'ge-0/0/1-3',
  port: junosPort,
  sessions: 1,
  can: { direction: true, vlans: true },
  plan: junosPlan('forwarding-options', 'show forwarding-options analyzer portreeve'),
};

export const JUNOS: MirrorPlatform = {
  ...JUNOS_ELS,
  id: 'junos',
  title: 'Juniper EX before ELS',
  plan: junosPlan('ethernet-switching-options', 'show analyzer portreeve'),
};

export const COMWARE: MirrorPlatform = {
  id: 'comware',
  title: 'HPE and H3C with Comware',
  comment: '#',
  example: 'GE1/0/1-3',
  port: (text) => {
    const [, name = '', numbers] =
      /^([A-Za-z-]+)\s?(\d{1,2}(?:\/\d{1,2}){2}(?::\d)?)$/.exec(text) ?? [];
    if (numbers === undefined) return undefined;
    const full: readonly (readonly [RegExp, string])[] = [
      [/^(?:ge|gi|gigabitethernet)$/i, 'GigabitEthernet'],
      [/^(?:xge|te|ten-gigabitethernet)$/i, 'Ten-GigabitEthernet'],
      [/^(?:fge|fortygige)$/i, 'FortyGigE'],
      [/^(?:hge|hundredgige)$/i, 'HundredGigE'],
    ];
    const found = full.find(([short]) => short.test(name))?.[1];
    return found === undefined ? undefined : `${found}${numbers}`;
  },
  sessions: 4,
  can: { direction: true },
  plan: ({ session, monitor, direction, to }) => {
    const way = { both: 'both', rx: 'inbound', tx: 'outbound' }[direction];
    return {
      configure: [
        'system-view',
        `mirroring-group ${session} local`,
        ...monitor.map((port) => `mirroring-group ${session} mirroring-port ${port} ${way}`),
        `mirroring-group ${session} monitor-port ${to}`,
        `interface ${to}`,
        ' undo stp enable',
        'return',
      ],
      show: [`display mirroring-group ${session}`],
      save: ['save force'],
      undo: [
        'system-view',
        `undo mirroring-group ${session}`,
        `interface ${to}`,
        ' stp enable',
        'return',
      ],
      pitfalls: [
        'Spanning tree must be off on the port of the sniffer, and only the sniffer behind it.',
        'A port belongs to one group only.',
      ],
    };
  },
};

export const AOS_S: MirrorPlatform = {
  id: 'aos-s',
  title: 'HPE Aruba with AOS-S (ProCurve, ProVision)',
  comment: ';',
  example: '1-3',
  port: (text) =>
    /^(?:[A-L]?\d{1,2}|\d\/[A-L]?\d{1,2}|trk\d{1,3})$/i.test(text) ? text : undefined,
  sessions: 4,
  can: { direction: true, vlans: true },
  plan: ({ session, monitor, vlans, direction, to }) => {
    const way = { both: 'both', rx: 'in', tx: 'out' }[direction];
    const sources = [
      ...monitor.map((port) => `interface ${port}`),
      ...vlans.map((vlan) => `vlan ${vlan}`),
    ];
    return {
      configure: [
        'configure terminal',
        `mirror ${session} port ${to}`,
        ...sources.flatMap((source) => [source, ` monitor all ${way} mirror ${session}`, ' exit']),
        'exit',
      ],
      show: [`show monitor ${session}`],
      save: ['write memory'],
      undo: [
        'configure terminal',
        ...sources.flatMap((source) => [
          source,
          ` no monitor all ${way} mirror ${session}`,
          ' exit',
        ]),
        `no mirror ${session}`,
        'exit',
      ],
      pitfalls: [
        'One VLAN at most can be monitored in a session.',
        'Copies of what is sent may carry a VLAN tag that the original did not have.',
      ],
    };
  },
};

export const AOS_CX: MirrorPlatform = {
  id: 'aos-cx',
  title: 'HPE Aruba with AOS-CX',
  comment: '!',
  example: '1/1/1-3',
  port: (text) =>
    /^(?:\d{1,2}\/\d{1,2}\/\d{1,2}(?::\d)?|lag\d{1,3})$/.test(text) ? text : undefined,
  sessions: 4,
  can: { direction: true },
  plan: ({ session, monitor, direction, to }) => ({
    configure: [
      'configure terminal',
      `mirror session ${session}`,
      ...monitor.map((port) => `    source interface ${port} ${direction}`),
      `    destination interface ${to}`,
      '    enable',
      'end',
    ],
    show: [`show mirror ${session}`],
    save: ['write memory'],
    undo: ['configure terminal', `no mirror session ${session}`, 'end'],
    pitfalls: [
      'A session begins disabled: without "enable" nothing is copied.',
      'The port of the sniffer must not be in a VLAN or a LAG, nor routed.',
    ],
  }),
};

export const MIKROTIK: MirrorPlatform = {
  id: 'mikrotik',
  title: 'MikroTik RouterOS 7 on switches with hardware offload',
  comment: '#',
  example: 'ether1-3',
  port: (text) =>
    /^(?:ether|sfp|sfp-sfpplus|sfp28-|qsfpplus\d-|combo)\d{1,3}$/.test(text) ? text : undefined,
  sessions: 1,
  can: { direction: true },
  plan: ({ monitor, direction, to }) => {
    const on = [
      ...(direction === 'tx' ? [] : ['mirror-ingress=yes']),
      ...(direction === 'rx' ? [] : ['mirror-egress=yes']),
    ].join(' ');
    return {
      configure: [
        `/interface ethernet switch set switch1 mirror-target=${to}`,
        ...monitor.map((port) => `/interface ethernet switch port set ${port} ${on}`),
      ],
      show: [
        '/interface ethernet switch print detail',
        '/interface ethernet switch port print detail',
      ],
      save: ['# RouterOS keeps it at once'],
      undo: [
        ...monitor.map(
          (port) =>
            `/interface ethernet switch port set ${port} mirror-ingress=no mirror-egress=no`,
        ),
        '/interface ethernet switch set switch1 mirror-target=none',
      ],
      pitfalls: [
        'Ports must be on the same switch chip; on other chips set mirror-source on the switch.',
        'Traffic that the processor handles (bridge without hardware offload) is not copied.',
      ],
    };
  },
};
