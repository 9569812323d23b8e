/**
 * Loads the chunks of the program, which are CommonJS modules, and keeps what V8 compiled of them
 * for the next start. Compiling is a third of a short run otherwise: what a run compiled lazily,
 * function by function, comes back in one piece.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { posix } from 'node:path';
import { Script } from 'node:vm';
import type { CodePack, PackedChunk } from './code-pack.ts';

interface Module {
  exports: unknown;
}
type Body = (
  exports: unknown,
  require: (name: string) => unknown,
  module: Module,
  file: string,
  folder: string,
) => void;

const HEAD = '(function(exports,require,module,__filename,__dirname){';
const TAIL = '\n})';

/**
 * A pack that does not fit this runtime costs only time: V8 refuses it, and the chunk is compiled.
 */
export class ChunkLoader {
  private readonly root: string;
  private readonly pack: CodePack | undefined;
  private readonly modules = new Map<string, Module>();
  private readonly scripts = new Map<string, { source: string; script: Script }>();
  private readonly requireOther: NodeJS.Require;
  /** Whether something had to be compiled that the pack does not hold, or not for this runtime. */
  grown = false;

  /** @param root the folder of the chunks, ending with a slash @param pack of an earlier run */
  constructor(root: string, pack: CodePack | undefined) {
    this.root = root;
    this.pack = pack;
    this.requireOther = createRequire(`${root}cli.js`);
  }

  /** What a chunk exports. @param name of its file below the root */
  load(name: string): unknown {
    let module = this.modules.get(name);
    if (module !== undefined) return module.exports;
    module = { exports: {} };
    this.modules.set(name, module);
    const folder = posix.dirname(name);
    const require = (other: string): unknown =>
      other.startsWith('.') ? this.load(posix.join(folder, other)) : this.requireOther(other);
    const file = this.root + name;
    this.compile(name, file)(module.exports, require, module, file, posix.dirname(file));
    return module.exports;
  }

  private compile(name: string, filename: string): Body {
    const packed = this.pack?.chunks.get(name);
    const source = packed?.source ?? readFileSync(filename, 'latin1');
    const cachedData = packed?.code;
    const script = new Script(HEAD + source + TAIL, {
      filename,
      columnOffset: -HEAD.length,
      ...(cachedData && { cachedData }),
    });
    if (cachedData === undefined || script.cachedDataRejected) this.grown = true;
    this.scripts.set(name, { source, script });
    return script.runInThisContext() as Body;
  }

  /** The chunks with all that has been compiled of them so far; those not loaded as they were. */
  packed(): ReadonlyMap<string, PackedChunk> {
    const chunks = new Map<string, PackedChunk>(this.pack?.chunks);
    for (const [name, { source, script }] of this.scripts) {
      chunks.set(name, { source, code: script.createCachedData() });
    }
    return chunks;
  }
}
