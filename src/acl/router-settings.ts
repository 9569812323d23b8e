/**
 * Settings in the whole configuration of a router or switch that are no rules (Cisco IOS and IOS-XE
 * command references, global and interface configuration; Nexus 9000 Series command reference).
 */
import { type KnownSettings, settingWords } from './other-settings.ts';

export const ROUTER_SETTINGS: KnownSettings = {
  harmless: settingWords(`
    Building Current Using Command aaa aaa-server access-session alias ancp app-hosting archive arp async-bootp
    authentication autonomic avb banner bba-group beep bfd bfd-template boot boot-end-marker boot-start-marker bridge
    call call-home cdp cef cfs chat-script class-map cli clns clock cluster cns configuration config-register
    control-plane controller copp coverage crypto cts_manual cts_role-based cts_sxp cwmp cws datetime
    debug define device-sensor device-tracking diagnostic dial-peer dialer dialer-list domain-name dot11 dot1x
    downlink dspfarm eem enable energywise enrollment environment errdisable ethernet evpn event exception
    fabric facility-alarm fallback fex feature feature-set file flow flow-sampler frame-relay garp gateway
    gatekeeper glbp global-address-family guestshell hardware hostname hsrp http hw-module interface
    ip_accounting ip_accounting-list ip_accounting-threshold ip_address ip_arp ip_as-path ip_bgp
    ip_bgp-community ip_bootp ip_cef ip_classless ip_community-list ip_default-gateway ip_default-network
    ip_device ip_dhcp ip_directed-broadcast ip_dns ip_domain ip_domain-list ip_domain-lookup
    ip_domain-name ip_drp ip_dvmrp ip_explicit-path ip_extcommunity-list ip_finger ip_flow
    ip_flow-aggregation ip_flow-cache ip_flow-capture ip_flow-export ip_flow-top-talkers
    ip_forward-protocol ip_ftp ip_gdp ip_gratuitous-arps ip_helper-address ip_host ip_hp-host ip_http
    ip_icmp ip_identd ip_igmp ip_irdp ip_kerberos ip_load-sharing ip_local ip_mask-reply ip_mobile ip_mroute
    ip_mrm ip_msdp ip_mtu ip_multicast ip_multicast-routing ip_name-server ip_nbar ip_nhrp ip_ospf ip_pgm
    ip_pim ip_prefix-list ip_proxy-arp ip_radius ip_rcmd ip_redirects ip_reflexive-list ip_rip ip_route
    ip_route-cache ip_router ip_routing ip_rsvp ip_rtp ip_sap ip_scp ip_sla ip_source ip_source-route ip_spd
    ip_split-horizon ip_ssh ip_subnet-zero ip_summary-address ip_tacacs ip_tcp ip_telnet ip_tftp
    ip_tftp-server ip_trigger-authentication ip_unnumbered ip_unreachables ip_virtual-reassembly ip_vrf
    ip_vrrp ip_eigrp ip_authentication ip_bandwidth-percent ip_hello-interval ip_hold-time ip_dampening-change
    ip_access-class ip_amt ip_ddns ip_delay ip_distribute-list ip_drop-glean ip_fabric ip_flowspec ip_forward
    ip_forwarding ip_hardware ip_isis ip_lisp ip_local-proxy-arp ip_mfib ip_network ip_next-hop-self
    ip_offset-list ip_passive-interface ip_port-unreachable ip_sticky-arp ipc
    ipv6_access-class ipv6_bandwidth-percent ipv6_bgp ipv6_delay ipv6_forward ipv6_hello-interval
    ipv6_hold-time ipv6_isis ipv6_lisp ipv6_mfib ipv6_next-hop-self ipv6_nhrp ipv6_passive-interface
    ipv6_split-horizon ipv6_summary-address ipv6_tacacs
    ipv6_address ipv6_cef ipv6_dhcp ipv6_dhcp-relay ipv6_enable ipv6_eigrp ipv6_flow ipv6_host ipv6_hop-limit ipv6_icmp
    ipv6_local ipv6_mld ipv6_mobile ipv6_mtu ipv6_multicast ipv6_multicast-routing ipv6_nd ipv6_neighbor
    ipv6_ospf ipv6_pim ipv6_prefix-list ipv6_redirects ipv6_rip ipv6_route ipv6_router ipv6_source-route
    ipv6_tcp ipv6_tftp ipv6_unicast-routing ipv6_unnumbered ipv6_unreachables ipv6_virtual-reassembly
    ipv6_link-local isdn isis issu key keyword kron l2 l2vpn l2tp l2tp-class lacp ldap license line lisp lldp
    load-interval location logging login mac mac-address mac-address-table macro map-class map-list
    memory memory-size mgcp microcode mls mmi mmode modem monitor mpls multilink mvr mvrp nat64 neighbor netconf
    netconf-yang network-clock network-clock-select network-policy nls ngoam nsf ntp nv nve nxapi
    object-tracking openflow otv parameter-map parser partition password peer performance
    platform policy-list policy-map port-channel port-profile power ppp priority-queue
    privilege process profile profinet prompt pseudowire pseudowire-class ptp qos queue-list radius
    radius-server random-detect redundancy regexp remote-management resource resume rif rlogin rmon role
    route-map route-target router rtr sampler scheduler scripting sdm security segment-routing
    sensor sequence server service service-list service-template session sflow sgbp shell sip-ua slb slot
    snapshot snmp snmp-server soft-preemption source spanning-tree ssh standby stack-mac stack-power
    storm-control subscriber suspend switch switchname switchport_mode system tacacs tacacs-server
    tag-switching tcp-map telephony-service telnet template terminal test
    tftp-server time-period time-range track transceiver transport tunnel udld uplink userpassphrase
    username vdc vdev version vlan virtual-service virtual-template vmps voice voice-card voice-port vpc vpdn vpdn-group vrf vrrp
    vstack vtp vty-async wireless wlan wrr-queue wsma xconnect xdr yang-interfaces
    upgrade ipx appletalk decnet netbios end exit hidekeys fhrp mdt-hub key-chain bgp
  `),
  deciding: settingWords(`
    appfw crypto_map ip_admission ip_auth-proxy ip_inspect ip_ips ip_nat ip_options ip_policy ip_port
    ip_urlfilter ip_verify ip_wccp ipv6_inspect ipv6_nat ipv6_policy ipv6_port ipv6_verify mac_access-group
    mac_access-list mac_packet-classify service-policy switchport_port-security utd vlan_access-map vlan_filter
    zone zone-member zone-pair
  `),
  strict: new Set(['ip', 'ipv6']),
  hasLongBanners: true,
};
