/**
 * Runs all detectors and ranks what they found: the most urgent first, of one urgency what was
 * found more often. A pair of hosts that one detector explains is not accused by another.
 */
import { FINDING_SEVERITIES, type Finding } from '../../model/finding.ts';
import { acrossZones } from './across-zones.ts';
import { answeredOnce } from './answered-once.ts';
import { arpSweeps } from './arp-sweep.ts';
import { backscatter } from './backscatter.ts';
import { byPayload } from './by-payload.ts';
import type { Case } from './case.ts';
import { clearTextLogins } from './clear-text-logins.ts';
import { equalSizeProbes } from './equal-size-probes.ts';
import { legacyNames } from './legacy-names.ts';
import {
  broadcastNoise,
  lopsidedConversations,
  neverSpokenTo,
  oneWayCapture,
} from './observation-quality.ts';
import { pingSweeps } from './ping-sweep.ts';
import { portHopping } from './port-hopping.ts';
import { reachOf, withFilter } from './reach.ts';
import { scans } from './scan.ts';
import { suspectsOf } from './suspects.ts';
import { unknownServices } from './unknown-services.ts';

/** All findings, ranked. */
export function findings(c: Case): readonly Finding[] {
  const suspects = suspectsOf(c);
  const hopping = portHopping(c);
  const scanning = scans(c, suspects, hopping.explains);
  const others = suspects.filter((suspect) => !scanning.sources.has(suspect));
  const found = [
    ...scanning.findings,
    ...hopping.findings,
    ...pingSweeps(c, suspects),
    ...arpSweeps(c),
    ...equalSizeProbes(c, others, hopping.explains),
    ...backscatter(c),
    ...acrossZones(c),
    ...clearTextLogins(c),
    ...byPayload(c),
    ...unknownServices(c, hopping.explainsServer),
    ...legacyNames(c),
    ...answeredOnce(c),
    ...oneWayCapture(c),
    ...lopsidedConversations(c),
    ...neverSpokenTo(c),
    ...broadcastNoise(c),
  ];
  // Sorting is stable: detectors give the weightiest of their own first.
  found.sort((left, right) => urgency(right) - urgency(left));
  const reach = reachOf(c.names);
  return found.map((finding) => withFilter(finding, reach));
}

function urgency({ severity }: Finding): number {
  return FINDING_SEVERITIES.indexOf(severity);
}
