/**
 * Protocols told from payloads against the `service` column of Zeek's own test suite. Differences
 * that are meant are named, with their reason, in docs/conformance.md.
 */
import { describe, expect, it } from 'vitest';
import { SpokenView } from '../../src/analysis/spoken.ts';
import type { SpokenEndpoint } from '../../src/model/spoken.ts';
import { observe } from '../../src/sources/flows/observe.ts';
import { openCaptures } from '../../src/sources/pcap/capture-reader.ts';
import { DETECTORS } from '../../src/wire/payload/detectors.ts';
import { corpus } from './corpora.ts';
import { type Case, zeekCases } from './zeek-flows.ts';

const folder = corpus('zeek');

/** Our names for Zeek's; those that are the same are left out. */
const NAMES: Readonly<Record<string, string>> = {
  ssl: 'tls',
  krb: 'kerberos',
  krb_tcp: 'kerberos',
  ldap_tcp: 'ldap',
  ldap_udp: 'cldap',
  dce_rpc: 'dce-rpc',
};

/** What Zeek has one name for. */
const KIN: Readonly<Record<string, readonly string[]>> = {
  mdns: ['dns'],
  llmnr: ['dns'],
  'netbios-ns': ['dns'],
};

/** Services that Zeek finds and this program does not, by capture. */
const MEANT: ReadonlyMap<string, readonly string[]> = new Map([
  // An offer to everyone: Zeek takes port 68 of the group for the server, we take port 67.
  ['dhcp-dhcp', ['dhcp: nothing']],
  // GSS tokens with TLS in them, in base64 in the arguments of FTP commands.
  ['globus-url-copy', ['tls: ftp']],
  // Kerberos tokens in the credentials of LDAP binds.
  ['ldap-missing_ldap_logs', ['kerberos: ldap', 'kerberos: ldap', 'kerberos: ldap']],
]);

async function heardIn(path: string): Promise<SpokenView> {
  const reader = await openCaptures([path]);
  try {
    const { heard, names } = await observe(reader);
    return new SpokenView(heard, names);
  } finally {
    await reader.close();
  }
}

/** All that is spoken at an endpoint, what conversations went on as included. */
function protocolsOf(endpoint: SpokenEndpoint | undefined): Set<string> {
  return new Set(
    endpoint?.spoken.flatMap(({ protocol, facts }) => [
      protocol,
      ...(KIN[protocol] ?? []),
      ...(facts.upgrade ?? []),
    ]),
  );
}

describe.skipIf(folder === undefined)('services of the Zeek corpus', { timeout: 60_000 }, () => {
  const cases: Case[] = folder === undefined ? [] : zeekCases(folder);
  const known = new Set(DETECTORS.map(({ protocol }) => protocol));

  it('are told from payloads', async () => {
    let rows = 0;
    let agree = 0;
    const more: string[] = [];
    const missed = new Map<string, string[]>();
    for (const { name, path, expected } of cases) {
      const view = await heardIn(path);
      for (const row of expected.flows) {
        const endpoint = view.at(row.resp_h, row.proto, row.resp_p);
        const protocols = protocolsOf(endpoint);
        if (row.service === null) {
          if (protocols.size > 0) more.push(`${name} ${row.resp_p}: ${[...protocols].join(',')}`);
          continue;
        }
        for (const service of row.service.split(',')) {
          const protocol = NAMES[service] ?? service;
          if (!known.has(protocol)) continue;
          rows++;
          if (protocols.has(protocol)) agree++;
          else {
            const said = [...protocols].join(',') || 'nothing';
            missed.set(name, [...(missed.get(name) ?? []), `${protocol}: ${said}`]);
          }
        }
      }
    }
    console.log(`services: ${agree} of ${rows}; told where Zeek names none: ${more.length}`, more);
    expect(missed).toEqual(MEANT);
  });
});
