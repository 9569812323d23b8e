/**
 * Menus of RouterOS 6 and 7 that hold no rules (RouterOS documentation, "CLI Reference"): which of
 * them decide nothing about what passes, and which may do so beside the rules. A menu that is in
 * neither table is not read.
 */
import { settingWords } from './other-settings.ts';

/**
 * Menus that are passed over with all below them, but for commands that the table below names; an
 * underscore stands for a blank.
 */
const HARMLESS: ReadonlySet<string> = settingWords(`
  app caps-man certificate console container disk dude file iot lcd lora partitions port ppp queue
  radius rsync-daemon snmp special-login task tr069-client user user-manager zerotier
  interface_6to4 interface_amt interface_bonding interface_bridge interface_detect-internet
  interface_dot1x interface_eoip interface_eoipv6 interface_ethernet interface_gre interface_gre6
  interface_ipip interface_ipipv6 interface_l2tp-client interface_l2tp-ether interface_l2tp-server
  interface_lte interface_macsec interface_macvlan interface_mesh interface_ovpn-client
  interface_ovpn-server interface_ppp-client interface_ppp-server interface_pppoe-client
  interface_pppoe-server interface_pptp-client interface_pptp-server interface_sstp-client
  interface_sstp-server interface_veth interface_virtual-ethernet interface_vlan interface_vpls
  interface_vrrp interface_vxlan interface_wifi interface_wifiwave2 interface_wireguard
  interface_wireless
  ip_accounting ip_address ip_arp ip_cloud ip_dhcp-client ip_dhcp-relay ip_dhcp-server ip_dns
  ip_firewall_calea ip_firewall_connection_tracking ip_firewall_layer7-protocol
  ip_firewall_service-port ip_hotspot ip_ipsec ip_kid-control
  ip_media ip_nat-pmp ip_neighbor ip_packing ip_pool ip_proxy ip_reverse-proxy ip_route ip_service
  ip_settings ip_smb ip_socks ip_socksify ip_ssh ip_tftp ip_traffic-flow ip_upnp ip_vrf
  ipv6_address ipv6_dhcp-client ipv6_dhcp-relay ipv6_dhcp-server ipv6_nd ipv6_neighbor ipv6_pool
  ipv6_route ipv6_settings
  mpls_interface mpls_ldp mpls_mangle mpls_settings mpls_traffic-eng openflow
  routing_bfd routing_bgp routing_fantasy routing_filter routing_gmp routing_id routing_igmp-proxy
  routing_isis routing_mme routing_ospf routing_ospf-v3 routing_pim routing_pimsm routing_rip
  routing_ripng routing_route routing_rpki routing_rule routing_settings routing_table
  system_clock system_console system_device-mode system_gps system_hardware system_health
  system_identity system_leds system_license system_logging system_note system_ntp system_package
  system_regulatory system_resource system_routerboard system_scheduler system_script system_swos
  system_upgrade system_ups system_watchdog
  tool_bandwidth-server tool_calea tool_e-mail tool_graphing tool_mac-server tool_netwatch
  tool_romon tool_sms tool_sniffer tool_traffic-generator tool_traffic-monitor tool_user-manager
`);

/** What a command says, for the conditions below. */
type Condition = (verb: string, settings: ReadonlyMap<string, string>) => boolean;

const added: Condition = (verb, settings) => verb === 'add' && settings.get('disabled') !== 'yes';
const enabled: Condition = (_, settings) => settings.get('enabled') === 'yes';
const isDeciding =
  (key: string, ...without: readonly string[]): Condition =>
  (_, settings) =>
    settings.get('disabled') !== 'yes' && !without.includes(settings.get(key) ?? without[0]!);
/** Routes and routing rules that lead nowhere. */
const dropping: Condition = (verb, settings) =>
  added(verb, settings) &&
  (settings.has('blackhole') ||
    /^(?:blackhole|drop|prohibit|unreachable)$/.test(
      settings.get('type') ?? settings.get('action') ?? '',
    ));

/** What is run now and then, and may change the rules. */
const changingRules: Condition = (verb, settings) =>
  added(verb, settings) && [...settings.values()].some((value) => value.includes('firewall'));

/** Commands that may let pass, drop or change packets beside the rules, by their menu. */
const DECIDING: ReadonlyMap<string, Condition> = new Map<string, Condition>([
  ['app', isDeciding('firewall-redirects', '')],
  ['interface bridge filter', added],
  ['interface bridge nat', added],
  // Then rules are asked for what a bridge passes on, too.
  ['interface bridge settings', isDeciding('use-ip-firewall', 'no')],
  ['interface dot1x server', added],
  // The switch passes on by itself what is routed.
  ['interface ethernet switch', isDeciding('l3-hw-offloading', 'no')],
  ['interface ethernet switch acl', added],
  ['interface ethernet switch rule', added],
  // A tunnel of its own maker, with rules that the device adds.
  ['ip cloud', isDeciding('back-to-home-vpn', 'revoked-and-disabled')],
  ['ip firewall mangle', added],
  ['ip firewall nat', added],
  ['ip hotspot', added],
  ['ip hotspot ip-binding', added],
  ['ip hotspot walled-garden', added],
  ['ip hotspot walled-garden ip', added],
  ['ip ipsec identity', added],
  [
    'ip ipsec policy',
    (verb, settings) => added(verb, settings) && settings.get('template') !== 'yes',
  ],
  ['ip kid-control', added],
  ['ip nat-pmp', enabled],
  ['ip proxy', enabled],
  ['ip reverse-proxy', added],
  ['ip route', dropping],
  ['ip route rule', dropping],
  ['ip route vrf', added],
  // What comes from addresses whose way back is another is dropped.
  ['ip settings', isDeciding('rp-filter', 'no')],
  ['ip socks', enabled],
  ['ip socksify', added],
  ['ip upnp', enabled],
  ['ip vrf', added],
  ['ipv6 firewall mangle', added],
  ['ipv6 firewall nat', added],
  ['ipv6 route', dropping],
  ['mpls ldp', (verb, settings) => enabled(verb, settings) || added(verb, settings)],
  ['mpls mangle', added],
  ['mpls traffic-eng interface', added],
  ['mpls traffic-eng tunnel', added],
  ['openflow', added],
  ['ppp profile', (_, settings) => named(settings, 'incoming-filter', 'outgoing-filter')],
  ['routing rule', dropping],
  ['system scheduler', changingRules],
  ['system script', changingRules],
  ['tool netwatch', changingRules],
]);

function named(settings: ReadonlyMap<string, string>, ...keys: readonly string[]): boolean {
  return keys.some((key) => (settings.get(key) ?? '') !== '');
}

const PARENTS: ReadonlySet<string> = new Set(
  [...HARMLESS, ...DECIDING.keys()].flatMap((path) => {
    const words = path.split(' ');
    return words.map((_, index) => words.slice(0, index).join(' '));
  }),
);

/** Whether the menu is known as one without rules, or as one that only holds others. */
export function isSettingsMenu(path: string): boolean {
  return path !== '' && (PARENTS.has(path) || isPassedOver(path) || DECIDING.has(path));
}

/** Whether commands may stand in the menu. */
export function holdsSettings(path: string): boolean {
  return isPassedOver(path) || DECIDING.has(path);
}

/** Whether nothing is lost for the rules where the menu is missing. */
export function mayBeMissing(path: string): boolean {
  return isPassedOver(path) && !DECIDING.has(path);
}

function isPassedOver(path: string): boolean {
  // Below it lie menus of many kinds, each with a place of its own above.
  if (path === 'interface' || path === 'mpls') return true;
  const words = path.split(' ');
  return words.some((_, index) => HARMLESS.has(words.slice(0, index + 1).join(' ')));
}

/** Rules of the filter that stand where none of that kind can: the menu before them is not theirs. */
export function isStrayRule(menu: string, settings: ReadonlyMap<string, string>): boolean {
  if (/ firewall (?:mangle|nat)$/.test(menu)) {
    return /^(?:drop|reject|tarpit)$/.test(settings.get('action') ?? '');
  }
  return !DECIDING.has(menu) && /^(?:forward|input|output)$/.test(settings.get('chain') ?? '');
}

/** What of a menu with other settings, too, is told. */
const TOLD: ReadonlyMap<string, string> = new Map([
  ['app', 'firewall-redirects'],
  ['interface bridge settings', 'use-ip-firewall'],
  ['interface ethernet switch', 'l3-hw-offloading'],
  ['ip cloud', 'back-to-home-vpn'],
  ['ip route', 'blackhole'],
  ['ip settings', 'rp-filter'],
  ['ipv6 route', 'blackhole'],
]);

/** How the command is told of, where it may decide what passes, beside the rules. */
export function decidingName(
  menu: string,
  verb: string,
  settings: ReadonlyMap<string, string>,
): string | undefined {
  if (DECIDING.get(menu)?.(verb, settings) !== true) return undefined;
  return [menu, TOLD.get(menu) ?? ''].join(' ').trim();
}
