/** What a platform's text leaves open, said under every answer about it. */
import { nftables } from '../acl/nftables.ts';
import type { Beside, Parsed, Platform } from '../acl/platform.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import type { Filter } from '../policy/filter.ts';
import { untrackedPorts } from '../policy/untracked-ports.ts';

/** Id of the note that names what decides beside the rules. */
export const SETTINGS_BESIDE = 'settings-beside';

export function textNotes(
  platform: Platform,
  { filter, assumed = [], beside = [] }: Parsed,
): BlindSpot[] {
  return [...fragmentNotes(platform, filter), ...assumedNotes(assumed), ...besideNotes(beside)];
}

/** Packets for which the platform may do something else than its text says. */
function fragmentNotes(platform: Platform, filter: Filter): BlindSpot[] {
  const rule = platform.name === nftables.name ? untrackedPorts(filter) : undefined;
  if (rule === undefined) return [];
  return [
    {
      id: 'fragments-untracked',
      what: `what becomes of fragments after the first, from line ${rule.line} on`,
      because:
        'the text looks at ports or ICMP types and never asks for “ct”, so that nothing puts fragments together and the kernel may take what lies in them for a header',
      remedy: 'let a rule of the same table ask for “ct state”',
      missing: true,
    },
  ];
}

/** What the answer speaks of is the rules alone. */
function besideNotes(beside: readonly Beside[]): BlindSpot[] {
  if (beside.length === 0) return [];
  const settings = beside.map(
    ({ what, line, lines }) =>
      `“${what}” (line ${line}${lines > 1 ? ` and ${lines - 1} more` : ''})`,
  );
  return [
    {
      id: SETTINGS_BESIDE,
      what: `what other settings do: ${settings.join(', ')}`,
      because: 'only the rules are read; these may let pass, drop or change packets as well',
      missing: true,
    },
  ];
}

function assumedNotes(assumed: readonly string[]): BlindSpot[] {
  if (assumed.length === 0) return [];
  return [
    {
      id: 'taken-as-shipped',
      what: assumed.join(', and '),
      because: 'the text does not tell it, so it was taken as it is shipped',
      missing: true,
    },
  ];
}
