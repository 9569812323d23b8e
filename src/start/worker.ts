/**
 * The file that a worker thread is started with: loads the worker's program, which its first
 * argument names, with what earlier runs compiled of it. Compiling it anew would take longer than
 * starting the thread does. The program must have done its work when it is loaded.
 */
import { KeptCode } from './kept-code.ts';

const program = process.argv[2]!;
const code = new KeptCode(__dirname, program);
code.load(`${program}.js`);
code.keep();
