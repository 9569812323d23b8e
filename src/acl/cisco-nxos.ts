/**
 * Cisco NX-OS: IP and IPv6 access lists with address groups for both families (Nexus 9000 Series
 * NX-OS Security Configuration Guide, "Configuring IP ACLs").
 */
import type { Platform } from './platform.ts';
import { type ListDialect, lengthPrefix, renderLists } from './router-lists.ts';
import { parseRouterLists } from './router-parse.ts';

const DIALECT: ListDialect = {
  title: 'Cisco NX-OS',
  list: (family, name) => `${family === 4 ? 'ip' : 'ipv6'} access-list ${name}`,
  group: (family, name) => `object-group ${family === 4 ? 'ip' : 'ipv6'} address ${name}`,
  groupWord: 'addrgroup',
  groupFamilies: [4, 6],
  prefix: lengthPrefix,
  member: lengthPrefix,
  mostName: 64,
  steps: (names) => [
    'Keep:     checkpoint before-portreeve',
    'Check:    configure session portreeve, paste, verify (checks the TCAM), commit',
    `Install:  on every routed interface between the zones: ip access-group ${names[4]} out,`,
    `          ipv6 traffic-filter ${names[6]} out`,
    'Verify:   show ip access-lists; show hardware access-list resource utilization',
    'Go back:  rollback running-config checkpoint before-portreeve',
  ],
};

export const ciscoNxos: Platform = {
  name: 'cisco-nxos',
  aliases: ['nxos', 'nx-os', 'nexus'],
  title: 'Cisco NX-OS access lists',
  capabilities: {
    filters: ['between'],
    stateful: false,
    families: [4, 6],
    management: [
      'lists that stand “out” do not see packets to the switch, so that its own management',
      'stays as it is. Never put them on vty lines or mgmt0, nor “in” without a rule for it.',
    ],
    logs: true,
    sources: ['Cisco Nexus 9000 Series NX-OS Security Configuration Guide: Configuring IP ACLs'],
  },
  render: (plan) => renderLists(plan, DIALECT, ciscoNxos),
  parse: (text) => parseRouterLists(text, 'length'),
};
