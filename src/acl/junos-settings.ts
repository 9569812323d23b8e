/**
 * Settings in a Junos device's whole configuration that are no rules: those that decide nothing about
 * what passes through it, and those that may do so beside the rules (Junos OS CLI Reference). A path
 * that is in neither table is not understood; the longer of two paths holds. `*` is any one word.
 */
import type { Statement } from './junos-statements.ts';
import type { Beside } from './platform.ts';

const HARMLESS = `
  version
  system
  access
  access-profile
  accounting-options
  apply-macro
  chassis
  class-of-service
  diameter
  ethernet-switching-options
  event-options
  fabric
  forwarding-options
  jsrc
  jsrc-partition
  multi-chassis
  multicast-snooping-options
  multicast-options
  network-access
  openconfig
  poe
  policy-options
  protocols
  routing-options
  schedulers
  security alarms
  security authentication-key-chains
  security certificates
  security dns-cache
  security dynamic-vpn
  security group-vpn
  security ike
  security ipsec
  security key-protection
  security log
  security macsec
  security pki
  security remote-access
  security ssh-known-hosts
  security tcp-encap
  security traceoptions
  security datapath-debug
  security user-identification
  security application-tracking
  security flow aging
  security flow load-distribution
  security flow route-change-timeout
  security flow tcp-mss
  security flow tcp-session time-wait-state
  security flow tcp-session tcp-initial-timeout
  security flow traceoptions
  security forwarding-process
  services analytics
  services application-identification
  services flow-collector
  services flow-monitoring
  services ip-monitoring
  services jflow-log
  services lldp
  services rpm
  services user-identification
  session-limit-group
  smtp
  snmp
  stm
  switch-options
  unified-edge
  virtual-chassis
  vlans
  bridge-domains
  vmhost
  wlan
`;

const DECIDING = `
  bridge-domains * forwarding-options
  dynamic-profiles
  ethernet-switching-options secure-access-port
  ethernet-switching-options storm-control
  forwarding-options family * filter
  forwarding-options rpf-loose-mode-discard
  forwarding-options storm-control-profiles
  forwarding-options access-security
  protocols bgp family * flow
  protocols bgp group * family * flow
  protocols bgp group * neighbor * family * flow
  protocols dot1x
  routing-instances * bridge-domains * forwarding-options
  routing-instances * forwarding-options family * filter
  routing-instances * routing-options flow
  routing-instances * vlans * forwarding-options
  routing-instances * vlans * filter
  routing-options flow
  security advance-policy-based-routing
  security alg
  security application-firewall
  security application-traffic-control
  security dynamic-address
  security firewall-authentication
  security flow
  security gprs
  security idp
  security intelligence
  security nat
  security ngfw
  security screen
  security softwires
  security utm
  services
  switch-options interface * mac-filter
  system scripts commit
  vlans * filter
  vlans * forwarding-options
`;

/** Of a routing instance; which interfaces are in it decides which filter of lo0 they have. */
const INSTANCE = words(`
  access apply-macro bridge-domain bridge-domains connector-id-advertise description egress-protection
  forwarding-options instance-role instance-type interface l2vpn-id multicast-snooping-options no-irb-layer-2-copy
  no-local-switching no-normalization no-vrf-advertise no-vrf-propagate-ttl protocols provider-tunnel
  qualified-bum-pruning-mode route-distinguisher routing-interface routing-options service-type services
  switch-options system vlan-id vlan-model vlan-tags vlans vrf-advertise-selective vrf-export vrf-import
  vrf-propagate-ttl vrf-table-label vrf-target vtep-source-interface
`);

/** Of an interface; a unit's settings are told apart one by one, since filters stand there. */
const INTERFACE = words(`
  accounting-profile aggregated-ether-options apply-macro atm-options bandwidth bundle cascade-port cellular-options
  clocking damping description dialer-options disable dsl-options e1-options e3-options enable encapsulation es-options
  esi ether-options fabric-options fastether-options flexible-vlan-tagging forwarding-class-accounting framing
  gigether-options gratuitous-arp-reply hierarchical-scheduler hold-time interface-mib interface-transmit-statistics keepalives link-mode lmi logical-tunnel-options
  lsq-failure-options mac media-type modem-options mtu multi-chassis-protection multiservice-options
  native-vlan-id no-gratuitous-arp-reply no-gratuitous-arp-request no-keepalives no-per-unit-scheduler no-traps
  number-of-sub-units optics-options otn-options passive-monitor-mode per-unit-scheduler port-mode ppp-options
  promiscuous-mode redundancy-options redundant-ether-options schedulers serial-options shared-interface
  shdsl-options sonet-options speed stacked-vlan-tagging switch-options t1-options t3-options traceoptions transparent
  traps unidirectional unidirectional-link vdsl-options vlan-offload vlan-tagging vlan-vci-tagging wavelength
`);
const UNIT = words(`
  accounting-profile alias apply-macro arp-resp backup-options bandwidth clear-dont-fragment-bit compression
  copy-tos-to-outer-ip-header demux-options description dial-options dialer-options disable dlci drop-timeout enable
  encapsulation esi etree-ac-role forwarding-class-accounting fragment-threshold host-prefix-only
  inner-vlan-id-range input-vlan-map interleave-fragments inverse-arp keepalives lmi mac minimum-links mrru
  multicast-dlci multicast-vci multipoint no-keepalives no-traps oam output-vlan-map peer-interface peer-unit
  point-to-point ppp-options pppoe-options proxy-arp proxy-macip-advertisement redundancy-options rpm schedulers shaping
  short-sequence statistics swap-by-poppush traps trunk-id tunnel underlying-interface vci
  virtual-gateway-accept-data virtual-gateway-esi virtual-gateway-v4-mac virtual-gateway-v6-mac vlan-id
  vlan-id-list vlan-id-range vlan-tags vpi
`);
const INET = words(`
  accounting address apply-macro bundle dad-disable destination-udp-port dhcp dhcp-client dhcpv6-client
  demux-destination demux-source duplicate-address-detection ipsec-sa mtu multicast-only
  ndp-proxy nd6-stale-time negotiate-address no-dad-disable no-neighbor-learn no-redirects policing-priority
  preferred-source-address primary protocol-down receive-options-packets receive-ttl-exceeded redirects sampling
  targeted-broadcast tcp-mss unconditional-src-learn unnumbered-address
`);
/** Families without a word of IP's addresses. */
const OTHER_FAMILIES = words(
  'bridge ccc ethernet-switching fibre-channel iso mlfr-end-to-end mlfr-uni-nni mlppp mpls pppoe tcc tnp vpls',
);
/** Of a unit or its families: they may drop. */
const UNIT_DECIDING = words(`
  accept-source-mac filter layer2-policer mac-validate policer rpf-check service simple-filter storm-control targeted-options
`);

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Paths by their words. */
interface Path {
  readonly next: Map<string, Path>;
  /** What an answer calls it where it decides; empty where it is harmless. */
  told?: string;
}

function tableOf(): Path {
  const root: Path = { next: new Map() };
  const add = (text: string, told: (path: readonly string[]) => string): void => {
    for (const line of text.trim().split('\n')) {
      const path = line.trim().split(' ');
      let place = root;
      for (const word of path) {
        const next: Path = place.next.get(word) ?? { next: new Map() };
        place.next.set(word, next);
        place = next;
      }
      place.told = told(path);
    }
  };
  add(HARMLESS, () => '');
  add(DECIDING, (path) => {
    const last = path.at(-1)!;
    return path.includes('*') ? `${path[0]} … ${last}` : path.join(' ');
  });
  return root;
}

const TABLE = tableOf();

/** What the longest path that is known says of the words; undefined: none is. */
function toldOf(
  path: Path,
  asked: readonly string[],
  at: number,
): { told: string; at: number } | undefined {
  const word = asked[at];
  const below = [word === undefined ? undefined : path.next.get(word), path.next.get('*')]
    .flatMap((next) =>
      next === undefined || word === undefined ? [] : [toldOf(next, asked, at + 1)],
    )
    .filter((found) => found !== undefined)
    .sort((left, right) => right.at - left.at);
  return below[0] ?? (path.told === undefined ? undefined : { told: path.told, at });
}

/** Reads the statements of one configuration that are no rules. */
export class JunosSettings {
  private readonly counts = new Map<string, { line: number; lines: number }>();

  /** Whether the statement is passed over. */
  takes({ words: asked, line }: Statement): boolean {
    const told = this.toldOf(asked);
    if (told !== undefined && told !== '') this.count(told, line);
    return told !== undefined;
  }

  private toldOf(asked: readonly string[]): string | undefined {
    if (asked[0] === 'interfaces') return interfaceTold(asked);
    // A logical system has the hierarchy anew.
    const isWithin = asked[0] === 'logical-systems' || asked[0] === 'tenants';
    if (isWithin) return asked.length < 3 ? '' : this.toldOf(asked.slice(2));
    const told = toldOf(TABLE, asked, 0)?.told;
    if (told !== undefined || asked[0] !== 'routing-instances') return told;
    return asked[2] === undefined || INSTANCE.has(asked[2]) ? '' : undefined;
  }

  /** Something that a rule asks for and that may decide beside it. */
  count(what: string, line: number): void {
    const known = this.counts.get(what);
    if (known === undefined) this.counts.set(what, { line, lines: 1 });
    else known.lines++;
  }

  /** What may decide beside the rules, in the order in which it was met. */
  beside(): Beside[] {
    return [...this.counts].map(([what, { line, lines }]) => ({ what, line, lines }));
  }
}

/** The same words for an interface as for a range of interfaces. */
export function ofInterface(asked: readonly string[]): readonly string[] {
  return asked[1] === 'interface-range' ? asked.slice(1) : asked;
}

function interfaceTold(asked: readonly string[]): string | undefined {
  const isRange = asked[1] === 'interface-range';
  const [, , setting = '', , inner, family = '', field] = ofInterface(asked);
  if (asked[1] === 'traceoptions' || asked[1] === 'interface-set') return '';
  if (isRange && (setting === 'member' || setting === 'member-range')) return '';
  if (setting === 'filter' || setting === 'layer2-policer') return `interfaces … ${setting}`;
  if (setting !== 'unit') return setting === '' || INTERFACE.has(setting) ? '' : undefined;
  if (inner === undefined || UNIT.has(inner)) return '';
  if (UNIT_DECIDING.has(inner)) return `interfaces … ${inner}`;
  if (inner !== 'family') return undefined;
  const isInet = family === 'inet' || family === 'inet6';
  if (!isInet && !OTHER_FAMILIES.has(family)) return undefined;
  if (field === undefined) return '';
  const isGroup = field === 'filter' && ofInterface(asked)[7] === 'group';
  if (isGroup) return '';
  if (UNIT_DECIDING.has(field)) return `interfaces … ${isInet ? '' : `${family} `}${field}`;
  return !isInet || INET.has(field) ? '' : undefined;
}
