/** Under this name V8 shows the bundle in stack traces. */
export const SCRIPT_NAME = "apikey";

/** What the single executable carries beside its loader. */
export const ASSETS = { bundle: "main.cjs", cache: "main.cache" } as const;

/** The bundle as an expression: the function that Node makes of a CommonJS module. */
export function wrapBundle(source: string): string {
  return `(function(require,module,exports,process){${source}\n})`;
}

/**
 * The executable's main script: it runs the bundle with the code cache that was made for it. Node
 * itself would cache only the top level of its main script. Without a cache, or with another V8's,
 * V8 compiles the bundle.
 */
export function seaLoader(): string {
  return `"use strict";
const { getRawAsset } = require("node:sea");
const { Script } = require("node:vm");
const source = Buffer.from(getRawAsset("${ASSETS.bundle}")).latin1Slice();
const cachedData = Buffer.from(getRawAsset("${ASSETS.cache}"));
const options = cachedData.length > 0 ? { cachedData } : {};
new Script(source, { filename: "${SCRIPT_NAME}", ...options })
  .runInThisContext()(require, module, exports, process);
`;
}
