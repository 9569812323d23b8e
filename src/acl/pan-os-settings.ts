/**
 * Settings of a PAN-OS firewall that are no rules (PAN-OS CLI Quick Start, configuration hierarchy
 * of 10.2 and 11.1), by the first words of their path, without `shared` and `vsys NAME`.
 */
import { settingWords } from './other-settings.ts';

/** Those that let pass, drop and change no packet, or only where a rule names them. */
export const PAN_HARMLESS: ReadonlySet<string> = settingWords(`
  deviceconfig mgt-config readonly plugins
  network_interface network_virtual-router network_logical-router network_routing-profile
  network_vlan network_virtual-wire network_profiles network_ike network_tunnel network_qos
  network_dns-proxy network_dhcp network_lldp network_underlay-net
  import display-name setting tag region schedule external-list dynamic-user-group device-object iot
  application application-group application-filter application-tag application-status threats
  profiles profile-group content-preview sdwan-interface-profile rulebase_qos
  log-settings reports report-group pdf-summary-report email-scheduler botnet server-profile
  admin-role authentication-profile authentication-sequence authentication-object
  local-user-database user-id-agent user-id-agent-sequence user-id-collector user-id-hub
  user-id-ssl-auth user-context-segment ts-agent group-mapping vm-info-source redistribution-agent
  redistribution-collector certificate certificate-profile ssl-tls-service-profile ssl-decrypt
  ocsp-responder scep global-protect response-page dns-proxy route url-admin-override
  url-content-types
`);
/** Those that may do so beside the security rules. */
export const PAN_DECIDING: ReadonlySet<string> = settingWords(`
  network_shared-gateway captive-portal alg-override rulebase_nat rulebase_decryption rulebase_pbf
  rulebase_dos rulebase_application-override rulebase_captive-portal rulebase_authentication
  rulebase_tunnel-inspect rulebase_sdwan rulebase_network-packet-broker
`);
/** Settings of a zone; the first of them may decide. */
export const ZONE_KEYS: ReadonlySet<string> = settingWords(`
  network enable-user-identification enable-device-identification user-acl device-acl
  enable-packet-buffer-protection net-inspection prenat-identification
`);
/** How a zone's interfaces are connected, and what holds for it. */
export const ZONE_NETWORK: ReadonlySet<string> = settingWords(`
  layer3 layer2 tap virtual-wire tunnel external log-setting enable-packet-buffer-protection
  net-inspection prenat-identification
`);
/** Kinds of profiles that inspect what a rule lets through. */
export const PROFILE_KINDS: ReadonlySet<string> = settingWords(`
  virus spyware vulnerability url-filtering file-blocking data-filtering wildfire-analysis gtp sctp
  dns-security ai-security
`);
