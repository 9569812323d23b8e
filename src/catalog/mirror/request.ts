/**
 * What is to be mirrored, checked against what a platform can do: the terms that all switches
 * share (source ports, destination port, direction, session), before one of them writes it down.
 */

export type MirrorDirection = 'both' | 'rx' | 'tx';

/** As asked for; names of ports as the person wrote them. */
export interface MirrorRequest {
  /** Ports to monitor, with ranges: `Fa0/1-3`. */
  readonly monitor: readonly string[];
  /** VLANs to monitor instead of ports. */
  readonly vlans: readonly number[];
  /** The port the sniffer is on. */
  readonly to?: string;
  readonly direction: MirrorDirection;
  readonly session: number;
  /** The VLAN that carries copies to another switch (RSPAN). */
  readonly remoteVlan?: number;
  /** Where copies go in GRE (ERSPAN), and from which address. */
  readonly remoteAddress?: string;
  readonly originAddress?: string;
  /** The bridge, where a platform has several. */
  readonly bridge?: string;
}

/** The request with full names of ports, each once. */
export interface CheckedRequest extends Omit<MirrorRequest, 'monitor' | 'to'> {
  readonly monitor: readonly string[];
  readonly to: string;
}

/** What a platform is told, in order, and how to look at it, keep it and take it back. */
export interface MirrorPlan {
  readonly configure: readonly string[];
  readonly show: readonly string[];
  readonly save: readonly string[];
  readonly undo: readonly string[];
  /** What goes wrong on this platform. */
  readonly pitfalls: readonly string[];
}

export interface MirrorPlatform {
  readonly id: string;
  readonly title: string;
  /** What begins a comment in its configuration. */
  readonly comment: string;
  /** A port as it is written there. */
  readonly example: string;
  /** The full name of a port, or undefined for one that does not exist in this form. */
  readonly port: (text: string) => string | undefined;
  /** Sessions it has: 1 to this many. */
  readonly sessions: number;
  /** What it can beside ports and both directions. */
  readonly can: {
    readonly direction?: boolean;
    readonly vlans?: boolean;
    readonly rspan?: boolean;
    readonly erspan?: boolean;
    readonly bridge?: boolean;
    /** Copies a packet once, also when it passes between two monitored ports. */
    readonly once?: boolean;
  };
  readonly plan: (request: CheckedRequest) => MirrorPlan;
}

/** The request cannot be written for the platform. */
export class MirrorFault extends Error {
  override readonly name = 'MirrorFault';
  readonly remedy: string;

  constructor(what: string, remedy: string) {
    super(what);
    this.remedy = remedy;
  }
}

/** Most ports of one request: more than any switch has. */
const MOST_PORTS = 1024;

/** Checks a request; throws `MirrorFault`. */
export function checkRequest(platform: MirrorPlatform, request: MirrorRequest): CheckedRequest {
  const { can, id, example } = platform;
  const refuse = (wanted: boolean, able: boolean | undefined, what: string): void => {
    if (wanted && able !== true) {
      throw new MirrorFault(
        `${id} cannot mirror ${what}`,
        'leave that out, or choose another platform',
      );
    }
  };
  refuse(request.direction !== 'both', can.direction, 'one direction only');
  refuse(request.vlans.length > 0, can.vlans, 'whole VLANs');
  refuse(request.remoteVlan !== undefined, can.rspan, 'over a VLAN to another switch');
  refuse(request.remoteAddress !== undefined, can.erspan, 'in GRE to an address');
  if (request.bridge !== undefined && can.bridge !== true) {
    throw new MirrorFault(`${id} asks for no bridge`, 'leave --bridge out');
  }
  if (request.originAddress !== undefined && request.remoteAddress === undefined) {
    throw new MirrorFault(
      'copies have an address to come from only in GRE',
      'name where they go, as in --erspan 192.0.2.9',
    );
  }
  if (request.monitor.length === 0 && request.vlans.length === 0) {
    throw new MirrorFault('nothing is named to monitor', `name ports, as in --monitor ${example}`);
  }
  if (request.monitor.length > 0 && request.vlans.length > 0) {
    throw new MirrorFault('one session mirrors ports or VLANs, not both', 'leave one of them out');
  }
  const { vlans, remoteVlan } = request;
  for (const vlan of remoteVlan === undefined ? vlans : [...vlans, remoteVlan]) {
    if (!Number.isInteger(vlan) || vlan < 1 || vlan > 4094) {
      throw new MirrorFault(`there is no VLAN ${vlan}`, 'VLANs are numbered from 1 to 4094');
    }
  }
  if (request.session < 1 || request.session > platform.sessions) {
    throw new MirrorFault(
      `${id} has no session ${request.session}`,
      platform.sessions === 1
        ? 'it has one session only'
        : `name one from 1 to ${platform.sessions}`,
    );
  }
  if (can.bridge === true && !isName(request.bridge)) {
    throw new MirrorFault(
      `${id} has several bridges`,
      'name one with --bridge, as in --bridge br0',
    );
  }
  const monitor = [...new Set(request.monitor.flatMap((text) => portsOf(platform, text)))];
  const to = destination(platform, request);
  if (remoteVlan === undefined && monitor.includes(to)) {
    throw new MirrorFault(
      `${to} cannot be mirrored to itself`,
      'the port of the sniffer is not one of those monitored',
    );
  }
  return { ...request, monitor, to };
}

function destination(platform: MirrorPlatform, request: MirrorRequest): string {
  if (request.to === undefined) {
    if (request.remoteAddress !== undefined) return '';
    throw new MirrorFault(
      'no port is named for the sniffer',
      `name it, as in --to ${platform.example}`,
    );
  }
  const ports = portsOf(platform, request.to);
  if (ports.length !== 1) {
    throw new MirrorFault(`“${request.to}” is more than one port`, 'copies go to one port');
  }
  return ports[0]!;
}

function isName(text: string | undefined): boolean {
  return text !== undefined && /^[A-Za-z0-9][\w.-]{0,14}$/.test(text);
}

/** One item of a list: a port, or a range of its last number (`Fa0/1-3`). */
function portsOf(platform: MirrorPlatform, text: string): string[] {
  const item = text.trim();
  const [, prefix, first, last] = /^(.*?)(\d+)\s*-\s*(\d+)$/.exec(item) ?? [];
  const single = platform.port(item);
  if (single !== undefined) return [single];
  const wrong = new MirrorFault(
    `“${item}” is no port of ${platform.id}`,
    `ports are written as in ${platform.example}`,
  );
  if (prefix === undefined) throw wrong;
  const [from, to] = [Number(first), Number(last)];
  if (from > to) throw new MirrorFault(`“${item}” is no range`, 'write the lower number first');
  if (to - from >= MOST_PORTS) {
    throw new MirrorFault(`“${item}” is too long a range`, `name at most ${MOST_PORTS} ports`);
  }
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const port = platform.port(`${prefix}${from + index}`);
    if (port === undefined) throw wrong;
    return port;
  });
}

/** What holds of every mirror. */
export function commonPitfalls(
  { monitor, direction }: CheckedRequest,
  { can }: Pick<MirrorPlatform, 'can'>,
): string[] {
  return [
    ...(direction === 'both' && monitor.length > 1 && can.once !== true
      ? ['What passes between two monitored ports is copied twice: assess with --drop-duplicates.']
      : []),
    'Copies of more than the port can carry are dropped by the switch, and nobody is told.',
  ];
}
