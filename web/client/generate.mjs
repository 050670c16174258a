// Writes the TypeScript types of the API from its SDL: an interface for each object and input, a union of
// texts for each enum.
//
// Invariant: whatever the SDL names is written, in its order; a scalar that is not known here is an error.

import { readFileSync, writeFileSync } from "node:fs";
import { buildSchema, isEnumType, isInputObjectType, isListType, isNonNullType, isObjectType, isScalarType,
  isUnionType } from "graphql";

const SDL = new URL("../../schemas/api.graphql", import.meta.url);
const OUT = new URL("src/schema.ts", import.meta.url);
const SCALARS = {
  Boolean: "boolean", DateTime: "string", Float: "number", ID: "string", Int: "number", JSON: "unknown",
  LocalTime: "string", Locale: "string", String: "string", URL: "string", UUID: "string", TimeZone: "string",
};

function nullable(type) {
  if (isListType(type)) return `${element(type.ofType)}[]`;
  if (!isScalarType(type)) return type.name;
  const name = SCALARS[type.name];
  if (name === undefined) throw new Error(`the scalar ${type.name} has no type here`);
  return name;
}

function element(type) {
  const text = whole(type);
  return text.includes(" | ") ? `(${text})` : text;
}

function whole(type) {
  return isNonNullType(type) ? nullable(type.ofType) : `${nullable(type)} | null`;
}

function declared(type) {
  if (isEnumType(type)) {
    return `export type ${type.name} = ${type.getValues().map((value) => `"${value.name}"`).join(" | ")};`;
  }
  if (isUnionType(type)) {
    return `export type ${type.name} = ${type.getTypes().map((one) => one.name).join(" | ")};`;
  }
  if (isObjectType(type) || isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).map((field) => {
      const optional = isInputObjectType(type) && !isNonNullType(field.type) ? "?" : "";
      return `  ${field.name}${optional}: ${whole(field.type)};`;
    });
    return `export interface ${type.name} {\n${fields.join("\n")}\n}`;
  }
  return undefined;
}

const schema = buildSchema(readFileSync(SDL, "utf8"));
const types = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith("__"));
const text = types.map(declared).filter((one) => one !== undefined).join("\n\n");
writeFileSync(OUT, `// Written by generate.mjs from schemas/api.graphql.\n\n${text}\n`);
