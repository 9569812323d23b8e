/** Mapping files of logs: from a path to a mapping, or to what is wrong with it and where. */
import { readFileSync } from 'node:fs';
import type { DocumentFault } from '../model/document.ts';
import { parseYaml } from '../sources/documents/yaml.ts';
import { type Mapping, readMapping } from '../sources/logs/mapping.ts';

export type { Mapping };

export class MappingFileError extends Error {
  override readonly name = 'MappingFileError';
  readonly file: string;
  /** Empty when the file cannot be read at all; the message says why then. */
  readonly faults: readonly DocumentFault[];

  constructor(file: string, message: string, faults: readonly DocumentFault[] = []) {
    super(message);
    this.file = file;
    this.faults = faults;
  }
}

/** Reads a mapping. Throws `MappingFileError`. */
export function readMappingFile(file: string): Mapping {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new MappingFileError(file, `cannot read ${file}: ${code ?? 'unknown error'}`);
  }
  const { root, faults } = parseYaml(text);
  const mapping = root === undefined ? faults : readMapping(root);
  if (!('fields' in mapping)) {
    throw new MappingFileError(file, `${file} is no mapping of a log`, mapping);
  }
  return mapping;
}
