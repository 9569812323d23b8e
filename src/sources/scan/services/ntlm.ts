/**
 * What a Windows host (or Samba) says of itself in an NTLM challenge ([MS-NLMP] section 2.2.1.2),
 * which servers send before any login: names of host, domain and forest, and the build.
 */
import { hex, textOf, viewOf } from './octets.ts';
import { type Detail, detailsOf } from './recogniser.ts';

/** A NEGOTIATE message without names: unicode, OEM, request target, NTLM, version. */
export const NTLM_NEGOTIATE: Uint8Array = hex(
  '4e544c4d53535000 01000000 07820882 0000000000000000 0000000000000000 0000000000000000',
);

const PAIRS: Readonly<Record<number, string>> = {
  1: 'netbios-name',
  2: 'netbios-domain',
  3: 'dns-name',
  4: 'dns-domain',
  5: 'dns-forest',
};

/** Facts of the first NTLM challenge within the octets; empty when there is none. */
export function readNtlmChallenge(octets: Uint8Array): Detail[] {
  const view = viewOf(octets);
  const start = textOf(octets).indexOf('NTLMSSP\0\x02\0\0\0');
  if (start < 0 || start + 48 > octets.length) return [];
  const values: Record<string, string> = {};
  const flags = view.getUint32(start + 20, true);
  if ((flags & 0x0200_0000) !== 0 && start + 56 <= octets.length) {
    const build = view.getUint16(start + 50, true);
    values['os-build'] = `${octets[start + 48]}.${octets[start + 49]}.${build}`;
  }
  const length = view.getUint16(start + 40, true);
  let at = start + view.getUint32(start + 44, true);
  const end = Math.min(at + length, octets.length);
  while (at + 4 <= end) {
    const kind = view.getUint16(at, true);
    const size = view.getUint16(at + 2, true);
    if (kind === 0 || at + 4 + size > end) break;
    const name = PAIRS[kind];
    if (name !== undefined)
      values[name] = new TextDecoder('utf-16le').decode(octets.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return detailsOf(values);
}
