/**
 * Compiles the catalogue's entries, roles and sources into `src/catalog/entries.generated.ts`.
 * Does nothing when that is newer than all it is made from; refuses, naming every fault, when the
 * text breaks the schema.
 *
 * The table is texts with a line an entry: `indexText` has what look-ups need, `detailsText` the rest
 * as JSON, so that only the entries that are shown are ever decoded.
 */
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const time = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Brings the table up to date. Throws one error that lists all faults. */
export async function compileEntries(root) {
  const catalog = join(root, 'src', 'catalog');
  const target = join(catalog, 'entries.generated.ts');
  const files = catalogFiles(catalog);
  const schema = fileURLToPath(new URL('catalog-schema.mjs', import.meta.url));
  const folders = [join(catalog, 'entries'), join(catalog, 'roles')];
  const made = [...files.entries, ...files.roles, files.sources, ...folders, schema];
  const built = time(target);
  const newest = Math.max(time(fileURLToPath(import.meta.url)), ...made.map(time));
  if (built > 0 && newest <= built) return;
  const { entries, roles, faults } = await readCatalog(files);
  if (faults.length > 0) throw new Error(`the catalogue has faults:\n${faults.join('\n')}`);
  const draft = `${target}.draft`;
  writeFileSync(draft, emit(entries, roles));
  renameSync(draft, target);
}

/** Paths of the text files under `src/catalog`. */
function catalogFiles(catalog) {
  const list = (folder) =>
    readdirSync(join(catalog, folder))
      .filter((name) => name.endsWith('.yaml'))
      .sort()
      .map((name) => join(catalog, folder, name));
  return {
    entries: list('entries'),
    roles: list('roles'),
    sources: join(catalog, 'sources.yaml'),
  };
}

async function readCatalog(files) {
  const { crossCheck, readEntries, readRoles, readSources, tellWhatElseEnds } = await import(
    './catalog-schema.mjs'
  );
  const known = readSources(readFileSync(files.sources, 'utf8'), files.sources);
  const faults = [...known.faults];
  const read = (paths, reader) =>
    paths.map((path) => {
      const result = reader(readFileSync(path, 'utf8'), path, known.sources);
      faults.push(...result.faults);
      return result;
    });
  const entryFiles = read(files.entries, readEntries);
  tellWhatElseEnds(entryFiles.flatMap(({ stops }) => stops));
  const entries = entryFiles.flatMap((file) => file.entries);
  const roles = read(files.roles, readRoles).flatMap((file) => file.roles);
  return { entries, roles, faults: [...faults, ...crossCheck(entries, roles)] };
}

const range = ({ transport, first, last }) =>
  `${transport}:${first === last ? first : `${first}-${last}`}`;

function emit(entries, roles) {
  const index = entries.map(({ id, name, group, rank, ports, aliases, risk }) =>
    [id, name, group, rank, ports.map(range).join(' '), aliases.join(' '), risk.level].join('\t'),
  );
  const details = entries.map(({ id, name, group, rank, ports, aliases, place, ...rest }) =>
    JSON.stringify(rest),
  );
  const roleLines = roles.map(({ place, ...role }) => JSON.stringify(role));
  const text = (name, lines) =>
    `export const ${name} = (): string =>\n  ${JSON.stringify(lines.join('\n'))};\n`;
  return `// Made by scripts/compile-entries.mjs from src/catalog/entries, roles and sources.yaml.
${text('indexText', index)}${text('detailsText', details)}${text('rolesText', roleLines)}`;
}
