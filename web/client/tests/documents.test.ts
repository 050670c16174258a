// Every document of the client is one of the API's.

import { readFileSync } from "node:fs";
import { buildSchema, parse, validate } from "graphql";
import { expect, test } from "vitest";
import * as documents from "../src/documents.ts";

const schema = buildSchema(readFileSync(new URL("../../../schemas/api.graphql", import.meta.url), "utf8"));
const operations = Object.entries(documents).filter(([, text]) => /^(query|mutation|subscription) /.test(text));

test("there are operations", () => expect(operations.length).toBeGreaterThan(10));

test.each(operations)("%s is valid", (_, text) => {
  expect(validate(schema, parse(text))).toEqual([]);
});
