/**
 * Compiles the registry of MAC address blocks (IEEE's, by way of the package `oui-data`) into the
 * compact table that `src/catalog/vendors.ts` reads. Does nothing when the table is newer.
 *
 * `namesText` has 256 vendors a line, with tabs between. `prefixesText` has for each length of prefix (6, 7 and
 * 9 hexadecimal digits) 256 lines, one for each first octet, of tokens `gap.name` in base 36: the
 * distance of the other digits from those of the prefix before, and the vendor's number. Blocks
 * that IEEE shares out further, or whose owner is private, are left out.
 */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LENGTHS = [6, 7, 9];
/** As in src/catalog/vendors.ts. */
const NAMES_A_LINE = 256;
const NOBODY = new Set(['Private', 'IEEE Registration Authority']);

const time = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

export function compileVendors(root) {
  const target = join(root, 'src', 'catalog', 'vendors.generated.ts');
  const registry = fileURLToPath(import.meta.resolve('oui-data'));
  const built = time(target);
  if (built > time(registry) && built > time(fileURLToPath(import.meta.url))) return;
  const draft = `${target}.draft`;
  writeFileSync(draft, emit(JSON.parse(readFileSync(registry, 'utf8'))));
  renameSync(draft, target);
}

function emit(registry) {
  const names = new Map();
  const lines = LENGTHS.flatMap((length) => {
    const groups = Array.from({ length: 256 }, () => []);
    const last = new Array(256).fill(0);
    for (const prefix of Object.keys(registry)
      .filter((each) => each.length === length)
      .sort()) {
      if (!/^[\dA-F]+$/.test(prefix)) throw new Error(`oui-data: unexpected key "${prefix}"`);
      const name = registry[prefix].split('\n')[0].replace(/\s+/g, ' ').trim();
      if (name === '' || NOBODY.has(name)) continue;
      if (!names.has(name)) names.set(name, names.size);
      const octet = Number.parseInt(prefix.slice(0, 2), 16);
      const value = Number.parseInt(prefix.slice(2), 16);
      groups[octet].push(`${(value - last[octet]).toString(36)}.${names.get(name).toString(36)}`);
      last[octet] = value;
    }
    return groups.map((tokens) => tokens.join(' '));
  });
  const all = [...names.keys()];
  const blocks = [];
  for (let at = 0; at < all.length; at += NAMES_A_LINE) {
    blocks.push(all.slice(at, at + NAMES_A_LINE));
  }
  return `// Made by scripts/compile-vendors.mjs from IEEE's registry of MAC address blocks.
export const namesText = (): string =>
  ${JSON.stringify(blocks.map((block) => block.join('\t')).join('\n'))};
export const prefixesText = (): string =>
  ${JSON.stringify(lines.join('\n'))};
`;
}
