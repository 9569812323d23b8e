/**
 * Sections and settings of a config.xml that are no rules (pfSense: filter.inc and the pages that
 * write the sections; OPNsense: the mounts of its models and plugins).
 */
import { holdsText, namesIn, under } from './pfsense-fields.ts';
import type { XmlElement } from './xml-text.ts';

/** Sections that let pass, drop and change no packet, or only for what the firewall itself serves. */
const HARMLESS_SECTIONS: ReadonlySet<string> = namesIn(`
  version lastchange revision theme trigger_initial_wizard sysctl staticroutes dhcpd dhcpdv6
  dhcpbackend dhcrelay dhcrelay6 kea kea6 pptp pptpd pppoe l2tp snmpd diag syslog proxyarp cron wol
  rrd rrddata widgets shaper dnshaper ezshaper l7shaper pfqueueing unbound dnsmasq dyndns dyndnses
  dnsupdate dnsupdates ppps pppoes gateways ntpd cert ca crl vlans vxlans qinqs gres gifs laggs
  wireless hasync schedules voucher sshdata ssh notifications switches wizardtemp
  wizardtempsystem ovpnserver checkipservices authserver traffic_graphs remote_managed_pages stats
  extended_stats cumulative_stats virtualip_carp_maintenancemode reset_factory_defaults acb
  bridge
`);
/** Those that may do so where one of these elements stands in them; empty = where any text does. */
const DECIDING_SECTIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['bridges', ['bridged']],
  ['captiveportal', []],
  ['igmpproxy', ['igmpentry']],
  ['installedpackages', []],
  ['ipsec', ['phase1', 'tunnel']],
  ['load_balancer', ['lbpool', 'virtual_server']],
  ['openvpn', ['openvpn-server', 'openvpn-client']],
  ['wireguard', []],
]);
/** Settings of `system` that change what the filter makes of its rules. */
export const DECIDING_SYSTEM: ReadonlySet<string> = namesIn(`
  skip_rules_gw_down ipv6nat_enable tftpinterface syncookies
`);
/** Models within the section `OPNsense`. */
const HARMLESS_MODELS = namesIn(`
  cron DHCRelay Netflow Kea monit OpenVPNExport Gateways Syslog TrafficShaper trust unboundplus
  radvd SystemHealth Hostwatch Interfaces AcmeClient DynDNS Iperf3 MDNSRepeater NodeExporter Nut
  QemuGuestAgent Rspamd Stunnel WazuhAgent ZabbixAgent apcupsd bind chrony cicap clamav collectd
  dnscryptproxy filebeat freeradius helloworld hwprobe lldpd muninnode ndpproxy netdata netsnmp nrpe
  ntopng postfix puppetagent quagga radsecproxy redis telegraf tftp tor turnserver
  udpbroadcastrelays vnstat zabbixproxy GridExample Cloudflared firmware wireshark
`);
const DECIDING_MODELS = namesIn(`
  captiveportal IDS IPsec Swanctl OpenVPN wireguard HAProxy Nginx ProxySSO QFeedsConnector Tinc
  caddy crowdsec ftpproxies maltrail netbird openconnect proxy relayd shadowsocks siproxd sslh
  tailscale tayga zerotier Zenarmor sensei
`);

/** Fields of an interface. */
export const INTERFACE_FIELDS = new RegExp(
  `^(?:${`if descr enable lock ipaddr subnet ipaddrv6 subnetv6 gateway gatewayv6 gateway-6rd
  prefix-6rd prefix-6rd-v4plen blockpriv blockbogons spoofmac hwifmac mtu mss media mediaopt
  alias-address alias-subnet type virtual internal_dynamic networks identifier ptpid slaacusev4iface
  ipv6usev4iface disablevlanhwfilter bridge nonat ondemand timeout local remote username password
  provider apn phone dhcp_plus monitor monitorip bandwidth bandwidthtype interval dhcprejectfrom
  promisc hw_settings_overwrite disablechecksumoffloading disablesegmentationoffloading
  disablelargereceiveoffloading pppoe_hostuniq if_pppoe use_if_pppoe staticv4 staticv6 dynamic
  ignoreaddr bypass wireless cnx4 cnx6`
    .trim()
    .split(/\s+/)
    .join('|')}|(?:dhcp|adv_dhcp|track6|pppoe|pptp|l2tp|sla|rfc|wireless|ppp)[\\w-]*)$`,
);

/** Whether the section is known to decide nothing, or what of it may decide; undefined = unknown. */
export function otherSection(section: XmlElement): readonly XmlElement[] | undefined {
  const { name } = section;
  if (HARMLESS_SECTIONS.has(name)) return [];
  const parts = DECIDING_SECTIONS.get(name);
  if (parts === undefined) return undefined;
  const made = section.children.filter((part) => parts.includes(part.name));
  return (parts.length === 0 ? [section] : made).some(holdsText) ? [section] : [];
}

/** The same of a model of OPNsense; those that have a switch decide only where it is on. */
export function otherModel(model: XmlElement): readonly XmlElement[] | undefined {
  if (HARMLESS_MODELS.has(model.name)) return [];
  if (!DECIDING_MODELS.has(model.name)) return undefined;
  return isOn(model) ? [model] : [];
}

/** Settings are written with their defaults: what counts is a switch, or anything that was made. */
function isOn(model: XmlElement): boolean {
  const switches = ['enabled', 'enable', 'Enabled'].flatMap((name) => {
    const found = under(model, 'general', name) ?? under(model, name);
    return found === undefined ? [] : [found.text];
  });
  const made = (element: XmlElement): boolean =>
    element.attributes.uuid !== undefined || element.children.some(made);
  if (switches.length > 0) return switches.includes('1');
  return made(model) || (model.children.length === 0 && model.text !== '');
}
