/**
 * Cisco IOS and IOS-XE: named extended access lists, object groups for IPv4 (Security
 * Configuration Guide: Access Control Lists, IOS XE 17; object groups since 12.4(20)T).
 */
import type { Platform } from './platform.ts';
import { type ListDialect, maskedPrefix, renderLists, wildcardPrefix } from './router-lists.ts';
import { parseRouterLists } from './router-parse.ts';

const DIALECT: ListDialect = {
  title: 'Cisco IOS and IOS-XE',
  list: (family, name) =>
    family === 4 ? `ip access-list extended ${name}` : `ipv6 access-list ${name}`,
  group: (_, name) => `object-group network ${name}`,
  groupWord: 'object-group',
  groupFamilies: [4],
  prefix: wildcardPrefix,
  member: maskedPrefix,
  mostName: 64,
  steps: (names) => [
    'Keep:     show running-config | section access-list',
    `Install:  paste while no interface uses ${names[4]} or ${names[6]}; on every interface between`,
    `          the zones then: ip access-group ${names[4]} out, ipv6 traffic-filter ${names[6]} out`,
    'Try:      reload in 10 first; reload cancel once everything works',
    'Verify:   show ip access-lists; show ipv6 access-list',
    'Go back:  put the access group that was there before on the interfaces again',
  ],
};

export const ciscoIos: Platform = {
  name: 'cisco-ios',
  aliases: ['ios', 'ios-xe', 'cisco-ios-xe'],
  title: 'Cisco IOS and IOS-XE access lists',
  capabilities: {
    filters: ['between'],
    stateful: false,
    families: [4, 6],
    management: [
      'lists that stand “out” do not see packets to the router or from it, so that its own',
      'management stays as it is. Never put them on vty lines, nor “in” without a rule for it.',
    ],
    logs: true,
    sources: [
      'Cisco IOS Security Command Reference: permit (IP), permit (IPv6), object-group network',
      'Cisco document 8014: Access Control Lists and IP Fragments',
    ],
  },
  render: (plan) => renderLists(plan, DIALECT, ciscoIos),
  parse: (text) => parseRouterLists(text, 'wildcard'),
};
