/**
 * Sections of a FortiOS configuration that are no policies (FortiOS 6.4, 7.2, 7.4 and 7.6 CLI
 * References, the list of `config` branches), by what they do to packets that pass through.
 */
import { type KnownSettings, settingWords } from './other-settings.ts';

/** By their first word, or the first two; an underscore stands for the blank in a pair. */
export const FORTIOS_SECTIONS: Pick<KnownSettings, 'harmless' | 'deciding'> = {
  harmless: settingWords(`
    alertemail antivirus application authentication automation aws casb certificate cifs
    credential-store diameter-filter dlp dnsfilter dpdk emailfilter endpoint-control extender
    extender-controller extension-controller file-filter ftp-proxy gtp gui hardware icap ips log
    monitoring nsxt pfcp report router sctp-filter spamfilter ssh-filter switch-controller
    telemetry-controller user videofilter virtual-patch voip vpn waf wanopt web-proxy webfilter
    wireless-controller
    firewall_address6-template firewall_auth-portal firewall_carrier-endpoint-bwl firewall_city
    firewall_country firewall_decrypted-traffic-mirror firewall_global firewall_gtp
    firewall_identity-based-route firewall_internet-service firewall_internet-service-addition
    firewall_internet-service-append firewall_internet-service-botnet
    firewall_internet-service-cat-definition firewall_internet-service-custom
    firewall_internet-service-custom-group firewall_internet-service-definition
    firewall_internet-service-extension firewall_internet-service-fortiguard
    firewall_internet-service-group firewall_internet-service-ipbl-reason
    firewall_internet-service-ipbl-vendor firewall_internet-service-list
    firewall_internet-service-name firewall_internet-service-owner
    firewall_internet-service-reputation firewall_internet-service-sld
    firewall_internet-service-subapp firewall_ippool firewall_ippool6 firewall_iprope
    firewall_ldb-monitor firewall_mms-profile firewall_multicast-address
    firewall_multicast-address6 firewall_network-service-dynamic firewall_on-demand-sniffer
    firewall_pfcp firewall_profile-group firewall_profile-protocol-options firewall_proute
    firewall_proxy-address firewall_proxy-addrgrp firewall_region firewall_shaper
    firewall_shaping-policy firewall_shaping-profile firewall_sniffer firewall_ssh firewall_ssl
    firewall_ssl-server firewall_ssl-ssh-profile firewall_traffic-class firewall_vendor-mac
    firewall_vendor-mac-summary firewall_wildcard-fqdn firewall_pfcp
    system_3g-modem system_accprofile system_acme system_admin system_affinity-interrupt
    system_affinity-packet-redistribution system_alarm system_alias system_api-user
    system_arp-table system_auto-scale system_auto-install system_auto-script system_automation-action
    system_automation-condition system_automation-destination system_automation-stitch
    system_automation-trigger system_autoupdate system_bypass system_central-management
    system_cloud-service system_cluster-sync system_console system_csf system_custom-language
    system_ddns system_dedicated-mgmt system_device-upgrade system_device-upgrade-exemptions
    system_dhcp system_dhcp6 system_dns system_dns-database system_dns-server
    system_dscp-based-priority system_email-server system_evpn
    system_fabric-vpn system_federated-upgrade system_fips-cc system_fm system_fortiai
    system_fortidata system_fortiguard system_fortimanager system_fortindr system_fortisandbox
    system_fsso-polling system_ftm-push system_geneve system_geoip-country system_geoip-override
    system_gi-gk system_global system_gre-tunnel system_ha system_ha-monitor
    system_health-check-fortiguard system_ike system_interface system_ipam system_ipip-tunnel
    system_ips system_ips-urlfilter-dns system_ips-urlfilter-dns6 system_ipsec-aggregate
    system_ipv6-neighbor-cache system_ipv6-tunnel system_isf-queue-profile system_link-monitor
    system_lldp system_lte-modem system_mac-address-table system_management-tunnel system_mem-mgr
    system_mobile-tunnel system_modem system_nd-proxy system_netflow system_network-visibility
    system_ngfw-settings system_np6 system_np6xlite system_npu system_npu-vlink system_ntp
    system_object-tagging system_password-policy system_password-policy-guest-admin
    system_pcp-server system_physical-switch system_pppoe-interface system_probe-response
    system_proxy-arp system_ptp system_replacemsg system_replacemsg-group system_replacemsg-image
    system_resource-limits system_saml system_sdn-connector system_sdn-proxy system_sdn-vpn
    system_security-rating system_session-helper system_session-sync system_session-ttl
    system_sflow system_sit-tunnel system_smc-ntp system_sms-server system_snmp
    system_speed-test-schedule system_speed-test-server system_speed-test-setting
    system_ssh-config system_sso-admin system_sso-forticloud-admin
    system_sso-fortigate-cloud-admin system_standalone-cluster system_storage system_stp
    system_tos-based-priority system_vdom system_vdom-dns system_vdom-exception system_vdom-link
    system_vdom-netflow system_vdom-property system_vdom-radius-server system_vdom-sflow
    system_virtual-switch system_virtual-wire-pair system_vne-interface system_vne-tunnel
    system_vxlan system_wccp system_wireless system_security-rating-settings
    system_security-rating-controls firewall_schedule system_settings firewall_ipmacbinding
  `),
  deciding: settingWords(`
    authentication_rule firewall_access-proxy firewall_access-proxy6 firewall_access-proxy-virtual-host firewall_acl
    firewall_acl6 firewall_central-snat-map firewall_dnstranslation firewall_DoS-policy
    firewall_DoS-policy6 firewall_explicit-proxy-policy firewall_interface-policy
    firewall_interface-policy6 firewall_ip-translation firewall_ipv6-eh-filter
    firewall_local-in-policy firewall_local-in-policy6 firewall_multicast-policy
    firewall_multicast-policy6 firewall_policy46 firewall_policy64 firewall_proxy-policy
    firewall_ttl-policy firewall_vip46 firewall_vip64 firewall_vipgrp46 firewall_vipgrp64
    system_dns64 system_nat64 system_switch-interface ztna
  `),
};

/** Settings within harmless sections that may decide after all, and what turns them off. */
export const DECIDING_SETTINGS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  [
    'system settings',
    new Map([
      ['asymroute', 'disable'],
      ['asymroute-icmp', 'disable'],
      ['asymroute6', 'disable'],
      ['asymroute6-icmp', 'disable'],
      ['block-land-attack', 'disable'],
      ['central-nat', 'disable'],
      ['multicast-skip-policy', 'disable'],
      ['sctp-session-without-init', 'disable'],
      ['strict-src-check', 'disable'],
      ['tcp-session-without-syn', 'disable'],
    ]),
  ],
  ['system global', new Map([['check-protocol-header', 'loose']])],
  ['system interface', new Map([['security-mode', 'none']])],
  ['firewall ipmacbinding setting', new Map([['bindthroughfw', 'disable']])],
]);

/** Settings under which policies mean something else: their value, and what has to be said. */
export const OTHER_MEANING: ReadonlyMap<string, readonly [value: string, what: string]> = new Map([
  [
    'ngfw-mode',
    ['policy-based', 'Policy-based NGFW mode decides by applications; it is not read.'],
  ],
  ['consolidated-firewall-mode', ['enable', 'The consolidated policies of 6.2 are not read.']],
]);
