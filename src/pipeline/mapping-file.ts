/** Mapping files of logs: from a path to a mapping, or to what is wrong with it and where. */
import type { DocumentFault } from '../model/document.ts';
import { parseYaml } from '../sources/documents/yaml.ts';
import { type Mapping, readMapping } from '../sources/logs/mapping.ts';
import { readWholeText } from '../sources/whole-file.ts';

export type { Mapping };

/** `message` names the file; `faults` are in the order of the text. */
export class MappingFileError extends Error {
  override readonly name = 'MappingFileError';
  readonly file: string;
  readonly faults: readonly DocumentFault[];

  constructor(file: string, message: string, faults: readonly DocumentFault[]) {
    super(message);
    this.file = file;
    this.faults = faults;
  }
}

/** Reads a mapping. Throws `MappingFileError` and `UnreadableFile`. */
export function readMappingFile(file: string): Mapping {
  const { root, faults } = parseYaml(readWholeText(file));
  const mapping = root === undefined ? faults : readMapping(root);
  if (!('fields' in mapping)) {
    throw new MappingFileError(file, `${file} is no mapping of a log`, mapping);
  }
  return mapping;
}
