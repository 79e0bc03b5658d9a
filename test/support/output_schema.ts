import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import schema from "../../src/cli/output.schema.json" with { type: "json" };

/**
 * What is wrong with a document by one definition of a schema of output, here without the fields
 * that a later version may add: an undocumented field is wrong. An empty list for nothing.
 */
export type Judge = (definition: string, document: unknown) => string[];

export function outputJudge(published: unknown = schema): Judge {
  const { $id, ...closed } = withoutOtherFields(published) as { $id: string };
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  formats.default(ajv);
  ajv.addSchema({ $id, ...closed });
  return (definition, document) => {
    const validate = ajv.getSchema(`${$id}#/$defs/${definition}`);
    if (validate === undefined) return [`no definition ${definition}`];
    if (validate(document)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) =>
      `${definition}${instancePath} ${message} ${JSON.stringify(params)}`
    );
  };
}

function withoutOtherFields(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutOtherFields);
  if (typeof schema !== "object" || schema === null) return schema;
  const parts = Object.entries(schema).map(([name, part]) => [name, withoutOtherFields(part)]);
  const isObject = "type" in schema && schema.type === "object";
  return { ...Object.fromEntries(parts), ...(isObject ? { additionalProperties: false } : {}) };
}
