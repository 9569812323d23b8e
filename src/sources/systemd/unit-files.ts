/**
 * Unit files of systemd as they lie in its folders (systemd.unit(5)): which there are, by which other
 * names, what stands in them, and the links in `*.wants` and the like. Files are read, nothing is
 * asked of systemd; what cannot be read counts as absent.
 */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';

/** In order of precedence; generators write what is made of other settings at every start. */
const FOLDERS = [
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/run/systemd/transient',
  '/run/systemd/generator.early',
  '/etc/systemd/system',
  '/run/systemd/system',
  '/run/systemd/generator',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
  '/run/systemd/generator.late',
];
const UNIT = /\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device)$/;
/** Longer files are no unit files. */
const MOST_OCTETS = 1 << 20;

/** A link that makes `unit` depend on `target`. */
export interface UnitLink {
  readonly unit: string;
  readonly kind: 'wants' | 'requires' | 'upholds';
  readonly target: string;
  /** Folder that it lies in. */
  readonly folder: string;
}

export class UnitFiles {
  readonly #folders: readonly string[];
  /** Of each name the file that counts. */
  readonly #paths = new Map<string, string>();
  /** Of each name that is a link, the name it leads to. */
  readonly #targets = new Map<string, string>();
  /** Folders with what adds to a unit, by the unit, in order of precedence. */
  readonly #dropIns = new Map<string, string[]>();
  readonly #links: UnitLink[] = [];

  /** Lists the folders at once; files are read when asked for. */
  constructor(folders: readonly string[] = FOLDERS) {
    this.#folders = distinct(folders);
    for (const folder of this.#folders) this.#list(folder);
  }

  #list(folder: string): void {
    for (const name of listFolder(folder)) {
      const [, unit, kind] = /^(.+\.\w+)\.(d|wants|requires|upholds)$/.exec(name) ?? [];
      if (unit === undefined) {
        if (!this.#paths.has(name)) this.#note(name, `${folder}/${name}`);
      } else if (kind === 'd') {
        const known = this.#dropIns.get(unit);
        if (known === undefined) this.#dropIns.set(unit, [`${folder}/${name}`]);
        else known.push(`${folder}/${name}`);
      } else {
        for (const target of listFolder(`${folder}/${name}`)) {
          this.#links.push({ unit, kind: kind as UnitLink['kind'], target, folder });
        }
      }
    }
  }

  #note(name: string, path: string): void {
    this.#paths.set(name, path);
    const target = linkTarget(path);
    if (target !== undefined && target !== 'null') this.#targets.set(name, target);
  }

  /**
   * Names of all units of a kind (`socket`), of any without one: templates, and those instances
   * that links name.
   */
  names(kind?: string): string[] {
    const all = new Set(this.#paths.keys());
    for (const { target } of this.#links) if (this.has(target)) all.add(target);
    return [...all].filter((name) => UNIT.test(name) && (!kind || name.endsWith(`.${kind}`)));
  }

  get links(): readonly UnitLink[] {
    return this.#links;
  }

  /** Whether a file says what the unit is: its own, or its template's. Masked ones are not there. */
  has(unit: string): boolean {
    const path = this.#pathOf(unit);
    return path !== undefined && !isMasked(path);
  }

  /** Of a name that is a link to another unit's file the name of that. */
  ownName(unit: string): string {
    const target = this.#targets.get(unit);
    // A file that was linked from elsewhere has the name of its link.
    return target !== undefined && this.#paths.has(target) ? target : unit;
  }

  /**
   * The unit's own name and all that are links to it; the name alone where no file is there. Of
   * instances also the names that aliases of their template give them.
   */
  namesOf(unit: string): string[] {
    const own = this.ownName(unit);
    const names = new Set([own, unit]);
    const template = templateOf(own);
    for (const [name, target] of this.#targets) {
      if (target === own) names.add(name);
      else if (target === template) names.add(instance(name, own));
    }
    return [...names].filter((name) => name !== '');
  }

  #pathOf(unit: string): string | undefined {
    return this.#paths.get(unit) ?? this.#paths.get(templateOf(unit) ?? '');
  }

  /** The unit's text with all that adds to it, in the order in which it counts; empty if masked. */
  textOf(unit: string): string {
    const path = this.#pathOf(unit);
    if (path === undefined || isMasked(path)) return '';
    return [path, ...this.#additionsTo(unit)].map(readFile).join('\n');
  }

  /** What adds to a unit: by the names of the files, wherever they lie. */
  #additionsTo(unit: string): string[] {
    const files = new Map<string, string>();
    for (const name of [unit, templateOf(unit) ?? '']) {
      for (const folder of this.#dropIns.get(name) ?? []) {
        for (const file of listFolder(folder)) {
          if (file.endsWith('.conf') && !files.has(file)) files.set(file, `${folder}/${file}`);
        }
      }
    }
    return [...files.keys()].sort().map((name) => files.get(name)!);
  }
}

/** `getty@.service` of `getty@tty1.service`. */
export function templateOf(unit: string): string | undefined {
  return /@.+\.\w+$/.test(unit) ? unit.replace(/@.*(\.\w+)$/, '@$1') : undefined;
}

/** The template's name with the instance of another unit: none where it is no template. */
function instance(template: string, unit: string): string {
  const [, word] = /@(.+)\.\w+$/.exec(unit) ?? [];
  return word !== undefined && template.includes('@.') ? template.replace('@.', `@${word}.`) : '';
}

function isMasked(path: string): boolean {
  try {
    return realpathSync(path) === '/dev/null';
  } catch {
    return true;
  }
}

/** Folders that lead to the same place count once: `/lib` is `/usr/lib` on most systems. */
function distinct(folders: readonly string[]): string[] {
  const known = new Map<string, string>();
  for (const folder of folders) {
    const place = real(folder);
    if (place !== undefined && !known.has(place)) known.set(place, folder);
  }
  return [...known.values()];
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Last part of what a link leads to; undefined of files that are no links. */
function linkTarget(path: string): string | undefined {
  try {
    return basename(readlinkSync(path));
  } catch {
    return undefined;
  }
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readFile(path: string): string {
  try {
    const octets = readFileSync(path);
    return octets.length > MOST_OCTETS ? '' : octets.toString('utf8');
  } catch {
    return '';
  }
}
