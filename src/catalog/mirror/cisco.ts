/** Cisco: `port monitor` of the Catalyst 2900XL and 3500XL, sessions of IOS and NX-OS; Arista EOS. */
import type { CheckedRequest, MirrorPlan, MirrorPlatform } from './request.ts';

const NAMES: readonly (readonly [short: RegExp, full: string])[] = [
  [/^(?:fa|fastethernet)$/i, 'FastEthernet'],
  [/^(?:gi|gigabitethernet)$/i, 'GigabitEthernet'],
  [/^(?:te|tengigabitethernet)$/i, 'TenGigabitEthernet'],
  [/^(?:tw|twogigabitethernet)$/i, 'TwoGigabitEthernet'],
  [/^(?:twe|twentyfivegige)$/i, 'TwentyFiveGigE'],
  [/^(?:fo|fortygigabitethernet)$/i, 'FortyGigabitEthernet'],
  [/^(?:hu|hundredgige)$/i, 'HundredGigE'],
  [/^(?:po|port-channel)$/i, 'Port-channel'],
];

/** `Fa0/1` with its full name; `parts`: how many numbers it may have. */
function iosPort(parts: RegExp, names = NAMES): (text: string) => string | undefined {
  return (text) => {
    const [, name = '', numbers = ''] = /^([A-Za-z-]+)\s?(\d+(?:\/\d+)*)$/.exec(text) ?? [];
    const full = names.find(([short]) => short.test(name))?.[1];
    if (full === undefined) return undefined;
    const valid = full === 'Port-channel' ? /^\d{1,3}$/.test(numbers) : parts.test(numbers);
    return valid ? `${full}${numbers}` : undefined;
  };
}

const XL_NAMES = NAMES.slice(0, 2);

export const CISCO_XL: MirrorPlatform = {
  id: 'cisco-2900xl',
  title: 'Cisco Catalyst 2900XL and 3500XL',
  comment: '!',
  example: 'Fa0/1-3',
  port: iosPort(/^\d\/\d{1,2}$/, XL_NAMES),
  sessions: 1,
  can: {},
  plan: ({ monitor, to }) => ({
    configure: [
      'configure terminal',
      `interface ${to}`,
      ...monitor.map((port) => ` port monitor ${port}`),
      'end',
    ],
    show: ['show port monitor'],
    save: ['copy running-config startup-config'],
    undo: [
      'configure terminal',
      `interface ${to}`,
      ...monitor.map((port) => ` no port monitor ${port}`),
      'end',
    ],
    pitfalls: [
      'Monitored ports and the port of the sniffer must be in the same VLAN, and stay there.',
      'The port of the sniffer must be a plain access port: no trunk, no channel, no port security.',
      'Both directions are always copied.',
    ],
  }),
};

export const CISCO_IOS: MirrorPlatform = {
  id: 'cisco-ios',
  title: 'Cisco Catalyst with IOS or IOS-XE',
  comment: '!',
  example: 'Gi1/0/1-3',
  port: iosPort(/^\d{1,2}(?:\/\d{1,2}){1,2}$/),
  sessions: 66,
  can: { direction: true, vlans: true, rspan: true, erspan: true },
  plan: iosPlan,
};

function iosPlan(request: CheckedRequest): MirrorPlan {
  const { session, to, remoteVlan, remoteAddress } = request;
  if (remoteAddress !== undefined) return erspanPlan(request, remoteAddress);
  const name = `monitor session ${session}`;
  const sources = iosSources(request).map((source) => `${name} ${source}`);
  const local = remoteVlan === undefined;
  return {
    configure: [
      'configure terminal',
      ...(local ? [] : [`vlan ${remoteVlan}`, ' remote-span', ' exit']),
      ...sources,
      `${name} destination ${local ? `interface ${to}` : `remote vlan ${remoteVlan}`}`,
      'end',
      ...(local ? [] : atTheOtherSwitch(session, remoteVlan!, to)),
    ],
    show: [`show monitor session ${session}`],
    save: ['copy running-config startup-config'],
    undo: ['configure terminal', `no ${name}`, ...(local ? [] : [`no vlan ${remoteVlan}`]), 'end'],
    pitfalls: [
      `Session ${session} is added to if it exists: look first with "show monitor session all".`,
      'Most models have two sessions; the port of the sniffer carries nothing else meanwhile.',
      ...(local
        ? [
            'Frames that switches exchange (CDP, STP, VTP) come with "encapsulation replicate" only.',
          ]
        : [
            'The VLAN must be on every trunk between the switches, and carry nothing else.',
            'Older models also need "reflector-port INTERFACE" behind the destination.',
          ]),
      ...(request.vlans.length > 0 && request.direction !== 'rx'
        ? ['What is routed between two monitored VLANs is copied twice.']
        : []),
    ],
  };
}

function iosSources({ monitor, vlans, direction }: CheckedRequest): string[] {
  if (vlans.length > 0) return [`source vlan ${vlans.join(' , ')} ${direction}`];
  return monitor.map((port) => `source interface ${port} ${direction}`);
}

function atTheOtherSwitch(session: number, vlan: number, to: string): string[] {
  return [
    '! At the switch with the sniffer:',
    'configure terminal',
    `vlan ${vlan}`,
    ' remote-span',
    ' exit',
    `monitor session ${session} source remote vlan ${vlan}`,
    `monitor session ${session} destination interface ${to}`,
    'end',
  ];
}

function erspanPlan(request: CheckedRequest, address: string): MirrorPlan {
  const { session, originAddress } = request;
  return {
    configure: [
      'configure terminal',
      `monitor session ${session} type erspan-source`,
      ...iosSources(request).map((source) => ` ${source}`),
      ' destination',
      `  erspan-id ${session}`,
      `  ip address ${address}`,
      ...(originAddress === undefined ? [] : [`  origin ip address ${originAddress}`]),
      '  exit',
      ' no shutdown',
      'end',
    ],
    show: [`show monitor session ${session}`, 'show monitor erspan'],
    save: ['copy running-config startup-config'],
    undo: ['configure terminal', `no monitor session ${session}`, 'end'],
    pitfalls: [
      'Copies are 50 octets longer: the path to the sniffer needs a larger MTU, or they are cut.',
      'The sniffer sees GRE, and Portreeve reads the packets inside of it.',
      ...(originAddress === undefined
        ? ['An origin address is needed: name it with --origin.']
        : []),
    ],
  };
}

function ethernetPort(text: string): string | undefined {
  const [, numbers] = /^(?:e|eth|ethernet)\s?(\d{1,3}(?:\/\d{1,3}){1,2})$/i.exec(text) ?? [];
  if (numbers !== undefined) return `Ethernet${numbers}`;
  const [, channel] = /^(?:po|port-channel)\s?(\d{1,4})$/i.exec(text) ?? [];
  return channel === undefined ? undefined : `port-channel${channel}`;
}

export const CISCO_NXOS: MirrorPlatform = {
  id: 'cisco-nxos',
  title: 'Cisco Nexus with NX-OS',
  comment: '!',
  example: 'Eth1/1-3',
  port: ethernetPort,
  sessions: 48,
  can: { direction: true, vlans: true },
  plan: ({ session, monitor, vlans, direction, to }) => ({
    configure: [
      'configure terminal',
      `interface ${to}`,
      '  switchport',
      '  switchport monitor',
      '  exit',
      `monitor session ${session}`,
      ...monitor.map((port) => `  source interface ${port} ${direction}`),
      ...(vlans.length === 0 ? [] : [`  source vlan ${vlans.join(',')} rx`]),
      `  destination interface ${to}`,
      '  no shut',
      'end',
    ],
    show: [`show monitor session ${session}`],
    save: ['copy running-config startup-config'],
    undo: [
      'configure terminal',
      `no monitor session ${session}`,
      `interface ${to}`,
      '  no switchport monitor',
      'end',
    ],
    pitfalls: [
      'A session begins shut: without "no shut" nothing is copied.',
      ...(vlans.length === 0 ? [] : ['VLANs are copied in the receiving direction only.']),
      'Four sessions at most are active at once.',
    ],
  }),
};

export const ARISTA: MirrorPlatform = {
  id: 'arista',
  title: 'Arista EOS',
  comment: '!',
  example: 'Et1-3',
  port: (text) => {
    const [, numbers] = /^(?:et|eth|ethernet)\s?(\d{1,3}(?:\/\d{1,3}){0,2})$/i.exec(text) ?? [];
    if (numbers !== undefined) return `Ethernet${numbers}`;
    const [, channel] = /^(?:po|port-channel)\s?(\d{1,4})$/i.exec(text) ?? [];
    return channel === undefined ? undefined : `Port-Channel${channel}`;
  },
  sessions: 4,
  can: { direction: true },
  plan: ({ session, monitor, direction, to }) => ({
    configure: [
      'configure',
      ...monitor.map((port) => `monitor session portreeve${session} source ${port} ${direction}`),
      `monitor session portreeve${session} destination ${to}`,
      'end',
    ],
    show: [`show monitor session portreeve${session}`],
    save: ['write memory'],
    undo: ['configure', `no monitor session portreeve${session}`, 'end'],
    pitfalls: [
      'The port of the sniffer leaves spanning tree and forwards nothing else.',
      'What is sent is copied as it was before the last changes on its way out.',
    ],
  }),
};
