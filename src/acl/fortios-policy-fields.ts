/**
 * The settings of a FortiOS policy by what they do (FortiOS 6.4, 7.2, 7.4 and 7.6 CLI References: config
 * firewall policy). Those that are in none of these tables are faults.
 */
import { settingWords } from './other-settings.ts';

/** Decide nothing about which packets pass: names, logs, profiles that another setting turns on. */
export const HARMLESS: ReadonlySet<string> = settingWords(`
  anti-replay app-monitor application-list auth-cert auth-path auth-redirect-addr auto-asic-offload
  av-profile block-notification capture-packet captive-portal-exempt casb-profile casi-profile
  cgn-eif cgn-eim cgn-log-server-grp cgn-resource-quota cgn-session-quota cifs-profile color comments
  decrypted-traffic-mirror delay-tcp-npu-session diameter-filter-profile diffserv-copy
  diffserv-forward diffserv-reverse diffservcode-forward diffservcode-rev dlp-profile dlp-sensor
  dnsfilter-profile dsri dynamic-shaping emailfilter-profile endpoint-compliance endpoint-check fec
  file-filter-profile firewall-session-dirty fixedport fsso fsso-agent-for-ntlm geoip-anycast
  geoip-match global-label gtp-profile icap-profile identity-from inbound inspection-mode
  internet-service-negate internet-service-src-negate internet-service6-negate
  internet-service6-src-negate ips-sensor ips-voip-filter label log-http-transaction
  match-vip-only mms-profile name natinbound natip natoutbound np-acceleration ntlm-enabled-browsers
  ntlm-guest outbound passive-wan-health-measurement pcp-poolname per-ip-shaper pfcp-profile
  policy-expiry-date policy-expiry-date-utc poolname poolname6 port-preserve port-random
  profile-group profile-protocol-options profile-type radius-ip-auth-bypass radius-mac-auth-bypass
  redirect-url replacemsg-override-group reputation-direction reputation-direction6 rsso
  rtp-addr saml-server schedule-timeout sctp-filter-profile session-ttl spamfilter-profile
  ssh-filter-profile ssl-mirror ssl-mirror-intf ssl-ssh-profile tcp-mss-receiver tcp-mss-sender
  telemetry-profile timeout-send-rst tos tos-negate traffic-shaper traffic-shaper-reverse uuid
  videofilter-profile virtual-patch-profile vlan-cos-fwd vlan-cos-rev voip-profile
  waf-profile wanopt-detection wanopt-passive-opt wanopt-peer wanopt-profile webfilter-profile
  webproxy-profile wsso ztna-device-ownership ztna-ems-tag-negate ztna-tags-match-logic ippool
  custom-log-fields dscp-negate dscp-value
`);

/** Harmless ones with several values. */
export const SEVERAL: readonly string[] = [
  ...['custom-log-fields', 'natip', 'poolname', 'poolname6', 'rtp-addr', 'ssl-mirror-intf'],
  ...['pcp-poolname', 'ntlm-enabled-browsers', 'policy-expiry-date'],
];

/** What they name has to hold besides, and no packet tells it. */
export const BEYOND_PACKETS: readonly string[] = [
  ...['users', 'groups', 'fsso-groups', 'devices', 'scim-users', 'scim-groups'],
  ...['application', 'app-category', 'app-group', 'url-category', 'src-vendor-mac', 'sgt'],
  ...['ztna-ems-tag', 'ztna-ems-tag-secondary', 'ztna-geo-tag', 'network-service-dynamic'],
  ...['network-service-src-dynamic', 'vlan-filter', 'identity-based-route', 'vpntunnel'],
];

/** Make a policy depend on more than the packet where they are enabled. */
export const ENABLE_BEYOND_PACKETS: readonly string[] = [
  ...['internet-service', 'internet-service-src', 'internet-service6', 'internet-service6-src'],
  ...['ztna-status', 'sgt-check', 'dscp-match', 'policy-expiry', 'ntlm', 'disclaimer', 'scim'],
  ...['email-collect', 'nat46', 'nat64', 'rtp-nat', 'learning-mode'],
];

/** Names of what is asked only where `internet-service…` is enabled. */
export const OF_INTERNET_SERVICE =
  /^internet-service6?(?:-src)?-(?:custom|custom-group|fortiguard|group|id|name)$/;

/** Numbers that ask for more than the packet's header here; these values ask for nothing. */
export const NOTHING_ASKED: ReadonlyMap<string, string> = new Map([
  ['tos-mask', '0x00'],
  ['reputation-minimum', '0'],
  ['reputation-minimum6', '0'],
]);

/** May drop, let pass or change packets beside the policy: the setting, and what turns it off. */
export const BESIDE: ReadonlyMap<string, string> = new Map([
  ['nat', 'disable'],
  ['utm-status', 'disable'],
  ['tcp-session-without-syn', 'disable'],
  ['http-policy-redirect', 'disable'],
  ['ssh-policy-redirect', 'disable'],
  ['ztna-policy-redirect', 'disable'],
  ['scan-botnet-connections', 'disable'],
  ['permit-any-host', 'disable'],
  ['permit-stun-host', 'disable'],
  ['pcp-inbound', 'disable'],
  ['pcp-outbound', 'disable'],
  ['wanopt', 'disable'],
  ['wccp', 'disable'],
  ['webcache', 'disable'],
  ['webcache-https', 'disable'],
  ['webproxy-forward-server', ''],
]);
