import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../runtimes.ts";
import { type BundledPackage, bundledPackages } from "./bundled_packages.ts";
import type { Release } from "./release.ts";

const SELF = "apikey";

/** What `process.versions` has besides libraries. */
const NO_LIBRARIES = ["node", "modules", "napi", "cldr", "tz", "unicode"];

/**
 * What is in the executable, as CycloneDX 1.5: npm packages of which something has been bundled, and
 * Node with the libraries in it. `npm sbom` would list what is installed, which is more and less: all
 * that is never bundled, and not Node.
 */
export async function billOfMaterials({ version, epochSeconds }: Release): Promise<string> {
  const packages = await bundledPackages(version);
  const npm = packages.map(describePackage);
  const node = describeRuntime();
  const bom = {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      timestamp: new Date(epochSeconds * 1_000).toISOString(),
      lifecycles: [{ phase: "build" }],
      component: {
        "bom-ref": SELF,
        type: "application",
        name: SELF,
        version,
        licenses: [{ license: { id: "Apache-2.0" } }],
      },
    },
    components: [node, ...npm],
    dependencies: [
      { ref: SELF, dependsOn: [node, ...npm].map((component) => component["bom-ref"]) },
      { ref: node["bom-ref"], dependsOn: node.components.map((part) => part["bom-ref"]) },
    ],
  };
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(bom))}`;
  return `${JSON.stringify({ ...bom, serialNumber }, null, 2)}\n`;
}

function describePackage({ name, version, license, folder }: BundledPackage) {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  return {
    "bom-ref": purl,
    type: "library",
    name,
    version,
    purl,
    hashes: [{ alg: "SHA-512", content: integrityOf(folder) }],
    licenses: [license.includes(" ") ? { expression: license } : { license: { id: license } }],
  };
}

/** Node of every platform is built of the same sources. */
function describeRuntime() {
  const { node } = process.versions;
  const parts = Object.entries(process.versions).filter(([name]) => !NO_LIBRARIES.includes(name));
  return {
    "bom-ref": `node@${node}`,
    type: "platform",
    name: "node",
    version: node,
    cpe: `cpe:2.3:a:nodejs:node.js:${node}:*:*:*:*:*:*:*`,
    purl: `pkg:github/nodejs/node@v${node}`,
    licenses: [{ license: { id: "MIT" } }],
    components: parts.sort(([a], [b]) => a < b ? -1 : 1).map(([name, version = ""]) => ({
      "bom-ref": `node@${node}/${name}@${version}`,
      type: "library",
      name,
      version,
    })),
  };
}

/** Of what npm has downloaded, in hexadecimal. */
function integrityOf(folder: string): string {
  const lockfile = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const [algorithm, digest = ""] = lockfile.packages[folder].integrity.split("-");
  if (algorithm !== "sha512") throw new Error(`${folder}: its integrity is no SHA-512`);
  return Buffer.from(digest, "base64").toString("hex");
}

/** The same for the same text. */
function uuidOf(text: string): string {
  const octets = createHash("sha256").update(text).digest().subarray(0, 16);
  octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x80;
  octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80;
  return octets.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
