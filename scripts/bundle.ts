import { join } from "node:path";
import { build } from "esbuild";
import type { Plugin } from "esbuild";
import { ROOT } from "./runtimes.ts";

/**
 * Puts src/main.ts and all it imports into one CommonJS file. A dynamic `import()` stays lazy: its
 * modules are in the file, and evaluated when first asked for. As an ES module the file would ask
 * for all of Node's modules at once, those of the other platforms too, and start 4 ms later.
 * @param version what it says of itself
 * @returns the paths of all that is in it, relative to the project's folder
 * @throws Error when a module is missing or cannot be parsed
 */
export async function bundle(outfile: string, version: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(ROOT, "src", "main.ts")],
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node26",
    minifyWhitespace: true,
    minifySyntax: true,
    // Not keepNames: that would name every closure anew whenever one is made, which cost the daemon a
    // sixth of what it takes to check a key. Identifiers stay as they are anyway.
    legalComments: "inline",
    plugins: [versionOnly(version)],
    metafile: true,
    logLevel: "warning",
  });
  const [output] = Object.values(metafile.outputs);
  // What nobody calls has been left out.
  const used = Object.entries(output?.inputs ?? {}).filter(([, input]) => input.bytesInOutput > 0);
  return used.map(([path]) => path);
}

/** Of the project's package.json the product needs to know no more than its version. */
function versionOnly(version: string): Plugin {
  return {
    name: "version-only",
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]package\.json$/ }, ({ path }) => {
        if (path !== join(ROOT, "package.json")) return undefined;
        return { contents: JSON.stringify({ version }), loader: "json" };
      });
    },
  };
}
