/** Network namespaces by the names that people gave them (`ip netns`), else as the kernel has them. */
import { readdirSync, statSync } from 'node:fs';

const FOLDER = '/run/netns';

export interface NamedNetwork {
  readonly name: string;
  readonly path: string;
}

/** By the kernel's number, 4026532201 for `net:[4026532201]`. */
export function namedNetworks(folder = FOLDER): Map<number, NamedNetwork> {
  const networks = new Map<number, NamedNetwork>();
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return networks;
  }
  for (const name of names) {
    try {
      const path = `${folder}/${name}`;
      networks.set(statSync(path).ino, { name, path });
    } catch {
      // It was deleted just now.
    }
  }
  return networks;
}
