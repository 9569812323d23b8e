/**
 * Settings in an ASA's whole configuration that are no rules (Cisco ASA Series Command Reference,
 * commands of global configuration mode).
 */
import { type KnownSettings, settingWords } from './other-settings.ts';

export const ASA_SETTINGS: KnownSettings = {
  harmless: settingWords(`
    ASA_Version FTD_Version NGFW_Version PIX_Version aaa aaa-server admin-context app-agent arp as-path asdm auto-update banner boot call-home
    cts_manual cts_server-group cts_sxp class-map clock cluster community-list compression console coredump
    crypto dhcp dhcp-client dhcpd dhcprelay dns dns-group dns-group-map dns-guard dns-to-domain domain-name dynamic-access-policy-record
    enable eject failover flow-export flow-offload ftp ftp-map group-delimiter group-policy hostname hpm http
    http-map icmp igmp imap4s interface ip_local ipv6_address ipv6_local ipv6_nd ipv6_neighbor ipv6_route
    jumbo-frame kerberos key lacp ldap license location-logging logging logout mac-address mac-address-table
    management-access media-termination monitor-interface mroute mtu multicast-routing
    name-interface names ntp object-group-search pager passwd password ospf pim policy-list policy-map
    pop3s port-channel prefix-list priority-queue privilege prompt quit quota regex reload rest-api rip
    route route-map router same-security-traffic service_call-home service_internal
    service_password-recovery service_sw-reset-button service_resetinbound service_resetoutbound
    service_resetoutside sla smartcard-removal-disconnect smtp-server smtps snmp snmp-map snmp-server ssh
    ssl sunrpc-server tcp-map telnet terminal threat-detection_basic-threat threat-detection_statistics
    threat-detection_rate tls-proxy track traffic-forward tunnel-group tunnel-group-map uc-ime url-block
    user-identity username virtual vpdn vpn-addr-assign vpn-sessiondb vpnclient vpnsetup wccp_version
    webvpn xlate zone zonelabs-integrity end exit configure time-range timeout
  `),
  deciding: settingWords(`
    cts_role-based conduit established filter fixup fragment global ip_audit ip_verify ips nat outbound
    service-policy scansafe shun static sysopt threat-detection_scanning-threat timeout_floating-conn
    url-server wccp access-list_ethertype
  `),
  // Lists are bound by `access-group` alone, which stands at the margin.
  strict: new Set(),
  // Each line of a banner is a command of its own.
  hasLongBanners: false,
};
