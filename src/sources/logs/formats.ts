/** Every log format, in the order in which they are tried. */

import { AwsVpc } from './aws-vpc.ts';
import { Azure } from './azure.ts';
import { AzureAnalytics } from './azure-analytics.ts';
import { azureFirewall } from './azure-firewall.ts';
import { Cef } from './cef.ts';
import { checkPoint } from './check-point.ts';
import { CiscoAsa } from './cisco-asa.ts';
import { ciscoIos } from './cisco-ios.ts';
import { conntrack } from './conntrack.ts';
import { filterlog } from './filterlog.ts';
import type { LogFormat } from './format.ts';
import { fortigate } from './fortigate.ts';
import { Gcp } from './gcp.ts';
import { juniperSrx } from './juniper-srx.ts';
import { Leef } from './leef.ts';
import { mikrotik } from './mikrotik.ts';
import { Netfilter } from './netfilter.ts';
import { Nfdump } from './nfdump.ts';
import { NftTrace } from './nft-trace.ts';
import { panOs } from './pan-os.ts';
import { sonicwall } from './sonicwall.ts';
import { sophos } from './sophos.ts';
import { strata } from './strata.ts';
import { Suricata } from './suricata.ts';
import { ulogd } from './ulogd.ts';
import { WindowsFirewall } from './windows-firewall.ts';
import { Zeek } from './zeek.ts';

/** New readers: some keep what they learned from a file's first lines. */
export function logFormats(): LogFormat[] {
  return [
    // Of GPRINT, CEF and LEEF any text may be a value: before those that look for a word anywhere.
    ...[ulogd, new Netfilter(), new CiscoAsa(), new Cef(), new Leef()],
    ...[fortigate, panOs, filterlog, ciscoIos, new WindowsFirewall()],
    ...[juniperSrx, sophos, sonicwall, checkPoint, mikrotik, conntrack, new AwsVpc()],
    ...[
      new Zeek(),
      new Suricata(),
      new Gcp(),
      new Azure(),
      new AzureAnalytics(),
      new Nfdump(),
      new NftTrace(),
    ],
    ...[azureFirewall, strata],
  ];
}
