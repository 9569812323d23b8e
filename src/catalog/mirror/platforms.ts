/** The platforms whose mirror configuration can be written, by the name they are asked for. */
import { ARISTA, CISCO_IOS, CISCO_NXOS, CISCO_XL } from './cisco.ts';
import { AOS_CX, AOS_S, COMWARE, JUNOS, JUNOS_ELS, MIKROTIK } from './others.ts';
import {
  type CheckedRequest,
  checkRequest,
  commonPitfalls,
  type MirrorPlan,
  type MirrorPlatform,
  type MirrorRequest,
} from './request.ts';
import { LINUX_TC, NFTABLES, OVS } from './software.ts';

export const MIRROR_PLATFORMS: readonly MirrorPlatform[] = [
  CISCO_XL,
  CISCO_IOS,
  CISCO_NXOS,
  ARISTA,
  JUNOS_ELS,
  JUNOS,
  COMWARE,
  AOS_S,
  AOS_CX,
  MIKROTIK,
  OVS,
  LINUX_TC,
  NFTABLES,
];

/** Other names people know them by. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['cisco-3500xl', 'cisco-2900xl'],
  ['cisco-iosxe', 'cisco-ios'],
  ['nexus', 'cisco-nxos'],
  ['eos', 'arista'],
  ['procurve', 'aos-s'],
  ['ovs', 'openvswitch'],
  ['tc', 'linux-tc'],
  ['nft', 'nftables'],
]);

/** By its id or an alias, as typed; undefined: there is none of that name. */
export function mirrorPlatform(name: string): MirrorPlatform | undefined {
  const id = ALIASES.get(name) ?? name;
  return MIRROR_PLATFORMS.find((platform) => platform.id === id);
}

/** Checks a request and writes it for the platform. Throws `MirrorFault`. */
export function planMirror(
  platform: MirrorPlatform,
  request: MirrorRequest,
): MirrorPlan & { readonly checked: CheckedRequest } {
  const checked = checkRequest(platform, request);
  const plan = platform.plan(checked);
  const pitfalls = [...plan.pitfalls, ...commonPitfalls(checked, platform)];
  return { ...plan, pitfalls, checked };
}
