/** Every platform there is, by the name for `--for`. A new platform is one more line here. */
import { awsNacl, awsNaclStack } from './aws-nacl.ts';
import { awsSg, awsSgStack } from './aws-sg.ts';
import { azureNsg } from './azure-nsg.ts';
import { ciscoAsa } from './cisco-asa.ts';
import { ciscoIos } from './cisco-ios.ts';
import { ciscoNxos } from './cisco-nxos.ts';
import { firewalld } from './firewalld.ts';
import { fortios } from './fortios.ts';
import { gcp } from './gcp.ts';
import { iptables } from './iptables.ts';
import { junosFilter } from './junos-filter.ts';
import { junosSrx } from './junos-srx.ts';
import { kubernetes } from './kubernetes.ts';
import { mikrotik } from './mikrotik.ts';
import { netsh } from './netsh.ts';
import { nftables } from './nftables.ts';
import { writesDenialsOtherwise } from './order-free.ts';
import { panos } from './pan-os.ts';
import { pf } from './pf.ts';
import { opnsense, pfsense } from './pfsense.ts';
import type { Platform } from './platform.ts';
import { ufw } from './ufw.ts';
import { windows } from './windows.ts';

export const PLATFORMS: readonly Platform[] = [
  nftables,
  iptables,
  ciscoIos,
  ciscoNxos,
  ciscoAsa,
  mikrotik,
  pf,
  fortios,
  junosSrx,
  panos,
  firewalld,
  junosFilter,
  gcp,
  azureNsg,
  awsSg,
  awsSgStack,
  awsNacl,
  awsNaclStack,
  windows,
  netsh,
  kubernetes,
  ufw,
  pfsense,
  opnsense,
].map(writesDenialsOtherwise);

/** The platform of that name or alias. */
export function platformNamed(name: string): Platform | undefined {
  const wanted = name.toLowerCase();
  return PLATFORMS.find(
    (platform) => platform.name === wanted || (platform.aliases ?? []).includes(wanted),
  );
}
